"""Log lines: key=value facts with request id, user and scope; never secrets, code or rows."""

from __future__ import annotations

import logging
import sys
from typing import Any, Final

import structlog

MAX_LENGTH: Final = 128
QUIET: Final = ("sanic.root", "sanic.access", "sanic.server", "asyncio", "urllib3", "docker")


def configure(level: str, form: str) -> None:
    """Send all log lines to stderr, as text or as JSON."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(shared, form))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def get_logger(name: str) -> Any:
    """The logger of one module."""
    return structlog.stdlib.get_logger(name)


def bind(**facts: str) -> None:
    """Put these facts into every further line of this request."""
    structlog.contextvars.bind_contextvars(**_plain(facts))


def begin(**facts: str) -> None:
    """The same for a new request: what an earlier one on this connection bound is gone."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**_plain(facts))


def _plain(facts: dict[str, str]) -> dict[str, str]:
    """What callers name themselves may hold line breaks, and must not make log lines."""
    return {
        name: value[:MAX_LENGTH] if value.isprintable() else ascii(value[:MAX_LENGTH])
        for name, value in facts.items()
    }


def _formatter(shared: list[Any], form: str) -> logging.Formatter:
    if form == "json":
        last: list[Any] = [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ]
    else:
        last = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    )
