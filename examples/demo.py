"""Six questions on two public data sets, answered without a model; leaves ``demo.ipynb``.

    python examples/demo.py

Makes its data in ``demo/``: the country statistics that Plotly's package carries, and the TPC-H
tables at scale 0.1 from ``tpchgen-cli``.
"""

from __future__ import annotations

import gzip
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import clew
from clew.notebook import write_notebook
from clew.table_view import view

FOLDER = Path("demo")
NOTEBOOK = Path("demo.ipynb")
NOW = "2026-11-01"
QUESTIONS = (
    ("over one join", "How many customers are there per region?"),
    ("by month", "What was the total price of orders by month in 1995?"),
    ("a follow-up", "and in 1996?"),
    ("asked back", "What is the average account balance?"),
    ("refused", "Delete all orders from 1995"),
    ("with a chart", "Show the average life expectancy by continent in 2007 as a bar chart"),
)


def make_data() -> tuple[Path, Path]:
    """Make both data sets, unless they are there already."""
    import plotly

    FOLDER.mkdir(exist_ok=True)
    countries, shop = FOLDER / "gapminder.csv", FOLDER / "tpch"
    if not countries.exists():
        packed = Path(plotly.__file__).parent / "package_data" / "datasets" / "gapminder.csv.gz"
        with gzip.open(packed) as read, countries.open("wb") as write:
            shutil.copyfileobj(read, write)
    if not shop.exists():
        program = Path(sysconfig.get_path("scripts"), "tpchgen-cli")
        half = FOLDER / "tpch.part"
        shutil.rmtree(half, ignore_errors=True)
        command = [str(program), "parquet", "-s", "0.1", "--output-dir", str(half)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        half.rename(shop)
    return countries, shop


def tell(label: str, question: str, answer: clew.Answer) -> None:
    """Print one question with what came of it."""
    print(f"\n[{label}] {question}")
    if answer.status == "answered":
        print(f"  {answer.text}")
        assert answer.table is not None
        shown = view(answer.table, rows=6, spec=answer.spec).text(96)
        print("\n".join(f"    {line}" for line in shown.splitlines()))
        queries = len({receipt.refs[0].sql_sha256 for receipt in answer.receipts})
        print(f"  {len(answer.receipts)} numbers, each with a receipt, from {queries} query.")
        if answer.chart:
            print(f"  Chart: {answer.chart.mark}, {answer.chart.layout.title!r}")
        return
    print(f"  {answer.reason}")
    for option in answer.clarification.options if answer.clarification else ():
        print(f"    {option.id}. {option.label}")


def main() -> int:
    """Ask, print, write the notebook."""
    countries, shop = make_data()
    with clew.open(str(countries), str(shop)) as workspace:
        session = workspace.session()
        answers = []
        for label, question in QUESTIONS:
            answer = session.ask(question, now=NOW)
            tell(label, question, answer)
            answers.append(answer)
        sources = {name: source.location for name, source in workspace.sources.items()}
        NOTEBOOK.unlink(missing_ok=True)
        write_notebook(NOTEBOOK, answers, sources)
    print(f"\n{NOTEBOOK} holds all of it: open it with `.venv/bin/jupyter lab {NOTEBOOK}`,")
    print(f"or check its numbers with `.venv/bin/clew receipts check {NOTEBOOK}`.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
