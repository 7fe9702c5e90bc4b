"""Names of scopes, and what their containers are called and labelled."""

from __future__ import annotations

import re
import uuid
from typing import Final

from control.engine.driver import (
    INSTALLATION_LABEL,
    PROTOCOL_LABEL,
    SANDBOX_LABEL,
    SCOPE_LABEL,
    USER_LABEL,
    VERSION_LABEL,
)
from control.errors import BadName
from control.scopes.limits import ScopeLimits
from control.scopes.scope import Scope
from wire.protocol import PROTOCOL

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
FOREIGN: Final = re.compile(r"[^a-zA-Z0-9_.-]")


def scope_name(wish: str | None) -> str:
    """The name wished for, or a new uuid4 in hex; raises BadName."""
    if wish is None:
        return uuid.uuid4().hex
    if NAME.fullmatch(wish) is None:
        raise BadName(wish)
    return wish


def container_names(scope: Scope) -> tuple[str, str]:
    """The container's name, and the one to take where another container has it already."""
    short = scope.sandbox_id[:6]
    if scope.is_pooled:
        return f"gs-pool-{short}", f"gs-pool-{scope.sandbox_id}"
    name = FOREIGN.sub("-", f"gs-{scope.owner}-{scope.name}")
    return name, f"{name}-{short}"


def labels(scope: Scope, installation: str, limits: ScopeLimits) -> dict[str, str]:
    """The labels of a new container; fixed for its life, so the pool's name no user."""
    fixed = {
        **limits.labels,
        INSTALLATION_LABEL: installation,
        SANDBOX_LABEL: scope.sandbox_id,
        VERSION_LABEL: limits.version,
        PROTOCOL_LABEL: str(PROTOCOL),
    }
    if scope.is_pooled:
        return fixed
    return {**fixed, USER_LABEL: scope.owner, SCOPE_LABEL: scope.name}
