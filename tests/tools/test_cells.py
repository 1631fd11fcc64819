"""What a cell needs of others, read from its text."""

from __future__ import annotations

import argparse
import ast
import dataclasses
import importlib
import re
import statistics
import symtable
import textwrap
from pathlib import Path

import pytest

from clew_core.cells import Cell
from clew_core.errors import UsageError
from clew_tools.cells import CellGraph
from clew_tools.cells.python import read_python

CASES = Path(__file__).with_name("test_cells_edges.txt").read_text(encoding="utf-8")


def cases() -> list[tuple[str, list[Cell], dict[str, set[str]]]]:
    """Read the blocks of the text file."""
    found = []
    for block in re.split(r"^== ", CASES, flags=re.M)[1:]:
        title, _, rest = block.partition("\n")
        body, _, wanted = rest.partition("\n=>")
        cells = []
        for part in re.split(r"^-- ", body, flags=re.M)[1:]:
            head, _, source = part.partition("\n")
            id_, kind, *defines = [*head.split(), "python"][:3] if " " in head else [head, "python"]
            cells.append(
                Cell(
                    id=id_.strip(),
                    kind=kind,
                    source=source.strip("\n"),
                    defines=tuple(d for d in defines if d != "python"),
                )
            )
        needs = {}
        for entry in filter(None, (e.strip() for e in wanted.split(";"))):
            id_, _, makers = entry.partition(":")
            needs[id_.strip()] = set(makers.split())
        found.append((title, cells, needs))
    return found


ALL = cases()


@pytest.mark.parametrize(("title", "cells", "needs"), ALL, ids=[title for title, *_ in ALL])
def test_a_cell_needs_what_its_text_reads(title, cells, needs):
    graph = CellGraph.build(cells)
    found = {cell.id: {edge.maker for edge in graph.dependencies(cell.id)} for cell in graph.cells}
    assert {k: v for k, v in found.items() if v} == {k: v for k, v in needs.items() if v}


def python(*sources: str) -> list[Cell]:
    """Make cells a, b, c … of Python."""
    return [
        Cell(id=chr(ord("a") + at), kind="python", source=source)
        for at, source in enumerate(sources)
    ]


def problems(*sources: str) -> list[tuple[str, tuple[str, ...], str | None]]:
    """List the problems of Python cells."""
    found = CellGraph.build(python(*sources)).problems()
    return [(p.kind, p.cells, p.name) for p in found]


def test_ancestors_and_descendants_go_all_the_way_and_stand_in_order():
    graph = CellGraph.build(python("x = 1", "y = x", "z = 5", "w = y + z", "w"))
    assert graph.ancestors("e") == ("a", "b", "c", "d")
    assert graph.descendants("a") == ("b", "d", "e")
    assert graph.makers("w") == ("d",)
    assert graph.names()["w"] == ("d",)


def test_an_update_changes_what_hangs_on_the_cell():
    graph = CellGraph.build(python("x = 1", "x = 2", "x"))
    assert graph.ancestors("c") == ("b",)
    graph.update(Cell(id="b", kind="python", source="y = 2"))
    assert graph.ancestors("c") == ("a",)
    graph.update(Cell(id="new", kind="python", source="x = 9"), after="b")
    assert graph.ancestors("c") == ("new",)
    graph.move("new", after=None)
    assert graph.ancestors("c") == ("a",)
    graph.remove("a")
    graph.remove("a")
    assert graph.ancestors("c") == ("new",)
    assert [cell.id for cell in graph.cells] == ["new", "b", "c"]


def test_a_cell_that_breaks_while_somebody_types_keeps_what_was_known():
    graph = CellGraph.build(python("x = 1", "x + 1"))
    graph.update(Cell(id="a", kind="python", source="if True:\n    x = (1"))
    assert graph.ancestors("b") == ("a",)
    assert [p.kind for p in graph.problems()] == ["broken"]
    graph.update(Cell(id="a", kind="python", source="z = 1"))
    assert graph.ancestors("b") == ()
    assert [p.kind for p in graph.problems()] == ["undefined"]


