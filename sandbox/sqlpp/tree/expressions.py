"""Expressions, as written and as resolved."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from typing import Literal as Choice

from sandbox.sqlpp.tree.nodes import Expression, Node
from sandbox.sqlpp.values import Value

if TYPE_CHECKING:
    from sandbox.sqlpp.tree.queries import OrderItem

UNBOUND: Final = -1


@dataclass(frozen=True, slots=True)
class Literal(Expression):
    """A constant."""

    value: Value

    def __eq__(self, other: object) -> bool:
        """Tell 1 from 1.0 and from true, which Python does not."""
        if not isinstance(other, Literal):
            return NotImplemented
        return type(self.value) is type(other.value) and bool(self.value == other.value)

    def __hash__(self) -> int:
        """Hash as the value does."""
        return hash(repr(self.value))


@dataclass(frozen=True, slots=True)
class Name(Expression):
    """A name nobody has looked up yet."""

    name: str


@dataclass(frozen=True, slots=True)
class Variable(Expression):
    """A variable, bound or used; once resolved, `slot` tells variables of one name apart."""

    name: str
    slot: int = UNBOUND


@dataclass(frozen=True, slots=True)
class Parameter(Expression):
    """`$name`, `$1` or `?`: a value that comes with the request; the name is without the dollar."""

    name: str


@dataclass(frozen=True, slots=True)
class DatasetScan(Expression):
    """All objects of a dataset; made by the resolver."""

    dataverse: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Field(Expression):
    """`base.name`."""

    base: Expression
    name: str


@dataclass(frozen=True, slots=True)
class Index(Expression):
    """`base[index]`."""

    base: Expression
    index: Expression


@dataclass(frozen=True, slots=True)
class Spread(Expression):
    """`base[*]`."""

    base: Expression


@dataclass(frozen=True, slots=True)
class Slice(Expression):
    """`base[start:end]`."""

    base: Expression
    start: Expression
    end: Expression | None


@dataclass(frozen=True, slots=True)
class Call(Expression):
    """A function and its arguments; `distinct` and `where` belong to aggregates.

    `name` is in lower case, `spelled` as written; `home` is the dataverse of the USE before it.
    """

    name: str
    arguments: tuple[Expression, ...]
    dataverse: str | None = None
    distinct: bool = False
    where: Expression | None = None
    spelled: str = field(default="", compare=False)
    home: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Chain(Expression):
    """Operators of one strength, from left to right: `a + b - c`."""

    operators: tuple[str, ...]
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Negate(Expression):
    """`-operand`."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Comparison(Expression):
    """`left operator right`: = != < <= > >= or `is distinct from`."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Logic(Expression):
    """`and` or `or` of two or more."""

    operator: str
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not(Expression):
    """`NOT operand`."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Membership(Expression):
    """`left IN right`, or NOT IN, which is not its opposite where something is unknown."""

    left: Expression
    right: Expression
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Between(Expression):
    """`operand BETWEEN low AND high`."""

    operand: Expression
    low: Expression
    high: Expression


@dataclass(frozen=True, slots=True)
class Exists(Expression):
    """`EXISTS operand`."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Binding(Node):
    """`variable IN source` of a quantified expression."""

    variable: Variable
    source: Expression


@dataclass(frozen=True, slots=True)
class Quantified(Expression):
    """`SOME v IN source, … SATISFIES condition`, and EVERY, and SOME AND EVERY."""

    kind: Choice["some", "every", "some_and_every"]
    bindings: tuple[Binding, ...]
    condition: Expression


@dataclass(frozen=True, slots=True)
class Case(Expression):
    """Both kinds of CASE: without a subject the conditions are tested for true."""

    subject: Expression | None
    branches: tuple[tuple[Expression, Expression], ...]
    otherwise: Expression | None


@dataclass(frozen=True, slots=True)
class ArrayOf(Expression):
    """`[a, b]`."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class MultisetOf(Expression):
    """`{{ a, b }}`."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class ObjectOf(Expression):
    """`{name: value, …}`; names are expressions too."""

    fields: tuple[tuple[Expression, Expression], ...]


@dataclass(frozen=True, slots=True)
class Aggregate(Expression):
    """A SQL aggregate over the members of a group; made by the resolver.

    `function` is the ARRAY_* or STRICT_* function it means. `argument` and `where` speak of the
    variables as they were before the group was made; `group` is the group's variable.
    """

    function: str
    argument: Expression
    group: Variable
    distinct: bool = False
    where: Expression | None = None


@dataclass(frozen=True, slots=True)
class Grouping(Expression):
    """GROUPING(key, …): which keys the current grouping set leaves out, as bits.

    Made by the resolver; `masks` holds the answer for each set, `current` the set's place.
    """

    masks: tuple[int, ...]
    current: Variable


@dataclass(frozen=True, slots=True)
class Apply(Expression):
    """A call of a user's function; made by the resolver. No function is inside of itself."""

    name: str
    parameters: tuple[Variable, ...]
    arguments: tuple[Expression, ...]
    body: Expression


@dataclass(frozen=True, slots=True)
class FrameEdge(Node):
    """One end of a window frame, before the current row or after it."""

    kind: Choice["unbounded", "current", "offset"]
    preceding: bool
    offset: Expression | None = None


@dataclass(frozen=True, slots=True)
class Frame(Node):
    """Which rows around the current one a window function sees."""

    mode: Choice["rows", "range", "groups"]
    start: FrameEdge
    end: FrameEdge
    exclude: Choice["no others", "current row", "group", "ties"] = "no others"


@dataclass(frozen=True, slots=True)
class Window(Expression):
    """`call OVER (PARTITION BY … ORDER BY … frame)`; `members` names the frame's rows."""

    call: Call
    partition: tuple[Expression, ...]
    order: tuple[OrderItem, ...]
    frame: Frame | None
    members: Variable | None = None
    from_last: bool = False
    ignore_nulls: bool = False
    fields: tuple[tuple[Variable, str], ...] = field(default=())
