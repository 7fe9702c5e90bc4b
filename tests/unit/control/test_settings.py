"""Settings: defaults, sources, and errors that name the setting."""

from __future__ import annotations

from pathlib import Path

import pytest

from control.errors import BadSetting
from control.settings import SECRETS, read_settings, table

GIB = 1024**3


def test_defaults_are_the_contracts() -> None:
    settings = read_settings({})

    assert (settings.host, settings.port, settings.driver) == ("127.0.0.1", 8080, "auto")
    assert settings.state_dir == Path("~/.local/share/geoscope").expanduser()
    assert (settings.scope_memory, settings.scope_disk) == (2 * GIB, 10 * GIB)
    assert (settings.scope_cpus, settings.scope_pids) == (2, 512)
    assert (settings.scope_idle_timeout_s, settings.scope_ttl_s) == (3600, None)
    assert (settings.scopes_per_user, settings.pool_size) == (10, 1)
    assert settings.requests_per_minute == 1200
    assert (settings.max_body, settings.max_result_bytes) == (100 * 1024**2, GIB)
    assert (settings.max_result_rows, settings.max_output) == (None, 10 * 1024**2)
    assert (settings.command_timeout_s, settings.query_timeout_s) == (3600, 3600)
    assert settings.uid_range == (200_000, 265_535)
    assert settings.max_pixels == 67_108_864
    assert settings.cache_bytes_of(2 * GIB) == GIB // 2
    assert (settings.runtime, settings.peer_uid) == ("runc", "scope")


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "geoscope.toml"
    file.write_text('host = "0.0.0.0"\nport = 9000\ncors_origins = ["https://a", "https://b"]\n')

    settings = read_settings({"GEOSCOPE_CONFIG": str(file), "GEOSCOPE_PORT": "9001"})

    assert (settings.host, settings.port) == ("0.0.0.0", 9001)
    assert settings.cors_origins == ("https://a", "https://b")


def test_a_clients_own_variables_never_stop_the_server() -> None:
    assert read_settings({"GEOSCOPE_CLIENT_URL": "x"}).port == 8080


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NOPE", "1"),
        ("AGENT_CPUS", "1"),
        ("PORT", "http"),
        ("PORT", "70000"),
        ("DRIVER", "podman"),
        ("SCOPE_MEMORY", "2 parsecs"),
        ("SCOPE_MEMORY", ""),
        ("SCOPE_MEMORY", "1023MiB"),
        ("SCOPE_DISK", "63MiB"),
        ("SCOPE_PIDS", "199"),
        ("SCOPE_OPEN_FILES", "100"),
        ("USER_QUOTA", "rooms=5"),
        ("ADMIN_QUOTA", "memory=1MiB"),
        ("SCOPE_CPUS", "nan"),
        ("SCOPE_TTL_S", "soon"),
        ("UID_RANGE", "5"),
        ("UID_RANGE", "9-5"),
        ("DATA", "/only/one"),
        ("DATA", "/srv:/scope/x"),
        ("DATA", "/srv:/"),
        ("CACHE_BYTES", "200%"),
        ("TRUSTED_PROXIES", "nobody"),
        ("PEER_UID", "0"),
        ("ADMIN_PASSWORD", "short"),
    ],
)
def test_a_wrong_one_stops_the_start_with_its_name(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=f"GEOSCOPE_{name}") as caught:
        read_settings({f"GEOSCOPE_{name}": value})

    assert caught.value.name == f"GEOSCOPE_{name}"


def test_secrets_are_not_repeated() -> None:
    with pytest.raises(BadSetting) as caught:
        read_settings({"GEOSCOPE_ADMIN_PASSWORD": "abc"})

    assert "abc" not in str(caught.value)
    assert {"admin_password", "metrics_token"} == SECRETS


def test_a_certificate_needs_its_key() -> None:
    with pytest.raises(BadSetting, match="GEOSCOPE_TLS_KEY"):
        read_settings({"GEOSCOPE_TLS_CERT": "/c.pem"})


@pytest.mark.parametrize("text", ["not toml", "unknown = 1", "port = true", "[port]\nx = 1"])
def test_a_wrong_file_stops_the_start(tmp_path: Path, text: str) -> None:
    file = tmp_path / "geoscope.toml"
    file.write_text(text)

    with pytest.raises(BadSetting):
        read_settings({"GEOSCOPE_CONFIG": str(file)})


def test_a_missing_file_stops_the_start() -> None:
    with pytest.raises(BadSetting, match="GEOSCOPE_CONFIG"):
        read_settings({"GEOSCOPE_CONFIG": "/nowhere/x.toml"})


def test_data_is_pairs_of_folders() -> None:
    settings = read_settings({"GEOSCOPE_DATA": "/srv/taxi:/data/taxi, /a:/b"})

    assert settings.data == ((Path("/srv/taxi"), "/data/taxi"), (Path("/a"), "/b"))


def test_every_row_has_a_meaning() -> None:
    assert all(row.meaning and row.kind and row.variable.startswith("GEOSCOPE_") for row in table())


def test_settings_are_frozen() -> None:
    with pytest.raises(AttributeError):
        read_settings({}).port = 1  # type: ignore[misc]
