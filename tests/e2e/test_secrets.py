"""Nothing secret is where somebody else may look: all of those places are read, and searched."""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import pytest
import requests

from control.auth.keys import FILE_NAME, read_keys
from tests.docker.harness import inside
from tests.e2e.server import ADMIN_PASSWORD, CALL_DEADLINE_S, ROOT, Server, User

pytestmark = [pytest.mark.e2e, pytest.mark.docker, pytest.mark.timeout(300)]

USER_PASSWORD = f"user-{secrets.token_hex(8)}"
NEXT_PASSWORD = f"next-{secrets.token_hex(8)}"
WRONG_PASSWORD = f"wrong-{secrets.token_hex(8)}"
METRICS_TOKEN = f"metrics-{secrets.token_hex(8)}"
CODE = f"canary_{secrets.token_hex(8)}"
"""In everything that a tenant runs here."""
SPARKS_OWN = f"lost a block {secrets.token_hex(8)}"
SCOPE = {"scope": "quiet"}
ENVIRONMENT = re.compile(r"GEOSCOPE_(?!AGENT_|JARS_DIR|NATIVE_DIR|CDS_ARCHIVE)\w+")


@dataclass
class Places:
    """What was read, by the name of the place."""

    texts: dict[str, str] = field(default_factory=dict)

    def holding(self, word: str) -> list[str]:
        """The places that hold it."""
        return [place for place, text in self.texts.items() if word in text]


@dataclass
class Story:
    """A server to which much has happened, and what must not be seen."""

    server: Server
    ann: User
    admin: User
    ended: list[str]
    errors: list[str]
    """Bodies of all errors but those that tell a tenant of its own code."""


@pytest.fixture(scope="module")
def story(
    engine: docker.DockerClient, agent_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Story]:
    settings = {
        "GEOSCOPE_POOL_SIZE": "0",
        "GEOSCOPE_LOG_LEVEL": "debug",
        "GEOSCOPE_METRICS_TOKEN": METRICS_TOKEN,
    }
    server = Server(tmp_path_factory.mktemp("state"), settings)
    server.start()
    yield tell(server)
    server.destroy(engine)


def tell(server: Server) -> Story:
    """Accounts, commands, queries, maps, jobs; and everything of it done wrongly, too."""
    admin = User.log_in(server, "admin", ADMIN_PASSWORD)
    admin.post("/admin/users", username="ann", password=USER_PASSWORD)
    first = User.log_in(server, "ann", USER_PASSWORD)
    admin.ask("PATCH", "/admin/users/ann", {"password": NEXT_PASSWORD})
    ann = User.log_in(server, "ann", NEXT_PASSWORD)
    gone = User.log_in(server, "ann", NEXT_PASSWORD)
    gone.delete("/token")
    ann.post("/scope", **SCOPE)
    use(ann)
    errors = [answer.text for answer in misuse(server, ann, admin, [first, gone])]
    return Story(server, ann, admin, [first.token, gone.token], errors)


def use(ann: User) -> None:
    """What a tenant does, well and badly."""
    ann.post("/command", **SCOPE, command=f"{CODE} = 7\nprint('{CODE}')\n{CODE}")
    for logger, text in (
        ("storage.BlockManager", f"{SPARKS_OWN}\\n2026-01-01 forged"),
        ("executor.Executor", CODE),
        ("scheduler.TaskSetManager", CODE),
        ("sql.catalyst.expressions.codegen.CodeGenerator", CODE),
    ):
        named = f"sc._jvm.org.slf4j.LoggerFactory.getLogger('org.apache.spark.{logger}')"
        ann.post("/command", **SCOPE, command=f"{named}.error('{text}')")
    for code in (
        f"raise ValueError('{CODE}')",
        f"sc.parallelize([1]).map(lambda x: x / 0 if '{CODE}' else 1).collect()",
        f"spark.sql('select {CODE}').collect()",
        f"import os; '{CODE}'; os._exit(5)",
    ):
        ann.ask("POST", "/command", {**SCOPE, "command": code})
    ann.post("/query", **SCOPE, sql=f"select '{CODE}' as a")
    for sql in (f"select {CODE}", f"select raise_error('{CODE}')", f"select cast('{CODE}' as int)"):
        ann.ask("POST", "/query", {**SCOPE, "sql": sql})
    table = {"name": "t", "sql": f"select '{CODE}' as a"}
    ann.post("/createtable", **SCOPE, tables=[table])
    ann.ask("PUT", "/scope/quiet/files/secret.csv", data=f"{CODE},1\n{CODE},x".encode())
    schema = [{"a": "int"}, {"b": "int"}]
    bad = {"name": "b", "format": "csv", "path": "secret.csv", "schema": schema}
    ann.ask("POST", "/loadfile", {**SCOPE, "tables": [bad]})
    for mode in ("immediate", "deferred", "async"):
        body = {"statement": f'SELECT VALUE "{CODE}";', "mode": mode}
        for more in ({}, {"statement": f'SELECT VALUE "{CODE}" + nothing;'}):
            ann.ask("POST", "/query/service", {**body, **more}, headers={"X-Scope": "quiet"})


