"""Notebooks made from public sets and from the documentation of installed libraries.

Read at run time: from `CLEW_BENCH_DATA` (InsightBench, DABench, DS-1000) and from the docstrings of
pandas and NumPy; nothing of them is kept here. Each notebook is what one person might have open:
a few analyses one below the other, which share names. The code of InsightBench, DS-1000 and the
docstrings is theirs; DABench has questions and tables only, so its code is made from a few
patterns by the columns that a question names.

Marked as needed by a reader: the text that leads into the cell that is asked from, and the text
that says what the data of that analysis is. Nothing here knows how Clew selects.
"""

from __future__ import annotations

import ast
import doctest
import inspect
import json
import os
import random
import re
import textwrap
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from context_notebooks import Notebook, NoteCell

COUNTS = {"insightbench": 10, "dabench": 8, "ds1000": 6, "tutorials": 6}
_START = """import numpy as np
import pandas as pd
import matplotlib.pyplot as plt
import seaborn as sns"""
_PANDAS = """DataFrame.merge DataFrame.join DataFrame.groupby DataFrame.pivot_table DataFrame.melt
DataFrame.apply DataFrame.query DataFrame.drop DataFrame.assign DataFrame.fillna DataFrame.replace
DataFrame.sort_values DataFrame.stack DataFrame.explode DataFrame.update DataFrame.rolling
DataFrame.isin DataFrame.loc DataFrame.where DataFrame.quantile DataFrame.nlargest concat cut
get_dummies to_datetime merge_asof Series.map Series.str.split Series.str.extract
Series.value_counts DataFrame.duplicated DataFrame.drop_duplicates DataFrame.insert
DataFrame.set_index DataFrame.reset_index DataFrame.rename DataFrame.align DataFrame.combine
DataFrame.compare DataFrame.corrwith DataFrame.pop DataFrame.reindex DataFrame.transform""".split()
_NUMPY = """where unique histogram einsum argsort searchsorted interp percentile meshgrid
apply_along_axis put fill_diagonal copyto lexsort gradient cumsum roll tile choose select
digitize broadcast_to vectorize""".split()


def data() -> Path | None:
    """Find the folder of the public sets; None where there is none."""
    folder = os.environ.get("CLEW_BENCH_DATA")
    return Path(folder) if folder and Path(folder, "insightbench").is_dir() else None


def candidates(kind: str) -> Iterator[Notebook]:
    """Make notebooks of one kind without end; some anchors may not run."""
    make = {
        "insightbench": _insightbench, "dabench": _dabench, "ds1000": _ds1000,
        "tutorials": _tutorial,
    }[kind]  # fmt: skip
    for seed in range(200):
        yield make(random.Random(seed), seed)


