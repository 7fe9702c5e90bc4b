"""What an operator reads: ages, memory, states; nothing of a tenant's reaches the terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from control.operator.logs import harmless
from control.operator.sight import Seen, Sight
from control.operator.table import age, memory, state, table
from control.operator.top import shares


def seen(**facts: object) -> Seen:
    values = {"user": "ann", "scope": "taxi", "id": "a", "state": "idle", "container": "c", **facts}
    return Seen(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (61, "1 min 1 s"),
        (3_600, "1 h"),
        (3_661, "1 h 1 min"),
        (90_000, "1 d 1 h"),
        (-5, "0 s"),
    ],
)
def test_ages_in_words(seconds: float, words: str) -> None:
    assert age(1000.0 - seconds, 1000.0) == words
    assert age(None, 1000.0) == "-"


def test_memory_in_words() -> None:
    assert memory(seen()) == "-"
    assert memory(seen(memory_bytes=1 << 20, memory_limit_bytes=1 << 30)) == "1 MiB / 1.0 GiB"
    assert memory(seen(memory_bytes=1 << 20, memory_limit_bytes=1 << 62)) == "1 MiB"


def test_states_say_why_or_how_much() -> None:
    assert state(seen(state="busy", in_flight=3)) == "busy (3)"
    assert state(seen(state="dead", reason="out of memory")) == "dead (out of memory)"


def test_shares_are_of_the_same_container() -> None:
    before = Sight(source="x", scopes=[seen(cpu_seconds=1.0), seen(id="b", cpu_seconds=1.0)])
    now = Sight(
        source="x",
        scopes=[
            seen(cpu_seconds=2.0),
            seen(id="b", container="another", cpu_seconds=9.0),
            seen(id="n", cpu_seconds=1.0),
        ],
    )

    assert shares(before, now, 2.0) == {"a": 0.5}


def test_a_reason_is_text_and_never_markup() -> None:
    out = io.StringIO()
    console = Console(file=out, width=200, markup=False)
    console.print(table([seen(state="dead", reason="[red]boo[/red] [link=x]y")], {"a": 0.5}))

    assert "[red]boo[/red] [link=x]y" in out.getvalue()
    assert "50 %" in out.getvalue()


def test_a_log_cannot_move_the_cursor() -> None:
    assert harmless(b"a\tb\x1b[2J\r\x07c\n") == b"a\tb?[2J??c\n"
    assert harmless("\x9b2J é".encode()) == "?2J é".encode()
