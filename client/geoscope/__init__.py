"""Geoscope from Python: scopes, commands, tables, queries and maps over HTTP."""

from geoscope.client import Client
from geoscope.errors import (
    ApiError,
    BadRequest,
    CodeFailed,
    Conflict,
    Forbidden,
    GeoscopeError,
    NoCredentials,
    NotFound,
    StatementFailed,
    TimedOut,
    TooLarge,
    TooMany,
    Unauthorized,
    Unavailable,
    Unreachable,
)
from geoscope.results import CommandResult, Event, Picture, QueryResult, StatementResult
from geoscope.scope import Scope

__all__ = [
    "ApiError",
    "BadRequest",
    "Client",
    "CodeFailed",
    "CommandResult",
    "Conflict",
    "Event",
    "Forbidden",
    "GeoscopeError",
    "NoCredentials",
    "NotFound",
    "Picture",
    "QueryResult",
    "Scope",
    "StatementFailed",
    "StatementResult",
    "TimedOut",
    "TooLarge",
    "TooMany",
    "Unauthorized",
    "Unavailable",
    "Unreachable",
]