class _Page:
    """A notebook while it is written."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.cells: list[NoteCell] = []
        self.files: dict[str, str] = {}
        self.heads: dict[int, str] = {}
        self.asks: list[tuple[str, str | None, int]] = []

    def add(self, kind: str, source: str) -> str:
        id_ = f"c{len(self.cells)}"
        self.cells.append(NoteCell(id=id_, kind=kind, source=source.strip("\n")))
        return id_

    def head(self, part: int, source: str) -> None:
        self.heads[part] = self.add("markdown", source)

    def ask(self, part: int, cell: str, lead: str | None) -> None:
        self.asks.append((cell, lead, part))

    def done(self, draw: random.Random) -> Notebook:
        late = [a for a in self.asks if a[2] > 0] or self.asks
        anchor, lead, part = draw.choice(late)
        wanted = {lead, self.heads.get(part)}
        cells = tuple(
            NoteCell(id=c.id, kind=c.kind, source=c.source, needed=c.id in wanted)
            for c in self.cells
        )
        return Notebook(name=self.name, cells=cells, anchor=anchor, files=self.files)


def _insightbench(draw: random.Random, seed: int) -> Notebook:
    folder = (data() or Path()) / "insightbench"
    page = _Page(f"insightbench {seed}")
    page.add("python", _START)
    flags = draw.sample([n for n in range(1, 61) if n != 16], 3)
    for part, flag in enumerate(flags):
        task = json.loads((folder / f"flag-{flag}.json").read_text(encoding="utf-8"))
        about = task["metadata"]
        codes = [one.get("code") or "" for one in task["insight_list"]]
        frames = _frames(codes)
        main = f"flag-{flag}.csv"
        page.files[main] = str(folder / "csvs" / main)
        page.head(
            part,
            f"## {about.get('header', '')}\n\nGoal: {about.get('goal', '')}\n\n"
            f"{about.get('dataset_description', '')}\n\nLoaded as `{frames[0]}`.",
        )
        loads = [f'{frames[0]} = pd.read_csv("{main}")']
        for other in frames[1:]:
            users = folder / "csvs" / f"flag-{flag}-sysuser.csv"
            if "user" in other or "usr" in other and users.exists():
                page.files[users.name] = str(users)
                loads.append(f'{other} = pd.read_csv("{users.name}")')
            elif other == "dataset_path":
                loads.append(f'{other} = "{main}"')
            else:
                loads.append(f"{other} = {frames[0]}.copy()")
        page.add("python", "\n".join(loads))
        page.add("python", f"{frames[0]}.head()")
        for one in task["insight_list"]:
            code = one.get("code") or ""
            if not code.strip() or "sklearn" in code or "wordcloud" in code:
                continue  # not installed here
            lead = page.add("markdown", f"### {one.get('question') or one.get('insight')}")
            pieces = _pieces(code, draw)
            ids = [page.add("python", piece) for piece in pieces]
            page.ask(part, ids[-1], lead)
            said = one.get("actionable_insight")
            if said:
                page.add("markdown", f"{one.get('insight', '')}. {said}")
    return page.done(draw)


def _frames(codes: list[str]) -> list[str]:
    """List the frames that pieces of code expect to be loaded already."""
    found: dict[str, int] = defaultdict(int)
    for code in codes:
        try:
            tree = ast.parse(code)
        except SyntaxError:
            continue
        names = [n for n in ast.walk(tree) if isinstance(n, ast.Name)]
        stored = {n.id for n in names if isinstance(n.ctx, ast.Store)}
        for name in {n.id for n in names} - stored:
            if re.search(r"^df$|^df_usr$|data|dataset_path", name):
                found[name] += 1
    ranked = sorted(found, key=lambda n: (n == "dataset_path", "us" in n, -found[n]))
    return ranked or ["df"]


def _pieces(code: str, draw: random.Random) -> list[str]:
    """Cut a long piece of code in two where the drawing begins, as people do."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return [code]
    lines = code.splitlines()
    for node in tree.body[1:]:
        text = ast.unparse(node)
        if text.startswith("plt.figure") and draw.random() < 0.6:
            at = node.lineno - 1
            while at > 0 and lines[at - 1].lstrip().startswith("#"):
                at -= 1
            before = "\n".join(lines[:at])
            if any(not isinstance(n, ast.Import | ast.ImportFrom) for n in ast.parse(before).body):
                return [before, "\n".join(lines[at:])]
    return [code]


def _dabench(draw: random.Random, seed: int) -> Notebook:
    import pandas as pd

    folder = (data() or Path()) / "dabench"
    questions = defaultdict(list)
    for line in (folder / "da-dev-questions.jsonl").read_text(encoding="utf-8").splitlines():
        one = json.loads(line)
        questions[one["file_name"]].append(one)
    usable = sorted(
        name
        for name in questions
        if (folder / "da-dev-tables" / name).stat().st_size < 400_000 and " " not in name
    )
    page = _Page(f"dabench {seed}")
    page.add("python", _START)
    names = draw.sample(usable, 5)
    one_name = draw.random() < 0.5
    for part, name in enumerate(names):
        path = folder / "da-dev-tables" / name
        frame = "df" if one_name else "df_" + re.sub(r"\W+", "_", path.stem).lower().strip("_")
        page.files[name] = str(path)
        try:
            table = pd.read_csv(path)
        except (ValueError, UnicodeDecodeError):
            continue
        page.head(
            part,
            f"## {name}\n\nThe table has {len(table)} rows; the columns of `{frame}` are "
            f"{', '.join(map(str, table.columns[:20]))}.",
        )
        page.add("python", f"{frame} = pd.read_csv({name!r})")
        page.add("python", f"{frame}.info()")
        for one in questions[name]:
            lead = page.add(
                "markdown",
                f"**Question {one['id']}.** {one['question']}\n\n{one['constraints']}\n\n"
                f"Answer as {one['format']}",
            )
            cells = list(_solution(one, table, frame, draw))
            ids = [page.add("python", cell) for cell in cells]
            page.ask(part, ids[-1], lead)
    return page.done(draw)