def test_names_from_nowhere_are_told():
    assert problems("print(secret)") == [("undefined", ("a",), "secret")]
    assert problems("def f():\n    return secret", "f()") == [("undefined", ("b",), "secret")]
    known = CellGraph.build(python("print(secret)"), known=["secret"])
    assert known.problems() == ()


@pytest.mark.parametrize(
    "source",
    ["print(len([]))", "spark.sql('select 1')", "display(1)", "__name__", "x: int = 1\nx",
     "for i in range(3):\n    pass\nprint(i)", "[x for x in range(3) if x]", "lambda q: q",
     "def f(a, *b, c=1, **d):\n    e = a\n    return b, c, d, e\nf(1)",
     "try:\n    pass\nexcept ValueError as error:\n    print(error)",
     "with open('x') as f:\n    f.read()", "import a.b\na.b.c", "class A:\n    n = 1\n    m = n",
     "def outer():\n    k = 1\n    def inner():\n        nonlocal k\n        k += 1\n",
     "from m import *\nanything", "df = 1\ndf.query('a > b')"],
)  # fmt: skip
def test_names_that_python_or_the_cell_itself_has_are_no_problem(source):
    assert [p for p in problems(source) if p[0] == "undefined"] == []


def test_redefinitions_are_told_but_not_the_same_import_or_a_loop_variable():
    assert problems("x = 1", "x = 2") == [("redefined", ("a", "b"), "x")]
    assert problems("import os", "import os") == []
    assert problems("for i in [1]: pass", "for i in [2]: pass") == []


def test_cells_that_need_each_other_are_told():
    assert ("cycle", ("a", "b"), None) in problems("x = y", "y = x")
    assert ("defined later", ("a",), "y") in problems("x = y", "y = 1")


def test_effects_that_cannot_be_known_are_told():
    assert [p[0] for p in problems("%run setup.py")] == ["unknown"]
    assert [p[0] for p in problems("from m import *")] == ["unknown"]
    assert [p[0] for p in problems("%store -r x")] == ["unknown"]
    assert [p[0] for p in problems("x = 1", "exec(x)")] == ["unknown"]
    assert problems("%matplotlib inline\n%load_ext clew\n!pip install x") == []


def test_a_result_is_stale_when_something_that_it_uses_changed_after_it():
    cells = python("x = 1", "y = x", "z = y", "w = 1")
    graph = CellGraph.build(cells, ran=["a", "b", "c", "d"])
    assert graph.stale() == {}
    graph.update(Cell(id="a", kind="python", source="x = 2"))
    assert list(graph.stale()) == ["a", "b", "c"]
    graph.ran("a")
    assert list(graph.stale()) == ["b", "c"]
    graph.ran("c")
    assert list(graph.stale()) == ["b", "c"], "c ran with the old y"
    graph.ran("b")
    graph.ran("c")
    assert graph.stale() == {}


def test_a_result_is_stale_when_it_was_made_with_the_value_of_another_cell():
    graph = CellGraph.build(python("x = 1", "print(x)", "x = 2"), ran=["a", "b", "c"])
    assert graph.stale() == {}
    graph.ran("b")
    assert graph.stale() == {"b": "it ran while `x` had the value of another cell"}


def test_what_the_front_end_calls_stale_is_handed_on():
    cells = [
        Cell(id="a", kind="python", source="x = 1", outputs_digest="1", stale=True),
        Cell(id="b", kind="python", source="x", outputs_digest="2"),
        Cell(id="c", kind="python", source="x"),
    ]
    assert list(CellGraph.build(cells).stale()) == ["a", "b"]