def misuse(
    server: Server, ann: User, admin: User, ended: list[User]
) -> Iterator[requests.Response]:
    """Requests that are refused."""
    url, slow = server.url, CALL_DEADLINE_S
    for path in ("/token", "/login"):
        body = {"username": "ann", "password": WRONG_PASSWORD}
        yield requests.post(url + path, json=body, timeout=slow)
        yield requests.post(url + path, data=f'{{"password":"{WRONG_PASSWORD}"', timeout=slow)
        yield requests.post(url + path, json={"password": [WRONG_PASSWORD]}, timeout=slow)
    yield requests.post(
        f"{url}/query/service", auth=("ann", WRONG_PASSWORD), data="statement=1", timeout=slow
    )
    for user in ended:
        yield user.ask("GET", "/scope")
    yield requests.get(
        f"{url}/scope", headers={"Authorization": f"Token {ann.token}x"}, timeout=slow
    )
    yield requests.get(
        f"{url}/scope", headers={"Authorization": f"{ann.token} {ann.token}"}, timeout=slow
    )
    accounts: tuple[dict[str, Any], ...] = (
        {"username": "a b", "password": USER_PASSWORD},
        {"username": "ann", "password": USER_PASSWORD},
        {"username": "eve", "password": [USER_PASSWORD]},
        {"username": "eve", "password": USER_PASSWORD, "role": "root"},
    )
    for account in accounts:
        yield admin.ask("POST", "/admin/users", account)
    yield admin.ask("PATCH", "/admin/users/ann", {"password": "x", "quota": {"scopes": -1}})
    yield ann.ask("GET", "/admin/users")
    yield ann.ask("POST", "/command", {"scope": "none", "command": CODE})
    yield ann.ask("POST", "/command", {"scope": ["quiet"], "command": CODE})
    yield ann.ask("POST", "/query", {**SCOPE, "sql": CODE, "format": "xml"})
    yield ann.ask("GET", f"/scope/quiet/files/../{CODE}"[:20])


@pytest.fixture(scope="module")
def places(story: Story, engine: docker.DockerClient) -> Places:
    """Everything that an operator, another tenant or a log collector may read."""
    found = Places()
    (container,) = story.server.containers(engine)
    found.texts["docker inspect"] = json.dumps(container.attrs)
    found.texts["docker logs"] = container.logs().decode(errors="replace")
    found.texts["image"] = json.dumps(engine.images.get(container.attrs["Image"]).attrs)
    script = "cat /proc/[0-9]*/environ | tr '\\0' '\\n'; cat /proc/[0-9]*/cmdline | tr '\\0' ' '"
    found.texts["environment and command lines inside"] = inside(engine, container.id, script)[1]
    kernel = story.ann.post("/command", **SCOPE, command="import os\ndict(os.environ)")
    found.texts["the kernel's environment"] = json.dumps(kernel["result"])
    found.texts["/admin/events"] = json.dumps(story.admin.get("/admin/events?limit=10000"))
    found.texts["/admin/scopes"] = json.dumps(story.admin.get("/admin/scopes"))
    found.texts["/admin/users"] = json.dumps(story.admin.get("/admin/users"))
    found.texts["GET /scope"] = json.dumps(story.ann.get("/scope"))
    for path in ("/metrics", "/ready", "/health", "/docs/openapi.json"):
        found.texts[path] = requests.get(story.server.url + path, timeout=CALL_DEADLINE_S).text
    assert story.server.process is not None
    line = Path(f"/proc/{story.server.process.pid}/cmdline").read_bytes()
    found.texts["the server's command line"] = line.decode()
    found.texts["errors"] = "\n".join(story.errors)
    found.texts["the server's log"] = "".join(story.server.output)
    return found


