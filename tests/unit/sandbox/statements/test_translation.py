"""Spark's plans of SQL++ queries give what the interpreter gives, and take nothing else."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterator

import pytest

from sandbox.runtime.spark import SparkRuntime
from sandbox.statements import StatementService, open_statements
from sandbox.tables import Tables
from tests.unit.sandbox.statements.conftest import Ask, statements
from tests.unit.sandbox.statements.told import told_by
from wire.messages import RunStatements
from wire.settings import AgentSettings

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.timeout(600)]

QUERIES = 40
Both = Callable[[str], Awaitable[tuple[list[str], list[str]]]]

TABLE = """
create or replace temporary view things as
select
  case when id % 11 = 0 then null else cast(id % 7 - 3 as int) end as i,
  case when id % 13 = 0 then null else id * 1000003 - 5 end as n,
  case id % 9 when 0 then null when 1 then double('NaN') when 2 then -0D when 3 then 0D
       when 4 then double('-Infinity') else id / 8D - 20 end as x,
  case when id % 10 = 0 then null else substr('abcdeﬀ🌍z', cast(id % 8 as int), 3) end as s,
  case when id % 12 = 0 then null else id % 2 = 0 end as b,
  case when id % 14 = 0 then null else date_add(date'2020-02-27', cast(id % 5 as int)) end as d,
  named_struct('in', id) as o
from range(0, 400)
"""
TAKEN = (
    "select value t from things t",
    "select * from things",
    "select things.i, things.x as `y` from things",
    "select value {'a': t.s, 'b': t.d, 'row': t} from things t where t.b",
    "select count(*) from things",
    "select value count(*) from things where s like 'a%'",
    "select t.i, u.n from things t join things u on t.n = u.n and t.i < u.i",
    "select g, count(distinct s) as c, sum(n) from things group by i as g having count(*) > 3",
    "select value x from things order by x desc, n limit 9 offset 2",
)
NOT_TAKEN = (
    "select value nope from things",
    "select value I from things",
    "select value t.i + 1 from things t",
    "select value t.x from things t where t.x = 0.0",
    "select value t.x from things t where t.x < t.n",
    "select value t.i from things t where t.s > 1",
    "select x, count(*) as c from things group by x",
    "select value max(x) from things",
    "select distinct i from things",
    "select value t.i from things t left join things u on t.i = u.n",
    "select value t.o.`in` from things t",
    "select i, array_count(g) as c from things group by i group as g",
    "select value i from things union all select value 1",
    "select value [i] from things",
)


FIELDS = {"i": ("0", "-2", "2.5"), "n": ("250000745", "-5", "1e8"), "x": ("1.5", "-3", "12")}
TEXTS = ("'b'", "'cde'", "''", "'ﬀ'", "'🌍z'")


@pytest.fixture
def interpreter(
    runtime: SparkRuntime, own_settings: AgentSettings, tables: Tables
) -> Iterator[StatementService]:
    """A query service that translates nothing."""
    made = open_statements(runtime, own_settings, tables, translates=False)
    yield made
    made.close()


@pytest.fixture
async def both(service: StatementService, interpreter: StatementService, spark_sql: Ask) -> Both:
    """The rows of a query by Spark and by the interpreter, over values of all kinds."""
    assert (await spark_sql(TABLE)).problem is None

    async def run(service: StatementService, text: str) -> list[str]:
        given = statements(text, format="lossless-adm")
        told = await told_by(service.run(RunStatements(statements=given)))
        assert told.problem is None, (text, told.problem)
        return [str(row) for row in told.values()]

    async def rows(text: str) -> tuple[list[str], list[str]]:
        return await run(service, text), await run(interpreter, text)

    return rows


async def is_taken(service: StatementService, text: str) -> bool:
    """Whether Spark runs it."""
    given = statements(text, plans=["job"], compile_only=True)
    told = await told_by(service.run(RunStatements(statements=given)))
    assert told.problem is None, (text, told.problem)
    assert told.finished is not None
    return "interpreted" not in str(told.finished.plans["job"])


@pytest.mark.parametrize("text", TAKEN)
async def test_what_is_translated_means_the_same(
    both: Both, service: StatementService, text: str
) -> None:
    by_spark, interpreted = await both(text)

    assert await is_taken(service, text)
    if "order by" in text:
        assert by_spark == interpreted
    else:
        assert sorted(by_spark) == sorted(interpreted)


@pytest.mark.parametrize("text", NOT_TAKEN)
async def test_what_could_mean_something_else_is_interpreted(
    both: Both, service: StatementService, text: str
) -> None:
    by_spark, interpreted = await both(text)

    assert not await is_taken(service, text)
    assert sorted(by_spark) == sorted(interpreted)


async def test_random_conditions_and_groups_mean_the_same(
    both: Both, service: StatementService
) -> None:
    chance = random.Random(20261125)
    taken = 0
    for _ in range(QUERIES):
        text = query(chance)
        by_spark, interpreted = await both(text)
        assert sorted(by_spark) == sorted(interpreted), text
        taken += await is_taken(service, text)
    assert taken > QUERIES / 2


def query(chance: random.Random) -> str:
    """A query that can be translated, or nearly so."""
    where = f"where {predicate(chance, 3)}"
    return chance.choice(
        (
            f"select value t from things t {where}",
            f"select t.n, t.s, t.x from things t {where}",
            f"select value t.d from things t {where}",
            f"select count(*) as c, count(t.x) as x, min(t.s) as s from things t {where}",
            f"select i, max(n) as m, avg(n) as a from things t {where} group by t.i as i",
            f"select b, s, count(*) as c from things t {where} group by t.b as b, t.s as s",
        )
    )


def predicate(chance: random.Random, depth: int) -> str:
    if depth and chance.random() < 0.6:
        left, right = predicate(chance, depth - 1), predicate(chance, depth - 1)
        return chance.choice((f"({left} and {right})", f"({left} or {right})", f"not ({left})"))
    return chance.choice((number, text, known))(chance)


def number(chance: random.Random) -> str:
    field = chance.choice(list(FIELDS))
    low, other, high = chance.sample(FIELDS[field], 3)
    operator = chance.choice(("=", "!=", "<", "<=", ">", ">="))
    return chance.choice(
        (
            f"t.{field} {operator} {low}",
            f"{low} {operator} t.{field}",
            f"t.{field} between {low} and {high}",
            f"t.{field} in [{low}, {other}]",
            f"t.i {operator} t.n",
        )
    )


def text(chance: random.Random) -> str:
    one, other = chance.sample(TEXTS, 2)
    pattern = chance.choice(("'%e%'", "'_d%'", "'🌍_'", "'%'"))
    return chance.choice((f"t.s < {one}", f"t.s in [{one}, {other}]", f"t.s like {pattern}"))


def known(chance: random.Random) -> str:
    field = chance.choice("inxsbd")
    return chance.choice(
        (f"t.{field} is null", f"t.{field} is not unknown", f"t.{field} is missing", "t.b")
    )
