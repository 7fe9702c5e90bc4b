"""Unpack the native codecs of Spark's jars: the JVM cannot, where /tmp is mounted `noexec`."""

from __future__ import annotations

import argparse
import platform
import zipfile
from pathlib import Path

# jar's name prefix → (path inside, name outside), by machine
LIBRARIES = {
    "x86_64": {
        "snappy-java-": "org/xerial/snappy/native/Linux/x86_64/libsnappyjava.so",
        "zstd-jni-": "linux/amd64/libzstd-jni-*.so",
        "lz4-java-": "net/jpountz/util/linux/amd64/liblz4-java.so",
    },
    "aarch64": {
        "snappy-java-": "org/xerial/snappy/native/Linux/aarch64/libsnappyjava.so",
        "zstd-jni-": "linux/aarch64/libzstd-jni-*.so",
        "lz4-java-": "net/jpountz/util/linux/aarch64/liblz4-java.so",
    },
}


def unpack(jars: Path, prefix: str, pattern: str, target: Path) -> Path:
    """Copy the one member that matches `pattern` out of the one jar with that prefix."""
    (jar,) = jars.glob(f"{prefix}[0-9]*.jar")
    with zipfile.ZipFile(jar) as archive:
        (member,) = [name for name in archive.namelist() if Path(name).match(pattern)]
        out = target / short_name(member)
        out.write_bytes(archive.read(member))
    out.chmod(0o755)
    return out


def short_name(member: str) -> str:
    """The file's name without a version, so that the JVM's options need not know it."""
    name = Path(member).name
    return "libzstd-jni.so" if name.startswith("libzstd-jni-") else name


def main() -> None:
    """`unpack_native.py JARS TARGET`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("jars", type=Path)
    parser.add_argument("target", type=Path)
    options = parser.parse_args()
    options.target.mkdir(parents=True, exist_ok=True)
    for prefix, pattern in LIBRARIES[platform.machine()].items():
        unpack(options.jars, prefix, pattern, options.target)


if __name__ == "__main__":
    main()
