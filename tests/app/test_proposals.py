"""Do the cells of an answer find their place in a notebook that is open?"""

from pathlib import Path

import pytest

from clew.proposals import Place
from clew.session import Session
from clew_core.cells import Proposal
from clew_core.errors import UsageError
from clew_core.events import CellView, Event, Request
from clew_core.json_form import from_json

QUESTION = Request(question="total amount by channel", now="2024-05-15")


def cell(id_: str, source: str, kind: str = "python") -> CellView:
    return CellView(id=id_, kind=kind, source=source)  # type: ignore[arg-type]


def proposed(session: Session, folder: Path, *cells: CellView, anchor: str | None = None) -> list:
    """Ask, and give the data of the proposals."""
    session.place = Place(folder=folder, cells=cells, anchor=anchor)
    told: list[Event] = []
    assert session.ask(QUESTION, tell=told.append).status == "answered"
    return [event.data for event in told if event.type == "proposal"]


def test_without_a_place_nothing_is_proposed(session: Session) -> None:
    told: list[Event] = []
    session.ask(QUESTION, tell=told.append)
    assert "proposal" not in {event.type for event in told}


def test_proposals_stand_one_after_the_other_below_the_anchor(
    session: Session, tmp_path: Path
) -> None:
    found = proposed(session, tmp_path, cell("a", "x = 1"), cell("b", "x"), anchor="a")
    assert found[0]["new"] == "%load_ext clew\n%clew source shop shop.duckdb"
    assert [f["after_cell"] for f in found[:2]] == [None, "a"]
    assert [f["after_cell"] for f in found[2:]] == [f["cell_id"] for f in found[1:-1]]


def test_without_an_anchor_they_stand_at_the_end(session: Session, tmp_path: Path) -> None:
    found = proposed(session, tmp_path, cell("a", "x = 1"), cell("b", "x"))
    assert found[1]["after_cell"] == "b"


def test_an_empty_notebook_gets_the_setup_first(session: Session, tmp_path: Path) -> None:
    found = proposed(session, tmp_path)
    assert found[0]["after_cell"] is None and found[1]["after_cell"] == found[0]["cell_id"]


@pytest.mark.parametrize(
    ("source", "setup"),
    [
        ("%load_ext clew\n%clew source shop elsewhere.duckdb", None),
        ("%load_ext clew", "%clew source shop ../shop.duckdb"),
        ("%load_ext clew\n%clew source other a.csv", "%clew source shop ../shop.duckdb"),
        ("# %load_ext clew", "%load_ext clew\n%clew source shop ../shop.duckdb"),
        ("%load_ext clew\n%clew source 'broken", "%clew source shop ../shop.duckdb"),
        ("%clew sources\n%load_ext sql", "%load_ext clew\n%clew source shop ../shop.duckdb"),
    ],
)
def test_what_the_notebook_loads_and_names_is_not_proposed_again(
    session: Session, tmp_path: Path, source: str, setup: str | None
) -> None:
    (tmp_path / "notes").mkdir()
    found = proposed(session, tmp_path / "notes", cell("clew-load", source), anchor="clew-load")
    first = [f for f in found if f["setup"]]
    assert [f["new"] for f in first] == ([setup] if setup else [])
    assert all(f["cell_id"] != "clew-load" for f in found)
    if setup and not setup.startswith("%load"):
        assert first[0]["after_cell"] == "clew-load"
        assert found[1]["after_cell"] == first[0]["cell_id"]


def test_a_proposal_is_one_of_the_core_and_says_where_it_comes_from(
    session: Session, tmp_path: Path
) -> None:
    more = {"defines", "cell_type", "metadata", "setup"}
    found = proposed(session, tmp_path, cell("a", "x = 1"))
    for data in found:
        proposal = from_json(Proposal, {k: v for k, v in data.items() if k not in more})
        assert (proposal.op, proposal.old, proposal.base_sha256) == ("insert", "", None)
    text, sql = found[1], found[2]
    assert text["metadata"]["clew"]["receipts"] and text["kind"] == "markdown"
    assert sql["metadata"]["clew"]["spec"]["table"] == "orders"
    assert sql["metadata"]["clew"]["provenance"]["question"] == QUESTION.question
    refs = [ref["cell"] for r in text["metadata"]["clew"]["receipts"] for ref in r["refs"]]
    assert refs and set(refs) == {sql["cell_id"]}


def test_live_variables_keep_their_names(session: Session, tmp_path: Path) -> None:
    free = proposed(session, tmp_path, cell("a", "x = 1"))
    (name,) = next(f["defines"] for f in free if f["kind"] == "sql")
    session.place = Place(folder=tmp_path, cells=(), names=(name,))
    told: list[Event] = []
    session.ask(QUESTION, tell=told.append)
    made = [e.data for e in told if e.type == "proposal" and e.data["kind"] == "sql"]
    assert made[0]["defines"] == [f"{name}_2"]
    assert f"--name {name}_2\n" in made[0]["new"]


def test_a_notebook_with_one_id_twice_is_refused(session: Session, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="id 'a'"):
        proposed(session, tmp_path, cell("a", "x"), cell("a", "y"))


@pytest.mark.slow
def test_a_notebook_of_accepted_proposals_runs(session: Session, tmp_path: Path) -> None:
    import nbformat
    from nbclient import NotebookClient

    notes = tmp_path / "notes"
    notes.mkdir()
    found = proposed(session, notes, cell("a", "before = 1"), anchor="a")
    made = {
        "code": nbformat.v4.new_code_cell,
        "markdown": nbformat.v4.new_markdown_cell,
    }
    cells = [nbformat.v4.new_code_cell("before = 1", id="a")]
    for data in found:
        ids = [c["id"] for c in cells]
        at = 0 if data["after_cell"] is None else ids.index(data["after_cell"]) + 1
        more = {"id": data["cell_id"], "metadata": data["metadata"]}
        cells.insert(at, made[data["cell_type"]](data["new"], **more))
    (name,) = next(data["defines"] for data in found if data["kind"] == "sql")
    cells.append(nbformat.v4.new_code_cell(f"print(len({name}))"))
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbformat.validate(notebook)
    NotebookClient(notebook, resources={"metadata": {"path": str(notes)}}, timeout=60).execute()
    assert notebook.cells[-1].outputs[0]["text"] == "2\n"
