"""Files of a scope: `GET|PUT|DELETE /v1/files/<path>`, bytes as they are.

A folder answers a FileListing with the header `X-Geoscope-Folder: 1`; a PUT answers FileWritten;
a DELETE answers Ok.
"""

from __future__ import annotations

from wire.messages.base import Message

FOLDER_HEADER = "X-Geoscope-Folder"


class FileFacts(Message, frozen=True, kw_only=True):
    """One entry of a folder; `modified` in seconds since the epoch."""

    name: str
    bytes: int
    modified: float
    is_dir: bool


class FileListing(Message, frozen=True, kw_only=True):
    """A folder's entries, by name."""

    files: list[FileFacts]
    truncated: bool = False


class FileWritten(Message, frozen=True, kw_only=True):
    """A file that was put in place."""

    path: str
    bytes: int
