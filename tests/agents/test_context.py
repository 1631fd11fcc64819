"""Which cells are kept for a task, and what is said about them."""

from __future__ import annotations

import ast
import itertools
from pathlib import Path

import pytest

from clew_agents.context import Task, estimate_tokens, select
from clew_agents.context.tokens import FRAME
from clew_core.cells import Cell
from clew_core.errors import UsageError
from clew_tools.cells import CellGraph

MUCH = 100_000


def notebook(*cells: str) -> CellGraph:
    """Build a graph; each text is `id kind: source`, or `id: source` for Python."""
    made = []
    for text in cells:
        head, _, source = text.partition(": ")
        id_, _, kind = head.partition(" ")
        made.append(Cell(id=id_, kind=kind or "python", source=source))
    return CellGraph.build(made)


SHOP = (
    "title markdown: # Shop\n\nNotes of March.",
    "load: import pandas as pd\norders = pd.read_csv('orders.csv')",
    "about markdown: The `orders` hold returns too, as negative amounts.",
    "look: orders.head()",
    "visits: visits = pd.read_csv('visits.csv')",
    "web markdown: `visits` are counted by the web server.",
    "clean: orders = orders[orders.amount > 0]",
    "lead markdown: Totals per region:",
    "total: totals = orders.groupby('region').amount.sum()\ntotals",
    "chart chart: fig = px.bar(totals)\nfig.show()",
)


def kept(selection) -> dict[str, str]:
    """Give cell → reason."""
    return {one.cell.id: one.reason for one in selection.kept}


def test_from_a_cell_only_what_it_needs_is_kept_each_with_its_reason():
    chosen = select(notebook(*SHOP), Task(kind="python"), "total", MUCH)
    assert kept(chosen) == {
        "load": "defines `orders`, which the cell of `orders` reads",
        "about": "mentions `orders`",
        "clean": "defines `orders`, which the anchor reads",
        "lead": "leads into the anchor",
        "total": "the cell that was asked from",
    }
    assert [one.cell.id for one in chosen.dropped] == ["title", "look", "visits", "web", "chart"]
    assert {one.reason for one in chosen.dropped} == {"nothing that is kept needs it"}
    assert chosen.complete
    assert chosen.tokens == sum(estimate_tokens(k.cell.source) + FRAME for k in chosen.kept)


def test_a_definition_that_was_replaced_is_not_kept():
    graph = notebook("a: x = slow()", "b: x = 2", "c: x + 1")
    assert select(graph, Task(), "c", MUCH).ids == ("b", "c")


def test_changes_in_place_since_the_definition_are_kept():
    graph = notebook("a: d = {}", "b: d['x'] = 1", "c: d = {}", "e: d['y'] = 2", "f: d")
    chosen = select(graph, Task(), "f", MUCH)
    assert chosen.ids == ("c", "e", "f")
    assert kept(chosen)["e"] == "changes `d`, which the anchor reads"


def test_tables_files_and_random_state_are_named_in_reasons():
    graph = notebook(
        "seed: import numpy as np\nnp.random.seed(1)",
        "t sql: CREATE TEMP TABLE recent AS SELECT 1 AS n",
        "w: open('out.txt', 'w').write('1')",
        "s: x = np.random.rand()\ny = open('out.txt').read()",
        "q sql: SELECT * FROM recent",
    )
    assert kept(select(graph, Task(), "q", MUCH))["t"] == (
        "makes the table `recent`, which the anchor reads"
    )
    reasons = kept(select(graph, Task(), "s", MUCH))
    assert reasons["w"] == "writes the file `out.txt`, which the anchor reads"
    assert "sets random numbers of NumPy" in reasons["seed"]


def test_how_charts_look_is_needed_for_a_chart_only():
    graph = notebook(
        "style: import matplotlib.pyplot as plt\nimport seaborn as sns",
        "theme: sns.set_theme()",
        "draw: plt.plot([1, 2])",
    )
    assert "theme" in select(graph, Task(kind="chart"), "draw", MUCH).ids
    assert "theme" not in select(graph, Task(kind="sql"), "draw", MUCH).ids


def test_an_edit_also_gets_the_cells_that_read_what_is_edited():
    chosen = select(notebook(*SHOP), Task(kind="edit"), "clean", MUCH)
    assert kept(chosen)["total"] == "reads `orders`, which the anchor defines"
    assert "total" not in select(notebook(*SHOP), Task(kind="python"), "clean", MUCH).ids


