"""What a source, a document or a model may hold does nothing in the page: cases in hostile.txt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from browser.analyst import Analyst

pytestmark = [pytest.mark.browser, pytest.mark.slow]

KINDS = ("text", "title", "value", "column", "code", "task")
AT_ONCE = 10
# What the panel may draw; all else in it comes from somebody's text.
HARM = """() => {
  const found = [...window.violations];
  const panel = document.querySelector('.clew-Panel');
  const prose = '.clew-Answer .clew-Prose';
  const bad = 'img, script, svg, iframe, style, object, embed, link, meta, base, form, input,' +
    ' math, video, audio, template, textarea, button:not(.clew-Receipt-number), [style], [id],' +
    ' [data-commandlinker-command]';
  for (const node of panel.querySelectorAll(prose)) {
    for (const child of node.querySelectorAll(bad)) {
      found.push('drawn: ' + child.outerHTML.slice(0, 80));
    }
  }
  for (const node of document.querySelectorAll('.clew-Panel *, .clew-Ghost *')) {
    for (const { name, value } of node.attributes) {
      const address = ['href', 'src', 'xlink:href', 'action', 'data', 'srcdoc'].includes(name);
      const script = address && /^\\s*(javascript|vbscript|data:text)/i.test(value);
      if (name.startsWith('on') || script) {
        found.push(`attribute: ${name}=${value}`);
      }
    }
  }
  for (const node of panel.querySelectorAll('script, iframe, img[src]')) {
    found.push('in the panel: ' + node.outerHTML.slice(0, 200));
  }
  if (window.hit !== undefined) {
    found.push('a script ran');
  }
  return found;
}"""
WATCH = """
window.violations = [];
document.addEventListener('securitypolicyviolation', event => window.violations.push(
  `${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""
# JupyterLab's own policy says who may frame it; under this one nothing but its own scripts may run.
POLICY = "script-src 'self' 'unsafe-eval'; object-src 'none'; base-uri 'none'; form-action 'self'"
# The two walls of prose.ts: raw HTML is written as text; what is drawn passes a list of elements.
WITHOUT_WALLS = """
const replace = String.prototype.replace;
String.prototype.replace = function (what, ...more) {
  return what instanceof RegExp && what.source.startsWith('<(?=[a-z')
    ? String(this) : replace.call(this, what, ...more);
};
const parse = DOMParser.prototype.parseFromString;
DOMParser.prototype.parseFromString = function (text, type) {
  return type === 'text/html'
    ? { body: { childNodes: [], innerHTML: text } } : parse.call(this, text, type);
};
"""


def cases() -> dict[str, list[str]]:
    """Read the cases by kind."""
    found: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for line in Path(__file__).with_name("hostile.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            kind, _, text = line.partition(" ")
            found[kind].append(text.replace("\\n", "\n"))
    return found


def test_there_are_sixty_cases_and_more_of_each_kind() -> None:
    assert sum(map(len, cases().values())) >= 60
    assert all(cases().values())


def _frames(run: str, texts: list[str], evil: dict[str, list[str]]) -> str:
    """Write an answer that holds hostile things at every place."""
    step = {"id": "s1", "agent": "sql", "task": evil["task"][0], "needs": []}
    columns = [{"name": name, "type": "text"} for name in evil["column"]]
    rows = [[value] * len(columns) for value in evil["value"]]
    answer = {
        "status": "answered", "text": "\n\n".join(texts), "question": "q", "reason": None,
        "plan": [{**step, "state": "finish", "seconds": 0.1}, {**step, "id": "s2",
        "state": "finish", "seconds": 0.1}], "sql": None, "rows": rows, "columns": columns,
        "row_count": len(rows), "truncated": False, "as_of": None, "cells": [], "receipts": [],
        "chart": {"mark": "bar", "layout": {"title": evil["title"][0]}}, "clarification": None,
        "proposer": "builtin", "confidence": None, "model": evil["value"][0],
        "usage": {"calls": 1, "prompt_tokens": 1, "completion_tokens": 1, "cached_tokens": 0},
        "seconds": {"total": 0, "model": 0, "database": 0}, "warnings": evil["value"],
    }  # fmt: skip
    events: list[tuple[str, Any]] = [("plan", {"steps": [step], "notes": evil["value"]})]
    for number, code in enumerate(evil["code"]):
        cell = {"id": f"{run}-{number}", "op": "insert", "cell_id": f"{run}-{number}", "old": ""}
        cell |= {"after_cell": None, "kind": "python", "cell_type": "code", "new": code}
        cell |= {"uses": [], "base_sha256": None, "risk": "none", "group": run, "metadata": {}}
        events.append(("proposal", cell))
    events.append(("answer", answer))
    written = f"event: run\ndata: {json.dumps({'run': run, 'thread': run})}\n\n"
    for seq, (kind, data) in enumerate(events, start=1):
        event = {"v": 1, "run": run, "thread": run, "seq": seq, "at": "", "type": kind}
        written += f"id: {seq}\nevent: {kind}\ndata: {json.dumps({**event, 'data': data})}\n\n"
    return written


def _show(analyst: Analyst, name: str) -> list[str]:
    """Show all cases in the panel; list the harm that was done."""
    evil, page = cases(), analyst.page
    texts = evil["text"]
    harm: list[str] = []
    page.on("dialog", lambda dialog: (harm.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    figure = {
        "data": [
            {"type": "bar", "x": evil["value"], "y": [1, 2, 3, 4, 5], "name": title,
             "hovertemplate": title, "text": evil["value"]}
            for title in evil["title"]
        ],
        "layout": {
            "title": {"text": "<br>".join(evil["title"])}, "xaxis": {"title": evil["title"][1]},
            "annotations": [{"text": title, "x": 0, "y": 1} for title in evil["title"]],
        },
    }  # fmt: skip

    def answer(route: Any) -> None:
        number = int(json.loads(route.request.post_data)["question"])
        some = texts[number : number + AT_ONCE]
        body = _frames(f"run{number}", some, evil)
        route.fulfill(content_type="text/event-stream", body=body)

    def strict(route: Any) -> None:
        reply = route.fetch()
        headers = {**reply.headers, "content-security-policy": POLICY}
        route.fulfill(response=reply, headers=headers)

    page.add_init_script(WATCH)
    page.route("**/lab/tree/*", strict)
    page.route("**/clew/v1/ask*", answer)
    page.route("**/clew/v1/figures/*", lambda route: route.fulfill(json=figure))
    analyst.open(name)
    before = page.evaluate("() => window.violations.splice(0)")
    assert [line for line in before if "203.0.113.5" in line] == []
    for number in range(0, len(texts), AT_ONCE):
        analyst.ask(str(number))
        turn = ".clew-Turn.clew-mod-over:last-child"
        page.wait_for_selector(f"{turn} .clew-Answer .clew-Prose > *")
        page.wait_for_selector(f"{turn} .clew-Chart .js-plotly-plot .trace")
        harm += page.evaluate(HARM)
    page.mouse.move(1100, 300)
    page.wait_for_timeout(300)
    return harm + list(page.evaluate(HARM))


def test_hostile_text_does_nothing(lab: Any, analyst: Analyst) -> None:
    assert _show(analyst, lab.notebook("hostile.ipynb", "x = 1")) == []
    analyst.shot("hostile")


def test_without_the_sanitiser_it_would(lab: Any, chromium: Any, shots: Path) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    asked: list[str] = []

    def see(route: Any) -> None:
        if f":{lab.port}/" in route.request.url:
            route.continue_()
        else:
            asked.append(route.request.url)
            route.abort()

    context.route("**/*", see)
    page = context.new_page()
    page.add_init_script(WITHOUT_WALLS)
    analyst = Analyst(lab=lab, page=page, shots=shots, faults=[])
    try:
        try:
            harm = _show(analyst, lab.notebook("harmed.ipynb", "x = 1"))
        except Exception as error:  # a page that is overrun may answer nothing any more
            harm = [*page.evaluate(HARM), str(error)[:200]]
        assert any(line.startswith("script-src") for line in harm)  # the strict policy stops them
        assert any(line.startswith("drawn: ") for line in harm)
        assert any("203.0.113.5" in url for url in asked)
    finally:
        context.close()
