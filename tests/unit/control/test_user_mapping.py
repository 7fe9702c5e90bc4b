"""Whom the host sees, by the engine's own words."""

from __future__ import annotations

from typing import Any

import pytest

from control.engine.user_mapping import first_host_uid, is_rootless

PLAIN = ["name=seccomp,profile=default"]
MAPPED = [*PLAIN, "name=userns"]


@pytest.mark.parametrize(
    ("options", "folder", "first"),
    [
        (PLAIN, "/var/lib/docker", 0),
        (None, "/var/lib/docker", 0),
        (PLAIN, "/var/lib/docker/100000.100000", 0),
        (MAPPED, "/var/lib/docker/100000.100000", 100_000),
        (MAPPED, "/var/lib/docker/165536.231072", 165_536),
    ],
)
def test_where_users_begin(options: list[str] | None, folder: str, first: int) -> None:
    info: dict[str, Any] = {"SecurityOptions": options, "DockerRootDir": folder}

    assert first_host_uid(info) == first


@pytest.mark.parametrize("folder", ["/var/lib/docker", "/d/1.2.3", "/d/x.1", "", "/d/1.1/more"])
def test_a_mapping_to_nobody_knows_whom_is_told(folder: str) -> None:
    with pytest.raises(ValueError, match="does not say to which"):
        first_host_uid({"SecurityOptions": MAPPED, "DockerRootDir": folder})


def test_a_rootless_engine_is_known() -> None:
    assert is_rootless({"SecurityOptions": [*PLAIN, "name=rootless"]})
    assert not is_rootless({"SecurityOptions": MAPPED})
