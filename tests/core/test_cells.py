"""A cell's hash is that of its text, so that a change to it is seen."""

import hashlib
from dataclasses import FrozenInstanceError, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew_core.cells import Cell, Proposal, sha256
from clew_core.chunk import Chunk
from clew_core.principal import Policy

CELL = Cell(id="c1", kind="sql", source="SELECT 'größe'", data_source="s")


def test_the_hash_is_over_the_utf_8_text_alone() -> None:
    assert CELL.sha256 == hashlib.sha256("SELECT 'größe'".encode()).hexdigest()
    assert replace(CELL, id="other", stale=True, outputs_digest="x").sha256 == CELL.sha256


@given(st.text(), st.text())
def test_another_text_has_another_hash(one: str, other: str) -> None:
    assert (sha256(one) == sha256(other)) == (one == other)


def test_a_proposal_on_a_changed_cell_is_a_conflict_by_its_hash() -> None:
    proposal = Proposal(
        id="p1", op="replace", cell_id="c1", kind="sql", base_sha256=CELL.sha256, new="SELECT 1"
    )
    assert proposal.base_sha256 == CELL.sha256
    assert proposal.base_sha256 != replace(CELL, source=CELL.source + " ").sha256
    assert proposal.risk == "none"


def test_a_cell_can_not_be_changed_in_place() -> None:
    with pytest.raises(FrozenInstanceError):
        CELL.source = "SELECT 2"  # type: ignore[misc]


def test_equal_passages_have_equal_hashes_wherever_they_stand() -> None:
    chunk = Chunk(tenant="a", document="d", position=0, text="a passage")
    assert replace(chunk, tenant="b", document="e", position=9).sha256 == chunk.sha256
    assert replace(chunk, text="another").sha256 != chunk.sha256


def test_policies_that_show_the_same_share_a_digest_and_others_do_not() -> None:
    policy = Policy(tables=("a", "b"), hide=("a.x",), rows={"a": "y = 1"})
    assert policy.digest == replace(policy).digest
    for other in (
        replace(policy, tables=None),
        replace(policy, hide=()),
        replace(policy, rows={"a": "y = 2"}),
    ):
        assert other.digest != policy.digest


def test_a_hidden_column_and_the_columns_of_a_hidden_table_do_not_exist() -> None:
    policy = Policy(tables=("a",), hide=("a.x",))
    assert policy.shows_column("a", "y")
    assert not policy.shows_column("a", "x")
    assert not policy.shows_column("b", "y")
    assert Policy().shows_column("b", "y")
