"""Take other platforms' native libraries out of jars: they are most of some jars' bytes."""

from __future__ import annotations

import argparse
import platform
import zipfile
from pathlib import Path

NATIVE_SUFFIXES = (".so", ".dll", ".dylib", ".jnilib", ".a")
# What marks this machine's own library in its path, by jar's name prefix.
OURS = {
    "rocksdbjni-": {
        "x86_64": "librocksdbjni-linux64.so",
        "aarch64": "librocksdbjni-linux-aarch64.so",
    },
    "zstd-jni-": {"x86_64": "linux/amd64/", "aarch64": "linux/aarch64/"},
    "snappy-java-": {"x86_64": "Linux/x86_64/", "aarch64": "Linux/aarch64/"},
}


def thin(jar: Path, ours: str) -> None:
    """Write the jar again without natives whose path does not hold `ours`."""
    fresh = jar.with_suffix(".thin")
    with zipfile.ZipFile(jar) as old, zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as new:
        kept = [m for m in old.infolist() if ours in m.filename or not is_native(m.filename)]
        if not any(ours in member.filename for member in kept):
            message = f"{jar.name} has nothing for this machine ({ours})"
            raise SystemExit(message)
        for member in kept:
            new.writestr(member, old.read(member))
    fresh.replace(jar)


def is_native(name: str) -> bool:
    """Whether a member of a jar is a native library."""
    return name.endswith(NATIVE_SUFFIXES)


def main() -> None:
    """`thin_jars.py FOLDER`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    for prefix, by_machine in OURS.items():
        for jar in folder.glob(f"{prefix}[0-9]*.jar"):
            thin(jar, by_machine[platform.machine()])


if __name__ == "__main__":
    main()
