"""In the kernel: ipykernel's classes with our limits, our values and our control message."""

from __future__ import annotations

import contextlib
import sys
import threading
from typing import Any, Final

import msgspec
from ipykernel.displayhook import ZMQShellDisplayHook
from ipykernel.iostream import OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from ipykernel.zmqshell import ZMQInteractiveShell
from jupyter_client.session import json_packer
from traitlets.config import Config

from sandbox.runtime.kernel_attach import Attachment
from sandbox.runtime.kernel_values import VALUE_MIME, as_json, describe_variables

PIECE_CHARS: Final = 64 * 1024
EXIT_WARNING: Final = "exit() does nothing here: restart the scope, or delete it"


class CappedStream(OutStream):  # type: ignore[misc]
    """Standard output that a statement may fill once and no more: the rest is dropped here."""

    room_chars = 0
    cap_chars = 0
    has_written = True

    def refill(self, max_chars: int) -> None:
        """A new statement begins; one character more than allowed tells the agent of the cut."""
        self.room_chars = self.cap_chars = max_chars + 1

    def write(self, string: str) -> int | None:
        """Write what there is room for, in pieces: one message each, none of them huge."""
        if not isinstance(string, str):
            return super().write(string)
        kept = string[: self.room_chars]
        self.room_chars -= len(kept)
        for start in range(0, len(kept), PIECE_CHARS):
            super().write(kept[start : start + PIECE_CHARS])
            # After it: a flush between the two then sends it, and the next has nothing to do.
            self.has_written = True
            if len(kept) > PIECE_CHARS:
                self.flush()
        return len(string)

    def flush(self) -> None:
        """Wait until what was written has been sent; where nothing was there is no wait."""
        if self.has_written:
            self.has_written = False
            super().flush()


