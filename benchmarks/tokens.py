"""How many tokens and calls does a question cost with a model, and what does the client add?

    python benchmarks/tokens.py [--limit N] [--write]

The question, the database (11 tables) and the way of counting are those by which other tools were
measured with a model that always says the right thing: o200k tokens of messages, tools and response
format. The model here is an endpoint on this machine that knows its replies; a real one may need
more calls. Time is CPU time of the process, without the endpoint's.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from results import write_section
from spider_data import bench_folder, database

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests")]

import clew  # noqa: E402
from backend.fake_endpoint import FakeEndpoint, chat, serve_alone  # noqa: E402
from clew.settings import Settings  # noqa: E402
from clew_backend.model.client import Client  # noqa: E402
from clew_backend.model.endpoint import Endpoint  # noqa: E402
from clew_core.deadline import Deadline  # noqa: E402
from clew_core.model import Block, ModelTask, Turn  # noqa: E402

DATABASE = "student_transcripts_tracking"
BY_DEPARTMENT = ["Departments.department_name", "Departments.department_id"]
MOST = "count(Degree_Programs) desc"
# question → what the model says
REPLIES: dict[str, dict[str, Any]] = {
    "Which department offers the most number of degrees? List department name and id.": {
        "table": "Degree_Programs", "by": BY_DEPARTMENT, "order": MOST, "limit": 1,
    },
    "the department that runs the largest programme catalogue": {
        "table": "Degree_Programs", "by": BY_DEPARTMENT[:1], "order": MOST, "limit": 1,
    },
    "who enrolled more than twice, with forename and surname": {
        "table": "Student_Enrolment",
        "by": ["Students.student_id", "Students.first_name", "Students.last_name"],
        "where": ["count(Student_Enrolment) > 2"],
    },
    "pupils by land of their permanent home": {
        "table": "Students", "by": ["Addresses.country@permanent_address_id"],
        "measures": ["count(Students)"],
    },
    "what share of the records bears no remark": {"no": "remarks are not recorded"},
}  # fmt: skip
# Measured in the same way with the shortest sensible path of each tool; calls, prompt tokens.
OTHERS = (
    ("Vanna, legacy (SQL only, no answer)", 1, 921),
    ("LangChain SQL chain (SQL only)", 1, 1_874),
    ("Vanna 2", 3, 2_055),
    ("PandasAI", 1, 3_235),
    ("LangChain SQL agent", 6, 5_284),
    ("Lumen", 7, 12_514),
)


def prompt_tokens(body: Mapping[str, Any]) -> int:
    """Count the tokens of a request, as the other tools were counted."""
    import tiktoken

    encoding = tiktoken.get_encoding("o200k_base")

    def count(text: str) -> int:
        return len(encoding.encode(text, disallowed_special=()))

    whole = sum(4 + count(message["content"]) for message in body["messages"])
    for part in ("tools", "response_format"):
        if part in body:
            whole += count(json.dumps(body[part]))
    return whole


def costs(file: Path, limit: int | None = None) -> list[tuple[str, str, int, int]]:
    """Ask the questions; gives question, status, calls and prompt tokens."""
    found = []
    with FakeEndpoint() as fake, tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), models_ask_below=1.0)
        with clew.open(str(file), model=f"openai:{fake.url}#tiny", settings=settings) as workspace:
            for question, reply in list(REPLIES.items())[:limit]:
                fake.asked.clear()
                fake.replies[:] = [chat(json.dumps(reply))]
                answer = workspace.session().ask(question)
                tokens = sum(map(prompt_tokens, fake.asked))
                found.append((question, answer.status, len(fake.asked), tokens))
    return found


def overhead_ms(calls: int, *, streams: bool) -> float:
    """Measure the CPU time of the client for one call, in milliseconds."""
    task = ModelTask(
        role="coder", turns=(Turn(speaker="user", blocks=(Block(text="How many? " * 50),)),)
    )
    tell = (lambda piece: None) if streams else None
    with serve_alone() as url:
        client = Client(Endpoint(url=url, model="tiny"))
        try:
            for _ in range(5):
                client.complete(task, Deadline(), tell)
            started = time.process_time()
            for _ in range(calls):
                client.complete(task, Deadline(), tell)
            return (time.process_time() - started) / calls * 1000
        finally:
            client.close()


def main() -> int:
    """Print the tables; with ``--write`` put them into RESULTS.md."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--limit", type=int, help="ask so many questions")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    folder = bench_folder()
    if folder is None:
        sys.stderr.write("CLEW_BENCH_DATA names no folder of benchmark data: nothing to ask.\n")
        return 2
    os.environ["TIKTOKEN_CACHE_DIR"] = str(folder / "tiktoken")
    rows = ["| tool or question, on 11 tables | calls | prompt tokens |", "|---|---|---|"]
    rows += [
        f"| Clew: {question} ({status}) | {calls} | {tokens} |"
        for question, status, calls, tokens in costs(database(folder, DATABASE), args.limit)
    ]
    rows += [f"| {name}, the first question | {calls} | {t} |" for name, calls, t in OTHERS]
    rows += ["", "| client, CPU a call | ms |", "|---|---|"]
    rows += [
        f"| {name} | {overhead_ms(200, streams=streams):.1f} |"
        for name, streams in (("whole reply", False), ("streamed in 8 pieces", True))
    ]
    table = "\n".join(rows)
    sys.stdout.write(table + "\n")
    if args.write:
        write_section("Tokens and calls with a model", table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
