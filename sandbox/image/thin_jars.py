"""Take out of jars what a scope does without: other platforms' libraries, what slows starts."""

from __future__ import annotations

import argparse
import platform
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

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
DEFAULTS = "core-default.xml"
"""Hadoop's settings, read several times by every start; nine tenths of it describe them."""


def thin(jar: Path, ours: str) -> None:
    """Write the jar again without natives whose path does not hold `ours`."""

    def is_wanted(name: str) -> bool:
        return ours in name or not is_native(name)

    if not any(ours in name for name in rewrite(jar, is_wanted)):
        message = f"{jar.name} has nothing for this machine ({ours})"
        raise SystemExit(message)


def terse(defaults: bytes) -> bytes:
    """Hadoop's XML of settings with names and values alone."""
    root = ET.fromstring(defaults)  # noqa: S314 - of the jar that runs
    root.text = None
    for setting in root:
        setting.text = setting.tail = None
        for part in list(setting):
            part.tail = None
            if part.tag == "description":
                setting.remove(part)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def rewrite(
    jar: Path,
    is_wanted: Callable[[str], bool],
    changes: Mapping[str, Callable[[bytes], bytes]] = MappingProxyType({}),
) -> list[str]:
    """Write the jar again with those members only, some with other content; their names."""
    fresh = jar.with_suffix(".thin")
    with zipfile.ZipFile(jar) as old, zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as new:
        kept = [member for member in old.infolist() if is_wanted(member.filename)]
        for member in kept:
            change = changes.get(member.filename, bytes)
            new.writestr(member, change(old.read(member)))
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
    for jar in folder.glob("hadoop-client-api-*.jar"):
        rewrite(jar, lambda _: True, {DEFAULTS: terse})


if __name__ == "__main__":
    main()
