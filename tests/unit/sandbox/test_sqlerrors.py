from __future__ import annotations

import errno
from typing import Any

import pytest
from py4j.protocol import Py4JNetworkError

from sandbox.failure import AgentFailure
from sandbox.sqlerrors import tidy, translate
from wire.protocol import ErrorCode


def failure_of(runtime: Any, sql: str) -> AgentFailure:
    try:
        runtime.spark.sql(sql).collect()
    except Exception as error:
        return translate(error)
    raise AssertionError(sql)


@pytest.mark.spark
@pytest.mark.parametrize(
    ("sql", "condition", "line", "position"),
    [
        ("selec 1", "PARSE_SYNTAX_ERROR", "1", "0"),
        ("select 1,\n nope", "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", "2", "1"),
        ("select * from nope", "TABLE_OR_VIEW_NOT_FOUND", "1", "14"),
        ("select cast('x' as int)", "CAST_INVALID_INPUT", "1", "8"),
        ("select 1/0", "DIVIDE_BY_ZERO", "1", "8"),
        ("select id/0 from range(3)", "DIVIDE_BY_ZERO", "1", "8"),
    ],
)
def test_sql_errors_have_class_and_position(
    runtime: Any, sql: str, condition: str, line: str, position: str
) -> None:
    failure = failure_of(runtime, sql)

    assert failure.code is ErrorCode.SQL_ERROR
    assert failure.facts == {"error_class": condition, "line": line, "position": position}
    assert failure.ename == condition
    assert "\tat " not in failure.message
    assert "stacktrace" not in failure.message


@pytest.mark.spark
def test_a_function_that_fails_shows_its_own_traceback(runtime: Any) -> None:
    def broken(value: int) -> int:
        raise ValueError(value)

    runtime.spark.udf.register("broken", broken, "int")

    failure = failure_of(runtime, "select broken(7)")

    assert (failure.ename, failure.evalue) == ("ValueError", "7")
    assert failure.traceback is not None
    assert failure.traceback[0] == "Traceback (most recent call last):"
    assert not any("java" in line for line in failure.traceback)


@pytest.mark.spark
def test_the_jvms_memory_running_out_fails_the_statement_only(runtime: Any) -> None:
    java = runtime.jvm.java.lang.reflect.Array
    kind = runtime.jvm.java.lang.Class.forName("java.lang.Object")

    with pytest.raises(Exception) as error:  # noqa: PT011  (py4j's, whatever it is)
        java.newInstance(kind, 2**31 - 1)

    assert translate(error.value).code is ErrorCode.MEMORY_FULL  # type: ignore[arg-type]


def test_our_own_failures_pass() -> None:
    failure = AgentFailure(ErrorCode.TABLE_NOT_FOUND, "table t not found!")

    assert translate(failure) is failure


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), ErrorCode.DISK_FULL),
        (MemoryError(), ErrorCode.MEMORY_FULL),
        (Py4JNetworkError("gone"), ErrorCode.INTERNAL),
        (ConnectionRefusedError("gone"), ErrorCode.INTERNAL),
        (KeyError("x"), ErrorCode.INTERNAL),
    ],
)
def test_errors_of_this_process_have_codes(error: Exception, code: ErrorCode) -> None:
    assert translate(error).code is code


def test_tidy_leaves_spark_s_words_only() -> None:
    message = "[A] bad; line 1 pos 2;\n'Project [*]\n+- 'X\n\n\tat org.apache.X.y(Z.scala:1)"

    assert tidy(message) == "[A] bad; line 1 pos 2"
