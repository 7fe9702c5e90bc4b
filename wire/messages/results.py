"""Queries and maps: a head, then opaque bytes."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from wire.messages.base import Message, RelayRequest
from wire.messages.tables import Column

ResultFormat = Literal["auto", "records", "values", "arrow", "csv", "geojson"]
"""`auto`: bare values for a single column, else records (the seed's form)."""


class QueryReply(Message, frozen=True, kw_only=True):
    """The head of a result; complete, so every number here is true."""

    num_rows: int | None
    """None for `collect: false`."""
    columns: list[Column]
    content_length: int
    truncated: bool = False
    warnings: list[str] = []
    elapsed_ms: float = 0.0


class QueryRequest(RelayRequest, frozen=True, kw_only=True):
    """Run SQL; the payload is in `format` (JSON arrays for auto, records, values)."""

    path: ClassVar[str] = "/v1/query"
    reply: ClassVar[type[QueryReply]] = QueryReply
    work_id: str
    session: str
    sql: str
    params: dict[str, Any] | list[Any] | None = None
    format: ResultFormat = "records"
    collect: bool = True
    limit: int | None = None
    max_rows: int | None = None
    """Beyond: `truncated` is true."""
    max_bytes: int | None = None
    """Beyond: error result_too_large."""
    timeout_s: float


class RenderReply(Message, frozen=True, kw_only=True):
    """The facts of a picture; `rows` = `drawn` + the sum of `dropped`, in rows."""

    rows: int
    drawn: int
    dropped: dict[str, int]
    device: str
    source: Literal["direct", "spark", "cache"]
    cached: bool
    ms: dict[str, float]
    content_length: int
    content_type: Literal["image/png", "image/webp"] = "image/png"


class RenderRequest(RelayRequest, frozen=True, kw_only=True):
    """Draw the rows of `sql` as `chart`; `params` are checked by `wire.charts` on both sides."""

    path: ClassVar[str] = "/v1/render"
    reply: ClassVar[type[RenderReply]] = RenderReply
    work_id: str
    session: str
    sql: str
    chart: str
    params: dict[str, Any]
    max_pixels: int
    timeout_s: float
