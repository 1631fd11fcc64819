"""Small programs drawn at random: the cells that a cell needs, run alone, give its value."""

from __future__ import annotations

import random
import re
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clew_core.cells import Cell
from clew_tools.cells import CellGraph

NAMES = ("a", "b", "c")
# {x}, {y}: lists; {n}: a number; {f}, {g}: functions.
CELLS = (
    "{x} = [{n}]",
    "{x} = {y}",
    "{x} = {y} + [{n}]",
    "{x} = list({y})",
    "{x}.append({n})",
    "{x} += [{n}]",
    "{x}[0:0] = [{n}]",
    "{x}.extend({y}[:2])",
    "{x} = [{y}, {n}]\n{x}[0].append({n})\n{x} = [{n}]",
    "{x}, {y} = {y}, {x}",
    "del {x}\n{x} = [{n}, {n}]",
    "if len({x}) > 2:\n    {x} = [{n}]",
    "if len({x}) > 2:\n    {x} = [{n}]\nelse:\n    {x} = [0]",
    "for {x}_i in {y}[:2]:\n    {x}.append({x}_i)",
    "while len({x}) < 3:\n    {x}.append({n})",
    "try:\n    {x} = [{y}[3]]\nexcept IndexError:\n    pass",
    "try:\n    {x} = [{y}[3]]\nexcept IndexError:\n    {x} = [{n}]",
    "({x} := [{n}]).append(1)",
    "[{x}.append(v) for v in {y}[:1]]",
    "d = {{'k': {x}}}\nd['k'].append({n})",
    "d = {{'k': {x}}}",
    "d['k'].append({n})",
    "d['j'] = {x}",
    "d.update(m={x})",
    "{x}.append({y})",
    "{x}.insert(0, {y})",
    "{x} = d['k']",
    "k.v = {x}",
    "{x} = k.v",
    "def {f}(v):\n    {x}.append(v)\n    return {n}",
    "def {f}(v):\n    v.append({x})\n    return {n}",
    "for {x} in [{y}, [{n}]]:\n    pass",
    "{x} = {y} or [{n}]",
    "{x} = {y} if {n} > 4 else [{n}]",
    "{x}, *{y} = [{y}, [{n}], {n}]",
    "d = dict(k={x}, q={n})",
    "d = {{**d, 'v': {x}}}",
    "{x} = max([{y}, [{n}]], key=len)",
    "e = d\ne['z'] = [{n}]",
    "{x} = d.setdefault('w', [{n}])",
    "def {f}(v=None):\n    return len({x}) + {n}",
    "def {f}(v=None):\n    {x}.append({n})\n    return {n}",
    "def {f}(v=None):\n    global {x}\n    {x} = [{n}]\n    return 1",
    "def {f}(v):\n    v.append({n})\n    return v",
    "def {f}(v):\n    w = v\n    w.append({n})\n    return [w]",
    "def {f}(v):\n    return {g}(v)",
    "{f}({x})",
    "{x} = [{f}({y})]",
    "{g} = {f}",
    "{f} = lambda v: len({x}) + {n}",
    "t = [{f}, {g}]",
    "t[0]({x})",
    "{x} = [t[1]({y})]",
    "class K:\n    def __init__(self, v): self.v = v\n"
    "    def add(self): self.v.append({n})\n    def size(self): return len(self.v) + len({x})",
    "k = K({x})",
    "k.add()",
    "{x} = [k.size()]",
    "for row in [{x}, {y}]:\n    row.append({n})",
    "match {x}:\n    case [_, *rest]:\n        {y} = rest",
    "with open(__import__('os').devnull) as h:\n    {x} = [{n}]",
    "import copy\n{x} = copy.copy({y})",
    "{x}.sort(key=str)",
    "{x} = sorted({y}, key=str)",
    "z = iter({x})",
    "{x} = [next(z, {n})]",
    "g1 = (v for v in {x})",
    "{x} = list(g1)",
    "{x} = [*{y}[:3], {n}]",
    "exec('{x} = [{n}]')",
    "globals()['{x}'] = [{n}]",
)
START = "a, b, c, d, t = [1], [2, 3], [4, 5, 6, 7], {'k': [0]}, []\n"
START += "def f(v=None): return 1\ndef g(v=None): return 2\nz = iter([])\ng1 = iter([])\n"
START += "class K:\n    def __init__(self, v): self.v = v\n    def add(self): pass\n"
START += "    def size(self): return 0\nk = K([])"


