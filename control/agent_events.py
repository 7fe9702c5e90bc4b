"""Events of an execution whose values stay the text that they came as.

Nobody here looks at a tenant's values, and read they would be large: `{},` is three bytes, the
dict that it means seventy.
"""

from __future__ import annotations

from typing import Final

import msgspec

from wire.codec import WireError
from wire.messages import (
    DisplayEvent,
    DoneEvent,
    ExecuteEvent,
    ExecuteReply,
    OutputEvent,
    StateEvent,
)

NULL: Final = msgspec.Raw(b"null")


class KeptReply(ExecuteReply, frozen=True, kw_only=True):
    """How a statement ended."""

    result: msgspec.Raw = NULL


class KeptDone(DoneEvent, frozen=True, kw_only=True, tag="done", tag_field="event"):
    """The last event."""

    reply: KeptReply


class KeptDisplay(DisplayEvent, frozen=True, kw_only=True, tag="display", tag_field="event"):
    """A MIME bundle."""

    mime: dict[str, msgspec.Raw]


_decoder: Final[msgspec.json.Decoder[OutputEvent | KeptDisplay | StateEvent | KeptDone]] = (
    msgspec.json.Decoder(OutputEvent | KeptDisplay | StateEvent | KeptDone)
)


def decode_kept(line: bytes) -> ExecuteEvent:
    """One line of an execution's stream; raises WireError."""
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        raise WireError(f"not a valid event: {error}") from error  # noqa: EM102
