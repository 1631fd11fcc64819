"""A short story about a company, and a word on two public data sets, without a model.

    python examples/demo.py

A question, a follow-up, why something fell (with the cause that was planted), a request for
several agents, one that is refused and one that is asked back. The questions are chosen from the
key of what was planted, so that another seed tells another story. Prints the answers as a colleague
would write them and leaves ``demo.ipynb``. Makes its data in
``demo/``: acme, a company drawn from a seed; the country statistics that Plotly's package carries;
the TPC-H tables at scale 0.1 from ``tpchgen-cli``.
"""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
import sysconfig
import textwrap
from pathlib import Path
from typing import Any

import clew
import clew_acme
from clew.notebook import write_notebook
from clew.table_view import view

FOLDER = Path("demo")
NOTEBOOK = Path("demo.ipynb")
NOW = "2026-11-01"
QUESTIONS = (
    ("over one join", "How many customers are there per region?"),
    ("with a chart", "Show the average life expectancy by continent in 2007 as a bar chart"),
)


def story(key: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Choose the questions of the story from what was planted in the company."""
    why = next(effect for effect in key["effects"] if effect["kind"] == "stock_out")
    place, year = why["place"], why["from"][:4]
    return (
        ("a question", f"Number of orders by month in {year}"),
        ("a follow-up", f"and only in {place['region']}?"),
        ("why", str(why["question"])),
        (
            "several agents",
            f"number of orders by region in {year}, then chart it, and say what stands out",
        ),
        ("refused", "Delete all cancelled orders"),
    )


def planted(key: dict[str, Any], question: str) -> str:
    """Tell what was planted, where a question asks for its cause."""
    found = (effect["answer"] for effect in key["effects"] if effect["question"] == question)
    return next(found, "")


def make_acme(seed: int = 1) -> Path:
    """Make the company, unless it is there already."""
    company = FOLDER / f"acme{seed if seed != 1 else ''}"
    if not company.exists():
        clew_acme.generate(company, seed=seed, forms=["duckdb"])
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
    if len(answer.plan) > 1:
        for step in answer.plan:
            after = f" (after {', '.join(step.needs)})" if step.needs else ""
            print(f"    {step.id} {step.agent}: {step.task}{after}")
    if answer.status != "answered":
        print(f"  {answer.reason}")
        for option in answer.clarification.options if answer.clarification else ():
            print(f"    {option.id}. {option.label}")
        return
    print(textwrap.fill(answer.text, 96, initial_indent="  ", subsequent_indent="  "))
    if answer.table is not None:
        shown = view(answer.table, rows=6, spec=answer.spec).text(96)
        print("\n".join(f"    {line}" for line in shown.splitlines()))
    queries = len({ref.sql_sha256 for one in answer.receipts for ref in one.refs})
    numbers, asked = len(answer.receipts), "query" if queries == 1 else "queries"
    noun = "number" if numbers == 1 else "numbers, each"
    print(f"  {numbers} {noun} with a receipt, from {queries} {asked}.")
    for warning in answer.warnings:
        print(f"  Note: {warning}")
    if answer.chart:
        print(f"  Chart: {answer.chart.mark}, {answer.chart.layout.title!r}")


def ask_acme(company: Path) -> tuple[list[clew.Answer], dict[str, str]]:
    """Tell the story of acme: its questions, the planted cause, and one that is asked back."""
    key = json.loads((company / "key" / "answers.json").read_text(encoding="utf-8"))
    now = str(key["now"])[:10]
    with clew.open(str(company / "company")) as workspace:
        session, answers = workspace.session(), []
        for label, question in story(key):
            answers.append(session.ask(question, now=now))
            tell(label, question, answers[-1])
            if cause := planted(key, question):
                told = f"(planted: {cause})"
                print(textwrap.fill(told, 96, initial_indent="  ", subsequent_indent="  "))
        for one in key["ambiguous"]:
            open_ = session.ask(one["question"], now=now)
            if open_.clarification and any(o.spec for o in open_.clarification.options):
                tell("asked back", one["question"], open_)
                answers += [open_, session.ask("1", now=now)]
                tell("answered by a number", "1", answers[-1])
                break
        return answers, {name: source.location for name, source in workspace.sources.items()}


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
    answers, sources = ask_acme(make_acme())
    print("\nTwo public data sets: countries, and the orders of a wholesaler")
    more, others = ask(list(make_public()), QUESTIONS, NOW)
    NOTEBOOK.unlink(missing_ok=True)
    write_notebook(NOTEBOOK, [*answers, *more], sources | others)
    print(f"\n{NOTEBOOK} holds all of it: open it with `.venv/bin/jupyter lab {NOTEBOOK}`,")
    print(f"or check its numbers with `.venv/bin/clew receipts check {NOTEBOOK}`.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