def frames() -> tuple[str, list[str], list[str]]:
    """Read what works on frames: the first cell, the others, what is shown."""
    text = Path(__file__).with_name("test_cells_frames.txt").read_text(encoding="utf-8")
    start, cells, shown = re.sub(r"^#.*\n", "", text, flags=re.M).split("\n--\n")
    return start, [c.replace("\\n", "\n") for c in cells.splitlines()], shown.splitlines()


def draw_frames(draw: random.Random, length: int) -> list[str]:
    """Draw cells on frames; the last one shows a value."""
    start, cells, shown = frames()
    made = [start]
    for _ in range(length):
        x, y = draw.sample(NAMES, 2)
        made.append(draw.choice(cells).format(x=x, y=y, n=draw.randint(1, 9)))
    return [*made, f"shown = repr({draw.choice(shown)})"]


def draw_program(draw: random.Random, length: int) -> list[str]:
    """Draw cells; the last one shows a value."""
    cells = [START]
    for _ in range(length):
        x, y = draw.sample(NAMES, 2)
        f, g = draw.sample(("f", "g"), 2)
        cells.append(draw.choice(CELLS).format(x=x, y=y, f=f, g=g, n=draw.randint(1, 9)))
    shown = draw.choice([*NAMES, "d", "f(a[:])", "k.size()"])
    return [*cells, f"shown = repr({shown})"]


def run(cells: list[str]) -> str | None:
    """Run cells; None where one of them fails."""
    names: dict[str, object] = {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for cell in cells:
                exec(cell, names)
    except Exception:
        return None
    finally:
        for name in ("con", "db"):
            if name in names:
                names[name].close()
    text = str(names["shown"])
    return None if " at 0x" in text or len(text) > 10_000 else text


def check(seed: int, length: int, drawn=draw_program) -> bool:
    """Compare one program with what the graph keeps of it; False where it does not run."""
    program = drawn(random.Random(seed), length)
    wanted = run(program)
    if wanted is None:
        return False
    graph = CellGraph.build(
        Cell(id=str(at), kind="python", source=source) for at, source in enumerate(program)
    )
    needed = [program[int(id_)] for id_ in graph.ancestors(str(len(program) - 1))]
    assert run([*needed, program[-1]]) == wanted, (seed, program, needed)
    return True


def test_what_is_needed_gives_the_value():
    ran = sum(check(seed, 12) for seed in range(1_500))
    assert ran > 300, "too few of the programs run to tell anything"


@pytest.mark.soak
def test_what_is_needed_gives_the_value_in_many_programs():
    ran = sum(check(seed, 5 + seed % 25) for seed in range(10_000, 50_000))
    assert ran > 10_000


def test_what_is_needed_gives_the_value_of_frames_and_connections():
    assert sum(check(seed, 8, draw_frames) for seed in range(25)) >= 10


@pytest.mark.soak
def test_what_is_needed_gives_the_value_in_many_programs_on_frames():
    assert sum(check(seed, 10, draw_frames) for seed in range(50_000, 53_000)) > 1_000


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["update", "remove", "move", "break"]),
        st.integers(0, 7),
        st.integers(0, 7),
        st.integers(0, 10**6),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), EDITS)
def test_an_edited_graph_is_the_graph_of_the_edited_notebook(seed, edits):
    program = draw_program(random.Random(seed), 6)
    graph = CellGraph.build(
        Cell(id=str(at), kind="python", source=source) for at, source in enumerate(program)
    )
    for what, one, other, seed_ in edits:
        ids = [cell.id for cell in graph.cells]
        if what == "update":
            source = draw_program(random.Random(seed_), 1)[1]
            graph.update(Cell(id=str(one), kind="python", source=source))
        elif what == "remove":
            graph.remove(str(one))
        elif what == "break" and str(one) in ids:
            whole = graph.cell(str(one))
            graph.update(Cell(id=str(one), kind="python", source="x = ("))
            graph.problems()
            graph.update(whole)
        elif what == "move" and str(one) in ids and str(other) in ids and one != other:
            graph.move(str(one), after=str(other))
    fresh = CellGraph.build(graph.cells)
    for cell in graph.cells:
        assert set(graph.dependencies(cell.id)) == set(fresh.dependencies(cell.id))
        assert graph.ancestors(cell.id) == fresh.ancestors(cell.id)
