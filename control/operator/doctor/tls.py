"""Do certificate and key fit each other, and how long are they good?"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from control.drivers import is_local
from control.operator.doctor.finding import Finding, Subject, bad, good, warning

SOON_DAYS: Final = 21
DAY_S: Final = 24 * 3600


def look(subject: Subject) -> Iterator[Finding]:
    """The files, by shaking hands with them."""
    settings = subject.settings
    if settings.tls_cert is not None and settings.tls_key is not None:
        yield _files(settings.tls_cert, settings.tls_key)
    elif is_local(settings.host):
        yield good("TLS", f"none, and only this host reaches {settings.host}")
    else:
        remedy = "GEOSCOPE_TLS_CERT and _KEY, or a proxy with TLS in front of a loopback address"
        yield warning("TLS", f"none: passwords go to {settings.host} in the clear", remedy)


def _files(cert: Path, key: Path) -> Finding:
    try:
        days = (_good_until(cert, key) - time.time()) / DAY_S
    except (OSError, ValueError) as error:
        return bad("TLS", f"{cert}, {key}: {error}", "name a PEM chain and the key that fits it")
    words = f"{cert} is good for {days:.0f} days"
    if days < SOON_DAYS:
        return warning("TLS", words, "renew it, then restart the server: scopes keep running")
    return good("TLS", words)


def _good_until(cert: Path, key: Path) -> float:
    """When it expires; raises OSError where no client would take it."""
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(cert, key)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.load_verify_locations(cert)
    # The chain's own certificate is what is trusted here; whoever signed it is the clients' matter.
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    seen = _shake_hands(server, client) or {}
    return float(ssl.cert_time_to_seconds(str(seen["notAfter"])))


def _shake_hands(server: ssl.SSLContext, client: ssl.SSLContext) -> Mapping[str, object] | None:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        client.wrap_bio(to_client, to_server, server_side=False),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    left = list(sides)
    for side in sides * 4:
        if side not in left:
            continue
        try:
            side.do_handshake()
            left.remove(side)
        except ssl.SSLWantReadError:
            continue
    return sides[0].getpeercert()
