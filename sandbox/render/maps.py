"""The maps of a scope: SQL and a chart's parameters to a picture."""

from __future__ import annotations

import importlib

from sandbox.failure import AgentFailure
from sandbox.runtime.spark import SparkRuntime
from sandbox.tables.paths import Paths
from sandbox.work import Work
from wire.charts import ChartError, Style, parse
from wire.messages import RenderReply, RenderRequest
from wire.protocol import ErrorCode
from wire.settings import AgentSettings


class Maps:
    """Draws the rows of SQL in one of the scope's sessions."""

    def __init__(self, runtime: SparkRuntime, settings: AgentSettings) -> None:
        self._runtime = runtime
        self._settings = settings
        self._paths = Paths(settings)

    def warm(self) -> None:
        """Load what drawing needs, about a second of work; any thread may do it, at any time."""
        importlib.import_module("sandbox.render.drawing")

    def render(self, request: RenderRequest, work: Work) -> tuple[RenderReply, bytes]:
        """The facts of the picture and the picture; raises AgentFailure or Spark's error."""
        # Not at the top: numba and its kernels would delay the start of every scope.
        from sandbox.render.drawing import draw
        from sandbox.render.icons import located
        from sandbox.render.sources import SqlProvider

        style = located(_style(request), self._paths.resolve)
        provider = SqlProvider(
            session=self._runtime.session(request.session),
            threads=self._settings.cpus,
            direct=self._settings.render_direct,
        )
        return draw(style, request.sql, provider, work)


def _style(request: RenderRequest) -> Style:
    try:
        return parse(request.chart, request.params, request.max_pixels)
    except ChartError as error:
        facts = {"parameter": error.parameter}
        raise AgentFailure(ErrorCode.BAD_PARAMETER, str(error), facts=facts) from error
