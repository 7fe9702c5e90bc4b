"""Loggers that repeat what is raised anyway, with what is the tenant's in it."""

from __future__ import annotations

import logging


def quieten_logs() -> None:
    """Silence pyspark's log of SQL errors and py4j's of lost connections, in this process."""
    logging.getLogger("SQLQueryContextLogger").disabled = True
    # py4j logs on the root logger.
    logging.getLogger().addFilter(lambda record: "/py4j/" not in record.pathname)
