"""A step sees what the edges of its plan let through, and the buffer holds no more than it may."""

from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew_agents.buffer import Buffer
from clew_agents.information_unit import Failure, Findings, Found, InformationUnit, Sentence
from clew_agents.plan.codec import ALLOWED, decode, encode
from clew_agents.plan.plan import Plan, Step
from clew_core.errors import BudgetEnded, ToolFailed
from clew_core.query_spec import Column, Dimension, Measure, QuerySpec
from clew_core.receipts import Receipt, Ref


def unit(said: str, at: str = "2024-01-01T00:00:00+00:00") -> InformationUnit:
    return InformationUnit(
        data_source="shop", role="sql", action="query", description=said,
        content=Findings(sentences=(Sentence(text=said),)), timestamp=at,
    )  # fmt: skip


def step(id_: str, *needs: str) -> Step:
    return Step(id=id_, agent="sql", task=id_, needs=needs)


PLAN = Plan(steps=(step("s1"), step("s2"), step("s3", "s1"), step("s4", "s3", "s1")))


def test_a_step_sees_only_what_an_edge_lets_through() -> None:
    buffer = Buffer(PLAN, {id_: unit(id_) for id_ in ("s1", "s2", "s3")})
    assert buffer.for_step("s1") == {}
    assert list(buffer.for_step("s3")) == ["s1"]
    assert list(buffer.for_step("s4")) == ["s3", "s1"]


@given(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda e: e[0] < e[1])))
def test_the_view_of_each_step_is_its_edges(edges: set[tuple[int, int]]) -> None:
    steps = tuple(step(f"s{n}", *(f"s{a}" for a, b in sorted(edges) if b == n)) for n in range(7))
    plan = Plan(steps=steps)
    buffer = Buffer(plan, {s.id: unit(s.id) for s in steps})
    seen = {(teller, s.id) for s in steps for teller in buffer.for_step(s.id)}
    assert seen == {(f"s{a}", f"s{b}") for a, b in edges} == set(plan.edges())


def test_an_older_unit_of_a_step_is_outdated_and_so_is_one_of_no_step() -> None:
    buffer = Buffer(PLAN)
    buffer.put("s1", unit("new", "2024-01-02T00:00:00+00:00"))
    buffer.put("s1", unit("old", "2024-01-01T00:00:00+00:00"))
    buffer.put("s9", unit("of a step that the plan lost"))
    assert {id_: u.description for id_, u in buffer.units().items()} == {"s1": "new"}
    edited = Buffer(PLAN.edited(PLAN.steps[1:2]), buffer.units())
    assert edited.units() == {}


def test_units_come_in_the_order_of_the_plan() -> None:
    buffer = Buffer(PLAN, {id_: unit(id_) for id_ in ("s4", "s2", "s1")})
    assert list(buffer.units()) == ["s1", "s2", "s4"]


def test_the_buffer_is_bounded_in_units_and_in_bytes() -> None:
    with pytest.raises(BudgetEnded, match="more than 1 units"):
        Buffer(PLAN, {"s1": unit("a"), "s2": unit("b")}, most_units=1)
    with pytest.raises(BudgetEnded, match="100 bytes"):
        Buffer(PLAN, {"s1": found(100)}, most_bytes=100)


def found(rows: int) -> InformationUnit:
    spec = QuerySpec(
        source="shop", table="orders", measures=(Measure(name="n", aggregate="count"),),
        dimensions=(Dimension(name="day", of=Column(table="orders", column="day")),),
    )  # fmt: skip
    table = pa.table({"day": pa.array(range(rows), pa.int64()), "n": [1] * rows})
    content = Found(spec=spec, sql="SELECT 1", dialect="duckdb", table=table, as_of="2024-01-01")
    return replace(unit("found"), content=content)


# ------------------------------------------------------------------------------ in a checkpoint


def test_a_unit_comes_back_from_its_bytes_as_it_was() -> None:
    ref = Ref(cell="s1", sql_sha256="ab", row=0, column="n")
    receipt = Receipt(id="r1", text="3", value=3, expression={"op": "value", "ref": 0}, refs=(ref,))
    told = Findings(sentences=(Sentence(text="There are 3.", receipts=(receipt,)),))
    for content in (told, Failure(reason="no", because=("s1",)), found(3).content):
        whole = replace(unit("x"), content=content)
        assert decode(encode(whole)) == whole


class Stranger(Failure):
    """What an agent of somebody else may try to hand on."""


def test_only_listed_classes_get_into_a_checkpoint_and_out_of_it() -> None:
    with pytest.raises(ToolFailed, match="'Stranger' can't be kept"):
        encode(replace(unit("x"), content=Stranger(reason="x")))
    kept = encode(replace(unit("x"), content=Failure(reason="x")))
    with pytest.raises(ToolFailed, match="can't be read"):
        decode(kept.replace(b'"Failure"', b'"Popen__"'))
    with pytest.raises(ToolFailed, match="can't be read"):
        decode(kept.replace(b'"reason"', b'"raeson"'))
    assert set(ALLOWED) == {"Found", "Combined", "Drawn", "Findings", "Failure"}


@given(st.binary(max_size=200))
def test_bytes_that_are_no_unit_are_no_crash(data: bytes) -> None:
    with pytest.raises(ToolFailed):
        decode(data)


def test_a_table_that_was_cut_off_is_no_crash() -> None:
    whole = encode(found(1000))
    with pytest.raises(ToolFailed):
        decode(whole[:-200])