def test_from_a_text_the_cells_that_it_speaks_of_are_kept():
    chosen = select(notebook(*SHOP), Task(), "web", MUCH)
    assert chosen.ids == ("load", "visits", "web")


@pytest.mark.parametrize(
    ("question", "has", "lacks"),
    [
        ("plot totals", {"load", "clean", "total"}, {"visits", "look"}),
        ("how many visits were there", {"load", "visits", "web"}, {"clean", "total"}),
        ("sum of `orders` amounts", {"load", "clean", "about"}, {"visits"}),
        ("orders per region", {"load", "clean", "total"}, {"visits"}),
        ("read the visits.csv again", {"visits"}, {"total"}),
    ],
)
def test_from_the_notebook_the_question_says_what_it_is_about(question, has, lacks):
    ids = set(select(notebook(*SHOP), Task(kind="insight", question=question), None, MUCH).ids)
    assert has <= ids
    assert not lacks & ids


def test_an_attached_variable_is_what_the_question_is_about():
    chosen = select(notebook(*SHOP), Task(question="what is odd?", variables=("visits",)), None, 99)
    assert kept(chosen)["visits"] == "makes `visits`, which the question is about"


def test_a_question_that_names_nothing_is_about_the_last_result():
    chosen = select(notebook(*SHOP), Task(question="why?"), None, MUCH)
    assert kept(chosen)["chart"] == "the last result: the question names none"
    assert select(notebook(), Task(question="why?"), None, MUCH).kept == ()


def test_the_budget_takes_texts_first_and_the_anchor_last():
    graph = notebook(*SHOP)
    whole = select(graph, Task(), "total", MUCH)
    cost = {k.cell.id: estimate_tokens(k.cell.source) + FRAME for k in whole.kept}
    code = cost["total"] + cost["clean"] + cost["load"]
    only_code = select(graph, Task(), "total", code)
    assert only_code.ids == ("load", "clean", "total")
    assert only_code.complete
    assert any("budget" in one.reason for one in only_code.dropped if one.cell.id == "about")
    too_little = select(graph, Task(), "total", code - 1)
    assert "load" not in too_little.ids
    assert not too_little.complete
    nothing = select(graph, Task(), "total", 0)
    assert nothing.ids == ("total",)
    assert not nothing.complete
    for budget in range(0, whole.tokens + 10, 7):
        chosen = select(graph, Task(), "total", budget)
        assert chosen.tokens <= max(budget, cost["total"])


def test_a_huge_cell_does_not_push_the_others_out():
    graph = notebook("big: blob = '" + "x " * 200_000 + "'", "n: n = 1", "use: print(blob, n)")
    chosen = select(graph, Task(), "use", 1_000)
    assert chosen.ids == ("n", "use")
    assert not chosen.complete


def test_an_unknown_anchor_is_refused_in_words():
    with pytest.raises(UsageError, match="no cell 'zz'"):
        select(notebook(*SHOP), Task(), "zz", MUCH)


def test_every_cell_is_either_kept_or_dropped_and_order_is_that_of_the_notebook():
    graph = notebook(*SHOP)
    order = [cell.id for cell in graph.cells]
    for cell, kind in itertools.product(order, ("sql", "chart", "edit")):
        chosen = select(graph, Task(kind=kind), cell, MUCH)
        told = [*chosen.ids, *(one.cell.id for one in chosen.dropped)]
        assert sorted(told) == sorted(order)
        assert list(chosen.ids) == [id_ for id_ in order if id_ in chosen.ids]
        assert all(one.reason for one in (*chosen.kept, *chosen.dropped))


def test_the_example_of_the_page_gives_what_it_says():
    page = (Path(__file__).parents[2] / "docs" / "context.md").read_text(encoding="utf-8")
    code = page.partition("```python\n")[2].partition("```")[0]
    names: dict[str, object] = {}
    exec(code, names)
    said = "".join(line.removeprefix("#") for line in code.splitlines() if line.startswith("#"))
    chosen = names["chosen"]
    assert ast.literal_eval(said) == [(one.cell.id, one.reason) for one in chosen.kept]


def test_tokens_are_estimated_for_any_text():
    assert estimate_tokens("") == 0
    assert estimate_tokens("orders") == 1
    assert 4 <= estimate_tokens("x = df['amount'].sum()") <= 16
    assert estimate_tokens("äöü\u4e2d") >= 4
