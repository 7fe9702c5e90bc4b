"""Golden answers of AsterixDB 0.9.8: an expression, what came, what it warned of.

    abs("a")
      => null
      ! ASX0002: Type mismatch: …

`raises CODE: …` stands where the statement failed. The expressions need nothing but the registry:
the reader here knows literals, collections, objects and calls.
"""

import re
from pathlib import Path
from typing import NamedTuple

from sandbox.sqlpp.context import Context
from sandbox.sqlpp.errors import SqlppError
from sandbox.sqlpp.functions.registry import find
from sandbox.sqlpp.printing import row
from sandbox.sqlpp.values import MISSING, DateTime, Multiset

FOLDER = Path(__file__).parent / "golden"
UNKNOWN, COUNT = "ASX1081", "ASX1087"
NOW = DateTime(1577873472000)
WORDS = {"true": True, "false": False, "null": None, "missing": MISSING}
TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<number>-?\d+(?:\.\d+)?(?:[eE]-?\d+)?)"""
    r"""|(?P<name>`[^`]+`|[A-Za-z_]\w*)|(?P<mark>\{\{|[][{}(),:]))"""
)
ESCAPES = {"n": "\n", "t": "\t"}


class Golden(NamedTuple):
    expression: str
    answer: str
    warnings: list[str]


def read(name: str) -> list[Golden]:
    cases: list[Golden] = []
    for line in (FOLDER / f"{name}.txt").read_text().splitlines():
        if line.startswith("  => "):
            cases[-1] = cases[-1]._replace(answer=line[5:])
        elif line.startswith("  ! "):
            cases[-1].warnings.append(line[4:])
        elif line and not line.startswith("#"):
            cases.append(Golden(line, "", []))
    return cases


def answer(expression: str) -> tuple[str, list[str]]:
    """What our functions make of it, in the same words."""
    context = Context(now=NOW, max_warnings=10)
    try:
        value = Reader(expression, context).value()
    except SqlppError as error:
        return f"raises {error.text}", []
    text = "missing" if value is MISSING else row(value, "adm")
    return text, [warning.text for warning in context.warnings]


class Reader:
    def __init__(self, text, context):
        self.tokens = [match for match in TOKEN.finditer(text)]
        assert "".join(match[0] for match in self.tokens) == text, text
        self.at = 0
        self.context = context

    def mark(self, *marks):
        token = self.tokens[self.at]["mark"] if self.at < len(self.tokens) else None
        if token in marks:
            self.at += 1
            return token
        return None

    def value(self):
        token = self.tokens[self.at]
        self.at += 1
        if token["string"]:
            return re.sub(
                r"\\(u([0-9a-fA-F]{4})|.)",
                lambda m: chr(int(m[2], 16)) if m[2] else ESCAPES.get(m[1], m[1]),
                token["string"][1:-1],
            )
        if token["number"]:
            text = token["number"]
            return int(text) if re.fullmatch(r"-?\d+", text) else float(text)
        if token["name"]:
            name = token["name"].strip("`")
            return self.call(name) if self.mark("(") else WORDS[name]
        return self.collection(token["mark"])

    def collection(self, mark):
        if mark == "[":
            return self.items("]")
        if mark == "{{":
            items = Multiset(self.items("}"))
            assert self.mark("}")
            return items
        assert mark == "{", mark
        fields = {}
        while not self.mark("}"):
            self.mark(",")
            name = self.value()
            assert self.mark(":")
            value = self.value()
            if value is not MISSING:
                fields[name] = value
        return fields

    def items(self, end):
        items = []
        while not self.mark(end):
            self.mark(",")
            items.append(self.value())
        return items

    def call(self, name):
        args = self.items(")")
        function = find(name)
        too_few = function and len(args) < function.min_args
        too_many = function and function.max_args is not None and len(args) > function.max_args
        if function and too_few and function.max_args is None:
            raise SqlppError(COUNT, f"Invalid number of arguments for function {function.name}")
        if not function or too_few or too_many:
            signature = f"{name}({len(args)})"
            raise SqlppError(UNKNOWN, f"Cannot find function with signature {signature}")
        if function.propagates and any(value is MISSING for value in args):
            return MISSING
        if function.propagates and any(value is None for value in args):
            return None
        return function.call(self.context, args)
