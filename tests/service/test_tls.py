"""TLS by files, and behind a proxy: whose word about the client is taken."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import pytest
import requests

from control.errors import TlsUnusable
from control.settings import read_settings
from control.web.tls import tls_context
from tests.conftest import ROOT
from tests.service.client import User
from tests.service.conftest import ServerFactory
from tests.service.test_process import control, environment

FORWARDED = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7", "X-Forwarded-Proto": "https"}


def certificate(folder: Path, name: str = "server", *more: str) -> tuple[Path, Path]:
    """A self-made certificate for this host, and its key."""
    cert, key = folder / f"{name}.crt", folder / f"{name}.key"
    line = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    line += ["-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    line += ["-keyout", str(key), "-out", str(cert), *(more or ("-nodes",))]
    subprocess.run(line, check=True, capture_output=True, timeout=30)
    return cert, key


def test_a_server_with_a_certificate_speaks_https_and_nothing_else(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    files = {"tls_cert": str(cert), "tls_key": str(key), "admin_password": "secret1"}
    with control(tmp_path / "state", **files) as (_, said):
        url = said.partition("serves at ")[2].partition(",")[0]
        body = {"username": "admin", "password": "secret1"}
        reply = requests.post(f"{url}/token", json=body, verify=str(cert), timeout=10)

        assert url.startswith("https://127.0.0.1:")
        assert reply.status_code == 200
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(f"{url}/health", timeout=10)
        with pytest.raises(requests.exceptions.ConnectionError):
            requests.get(url.replace("https", "http") + "/health", timeout=10)


def settings_of(folder: Path, cert: Path, key: Path) -> dict[str, str]:
    return {
        "GEOSCOPE_STATE_DIR": str(folder),
        "GEOSCOPE_TLS_CERT": str(cert),
        "GEOSCOPE_TLS_KEY": str(key),
    }


@pytest.mark.parametrize(
    ("case", "setting", "why"),
    [
        ("no certificate", "GEOSCOPE_TLS_CERT", "No such file"),
        ("no key", "GEOSCOPE_TLS_KEY", "No such file"),
        ("a folder", "GEOSCOPE_TLS_CERT", "Is a directory"),
        ("no PEM", "GEOSCOPE_TLS_CERT", "no certificate in PEM"),
        ("key is a certificate", "GEOSCOPE_TLS_KEY", "no private key in PEM"),
        ("another's key", "GEOSCOPE_TLS_KEY", "not the key of"),
        ("encrypted", "GEOSCOPE_TLS_KEY", "encrypted"),
    ],
)
def test_files_that_are_no_good_are_told_by_setting_and_reason(
    tmp_path: Path, case: str, setting: str, why: str
) -> None:
    cert, key = certificate(tmp_path)
    nonsense = tmp_path / "nonsense"
    nonsense.write_text("nonsense")
    pairs = {
        "no certificate": (tmp_path / "none", key),
        "no key": (cert, tmp_path / "none"),
        "a folder": (tmp_path, key),
        "no PEM": (nonsense, key),
        "key is a certificate": (cert, cert),
        "another's key": (cert, certificate(tmp_path, "other")[1]),
    }
    given = pairs.get(case) or certificate(tmp_path, "locked", "-passout", "pass:secret")

    with pytest.raises(TlsUnusable) as raised:
        tls_context(read_settings(settings_of(tmp_path, *given)))

    assert setting in raised.value.message
    assert why in raised.value.message


def test_a_bad_certificate_stops_the_start_before_anything_is_made(tmp_path: Path) -> None:
    env = environment(tmp_path / "state", tls_cert=str(tmp_path / "a"), tls_key=str(tmp_path / "b"))
    from sys import executable

    line = [executable, "-m", "control"]
    done = subprocess.run(line, cwd=ROOT, env=env, capture_output=True, text=True, timeout=30)

    assert done.returncode == 78
    assert f"setting GEOSCOPE_TLS_CERT: {tmp_path / 'a'} cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "state").exists()


def test_old_versions_of_tls_are_refused(tmp_path: Path) -> None:
    context = tls_context(read_settings(settings_of(tmp_path, *certificate(tmp_path))))

    assert context is not None
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


async def failed_login(nobody: User) -> None:
    body = {"username": "eve", "password": "wrong-one"}
    reply = await nobody.post("/token", body, headers=FORWARDED)
    assert reply.status == 401


async def seen_address(admin: User) -> str:
    events = (await admin.get("/admin/events?event=login_failed")).good()["events"]
    address: str = events[0]["address"]
    return address


@pytest.mark.parametrize(
    ("trusted", "address"),
    [
        ("", "127.0.0.1"),
        ("10.0.0.0/8", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.7"),
        ("127.0.0.1,198.51.100.0/24", "203.0.113.9"),
    ],
)
async def test_a_client_s_address_is_the_word_of_trusted_proxies_only(
    make_server: ServerFactory, trusted: str, address: str
) -> None:
    server = await make_server(trusted_proxies=trusted)
    await failed_login(server.nobody)

    assert await seen_address(await server.log_in("admin")) == address


@pytest.mark.parametrize(("trusted", "scheme"), [("", "http"), ("127.0.0.1", "https")])
async def test_handles_have_the_scheme_that_a_trusted_proxy_tells(
    make_server: ServerFactory, trusted: str, scheme: str
) -> None:
    server = await make_server(trusted_proxies=trusted)
    ann = await server.user("ann")
    (await ann.post("/scope", {"scope": "taxi"})).good()
    body = {"statement": "select 1;", "mode": "async", "scope": "taxi"}

    reply = await ann.post("/query/service", body, headers=FORWARDED)

    assert reply.status == 200
    assert reply.body["handle"].startswith(f"{scheme}://127.0.0.1:")
