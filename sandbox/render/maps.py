"""The maps of a scope: SQL and a chart's parameters to a picture."""

from __future__ import annotations

import importlib
import threading
from typing import TYPE_CHECKING

from sandbox.failure import AgentFailure
from sandbox.runtime.spark import SparkRuntime
from sandbox.tables.paths import Paths
from sandbox.work import Work
from wire.charts import ChartError, Style, parse
from wire.messages import RenderReply, RenderRequest
from wire.protocol import ErrorCode
from wire.settings import AgentSettings

if TYPE_CHECKING:
    from sandbox.render.sources import Cache


class Maps:
    """Draws the rows of SQL in one of the scope's sessions.

    The mutable state is `_cache`, made under `_lock`.
    """

    def __init__(self, runtime: SparkRuntime, settings: AgentSettings) -> None:
        self._runtime = runtime
        self._settings = settings
        self._paths = Paths(settings)
        self._lock = threading.Lock()
        self._cache: Cache | None = None

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
            cache=self._columns(),
            check=work.check,
        )
        return draw(style, request.sql, provider, work)

    def _columns(self) -> Cache:
        """What is kept of rows that were drawn; made with the first map."""
        from sandbox.render.sources import new_cache

        with self._lock:
            if self._cache is None:
                self._cache = new_cache(self._settings)
            return self._cache


def _style(request: RenderRequest) -> Style:
    try:
        return parse(request.chart, request.params, request.max_pixels)
    except ChartError as error:
        facts = {"parameter": error.parameter}
        raise AgentFailure(ErrorCode.BAD_PARAMETER, str(error), facts=facts) from error
