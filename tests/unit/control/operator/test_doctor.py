"""Each look of the doctor finds what is wrong, and says what to do."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from control.__main__ import app
from control.engine.driver import ContainerState, ContainerStatus
from control.operator.doctor import disks, engine, host, image, store, tls
from control.operator.doctor.command import tried
from control.operator.doctor.finding import Finding, Mark, Subject, good
from control.settings import read_settings
from control.store.database import STORE_NAME, Database

INFO: dict[str, Any] = {
    "CgroupVersion": "2",
    "CgroupDriver": "systemd",
    "MemoryLimit": True,
    "PidsLimit": True,
    "CpuCfsQuota": True,
    "SwapLimit": True,
    "Runtimes": {"runc": {}},
}


class EngineWords:
    """An engine that says of itself what a test says."""

    def __init__(self, api: str = "1.41", **info: Any) -> None:
        self._api = api
        self._info = {**INFO, "SystemTime": datetime.now(UTC).isoformat(), **info}
        self.listed: list[ContainerStatus] = []

    def version(self) -> dict[str, Any]:
        return {"Version": "20.10.24", "ApiVersion": self._api}

    def info(self) -> dict[str, Any]:
        return self._info

    def image(self, name: str) -> None:
        return None

    def containers(self, label: str) -> list[ContainerStatus]:
        return self.listed if label.startswith("geoscope.installation=") else []


def subject(state_dir: Path, words: EngineWords | None = None, **settings: str) -> Subject:
    given = {"state_dir": str(state_dir), **settings}
    read = read_settings({f"GEOSCOPE_{name.upper()}": value for name, value in given.items()})
    return Subject(settings=read, engine=words, engine_problem="nobody answers")  # type: ignore[arg-type]


def by_name(found: Iterable[Finding]) -> dict[str, Finding]:
    return {finding.subject: finding for finding in found}


def marks(found: Iterable[Finding]) -> dict[str, Mark]:
    return {name: finding.mark for name, finding in by_name(found).items()}


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    made = tmp_path / "state"
    Database.open(made, durable=False).close()
    return made


def execute(state_dir: Path, statement: str) -> None:
    connection = sqlite3.connect(state_dir / STORE_NAME)
    connection.execute(statement)
    connection.commit()
    connection.close()


# ------------------------------------------------------------ the engine


def test_an_engine_as_it_should_be(tmp_path: Path) -> None:
    found = marks(engine.look(subject(tmp_path, EngineWords())))

    assert set(found) == {"engine", "limits", "swap", "runtime", "users"}
    assert set(found.values()) == {Mark.GOOD}


def test_no_engine_is_one_finding(tmp_path: Path) -> None:
    [found] = engine.look(subject(tmp_path))

    assert (found.mark, found.found) == (Mark.BAD, "nobody answers")


@pytest.mark.parametrize(
    ("name", "mark", "words"),
    [
        ("engine", Mark.BAD, EngineWords("1.40")),
        ("engine", Mark.GOOD, EngineWords("1.100")),
        ("limits", Mark.BAD, EngineWords(MemoryLimit=False)),
        ("limits", Mark.BAD, EngineWords(PidsLimit=False)),
        ("swap", Mark.WARNING, EngineWords(SwapLimit=False)),
        ("runtime", Mark.BAD, EngineWords(Runtimes={"crun": {}})),
        ("users", Mark.BAD, EngineWords(SecurityOptions=["name=rootless"])),
        ("users", Mark.BAD, EngineWords(SecurityOptions=["name=userns"], DockerRootDir="/d")),
        ("users", Mark.GOOD, EngineWords(SecurityOptions=["name=userns"], DockerRootDir="/d/7.7")),
    ],
)
def test_what_the_engine_lacks(tmp_path: Path, name: str, mark: Mark, words: EngineWords) -> None:
    found = by_name(engine.look(subject(tmp_path, words)))[name]

    assert found.mark is mark
    assert bool(found.remedy) is (mark is not Mark.GOOD)


def test_a_missing_image_is_bad(tmp_path: Path) -> None:
    [found] = image.look(subject(tmp_path, EngineWords(), image="nobody/has:this"))

    assert found.mark is Mark.BAD
    assert "make image" in found.remedy


# ------------------------------------------------------------ the host


def test_a_host_as_it_should_be(state_dir: Path) -> None:
    found = marks(host.look(subject(state_dir, EngineWords(), scope_disk="64MiB")))

    assert {name for name, mark in found.items() if mark is Mark.BAD} == set()
    assert set(found) == {"state directory", "room", "user ids", "open files", "clock"}


def test_a_state_directory_that_others_may_read_is_bad(state_dir: Path) -> None:
    state_dir.chmod(0o755)
    found = by_name(host.look(subject(state_dir)))["state directory"]

    assert found.mark is Mark.BAD
    assert found.remedy == f"chmod 700 {state_dir}"


def test_user_ids_that_somebody_has_are_bad(tmp_path: Path) -> None:
    found = by_name(host.look(subject(tmp_path, uid_range="1-60000")))["user ids"]

    assert found.mark is Mark.BAD
    assert "daemon" in found.found


def test_less_room_than_a_scope_may_use_is_told(tmp_path: Path) -> None:
    found = marks(host.look(subject(tmp_path, scope_disk="900TiB")))

    assert found["room"] is Mark.WARNING


def test_a_clock_apart_from_the_engines_is_bad(tmp_path: Path) -> None:
    past = datetime.fromtimestamp(time.time() - 3600, UTC).isoformat()
    found = marks(host.look(subject(tmp_path, EngineWords(SystemTime=past))))

    assert found["clock"] is Mark.BAD


# ------------------------------------------------------------ the store


def test_a_store_as_it_should_be(state_dir: Path) -> None:
    found = by_name(store.look(subject(state_dir)))

    assert {finding.mark for finding in found.values()} == {Mark.GOOD}
    assert "does not run" in found["server"].found


def test_a_store_in_use_is_read_all_the_same(tmp_path: Path) -> None:
    database = Database.open(tmp_path, durable=False)
    found = by_name(store.look(subject(tmp_path)))
    database.close()

    assert found["store"].mark is Mark.GOOD
    assert found["server"].found.endswith("runs")


def test_no_store_yet_is_fine(tmp_path: Path) -> None:
    [found] = store.look(subject(tmp_path))

    assert found.mark is Mark.GOOD


def test_a_store_of_a_newer_version_is_bad(state_dir: Path) -> None:
    execute(state_dir, "UPDATE installation SET schema_version = 99")

    assert marks(store.look(subject(state_dir)))["store's schema"] is Mark.BAD


@pytest.mark.parametrize("content", [b"", b"no store at all" * 500])
def test_a_damaged_store_is_bad_and_left_as_it_is(state_dir: Path, content: bytes) -> None:
    (state_dir / STORE_NAME).write_bytes(content)
    [found] = store.look(subject(state_dir))

    assert found.mark is Mark.BAD
    assert "backup" in found.remedy
    assert (state_dir / STORE_NAME).read_bytes() == content


def test_a_clock_that_was_set_back_is_bad(state_dir: Path) -> None:
    execute(
        state_dir,
        "INSERT INTO events (at, sandbox_id, owner, name, event) VALUES (9e9, '', '', '', 'x')",
    )

    assert marks(store.look(subject(state_dir)))["clock"] is Mark.BAD


# ------------------------------------------------------------ leftovers and disks


def test_what_is_left_of_gone_scopes_is_told(state_dir: Path) -> None:
    words = EngineWords()
    labels = {"geoscope.sandbox": "f" * 32}
    words.listed = [
        ContainerStatus(id="1", name="gs-lost", state=ContainerState.RUNNING, labels=labels)
    ]
    (state_dir / "berths" / ("e" * 32)).mkdir(parents=True)
    found = by_name(disks.look(subject(state_dir, words)))["leftovers"]

    assert found.mark is Mark.WARNING
    assert "gs-lost" in found.found
    assert "disk eeeeeeeeeeee" in found.found


def test_nothing_left_is_good(state_dir: Path) -> None:
    assert marks(disks.look(subject(state_dir, EngineWords())))["leftovers"] is Mark.GOOD


# ------------------------------------------------------------ TLS


def certificate(folder: Path, days: int, name: str = "own") -> tuple[Path, Path]:
    cert, key = folder / f"{name}.crt", folder / f"{name}.key"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    names = ["-nodes", "-subj", "/CN=geoscope.test", "-days", str(days)]
    subprocess.run(
        [*command, *names, "-out", str(cert), "-keyout", str(key)], check=True, capture_output=True
    )
    return cert, key


@pytest.mark.parametrize(("days", "mark"), [(300, Mark.GOOD), (5, Mark.WARNING)])
def test_how_long_a_certificate_is_good(tmp_path: Path, days: int, mark: Mark) -> None:
    cert, key = certificate(tmp_path, days)
    [found] = tls.look(subject(tmp_path, tls_cert=str(cert), tls_key=str(key)))

    assert found.mark is mark
    assert f"{days} days" in found.found


def test_a_key_of_another_certificate_is_bad(tmp_path: Path) -> None:
    cert, _ = certificate(tmp_path, 300)
    _, key = certificate(tmp_path, 300, "other")
    [found] = tls.look(subject(tmp_path, tls_cert=str(cert), tls_key=str(key)))

    assert found.mark is Mark.BAD


def test_passwords_in_the_clear_are_told(tmp_path: Path) -> None:
    assert marks(tls.look(subject(tmp_path, host="0.0.0.0"))) == {"TLS": Mark.WARNING}
    assert marks(tls.look(subject(tmp_path))) == {"TLS": Mark.GOOD}


# ------------------------------------------------------------ the command


def test_the_command_ends_with_1_where_something_is_bad(tmp_path: Path) -> None:
    env = {"DOCKER_HOST": f"unix://{tmp_path}/nobody.sock", "GEOSCOPE_STATE_DIR": str(tmp_path)}
    done = CliRunner().invoke(app, ["doctor", "--json"], env=env)
    told = json.loads(done.stdout)
    people = CliRunner().invoke(app, ["doctor"], env=env)

    assert done.exit_code == people.exit_code == 1
    assert told["good"] is False
    assert next(f["subject"] for f in told["findings"] if f["mark"] == "bad") == "engine"
    assert "✗ engine" in people.stdout
    assert "DOCKER_HOST" in people.stdout


def test_the_command_names_a_bad_setting(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["doctor"], env={"GEOSCOPE_PORT": "many"})

    assert done.exit_code == 78
    assert "GEOSCOPE_PORT" in done.stderr


def test_a_look_that_fails_is_a_finding(tmp_path: Path) -> None:
    def look(_: Subject) -> Iterator[Finding]:
        yield good("a", "first")
        raise PermissionError(13, "not for you")

    first, last = tried("secret", look, subject(tmp_path))

    assert (first.mark, last.mark, last.subject) == (Mark.GOOD, Mark.BAD, "secret")
    assert "not for you" in last.found


def test_a_state_directory_that_cannot_be_made_is_bad(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file where a folder belongs")
    found = by_name(host.look(subject(tmp_path / "file" / "below")))["state directory"]

    assert found.mark is Mark.BAD
