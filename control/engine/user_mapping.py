"""Whom the host sees where a container has a user: an engine may map them (user namespaces)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, Final

MAPPED: Final = re.compile(r"([0-9]{1,10})\.[0-9]{1,10}")
"""The last part of a remapping engine's own folder: the host's ids of user and group 0."""


def first_host_uid(info: Mapping[str, Any]) -> int:
    """The host's id of a container's user 0, by the engine's `info`; 0 where users are the host's.

    The engine tells by its folder's name alone. Raises ValueError where that is none.
    """
    if "name=userns" not in _options(info):
        return 0
    folder = str(info.get("DockerRootDir"))
    found = MAPPED.fullmatch(PurePath(folder).name)
    if found is None:
        why = f"it maps users (userns-remap), and its folder {folder} does not say to which"
        raise ValueError(why)
    return int(found[1])


def is_rootless(info: Mapping[str, Any]) -> bool:
    """Whether the engine itself runs as an ordinary user."""
    return "name=rootless" in _options(info)


def _options(info: Mapping[str, Any]) -> list[str]:
    return [str(option).split(",")[0] for option in info.get("SecurityOptions") or []]
