"""Six questions to a company and six on two public data sets, without a model.

    python examples/demo.py

Prints the answers as a colleague would write them and leaves ``demo.ipynb``. Makes its data in
``demo/``: acme, a company drawn from a seed; the country statistics that Plotly's package carries;
the TPC-H tables at scale 0.1 from ``tpchgen-cli``.
"""

from __future__ import annotations

import gzip
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import clew
import clew_acme
from clew.notebook import write_notebook
from clew.table_view import view

FOLDER = Path("demo")
NOTEBOOK = Path("demo.ipynb")
ACME_NOW, NOW = "2024-07-01", "2026-11-01"
ACME_QUESTIONS = (
    ("over one join", "How many products are there in each category?"),
    ("by month", "Number of orders by month in 2023"),
    ("a follow-up", "and in 2022?"),
    ("asked back", "How many shipments were there in 2023?"),
    ("refused", "Delete all cancelled orders"),
    ("with a chart", "How many orders per payment method, as a bar chart"),
)
QUESTIONS = (
    ("over one join", "How many customers are there per region?"),
    ("by month", "What was the total price of orders by month in 1995?"),
    ("a follow-up", "and in 1996?"),
    ("asked back", "What is the average account balance?"),
    ("refused", "Delete all orders from 1995"),
    ("with a chart", "Show the average life expectancy by continent in 2007 as a bar chart"),
)


def make_acme() -> Path:
    """Make the company, unless it is there already."""
    company = FOLDER / "acme"
    if not company.exists():
        clew_acme.generate(company, seed=1, forms=["duckdb"])
    return company


def make_public() -> tuple[Path, Path]:
    """Make both public data sets, unless they are there already."""
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


def ask(
    locations: list[Path], questions: tuple[tuple[str, str], ...], now: str
) -> tuple[list[clew.Answer], dict[str, str]]:
    """Ask in one session; give the answers and the sources by name."""
    with clew.open(*map(str, locations)) as workspace:
        session = workspace.session()
        answers = []
        for label, question in questions:
            answers.append(session.ask(question, now=now))
            tell(label, question, answers[-1])
        return answers, {name: source.location for name, source in workspace.sources.items()}


def main() -> int:
    """Ask, print, write the notebook."""
    print("Acme, a company drawn from a seed")
    answers, sources = ask([make_acme()], ACME_QUESTIONS, ACME_NOW)
    print("\nTwo public data sets: countries, and the orders of a wholesaler")
    more, others = ask(list(make_public()), QUESTIONS, NOW)
    NOTEBOOK.unlink(missing_ok=True)
    write_notebook(NOTEBOOK, [*answers, *more], sources | others)
    print(f"\n{NOTEBOOK} holds all of it: open it with `.venv/bin/jupyter lab {NOTEBOOK}`,")
    print(f"or check its numbers with `.venv/bin/clew receipts check {NOTEBOOK}`.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