def test_markdown_speaks_of_names_in_code_and_of_plain_ones_in_words():
    text = "The orders come from `raw_sales`. Take the total of order totals, not of x or area."
    cells = [
        *python("orders = raw_sales = order_totals = total = x = area = unused = 1"),
        Cell(id="m", kind="markdown", source=text),
    ]
    graph = CellGraph.build(cells)
    assert graph.mentions("m") == {"orders", "raw_sales", "order_totals"}


def test_two_cells_of_one_id_and_unknown_ids_are_refused_in_words():
    with pytest.raises(UsageError, match="Two cells have the id 'a'"):
        CellGraph.build([*python("1"), *python("2")])
    with pytest.raises(UsageError, match="no cell 'zz'"):
        CellGraph.build(python("1")).ancestors("zz")


BAD = [
    "", " ", "\n\n", "\x00", "x = ", "(((((", "%", "%%", "!", "?", "%%sql", "%%sql <<", "%sql",
    "%%writefile", "%%bash", "%time", "%%time", "%run", "%%unknown_magic\nx", "x = %", "x = !",
    "def f(:", "'''", "x = 1\n  y = 2", "\ufeffx = 1", "\r\nx = 1\r\n", "\u2028", "match x:",
    "a" * 1_000_000, "x = [" + "1," * 500_000 + "]", "(" * 5_000 + ")" * 5_000,
    "-" * 20_000 + "1", "x = '" + "y" * 1_000_000, "1 if 1 else " * 3_000 + "1",
    "\n".join(f"x{i} = {i}" for i in range(70_000)), "\ud800", "x.f('\ud800')",
    "%%sql\n" + "(" * 3_000, "%%sql\nSELECT " + "1," * 100_000, "exec('x = (')", "%time x = (",
]  # fmt: skip


@pytest.mark.parametrize("kind", ["python", "sql", "pyspark", "chart", "markdown"])
@pytest.mark.parametrize("source", BAD, ids=range(len(BAD)))
def test_no_text_makes_the_graph_raise(kind, source):
    graph = CellGraph.build([Cell(id="a", kind=kind, source=source), *python("x")[:0]])
    graph.update(Cell(id="b", kind="python", source="x"))
    graph.problems()
    graph.stale()


def test_library_code_is_read_and_cut_code_is_too():
    """Read modules of the standard library whole, and cut off in the middle."""
    modules = [argparse, dataclasses, statistics, textwrap]
    for module in modules:
        source = Path(module.__file__).read_text(encoding="utf-8")
        whole = CellGraph.build([Cell(id="a", kind="python", source=source)])
        undefined = [p.name for p in whole.problems() if p.kind == "undefined"]
        assert undefined == [], module
        for at in range(0, min(len(source), 20_000), 1_999):
            CellGraph.build([Cell(id="a", kind="python", source=source[:at])])


MODULES = [argparse, ast, dataclasses, statistics, textwrap, re, Path.__module__, "json.decoder"]


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_functions_read_the_global_names_that_the_compiler_finds(module):
    """Compare with ``symtable``, which is Python's own reading of scopes."""
    file = (importlib.import_module(module) if isinstance(module, str) else module).__file__
    source = Path(file).read_text(encoding="utf-8")
    bodies = read_python(source).bodies
    compared = 0
    for table in symtable.symtable(source, file, "exec").get_children():
        if table.get_type() != "function" or table.get_name() not in bodies:
            continue
        wanted, told = global_names(table)
        found = {t.name for t in bodies[table.get_name()].reads if t.space == "variable"}
        assert found - told == wanted - told, table.get_name()
        compared += 1
    assert compared


def global_names(table: symtable.SymbolTable) -> tuple[set[str], set[str]]:
    """List the global names that a function and all inside it read, and those told as global."""
    read, told = set(), set()
    for symbol in table.get_symbols():
        if symbol.is_global() and symbol.is_referenced():
            read.add(symbol.get_name())
        if symbol.is_declared_global():
            told.add(symbol.get_name())
    for child in table.get_children():
        more = global_names(child)
        read |= more[0]
        told |= more[1]
    return read, told
