"""Specs survive the way to JSON and back, and what is no spec is refused in one line."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from clew_core.chart_spec import ChartSpec, Encoding, Layout
from clew_core.errors import UsageError
from clew_core.events import Event, Request
from clew_core.json_form import from_json, schema_of, to_json
from clew_core.query_spec import (
    AllOf,
    AnyOf,
    Column,
    Measure,
    NoneOf,
    Predicate,
    QuerySpec,
    Related,
)
from clew_core.receipts import Receipt
from clew_core.schema import schema
from core.specs import values_of

BAD = yaml.safe_load((Path(__file__).parent / "bad_input.yaml").read_text("utf-8"))
ROUNDS = settings(max_examples=60)


def there_and_back(value: Any) -> Any:
    return from_json(type(value), json.loads(json.dumps(to_json(value))))


@ROUNDS
@given(values_of(QuerySpec))
def test_a_query_spec_comes_back_from_json_as_it_was(spec: QuerySpec) -> None:
    assert there_and_back(spec) == spec
    jsonschema.validate(to_json(spec), schema("query_spec.v1"))


@ROUNDS
@given(values_of(ChartSpec))
def test_a_chart_spec_comes_back_from_json_as_it_was(spec: ChartSpec) -> None:
    assert there_and_back(spec) == spec
    jsonschema.validate(to_json(spec), schema("chart_spec.v1"))


@settings(max_examples=30)
@given(values_of(Request) | values_of(Event))
def test_a_request_and_an_event_come_back_from_json_as_they_were(value: Request | Event) -> None:
    assert there_and_back(value) == value
    jsonschema.validate(to_json(value), schema(f"{type(value).__name__.lower()}.v1"))


CONDITION = Predicate(on=Column(table="t", column="c"), operator="=", values=(1,))


@pytest.mark.parametrize(
    "condition",
    [
        CONDITION,
        AllOf(all=(CONDITION,)),
        AnyOf(any=(CONDITION, AllOf(all=()))),
        NoneOf(none=(AnyOf(any=(CONDITION,)),)),
        Related(has=False, table="u", where=NoneOf(none=(CONDITION,))),
    ],
    ids=lambda condition: type(condition).__name__,
)
def test_each_kind_of_condition_comes_back_as_its_own_kind(condition: Any) -> None:
    spec = QuerySpec(source="s", table="t", conditions=(condition,))
    assert there_and_back(spec) == spec


def test_what_holds_its_default_is_left_out_but_the_version_stays() -> None:
    spec = QuerySpec(source="s", table="t", measures=(Measure(name="n", aggregate="count"),))
    assert to_json(spec) == {
        "source": "s",
        "table": "t",
        "version": 1,
        "measures": [{"name": "n", "aggregate": "count"}],
    }


def test_a_whole_number_is_taken_where_a_float_is_asked_for() -> None:
    spec = from_json(QuerySpec, {"source": "s", "table": "t", "measures": [
        {"name": "q", "aggregate": "quantile", "quantile": 1},
    ]})  # fmt: skip
    assert spec.measures[0].quantile == 1


def test_a_default_that_was_written_out_reads_the_same() -> None:
    short = {"data": "d", "mark": "bar", "version": 1}
    long = {**short, "tooltip": [], "layout": {"title": "", "height": 420}, "x": None}
    assert from_json(ChartSpec, long) == from_json(ChartSpec, short)


@pytest.mark.parametrize("case", BAD, ids=lambda case: str(case["is"]))
def test_bad_input_is_one_line_that_names_the_place(case: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as refused:
        from_json(QuerySpec, case["spec"])
    said = str(refused.value)
    assert "\n" not in said and len(said) < 1_000
    for part in case["says"]:
        assert part in said


@pytest.mark.parametrize("case", BAD, ids=lambda case: str(case["is"]))
def test_what_is_refused_in_words_is_refused_by_the_schema_too(case: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(case["spec"], schema("query_spec.v1"))


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["source", "table", "measures", "name", "of", "on", "x"]), inner
        )
    ),
    max_leaves=8,
)


@given(JUNK)
def test_any_json_is_read_or_refused_in_words(data: Any) -> None:
    for cls in (QuerySpec, ChartSpec, Request, Receipt):
        try:
            from_json(cls, data)
        except UsageError as refused:
            assert str(refused).startswith(cls.__name__)


def test_each_field_of_a_schema_says_what_it_is() -> None:
    for cls in (QuerySpec, ChartSpec, Request, Event, Receipt):
        for name, defined in schema_of(cls, title="t")["$defs"].items():
            silent = [f for f, told in defined["properties"].items() if not told.get("description")]
            assert not silent, f"{name}: {silent}"


def test_the_schema_of_a_class_names_exactly_its_fields() -> None:
    for cls in (ChartSpec, Encoding, Layout):
        defined = schema_of(cls, title="t")["$defs"][cls.__name__]
        assert list(defined["properties"]) == [f.name for f in dataclasses.fields(cls)]
        assert defined["additionalProperties"] is False
