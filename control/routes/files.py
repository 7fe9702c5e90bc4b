"""Files of a scope: bytes both ways, through its agent, never touched by us."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
from sanic import HTTPResponse

from control.agent_client import FileBody
from control.errors import BadPath
from control.logs import bind
from control.web.answers import relay, success
from control.web.call import Call
from control.web.endpoint import Routes
from wire.messages import FileListing

routes = Routes("files")
BYTES = "application/octet-stream"
PATH = "/scope/<scope>/files/<path:path>"
TOP = "/scope/<scope>/files"


def checked_path(path: str) -> str:
    """The path, which must stay inside the scope's files; raises BadPath. The agent checks too."""
    if path.startswith("/"):
        raise BadPath(path, "it is absolute")
    if ".." in path.split("/") or "\0" in path:
        raise BadPath(path, "it leaves the scope's files")
    return path


@routes.get(PATH)
async def get_file(call: Call, scope: str, path: str) -> HTTPResponse | None:
    """A file's bytes, or a folder's entries."""
    return await _get(call, scope, checked_path(path))


@routes.get(TOP)
async def list_files(call: Call, scope: str) -> HTTPResponse | None:
    """The entries of the scope's own folder."""
    return await _get(call, scope, "")


@routes.put(PATH, streams_body=True)
async def put_file(call: Call, scope: str, path: str) -> HTTPResponse:
    """Put a file in place; missing folders are made."""
    bind(scope=scope)
    checked = checked_path(path)
    async with call.services.registry.use(call.user, scope) as client:
        written = await client.put_file(checked, _body(call), request_id=call.request_id)
    return success("put file successfully!", path=written.path, bytes=written.bytes)


@routes.delete(PATH)
async def delete_file(call: Call, scope: str, path: str) -> HTTPResponse:
    """Delete a file or an empty folder."""
    bind(scope=scope)
    checked = checked_path(path)
    async with call.services.registry.use(call.user, scope) as client:
        await client.delete_file(checked, request_id=call.request_id)
    return success(f"remove {checked} successfully!")


async def _get(call: Call, scope: str, path: str) -> HTTPResponse | None:
    bind(scope=scope)
    async with (
        call.services.registry.use(call.user, scope) as client,
        client.get_file(path, request_id=call.request_id) as found,
    ):
        if isinstance(found, FileListing):
            files = msgspec.to_builtins(found.files)
            return success("", files=files, truncated=found.truncated)
        await _send(call, found)
    return None


async def _send(call: Call, found: FileBody) -> None:
    # Whatever is in there: a browser saves it, and never shows it as a page of ours.
    headers = {"Content-Disposition": "attachment"}
    if found.length is not None:
        await relay(call.request, BYTES, found.chunks, found.length, headers=headers)
        return
    response = await call.request.respond(headers=headers, content_type=BYTES)
    async for chunk in found.chunks:
        await response.send(chunk)
    await response.send(end_stream=True)


async def _body(call: Call) -> AsyncIterator[bytes]:
    while piece := await call.next_piece():
        yield piece
