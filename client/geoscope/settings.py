"""Where the server is and who we are: arguments, then the environment, then `geoscope login`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

PREFIX: Final = "GEOSCOPE_CLIENT_"
DEFAULT_URL: Final = "http://127.0.0.1:8080"


@dataclass(frozen=True, kw_only=True)
class ClientSettings:
    """A server and the proof of who asks; a token wins over a password."""

    url: str = DEFAULT_URL
    token: str | None = None
    username: str | None = None
    password: str | None = None

    @classmethod
    def from_env(cls, env: Mapping[str, str], saved: SavedTokens | None = None) -> ClientSettings:
        """GEOSCOPE_CLIENT_{URL,TOKEN,USERNAME,PASSWORD}, else the token saved for that URL."""
        named = {name: env.get(PREFIX + name.upper()) or None for name in _PROOFS}
        url = env.get(PREFIX + "URL") or DEFAULT_URL
        found = cls(url=url.rstrip("/"), **named)
        if found.token or found.password or saved is None:
            return found
        return replace(found, token=saved.get(found.url))


_PROOFS: Final = ("token", "username", "password")


@dataclass(frozen=True)
class SavedTokens:
    """Tokens by URL in a file that only its owner can read."""

    path: Path

    @classmethod
    def of_user(cls, env: Mapping[str, str]) -> SavedTokens:
        """In the user's configuration folder."""
        folder = env.get("XDG_CONFIG_HOME") or Path.home() / ".config"
        return cls(Path(folder) / "geoscope" / "tokens.json")

    def get(self, url: str) -> str | None:
        """The token for that server."""
        return self._all().get(url)

    def put(self, url: str, token: str | None) -> None:
        """Keep a token, or with None forget it."""
        kept = {key: value for key, value in self._all().items() if key != url}
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self.path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump({**kept, url: token} if token else kept, file)
        fresh.replace(self.path)

    def _all(self) -> dict[str, str]:
        try:
            found = json.loads(self.path.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}
