"""Draw the questions of docs/gallery/questions.txt, light and dark, and write the page.

    python scripts/chart_gallery.py [--only TEXT]

Needs Chromium. The company is acme, seed 1; what a question gives is drawn as the answer gives it.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import clew
from clew_acme import generate
from clew_agents.chart import choose

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "gallery"
PAGE = ROOT / "docs" / "gallery.md"
NOW = "2024-07-01"
WIDTH = 560
GROUNDS = {"light": ("#ffffff", "#333333"), "dark": ("#111111", "#cccccc")}


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A question, what was drawn for it, and why nothing was."""

    question: str
    title: str = ""
    mark: str = ""
    image: str = ""
    reason: str = ""


def main() -> int:
    """Draw all questions, or those that hold a text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="draw only questions that hold this text")
    only = parser.parse_args().only
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if browser is None:
        print("The gallery needs Chromium.", file=sys.stderr)
        return 1
    questions = (FOLDER / "questions.txt").read_text("utf-8").splitlines()
    with tempfile.TemporaryDirectory() as folder:
        company = Path(folder) / "acme"
        generate(company, seed=1, scale=1.0, forms=("duckdb",), progress=lambda _: None)
        workspace = clew.open(str(company))
        drawn = []
        for number, question in enumerate(filter(None, questions), 1):
            if only in question:
                drawn.append(_draw(workspace, question, f"{number:02d}", Path(folder), browser))
                print(f"{number:02d} {question}: {drawn[-1].mark or drawn[-1].reason}")
        workspace.close()
    if not only:
        PAGE.write_text(_page(drawn), "utf-8")
    return 0


def _draw(
    workspace: clew.Workspace, question: str, number: str, folder: Path, browser: str
) -> Drawn:
    answer = workspace.session().ask(question, now=NOW)
    if answer.chart is None or answer.figure is None:
        if answer.spec is None or answer.table is None:
            return Drawn(question=question, reason=answer.reason or "")
        none = choose(answer.spec, answer.table, title="", data="", truncated=answer.truncated)
        return Drawn(question=question, reason=none.reason)
    image = FOLDER / f"{number}.png"
    height = answer.chart.layout.height
    page = folder / f"{number}.html"
    page.write_text(_html(answer.figure, height), "utf-8")
    subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
         "--no-first-run", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--hide-scrollbars", f"--user-data-dir={folder / 'browser'}",
         f"--window-size={2 * WIDTH},{height}", "--virtual-time-budget=4000",
         f"--screenshot={image}", page.as_uri()],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    layout = answer.chart.layout
    return Drawn(question=question, title=layout.title, mark=answer.chart.mark, image=image.name)


def _html(figure: Any, height: int) -> str:
    import plotly.io as pio

    figure.update_layout(width=WIDTH, height=height)
    config = {"displayModeBar": False}
    parts = []
    for place, (ground, text) in enumerate(GROUNDS.values()):
        drawn = pio.to_html(figure, include_plotlyjs=place == 0, full_html=False, config=config)
        parts.append(
            f'<div style="float:left;width:{WIDTH}px;height:{height}px;background:{ground};'
            f'color:{text}">{drawn}</div>'
        )
    return (
        f'<meta charset="utf-8"><body style="margin:0;width:{2 * WIDTH}px">{"".join(parts)}</body>'
    )


def _page(drawn: list[Drawn]) -> str:
    charts = [one for one in drawn if one.image]
    others = [one for one in drawn if not one.image]
    lines = [
        "# Charts, looked at",
        "",
        f"{len(charts)} questions about acme (seed 1) and the charts that answer them, each on "
        "light and on dark ground. `scripts/chart_gallery.py` draws them with Chromium; "
        "[charts.md](charts.md) has the rules.",
        "",
    ]
    for one in charts:
        lines += [
            f"**{one.question}** ({one.mark})",
            "",
            f"![{one.title}](gallery/{one.image})",
            "",
        ]
    lines += ["## No chart, and why", "", "| question | what is said |", "|---|---|"]
    lines += [f"| {one.question} | {one.reason.replace('|', '/')} |" for one in others]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.exit(main())
