"""Everything that can go wrong, as classes that know their status, `type` and wording.

GeoscopeError
├── RequestError                    the caller can change it
│   ├── BadBody, BadParameter, BadName, BadPath, LegacyError                   400
│   ├── Unauthorized, BadLogin                                                 401
│   ├── Forbidden                                                              403
│   ├── ScopeNotFound, UserNotFound, SandboxNotFound, PageNotFound             404
│   ├── MethodNotAllowed                                                       405
│   ├── ScopeExists, UserExists, ScopeDead, ScopePaused, LastAdmin,
│   │   SingleUser                                                           409
│   ├── ClientTooSlow                                                          408
│   ├── BodyTooLarge                                                           413
│   ├── QuotaExceeded, TooManyCommands, TooManyStatements, TooManyRequests,
│   │   TooManyLogins                                                        429
│   ├── HeaderTooLarge                                                         431
│   └── HttpMisused                                                        various
├── AgentFailed                     a scope's agent could not do it            by its code
├── BackendError                    something that we rest on
│   ├── EngineError, NameTaken, AgentUnreachable, AgentMisbehaved              502
│   ├── EngineUnavailable, NoCapacity, ImageMissing, NotReady, Draining,
│   │   ShuttingDown, StoreUnavailable, TooManyConnections                   503
│   └── DeadlineExceeded                                                       504
├── InternalError                   a bug of ours                              500
└── StartError                      the server does not start
    └── BadSetting, StoreLocked, StoreDamaged, StoreTooNew, StoreNotWritable, DriverRefused,
        KeysUnusable, TlsUnusable
"""

from __future__ import annotations

from control.errors.agent import AGENT_STATUS, AgentFailed
from control.errors.backend import (
    AgentMisbehaved,
    AgentUnreachable,
    BackendError,
    DeadlineExceeded,
    Draining,
    EngineError,
    EngineUnavailable,
    ImageMissing,
    InternalError,
    NameTaken,
    NoCapacity,
    NotReady,
    ShuttingDown,
    StoreUnavailable,
    TooManyConnections,
)
from control.errors.base import GeoscopeError
from control.errors.request import (
    BadBody,
    BadLogin,
    BadName,
    BadParameter,
    BadPath,
    BodyTooLarge,
    ClientTooSlow,
    Forbidden,
    HeaderTooLarge,
    HttpMisused,
    LastAdmin,
    LegacyError,
    MethodNotAllowed,
    PageNotFound,
    QuotaExceeded,
    RequestError,
    SandboxNotFound,
    ScopeDead,
    ScopeExists,
    ScopeNotFound,
    ScopePaused,
    SingleUser,
    TooManyCommands,
    TooManyLogins,
    TooManyRequests,
    TooManyStatements,
    Unauthorized,
    UserExists,
    UserNotFound,
)
from control.errors.start import (
    BadSetting,
    DriverRefused,
    KeysUnusable,
    StartError,
    StoreDamaged,
    StoreLocked,
    StoreNotWritable,
    StoreTooNew,
    TlsUnusable,
)

__all__ = [
    "AGENT_STATUS",
    "AgentFailed",
    "AgentMisbehaved",
    "AgentUnreachable",
    "BackendError",
    "BadBody",
    "BadLogin",
    "BadName",
    "BadParameter",
    "BadPath",
    "BadSetting",
    "BodyTooLarge",
    "ClientTooSlow",
    "DeadlineExceeded",
    "Draining",
    "DriverRefused",
    "EngineError",
    "EngineUnavailable",
    "Forbidden",
    "GeoscopeError",
    "HeaderTooLarge",
    "HttpMisused",
    "ImageMissing",
    "InternalError",
    "KeysUnusable",
    "LastAdmin",
    "LegacyError",
    "MethodNotAllowed",
    "NameTaken",
    "NoCapacity",
    "NotReady",
    "PageNotFound",
    "QuotaExceeded",
    "RequestError",
    "SandboxNotFound",
    "ScopeDead",
    "ScopeExists",
    "ScopeNotFound",
    "ScopePaused",
    "ShuttingDown",
    "SingleUser",
    "StartError",
    "StoreDamaged",
    "StoreLocked",
    "StoreNotWritable",
    "StoreTooNew",
    "StoreUnavailable",
    "TlsUnusable",
    "TooManyCommands",
    "TooManyConnections",
    "TooManyLogins",
    "TooManyRequests",
    "TooManyStatements",
    "Unauthorized",
    "UserExists",
    "UserNotFound",
    "all_errors",
]


def all_errors() -> list[type[GeoscopeError]]:
    """Every class of the tree that is raised by name, in the order of the tree."""
    # Only ours: other modules may word one anew, which makes no new kind of error.
    found = [kind for kind in _below(GeoscopeError) if kind.__module__.startswith(__name__)]
    parents = {base for kind in found for base in kind.__bases__}
    return [kind for kind in found if kind not in parents]


def _below(kind: type[GeoscopeError]) -> list[type[GeoscopeError]]:
    return [each for child in kind.__subclasses__() for each in (child, *_below(child))]
