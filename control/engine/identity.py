"""The passwd and group files that are mounted into a scope's container."""

from __future__ import annotations

import tempfile
from pathlib import Path

from control.engine.hardening import Identity, group_text, passwd_text


def write_identity(folder: Path, uid: int, gid: int) -> Identity:
    """The files for this uid and gid below `folder`, which is the control plane's own."""
    place = folder / f"{uid}-{gid}"
    place.mkdir(parents=True, exist_ok=True, mode=0o755)
    identity = Identity(passwd=place / "passwd", group=place / "group")
    _write(identity.passwd, passwd_text(uid, gid))
    _write(identity.group, group_text(gid))
    return identity


def _write(path: Path, text: str) -> None:
    """Leave a right file as it is: containers hold it mounted."""
    if path.is_file() and path.read_text() == text:
        return
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
        file.write(text)
    made = Path(file.name)
    made.chmod(0o644)
    made.replace(path)