def hashes(server: Server) -> list[str]:
    store = sqlite3.connect(f"file:{server.state_dir / 'geoscope.db'}?mode=ro", uri=True)
    try:
        return [row[0] for row in store.execute("SELECT password_hash FROM accounts")]
    finally:
        store.close()


def secrets_of(story: Story) -> dict[str, str]:
    """Each secret, by name."""
    keys = read_keys(story.server.state_dir / FILE_NAME)
    return {
        "admin's password": ADMIN_PASSWORD,
        "user's password": USER_PASSWORD,
        "user's new password": NEXT_PASSWORD,
        "a wrong password": WRONG_PASSWORD,
        "the metrics token": METRICS_TOKEN,
        "admin's token": story.admin.token,
        "user's token": story.ann.token,
        **{f"ended token {i}": token for i, token in enumerate(story.ended)},
        **{f"signature {i}": t.rpartition(".")[2] for i, t in enumerate(story.ended)},
        **{f"signing key {key.id}": key.secret for key in keys},
        **{f"hash {i}": text for i, text in enumerate(hashes(story.server))},
        **{f"salt {i}": text.split("$")[-2] for i, text in enumerate(hashes(story.server))},
    }


def test_no_secret_is_anywhere(story: Story, places: Places) -> None:
    found = {name: places.holding(secret) for name, secret in secrets_of(story).items()}

    assert {name: where for name, where in found.items() if where} == {}
    assert all(len(text) > 1 for text in places.texts.values())
    assert "request " in places.texts["the server's log"]
    assert len(story.errors) > 15


def test_no_tenants_code_or_rows_are_where_others_look(places: Places) -> None:
    assert places.holding(CODE) == []


def test_sparks_own_trouble_is_in_the_containers_log(places: Places) -> None:
    lines = places.texts["docker logs"].splitlines()
    (line,) = [line for line in lines if SPARKS_OWN in line]

    assert "level=ERROR logger=BlockManager" in line
    assert "forged" in line


def test_the_sandbox_knows_no_setting_of_the_server(places: Places) -> None:
    for place in ("docker inspect", "the kernel's environment", "image"):
        assert ENVIRONMENT.findall(places.texts[place]) == []


def test_what_is_kept_is_hashed_and_for_its_owner_only(story: Story) -> None:
    state = story.server.state_dir
    files = [p for p in state.iterdir() if p.is_file()]

    assert all(text.startswith("$argon2id$") for text in hashes(story.server))
    assert stat.S_IMODE((state / FILE_NAME).stat().st_mode) == 0o600
    assert {p.name for p in files if p.stat().st_mode & 0o077} == set()


def test_a_rotation_under_a_running_server_logs_nobody_out(story: Story) -> None:
    env = {"GEOSCOPE_STATE_DIR": str(story.server.state_dir), "PATH": "/usr/bin:/bin"}
    line = [sys.executable, "-m", "control", "keys", "rotate"]
    done = subprocess.run(line, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    newest = read_keys(story.server.state_dir / FILE_NAME)[0]
    fresh = User.log_in(story.server, "ann", NEXT_PASSWORD)

    assert done.returncode == 0, done.stderr
    assert newest.id in done.stdout
    assert story.ann.ask("GET", "/scope").status_code == 200
    assert fresh.ask("GET", "/scope").status_code == 200