def _solution(one: dict[str, Any], table: Any, frame: str, draw: random.Random) -> Iterator[str]:
    """Write code for a question: by its concept, over the columns that it names."""
    from pandas.api.types import is_numeric_dtype

    text = f"{one['question']} {one['constraints']}".lower()
    named = [c for c in table.columns if str(c).lower() in text] + list(table.columns)
    numbers = [c for c in dict.fromkeys(named) if is_numeric_dtype(table[c])]
    groups = [
        c
        for c in dict.fromkeys(named)
        if not is_numeric_dtype(table[c]) and table[c].nunique() < 30
    ]
    a = numbers[0] if numbers else table.columns[0]
    b = numbers[1] if len(numbers) > 1 else a
    concepts = " ".join(one["concepts"])
    n = one["id"]
    if not numbers:
        yield f"{frame}[{a!r}].value_counts().head(3)"
    elif "Preprocessing" in concepts:
        yield f"{frame}[{a!r}] = {frame}[{a!r}].fillna({frame}[{a!r}].median())"
        yield f"{frame}[{a!r}].isna().sum(), round({frame}[{a!r}].mean(), 4)"
    elif "Feature" in concepts:
        yield f"{frame}['feature_{n}'] = {frame}[{a!r}] + {frame}[{b!r}]"
        yield f"round({frame}['feature_{n}'].mean(), 2)"
    elif "Outlier" in concepts:
        yield f"values = {frame}[{a!r}].dropna()\nz = (values - values.mean()) / values.std()"
        yield "outliers = values[z.abs() > 3]\nlen(outliers)"
    elif "Correlation" in concepts:
        yield f"pair = {frame}[[{a!r}, {b!r}]].dropna()"
        yield f"r = pair[{a!r}].corr(pair[{b!r}])\nround(r, 2)"
    elif "Machine" in concepts:
        yield f"rows = {frame}[[{a!r}, {b!r}]].dropna()\nx, y = rows[{a!r}], rows[{b!r}]"
        yield "slope, intercept = np.polyfit(x, y, 1)"
        yield "rmse = float(np.sqrt(((slope * x + intercept - y) ** 2).mean()))\nround(rmse, 2)"
    elif groups and draw.random() < 0.6:
        yield f"groups = {frame}.groupby({groups[0]!r})[{a!r}]"
        yield "summary = groups.agg(['mean', 'median', 'std']).round(2)\nsummary"
    else:
        yield f"values = {frame}[{a!r}].dropna()"
        yield "round(values.mean(), 2), round(values.skew(), 2)"


def _ds1000(draw: random.Random, seed: int) -> Notebook:
    path = (data() or Path()) / "ds1000" / "ds1000.jsonl"
    tasks = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    usable = [t for t in tasks if t["metadata"]["library"] in ("Pandas", "Numpy")]
    page = _Page(f"ds1000 {seed}")
    page.add("python", _START)
    for part, task in enumerate(draw.sample(usable, 8)):
        told, _, code = task["prompt"].partition("A:\n<code>")
        setup = code.partition("</code>")[0]
        if not setup.strip():
            continue
        problem = told.removeprefix("Problem:").strip()
        lead = page.add("markdown", f"## Problem {part + 1}\n\n{problem}")
        page.add("python", setup)
        solution = textwrap.dedent(task["reference_code"])
        if "def f(" in setup:
            continue  # its solution is the inside of a function
        cell = page.add("python", solution)
        found = re.search(r"</code>\s*(\w+)\s*=\s*\.\.\.", task["prompt"])
        if found:
            cell = page.add("python", found[1])
        page.ask(part, cell, lead)
    return page.done(draw)


def _tutorial(draw: random.Random, seed: int) -> Notebook:
    import numpy as np
    import pandas as pd

    page = _Page(f"tutorials {seed}")
    page.add("python", "import numpy as np\nimport pandas as pd")
    topics = draw.sample(_PANDAS, 5) + draw.sample(_NUMPY, 2)
    draw.shuffle(topics)
    for part, topic in enumerate(topics):
        thing: Any = np if topic in _NUMPY else pd
        for name in topic.split("."):
            thing = getattr(thing, name)
        text = inspect.getdoc(thing) or ""
        examples = text.partition("Examples\n--------\n")[2]
        summary = text.partition("\n\n")[0]
        lead = page.add("markdown", f"## {topic}\n\n{summary}")
        code: list[str] = []
        for piece in [*doctest.DocTestParser().parse(examples), "\n\nend"]:
            if isinstance(piece, doctest.Example):
                if piece.exc_msg is None:
                    code.append(piece.source)
                continue
            words = piece.strip()
            if not words:
                continue
            if code:
                page.ask(part, page.add("python", "".join(code)), lead)
                code = []
            if words != "end":
                lead = page.add("markdown", words)
    return page.done(draw)
