"""The whole way from SQL to a picture: query, project, aggregate, shade, encode."""

from __future__ import annotations

from sandbox.render.charts.painter import Painter
from sandbox.render.charts.registry import painter
from sandbox.render.clock import Clock
from sandbox.render.columns import Columns, Provider, StartOver
from sandbox.render.encode import ENCODINGS, encode
from sandbox.work import Work
from wire.charts import Style
from wire.messages import RenderReply


def draw(style: Style, sql: str, provider: Provider, work: Work) -> tuple[RenderReply, bytes]:
    """The facts of the picture of `sql` and the picture; raises AgentFailure or Spark's error."""
    clock = Clock()
    artist = painter(style, clock)
    with clock.stage("query"):
        columns = provider.open(sql, artist.choose)
    try:
        _take_in(artist, columns, work)
    except StartOver as other:
        artist, columns = painter(style, clock), other.columns
        _take_in(artist, columns, work)
    with clock.stage("shade"):
        pixels = artist.paint(work.check)
    with clock.stage("encode"):
        picture = encode(pixels, style.format)
    return _reply(artist, columns, style, picture), picture


def _take_in(artist: Painter, columns: Columns, work: Work) -> None:
    for batch in artist.clock.waiting("query", artist.batches(columns)):
        work.check()
        artist.add(batch)
    work.check()


def _reply(artist: Painter, columns: Columns, style: Style, picture: bytes) -> RenderReply:
    return RenderReply(
        rows=artist.tally.rows,
        drawn=artist.tally.drawn,
        dropped=artist.tally.dropped,
        device=artist.device,
        source=columns.source,
        cached=columns.cached,
        ms=artist.clock.rounded(),
        content_length=len(picture),
        content_type=ENCODINGS[style.format].content_type,
    )
