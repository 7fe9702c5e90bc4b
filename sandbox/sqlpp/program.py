"""A request's text as a program: its statements, checked as far as their text alone allows."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.sqlpp.errors import SqlppError
from sandbox.sqlpp.interpret.evaluate import Environment, Resolved, evaluate, resolve
from sandbox.sqlpp.parser.cursor import syntax_error, unsupported
from sandbox.sqlpp.parser.statements import Parser
from sandbox.sqlpp.tree.statements import READONLY_KINDS, Statement, Unsupported

__all__ = [
    "Environment",
    "Options",
    "Program",
    "Resolved",
    "compile_program",
    "evaluate",
    "resolve",
]

# What may stand beside one statement where only one is allowed.
PREPARATIONS = frozenset({"DATAVERSE_DECL", "SET", "FUNCTION_DECL"})


@dataclass(frozen=True, slots=True)
class Options:
    """What the request allows."""

    readonly: bool = False
    multi_statement: bool = True


@dataclass(frozen=True, slots=True)
class Program:
    """The statements of a request, in order."""

    statements: tuple[Statement, ...]


def compile_program(text: str, options: Options | None = None) -> Program:
    """Parse a request's text, which needs no `;` at its end, and check what kinds it may have."""
    options = options or Options()
    try:
        program = Program(Parser(text).statements())
    except RecursionError:
        raise syntax_error(None, "the statement is nested too deeply") from None
    if not options.multi_statement:
        _check_single(program.statements)
    for statement in program.statements:
        _check_kind(statement, options.readonly)
    return program


def _check_single(statements: tuple[Statement, ...]) -> None:
    if sum(statement.kind not in PREPARATIONS for statement in statements) > 1:
        code, message = "ASX0035", "Unsupported multiple statements."
        raise SqlppError(code, message)


def _check_kind(statement: Statement, readonly: bool) -> None:
    if readonly and statement.kind not in READONLY_KINDS:
        code = "ASX0044"
        message = f"{statement.kind} statement is not supported in read-only mode"
        raise SqlppError(code, message, statement.position)
    if isinstance(statement, Unsupported):
        raise unsupported(statement.position, statement.what)
