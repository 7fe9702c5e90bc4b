"""The running server, asked over HTTP by an admin."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import requests

from control.drivers import is_local
from control.operator.place import Proof
from control.settings import Settings

TIMEOUT_S: Final = 30.0
ANY_HOST: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, not bound to


class NoServer(Exception):
    """Nobody answers there, or nothing proves that we may ask."""


class Refused(Exception):
    """The server answered, and said no."""


@dataclass
class Server:
    """One server and the proof of who asks. The mutable state is the token of a log-in."""

    url: str
    proof: Proof
    verify: bool = True
    _token: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, settings: Settings, proof: Proof) -> Server:
        """The server at `--url`, else the one that these settings would start."""
        if proof.url:
            return cls(proof.url.rstrip("/"), proof)
        scheme = "http" if settings.tls_cert is None else "https"
        host = "127.0.0.1" if settings.host in ANY_HOST else settings.host
        shown = f"[{host}]" if ":" in host else host
        # A certificate names the host that clients know, which loopback is not.
        return cls(f"{scheme}://{shown}:{settings.port}", proof, verify=not is_local(host))

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """The members of the reply; raises NoServer or Refused."""
        return self.ask("GET", path, params=query)

    def ask(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        """The members of the reply; `json` is a body. Raises NoServer or Refused."""
        headers = {"Authorization": f"Token {self._logged_in()}"}
        return self._send(method, path, headers=headers, **more)

    def _logged_in(self) -> str:
        if self._token is None:
            self._token = self.proof.token or self._log_in()
        return self._token

    def _log_in(self) -> str:
        if not self.proof.password:
            named = "GEOSCOPE_CLIENT_PASSWORD or GEOSCOPE_CLIENT_TOKEN"
            why = f"no password or token of an admin was given ({named})"
            raise NoServer(why)
        body = {"username": self.proof.user, "password": self.proof.password}
        return str(self._send("POST", "/token", json=body)["data"]["token"])

    def _send(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        url = self.url + path
        try:
            answer = requests.request(method, url, timeout=TIMEOUT_S, verify=self.verify, **more)
        except requests.RequestException as error:
            why = f"nobody answers at {self.url} ({type(error).__name__})"
            raise NoServer(why) from error
        try:
            members: dict[str, Any] = answer.json()
        except ValueError as error:
            why = f"what answers at {self.url} is no server of this kind"
            raise NoServer(why) from error
        if answer.status_code != requests.codes.ok:
            why = f"{members.get('message', 'refused')} ({answer.status_code})"
            raise Refused(why)
        return members
