"""TLS by files: the certificate chain and its key, looked at before anything else is begun."""

from __future__ import annotations

import ssl
from pathlib import Path

from control.errors import TlsUnusable
from control.settings import Settings

CERT, KEY = "GEOSCOPE_TLS_CERT", "GEOSCOPE_TLS_KEY"
KEY_REASONS = frozenset({"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH"})


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """What the server shows its clients; None: plain HTTP. Raises TlsUnusable."""
    cert, key = settings.tls_cert, settings.tls_key
    if cert is None or key is None:
        return None
    _check_readable(CERT, cert)
    _check_readable(KEY, key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    _check_certificate(cert)
    try:
        context.load_cert_chain(cert, key, password=_no_password)
    except ssl.SSLError as error:
        if error.reason in KEY_REASONS:
            why = f"it is not the key of {cert}"
            raise TlsUnusable(KEY, key, why) from error
        why = "it holds no private key in PEM"
        raise TlsUnusable(KEY, key, why) from error
    except ValueError as error:
        why = "it is encrypted, and there is nobody to ask for its password"
        raise TlsUnusable(KEY, key, why) from error
    return context


def _check_readable(setting: str, path: Path) -> None:
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise TlsUnusable(setting, path, error.strerror or str(error)) from error


def _check_certificate(path: Path) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError as error:
        why = "it holds no certificate in PEM"
        raise TlsUnusable(CERT, path, why) from error


def _no_password() -> str:
    why = "encrypted"
    raise ValueError(why)
