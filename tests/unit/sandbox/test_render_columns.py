import pytest

from sandbox.failure import AgentFailure
from sandbox.render.columns import ColumnKind, SourceColumn, choose, no_weight, one_weight
from wire.protocol import ErrorCode


def columns(*given: tuple[str, ColumnKind]) -> list[SourceColumn]:
    return [SourceColumn(position=i, name=name, kind=kind) for i, (name, kind) in enumerate(given)]


def weight_of(*given: tuple[str, ColumnKind]) -> str | None:
    (found,) = choose(columns(("g", "geometry"), *given), one_weight).weights
    return found and found.name


def test_the_geometry_is_found_by_type_whatever_its_name_and_place() -> None:
    found = choose(columns(("wkt", "text"), ("n", "numeric"), ("anything", "geometry")), no_weight)

    assert found.geometry.name == "anything"
    assert found.weights == ()


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ([("label", "text"), ("wkt", "text")], "wkt"),
        ([("label", "text"), ("Geometry", "text"), ("n", "numeric")], "Geometry"),
        ([("n", "numeric"), ("building", "text"), ("note", "text")], "building"),
    ],
)
def test_a_text_is_the_geometry_when_there_is_no_other(
    given: list[tuple[str, ColumnKind]], name: str
) -> None:
    assert choose(columns(*given), no_weight).geometry.name == name


@pytest.mark.parametrize("given", [[], [("n", "numeric"), ("m", "other")]])
def test_no_geometry_is_refused_by_name(given: list[tuple[str, ColumnKind]]) -> None:
    with pytest.raises(AgentFailure) as caught:
        choose(columns(*given), no_weight)

    assert caught.value.code is ErrorCode.BAD_PARAMETER
    assert caught.value.facts == {"parameter": "geometry"}
    assert caught.value.message.startswith("geometry: ")


def test_the_weight_is_w_else_the_first_number_else_none() -> None:
    assert weight_of(("id", "numeric"), ("W", "numeric")) == "W"
    assert weight_of(("t", "text"), ("w", "text")) == "w"
    assert weight_of(("t", "text"), ("a", "numeric"), ("b", "numeric")) == "a"
    assert weight_of(("t", "text")) is None


def test_columns_may_share_a_name() -> None:
    found = choose(columns(("a", "numeric"), ("a", "geometry")), one_weight)

    assert (found.geometry.position, found.weights[0]) == (1, columns(("a", "numeric"))[0])
