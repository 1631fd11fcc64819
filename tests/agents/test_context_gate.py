"""Nothing that is needed is lost, and most of a notebook is not sent: made and public notebooks."""

from __future__ import annotations

import ast
import statistics
from pathlib import Path

import context
import pytest
from context_notebooks import MAKERS, Notebook, NoteCell, generated
from context_real import data
from context_rerun import Server, needed

BENCHMARKS = Path(context.__file__).parent
SOME = (1, 5, 11, 14)
PUBLIC = 30
FRESH = range(1_000, 1_030)


@pytest.fixture(scope="module")
def server():
    with Server() as started:
        yield started


def lost(rows: dict[str, context.Row]) -> tuple[str, ...]:
    """Name what Clew did not keep; a value that is not the same counts too."""
    mine = rows["Clew"]
    return mine.lost if mine.same else (*mine.lost, "the value")


@pytest.mark.parametrize("name", ["context_notebooks", "context_real", "context_rerun"])
def test_what_makes_and_marks_the_notebooks_knows_nothing_of_clew(name):
    tree = ast.parse((BENCHMARKS / f"{name}.py").read_text(encoding="utf-8"))
    imported = {
        *(a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names),
        *(n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)),
    }
    assert not [module for module in imported if module.split(".")[0].startswith("clew")]


def test_the_needed_cells_are_found_by_running(server):
    notebook = Notebook(
        name="by hand",
        anchor="e",
        cells=tuple(
            NoteCell(id=id_, kind="python", source=source)
            for id_, source in (
                ("a", "x = [1]"), ("b", "y = 2"), ("c", "x.append(3)"), ("d", "z = x + [y]"),
                ("e", "sum(x)"),
            )
        ),
    )  # fmt: skip
    assert needed(notebook, server) == ["a", "c"]
    assert needed(notebook, server, within=["a", "c", "d"]) == ["a", "c"]
    assert needed(notebook, server, within=["c", "d"]) is None


@pytest.mark.slow
def test_made_notebooks_lose_nothing(server):
    measured = [context.measure(generated(seed), server) for seed in SOME]
    assert all(measured)
    assert [lost(rows) for rows in measured] == [()] * len(SOME)
    assert statistics.median(rows["Clew"].saved for rows in measured) >= 0.7
    # The measure can fail: the plain ancestors miss something.
    assert any(rows["ancestors by global names"].lost for rows in measured)


@pytest.mark.slow
def test_public_notebooks_lose_nothing(server):
    if data() is None:
        pytest.skip("CLEW_BENCH_DATA is not set")
    measured = [context.measure(notebook, server) for notebook in context.real(4, server)]
    assert [lost(rows) for rows in measured if rows] == [()] * len(measured)
    assert statistics.median(rows["Clew"].saved for rows in measured if rows) >= 0.7


@pytest.mark.soak
@pytest.mark.parametrize("seeds", [range(30), FRESH], ids=["first", "fresh"])
def test_thirty_made_notebooks_lose_nothing(server, seeds):
    assert {seed % len(MAKERS) for seed in seeds} == set(range(len(MAKERS)))
    measured = {seed: context.measure(generated(seed), server) for seed in seeds}
    assert {seed: lost(rows) for seed, rows in measured.items() if rows and lost(rows)} == {}
    assert all(measured.values())


@pytest.mark.soak
def test_thirty_public_notebooks_lose_nothing(server):
    if data() is None:
        pytest.skip("CLEW_BENCH_DATA is not set")
    measured = {n.name: context.measure(n, server) for n in context.real(PUBLIC, server)}
    assert len(measured) == PUBLIC
    assert {name: lost(rows) for name, rows in measured.items() if rows and lost(rows)} == {}
    assert statistics.median(rows["Clew"].saved for rows in measured.values() if rows) >= 0.7
