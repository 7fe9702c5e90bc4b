"""Take out of jars what a scope does without: other platforms' libraries, and a slow greeting."""

from __future__ import annotations

import argparse
import platform
import zipfile
from collections.abc import Callable
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
LATE = "META-INF/services/org.apache.spark.sql.SparkSessionExtensionsProvider"
"""By it every session begins with MLlib's two functions, a second of work: see runtime/late.py."""


def thin(jar: Path, ours: str) -> None:
    """Write the jar again without natives whose path does not hold `ours`."""

    def is_wanted(name: str) -> bool:
        return ours in name or not is_native(name)

    if not any(ours in name for name in rewrite(jar, is_wanted)):
        message = f"{jar.name} has nothing for this machine ({ours})"
        raise SystemExit(message)


def rewrite(jar: Path, is_wanted: Callable[[str], bool]) -> list[str]:
    """Write the jar again with those members only; their names."""
    fresh = jar.with_suffix(".thin")
    with zipfile.ZipFile(jar) as old, zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as new:
        kept = [member for member in old.infolist() if is_wanted(member.filename)]
        for member in kept:
            new.writestr(member, old.read(member))
    fresh.replace(jar)
    return [member.filename for member in kept]


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
    for jar in folder.glob("spark-mllib_*.jar"):
        rewrite(jar, lambda name: name != LATE)


if __name__ == "__main__":
    main()
