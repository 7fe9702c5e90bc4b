"""Every setting in one table: name, kind, unit, default, meaning. Read once, then frozen.

Sources, the later wins: the defaults, the TOML file that GEOSCOPE_CONFIG names (keys in lower
case, without prefix), the environment (GEOSCOPE_*).
"""

# ruff: noqa: RUF009 - setting() is dataclasses.field() with our columns

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from control.errors import BadSetting
from control.kinds import (
    Kind,
    Network,
    choice,
    folder,
    integer,
    mounts,
    networks,
    number,
    optional,
    path,
    share_or_size,
    size,
    size_from,
    text,
    uid_range,
    words,
)
from control.scopes.limits import Quota
from control.scopes.quotas import parse_quota

PREFIX = "GEOSCOPE_"
quota = Kind("list of pairs", parse_quota)
CLIENT_PREFIX = "GEOSCOPE_CLIENT_"
CONFIG_VARIABLE = "GEOSCOPE_CONFIG"
SECRETS = frozenset({"admin_password", "metrics_token"})


def setting(default: str, kind: Kind, unit: str, meaning: str) -> Any:
    """One row of the table; `default` is written as a user would write it."""
    facts = {"default": default, "kind": kind, "unit": unit, "meaning": meaning}
    return field(metadata=facts)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the control plane is told from outside. Sizes are bytes, times are seconds."""

    host: str = setting("127.0.0.1", text, "", "address it listens on")
    port: int = setting("8080", integer(0, 65535), "", "port it listens on; 0: any free one")
    state_dir: Path = setting(
        "~/.local/share/geoscope", folder, "", "store, sockets and the scopes' files"
    )
    admin_user: str = setting("admin", text, "", "name of the admin made at the first start")
    admin_password: str | None = setting(
        "", optional(text), "", "password of that admin; empty: a random one, printed once"
    )
    min_password_length: int = setting(
        "6", integer(1, 1024), "characters", "shortest password that a user may have"
    )
    driver: str = setting("auto", choice("auto", "docker", "process"), "", "what runs the scopes")
    data: tuple[tuple[Path, str], ...] = setting(
        "", mounts, "", "host folders that every scope sees read-only, `/host:/in/scope,...`"
    )
    image: str = setting("geoscope-sandbox:latest", text, "", "image of the scopes' containers")
    runtime: str = setting("runc", text, "", "the engine's runtime: runc, runsc, ...")
    uid_range: tuple[int, int] = setting(
        "200000-265535", uid_range, "", "uids that scopes run as, one each"
    )
    peer_uid: str = setting(
        "scope", choice("scope", "any"), "", "whether an agent's socket must show the scope's uid"
    )
    scope_memory: int = setting("2GiB", size_from("1GiB"), "bytes", "memory of one scope")
    scope_cpus: float = setting("2", number(0.1), "cpus", "processors of one scope")
    scope_pids: int = setting("512", integer(200), "", "processes and threads of one scope")
    scope_open_files: int = setting(
        "16384", integer(1024, 1_048_576), "", "open files of each process of a scope"
    )
    scope_log: int = setting(
        "10MiB", size, "bytes", "what is kept of the output of a scope's container"
    )
    scope_disk: int = setting("10GiB", size_from("64MiB"), "bytes", "disk of one scope")
    scope_idle_timeout_s: float = setting(
        "3600", number(1), "seconds", "idle time after which a scope's container is stopped"
    )
    scope_ttl_s: float | None = setting(
        "", optional(number(1)), "seconds", "life of a scope, after which it is deleted"
    )
    cache_bytes: str = setting(
        "25%", share_or_size, "bytes or % of the scope's memory", "cache of a scope's map columns"
    )
    render_direct: str = setting(
        "1", choice("0", "1"), "", "1: maps and plain queries read files of tables without Spark"
    )
    scopes_per_user: int = setting("10", integer(0), "", "scopes that one user may have")
    pool_size: int = setting("1", integer(0, 64), "", "containers kept ready for new scopes")
    host_memory_reserve: int = setting(
        "1GiB", size, "bytes", "memory of the host that scopes are not promised, nor started into"
    )
    memory_overcommit: float = setting(
        "1", number(0.01, 100), "", "how often the host's memory may be promised; 1: never too much"
    )
    host_disk_reserve: int = setting(
        "1GiB", size, "bytes", "room on the state directory's disk below which no scope is opened"
    )
    requests_per_minute: int = setting(
        "1200", integer(1), "", "POST, PUT and DELETE requests a minute and user"
    )
    statements_per_scope: int = setting(
        "64", integer(1, 10_000), "", "commands, queries, maps, loads and saves of a scope at once"
    )
    user_quota: Quota = setting(
        "", quota, "", "what users of role user may have, `scopes=5,memory=4GiB,...`; else as usual"
    )
    admin_quota: Quota = setting("", quota, "", "the same for users of role admin")
    slow_client_s: float = setting(
        "30", number(0.1, 600), "seconds", "longest that a client may dribble, or not read a reply"
    )
    max_connections: int = setting("4096", integer(8), "", "connections that may be open")
    connections_per_address: int = setting(
        "512", integer(1), "", "connections that may be open from one address, proxies apart"
    )
    max_body: int = setting("100MiB", size, "bytes", "largest request body (files apart)")
    max_result_rows: int | None = setting(
        "", optional(integer(1)), "rows", "most rows of a result; beyond: truncated"
    )
    max_result_bytes: int = setting("1GiB", size, "bytes", "largest result; beyond: 413")
    max_output: int = setting("10MiB", size, "bytes", "output of one command; beyond: cut")
    max_pixels: int = setting("67108864", integer(1), "pixels", "largest width x height of a map")
    command_timeout_s: float = setting("3600", number(0.001), "seconds", "longest command")
    query_timeout_s: float = setting(
        "3600", number(0.001), "seconds", "longest query, map, load or save"
    )
    result_ttl_s: float = setting(
        "3600", number(1), "seconds", "life of an asynchronous request's result"
    )
    cors_origins: tuple[str, ...] = setting(
        "", words, "", "origins that browsers may call from; `*`: all"
    )
    trusted_proxies: tuple[Network, ...] = setting(
        "", networks, "", "addresses of proxies whose X-Forwarded-For is believed"
    )
    tls_cert: Path | None = setting("", optional(path), "", "certificate chain, PEM")
    tls_key: Path | None = setting("", optional(path), "", "the certificate's key, PEM")
    metrics_token: str | None = setting(
        "", optional(text), "", "bearer token for /metrics from elsewhere than loopback"
    )
    events_kept: int = setting(
        "100000",
        integer(100),
        "",
        "events that are kept; of more, those of the most frequent user and kind go first",
    )
    events_ttl_s: float = setting(
        "7776000", number(3600), "seconds", "age at which an event is forgotten"
    )
    log_level: str = setting(
        "info", choice("debug", "info", "warning", "error"), "", "least level that is logged"
    )
    log_format: str = setting("text", choice("text", "json"), "", "how log lines look")

    def cache_bytes_of(self, memory_bytes: int) -> int:
        """The map cache of a scope with that much memory."""
        if self.cache_bytes.endswith("%"):
            return int(memory_bytes * float(self.cache_bytes[:-1]) / 100)
        return int(self.cache_bytes)


@dataclass(frozen=True, kw_only=True)
class SettingFacts:
    """One row of the table, as words."""

    variable: str
    kind: str
    unit: str
    default: str
    meaning: str


def read_settings(env: Mapping[str, str]) -> Settings:
    """The settings of this environment; raises BadSetting naming the first wrong one."""
    given = {**_from_file(env.get(CONFIG_VARIABLE)), **_from_env(env)}
    known = {f.name: f for f in fields(Settings)}
    for name in given:
        if name not in known:
            raise BadSetting(_variable(name), "unknown setting")
    values: dict[str, Any] = {
        name: _parse(name, row.metadata["kind"], given.get(name, row.metadata["default"]))
        for name, row in known.items()
    }
    settings = Settings(**values)
    _check_together(settings)
    return settings


def table() -> list[SettingFacts]:
    """Every setting, in the order of the docs."""
    return [
        SettingFacts(
            variable=_variable(row.name),
            kind=row.metadata["kind"].name,
            unit=row.metadata["unit"],
            default=row.metadata["default"],
            meaning=row.metadata["meaning"],
        )
        for row in fields(Settings)
    ]


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _from_env(env: Mapping[str, str]) -> dict[str, str]:
    return {
        key.removeprefix(PREFIX).lower(): value
        for key, value in env.items()
        if key.startswith(PREFIX) and not key.startswith(CLIENT_PREFIX) and key != CONFIG_VARIABLE
    }


def _from_file(name: str | None) -> dict[str, str]:
    if not name:
        return {}
    try:
        found = tomllib.loads(Path(name).expanduser().read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadSetting(CONFIG_VARIABLE, str(error)) from error
    return {key: _as_text(key, value) for key, value in found.items()}


def _as_text(key: str, value: object) -> str:
    if isinstance(value, list):
        return ",".join(str(item) for item in value)
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return str(value)
    raise BadSetting(_variable(key), "must be a string, a number or a list of strings")


def _parse(name: str, kind: Kind, written: str) -> object:
    try:
        return kind.parse(written.strip())
    except ValueError as error:
        shown = "" if name in SECRETS else f", not {written!r}"
        raise BadSetting(_variable(name), f"must be {error}{shown}") from error


def _check_together(settings: Settings) -> None:
    if (settings.tls_cert is None) != (settings.tls_key is None):
        missing = "GEOSCOPE_TLS_KEY" if settings.tls_cert else "GEOSCOPE_TLS_CERT"
        raise BadSetting(missing, "certificate and key are needed together")
    password = settings.admin_password
    if password is not None and len(password) < settings.min_password_length:
        why = f"must have at least {settings.min_password_length} characters"
        raise BadSetting(_variable("admin_password"), why)
