"""The machine that scopes run on, as the control plane sees it."""

from __future__ import annotations

from pathlib import Path

from control.engine.host import LocalHost, memory


def test_memory_is_read_in_bytes(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:       2048 kB\nMemFree: 1 kB\nMemAvailable:    1024 kB\n")

    assert memory(meminfo) == (2 * 1024**2, 1024**2)


def test_a_kernel_that_tells_nothing_is_asked_otherwise(tmp_path: Path) -> None:
    total, available = memory(tmp_path / "none")

    assert total > 0
    assert available is None


def test_an_engine_on_this_machine_shows_its_memory(tmp_path: Path) -> None:
    total, _ = memory()
    room = LocalHost(tmp_path).look(int(total * 1.01))

    assert room.memory_bytes == total
    assert room.available_bytes is not None
    assert 0 < room.available_bytes <= total
    assert room.disk_free_bytes is not None


def test_an_engine_elsewhere_has_the_memory_that_it_says(tmp_path: Path) -> None:
    total, _ = memory()
    room = LocalHost(tmp_path).look(total // 2)

    assert (room.memory_bytes, room.available_bytes) == (total // 2, None)