class ValueHook(ZMQShellDisplayHook):  # type: ignore[misc]
    """The display hook that adds the value itself, where it is JSON."""

    def quiet(self) -> bool:
        """Whether the statement ends in `;`: IPython would look into its history, we keep none."""
        return bool(self.semicolon_at_end_of_expression(self.shell.kernel.statement))

    def compute_format_data(self, result: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Representations by MIME type, and their metadata."""
        limit = self.shell.kernel.max_output_bytes
        text = as_json(result, limit)
        if text is not None:
            return {VALUE_MIME: text, "text/plain": ""}, {}
        formats, metadata = super().compute_format_data(result)
        with contextlib.suppress(Exception):  # a repr that fails: IPython has said so already
            formats["text/plain"] = repr(result)
        formats["text/plain"] = str(formats.get("text/plain", ""))[:limit]
        return formats, metadata


class ScopeShell(ZMQInteractiveShell):  # type: ignore[misc]
    """IPython's shell with our display hook."""

    displayhook_class = ValueHook

    def ask_exit(self) -> None:
        """What `exit()` and `quit()` do: the namespace ends with the scope, or by a restart."""
        print(EXIT_WARNING, file=sys.stderr)  # noqa: T201  (to the tenant)


class NoSubshells:
    """In place of the thread that ipykernel passes every message through for its subshells.

    We have none of those, and passing through it costs more than `1 + 1` does. ipykernel asks
    whether there is such a thread, and in one place (top-level await) what its parent is.
    """

    parent_thread = threading.main_thread()

    def __bool__(self) -> bool:
        """There is no such thread."""
        return False


class ScopeKernel(IPythonKernel):  # type: ignore[misc]
    """The kernel with one more control message, by which the agent tells and asks things."""

    shell_class = ScopeShell
    _supports_kernel_subshells = False
    control_msg_types = (*IPythonKernel.control_msg_types, "geoscope_request")
    attachment: Any = None
    max_output_bytes = 10 * 1024**2
    statement = ""

    def furnish(self, attachment: Attachment, max_output_bytes: int) -> None:
        """Give the kernel its connection to Spark and its limits; before the first statement."""
        self.attachment = attachment
        self.max_output_bytes = max_output_bytes
        self.given = dict(self.shell.user_ns)
        self.variables: list[Any] = []
        self.shell.events.register("pre_run_cell", self._before)
        self.shell.events.register("post_run_cell", self._after)

    def init_metadata(self, parent: Any) -> dict[str, Any]:
        """A statement begins."""
        self.calls_before = self.attachment.calls
        self.attachment.statement = parent["header"]["msg_id"]
        metadata: dict[str, Any] = super().init_metadata(parent)
        return metadata

    def finish_metadata(self, parent: Any, metadata: Any, reply_content: Any) -> Any:
        """Tell the agent whether the statement spoke to Spark: else no table has changed."""
        metadata["used_spark"] = self.attachment.calls != self.calls_before
        return super().finish_metadata(parent, metadata, reply_content)

    def _publish_status(self, status: str, channel: str, parent: Any = None) -> None:
        """Only what the agent listens for; each message costs a tenth of a small statement."""
        if status != "busy":
            super()._publish_status(status, channel, parent)

    def _publish_execute_input(self, code: str, parent: Any, execution_count: int) -> None:
        """The agent has sent it, and nobody else listens."""

    async def geoscope_request(self, stream: Any, ident: Any, parent: Any) -> None:
        """Answer the agent; runs on the control thread, beside a running statement."""
        content = parent["content"]
        answer = getattr(self, f"on_{content['kind']}")(content)
        self.session.send(stream, "geoscope_reply", {"answer": answer}, parent, ident=ident)

    def on_session(self, content: dict[str, Any]) -> None:
        """A session was made: it becomes a variable, its variables become ours."""
        session = self.attachment.take(content["name"], content["target"])
        self.attachment.set_envs(content["envs"])
        self._give(content["name"], session)

    def on_forget(self, content: dict[str, Any]) -> None:
        """A session was deleted: so is its variable, unless it is something else by now."""
        session = self.attachment.sessions.pop(content["name"], None)
        if self.shell.user_ns.get(content["name"]) is session:
            self.shell.user_ns.pop(content["name"], None)

    def on_variables(self, _content: dict[str, Any]) -> list[Any]:
        """The namespace as of the last finished statement."""
        return self.variables

    def _give(self, name: str, value: Any) -> None:
        self.given[name] = self.shell.user_ns[name] = value

    def _before(self, info: Any) -> None:
        self.statement = info.transformed_cell or info.raw_cell
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, CappedStream):
                stream.refill(self.max_output_bytes)
        if self.attachment.is_closed:
            self.attachment.renew()
            for name, session in self.attachment.sessions.items():
                self._give(name, session)
            self._give("sc", self.attachment.spark.sparkContext)

    def _after(self, _result: Any) -> None:
        # IPython counts only what it keeps, and it keeps every statement's text for ever.
        self.shell.execution_count += 1
        self.variables = describe_variables(self.shell.user_ns, self.given)


class ScopeKernelApp(IPKernelApp):  # type: ignore[misc]
    """The application without a heartbeat: the agent waits on the process itself."""

    kernel_class = ScopeKernel

    def init_control(self, context: Any) -> None:
        """The control channel, without ipykernel's thread for subshells."""
        super().init_control(context)
        self.shell_channel_thread = NoSubshells()

    def init_heartbeat(self) -> None:
        """No heartbeat."""


def pack(message: Any) -> bytes:
    """A part of a message as JSON; what only Jupyter's own packer knows is left to it."""
    try:
        return msgspec.json.encode(message)
    except (TypeError, ValueError):
        packed: bytes = json_packer(message)
        return packed


def configuration() -> Config:
    """IPython without colours, files of its own and kept results."""
    config = Config()
    config.Session.packer = f"{__name__}.pack"
    config.Session.unpacker = "msgspec.json.decode"
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.cache_size = 0
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.xmode = "Plain"
    config.IPKernelApp.outstream_class = f"{__name__}.CappedStream"
    return config
