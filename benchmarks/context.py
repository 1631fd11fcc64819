"""How many tokens does the selection of cells save, and is anything needed lost?

    python benchmarks/context.py [--generated 30] [--real 30] [--limit N] [--write]

Per notebook: the smallest set of cells whose re-run gives the anchor's value (``context_rerun``),
and the texts marked as needed before there was a selection. Beside it, on the same notebooks: all
cells, and the ancestors by global names alone, each name from the cell above that bound it last,
with the texts that share words with the anchor (after DataLab's Algorithm 3). The real half is read
from `CLEW_BENCH_DATA` and left out where that is not set.
"""

from __future__ import annotations

import argparse
import ast
import dataclasses
import itertools
import re
import statistics
import sys
import time
from collections.abc import Iterator, Sequence

from context_notebooks import Notebook, generated
from context_real import COUNTS, candidates, data
from context_rerun import Server, needed, runnable, value
from results import write_section

from clew_agents.context import Task, estimate_tokens, select
from clew_agents.context.tokens import FRAME
from clew_core.events import CellView
from clew_tools.cells import CellGraph

NO_LIMIT = 10**9
TIMED_CELLS = 50
# In turn; N is the number of the cell, P the one before it.
TIMED = (
    (
        "python",
        """orders_N = pd.read_csv("orders_N.csv", parse_dates=["day"])
orders_N = orders_N[(orders_N.amount > 3) & orders_N.region.isin(regions)].copy()
orders_N["net"] = orders_N["amount"] * (1 - rate)
orders_N.loc[orders_N.net < 0, "net"] = 0
for name, group in orders_N.groupby("region"):
    print(f"{name}: {group.net.mean():.2f}")""",
    ),
    (
        "sql",
        """%%sql --source shop --name result_N
SELECT o.region, date_trunc('month', o.day) AS month, sum(o.net) AS total, count(*) AS n
FROM orders_P AS o JOIN customers AS c USING (customer_id)
WHERE c.since >= DATE '2020-01-01' AND o.net > 3 GROUP BY ALL ORDER BY 3 DESC LIMIT 10""",
    ),
    (
        "chart",
        """fig = px.bar(result_P, x="month", y="total", color="region", title="Totals")
fig.update_layout(legend_title_text="")
fig.show()""",
    ),
    (
        "python",
        """def share_N(frame, by="region"):
    totals = frame.groupby(by)["net"].sum().rename("total").reset_index()
    totals["share"] = totals.total / totals.total.sum()
    return totals[totals.share > threshold]


shares_N = {key: share_N(value) for key, value in frames.items() if len(value)}""",
    ),
    ("markdown", "## Totals\n\nThe `orders_P` hold the last year without returns; see `shares_P`."),
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """What one way of choosing did on one notebook.

    Attributes:
        lost: needed cells that were not kept.
        needed: how many cells and texts are needed, the anchor left out.
        saved: part of the tokens of all cells that is not kept, in 0–1.
        same: running what is kept gives the anchor's value.
    """

    lost: tuple[str, ...]
    needed: int
    saved: float
    same: bool


def views(notebook: Notebook) -> list[CellView]:
    """Turn a notebook into what a front end sends."""
    return [CellView(id=c.id, kind=c.kind, source=c.source) for c in notebook.cells]  # type: ignore


def chosen(notebook: Notebook) -> set[str]:
    """Choose with Clew, as for a question from the anchor."""
    graph = CellGraph.build(views(notebook))
    return set(select(graph, Task(kind="python"), notebook.anchor, NO_LIMIT).ids)


def by_global_names(notebook: Notebook) -> set[str]:
    """Choose the ancestors by names alone, and texts by the words that they share."""
    last: dict[str, str] = {}
    needs: dict[str, set[str]] = {}
    for cell in notebook.cells:
        try:
            names = [n for n in ast.walk(ast.parse(cell.source)) if isinstance(n, ast.Name)]
        except SyntaxError:
            names = []
        if cell.kind == "sql":
            words = set(re.findall(r"\w+", cell.source))
            needs[cell.id] = {last[w] for w in words if w in last}
            for name in re.findall(r"--name (\w+)|%%sql (\w+) <<", cell.source):
                last[name[0] or name[1]] = cell.id
            continue
        if cell.kind == "markdown":
            continue
        needs[cell.id] = {last[n.id] for n in names if n.id in last}
        for node in names:
            if isinstance(node.ctx, ast.Store):
                last[node.id] = cell.id
        for line in re.findall(r"^(?:import|from .* import) .*", cell.source, flags=re.M):
            last |= dict.fromkeys(re.findall(r"\w+", line)[1:], cell.id)
    kept = {notebook.anchor}
    todo = [notebook.anchor]
    while todo:
        new = needs.get(todo.pop(), set()) - kept
        kept |= new
        todo += new
    asked = set(_source(notebook, notebook.anchor).split())
    for cell in notebook.cells:
        words = set(cell.source.split())
        if cell.kind == "markdown" and len(words & asked) > 0.2 * min(len(words), len(asked)):
            kept.add(cell.id)
    return kept


def everything(notebook: Notebook) -> set[str]:
    """Keep all cells."""
    return {cell.id for cell in notebook.cells}


WAYS = {"Clew": chosen, "ancestors by global names": by_global_names, "all cells": everything}


def measure(notebook: Notebook, server: Server) -> dict[str, Row] | None:
    """Compare the ways on one notebook; None where its anchor can't be re-run."""
    code = needed(notebook, server)
    if code is None:
        return None
    whole = value(notebook, everything(notebook), server)
    texts = [c.id for c in notebook.cells if c.needed]
    total = sum(estimate_tokens(c.source) + FRAME for c in notebook.cells)
    rows = {}
    for name, way in WAYS.items():
        kept = way(notebook)
        smallest = code
        if not set(code) <= kept:
            # There may be another set as small: two cells that import the same.
            other = needed(notebook, server, within=kept)
            smallest = other if other is not None and len(other) <= len(code) else code
        spent = sum(estimate_tokens(c.source) + FRAME for c in notebook.cells if c.id in kept)
        rows[name] = Row(
            lost=tuple(id_ for id_ in [*smallest, *texts] if id_ not in kept),
            needed=len(smallest) + len(texts),
            saved=1 - spent / total,
            same=value(notebook, kept, server) == whole,
        )
    return rows


def real(count: int, server: Server) -> Iterator[Notebook]:
    """Give notebooks of the real half that run here, in the shares of `COUNTS`."""
    if data() is None:
        return
    for kind, share in COUNTS.items():
        wanted = max(round(share * count / sum(COUNTS.values())), 1)
        ready = (runnable(notebook, server) for notebook in candidates(kind))
        yield from itertools.islice((n for n in ready if n is not None), wanted)


def table(title: str, measured: Sequence[dict[str, Row]]) -> list[str]:
    """Write the lines of one half."""
    lines = []
    for way in WAYS:
        rows = [one[way] for one in measured]
        needs = sum(row.needed for row in rows)
        recall = 1 - sum(len(row.lost) for row in rows) / needs
        saved = statistics.median(row.saved for row in rows)
        same = sum(row.same for row in rows)
        least = min(row.saved for row in rows)
        lines.append(
            f"| {title} ({len(rows)}) | {way} | {recall:.3f} | {same} of {len(rows)} | "
            f"{100 * saved:.1f} % | {100 * least:.1f} % |"
        )
    return lines


def timed() -> tuple[float, float, float]:
    """Measure, in ms of CPU time: build, median update, slowest of 95 in 100 updates."""
    cells: list[CellView] = []
    for at, (kind, source) in enumerate(itertools.islice(itertools.cycle(TIMED), TIMED_CELLS)):
        text = re.sub(r"_N\b", f"_{at}", re.sub(r"_P\b", f"_{at - 1}", source))
        cells.append(CellView(id=f"c{at}", kind=kind, source=text))  # type: ignore
    CellGraph.build(cells).problems()  # sqlglot is loaded
    builds, updates = [], []
    for _ in range(20):
        begin = time.process_time()
        graph = CellGraph.build(cells)
        graph.ancestors(cells[-1].id)
        builds.append(time.process_time() - begin)
    graph = CellGraph.build(cells)
    for round_ in range(4):
        for cell in cells:
            changed = dataclasses.replace(cell, source=f"{cell.source}\n" + "\n" * round_)
            begin = time.process_time()
            graph.update(changed)
            graph.ancestors(cells[-1].id)
            updates.append(time.process_time() - begin)
    updates.sort()
    return (
        1000 * statistics.median(builds),
        1000 * statistics.median(updates),
        1000 * updates[int(0.95 * len(updates))],
    )


def main() -> int:
    """Print the table; with ``--write`` put it into RESULTS.md."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--generated", type=int, default=30)
    parser.add_argument("--real", type=int, default=30)
    parser.add_argument("--from", dest="first", type=int, default=0, help="seed of the first")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--limit", type=int, help="at most so many of each half")
    args = parser.parse_args()
    if args.limit is not None:
        args.generated, args.real = min(args.generated, args.limit), min(args.real, args.limit)
    seeds = range(args.first, args.first + args.generated)
    halves: dict[str, list[dict[str, Row]]] = {"generated": [], "real": []}
    with Server() as server:
        for half, notebooks in (
            ("generated", (generated(seed) for seed in seeds)),
            ("real", real(args.real, server)),
        ):
            for notebook in notebooks:
                rows = measure(notebook, server)
                if rows is None:
                    print(f"{notebook.name}: its anchor can't be re-run", file=sys.stderr)
                    continue
                halves[half].append(rows)
                mine = rows["Clew"]
                if mine.lost or not mine.same:
                    print(f"{notebook.name}: lost {mine.lost}, same {mine.same}", file=sys.stderr)
    build, update, slow = timed()
    lines = [
        f"Seeds {seeds.start}–{seeds.stop - 1}. Needed: the smallest set of cells whose re-run "
        "gives the anchor's value, and marked texts. Tokens are estimated.",
        "",
        "| notebooks | way | recall of what is needed | same value when re-run | tokens saved, "
        "median | least |",
        "|---|---|---|---|---|---|",
    ]
    for half, measured in halves.items():
        if measured:
            lines += table(half, measured)
    lines += [
        "",
        "| cell graph of 50 cells, CPU time | measured | gate | goal |",
        "|---|---|---|---|",
        f"| build | {build:.1f} ms | 50 ms | 25 ms |",
        f"| one update, median / 95th percentile | {update:.1f} / {slow:.1f} ms | 5 ms | 2 ms |",
    ]
    text = "\n".join(lines)
    print(text)
    if args.write:
        write_section("Context: cells that a question needs", text)
    return 0


def _source(notebook: Notebook, id_: str) -> str:
    return next(cell.source for cell in notebook.cells if cell.id == id_)


if __name__ == "__main__":
    sys.exit(main())
