"""Jars lose what slows a start, and nothing else."""

from __future__ import annotations

import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

from sandbox.image.thin_jars import DEFAULTS, rewrite, terse

SETTINGS = b"""<?xml version="1.0"?>
<?xml-stylesheet type="text/xsl" href="configuration.xsl"?>
<!-- A licence. -->
<configuration>
<!--- global properties -->
<property>
  <name>hadoop.tmp.dir</name>
  <value>/tmp/hadoop-${user.name}</value>
  <description>A base for other temporary directories.</description>
</property>
<property>
  <description>Comes first, <b>here</b>.</description>
  <name>two.lines</name>
  <value>
    a,
    b
  </value>
  <final>true</final>
</property>
<property><name>empty</name><value></value></property>
</configuration>
"""


def test_settings_keep_names_values_and_nothing_else() -> None:
    short = terse(SETTINGS)

    def read(text: bytes) -> list[list[tuple[str, str | None]]]:
        return [
            [(part.tag, part.text) for part in each if part.tag != "description"]
            for each in ET.fromstring(text)
        ]

    assert read(short) == read(SETTINGS)
    assert read(short)[1] == [
        ("name", "two.lines"),
        ("value", "\n    a,\n    b\n  "),
        ("final", "true"),
    ]
    assert b"description" not in short
    assert b"licence" not in short


def test_a_jar_keeps_its_other_members_as_they_were(tmp_path: Path) -> None:
    jar = tmp_path / "some.jar"
    with zipfile.ZipFile(jar, "w") as made:
        made.writestr("a/B.class", b"\xca\xfe")
        made.writestr(DEFAULTS, SETTINGS)
        made.writestr("gone.txt", b"x")

    kept = rewrite(jar, lambda name: name != "gone.txt", {DEFAULTS: terse})

    with zipfile.ZipFile(jar) as written:
        assert written.namelist() == kept == ["a/B.class", DEFAULTS]
        assert written.read("a/B.class") == b"\xca\xfe"
        assert written.read(DEFAULTS) == terse(SETTINGS)
