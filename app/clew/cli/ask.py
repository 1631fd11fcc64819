"""How does `clew ask` put a question, and how does it print what comes back?

Text first, then the table, then one line that says where the numbers come from.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clew.cli import exits
from clew.cli.terminal import Progress, complain, note, print_json, say, table_width
from clew_core.answer import Part
from clew_core.errors import OutputNotWritten, UsageError

if TYPE_CHECKING:
    from clew import Answer
    from clew.settings import Settings
    from clew_core.events import Event

SHOWN = ("sql", "receipts", "spec", "plan")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a question came to, after the sources are closed again.

    Attributes:
        answer: whatever its status.
        warnings: of the workspace and the answer, each once.
        thread: id, for the next question.
        sources: name → location.
    """

    answer: Answer
    warnings: tuple[str, ...]
    thread: str
    sources: dict[str, str]


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "ask", help="answer a question about data", allow_abbrev=False,
        description="Answer a question about data.",
        epilog='Example: clew ask "how many countries per continent" --data countries.csv',
    )  # fmt: skip
    parser.add_argument("question", nargs="*", metavar="QUESTION", help="in your words")
    parser.add_argument(
        "--data", nargs="+", action="extend", default=[], metavar="SOURCE",
        help="files, folders or URLs; default: the sources of clew.toml",
    )  # fmt: skip
    parser.add_argument(
        "--knowledge",
        metavar="DIR",
        help="folder with the company's metrics.yaml and glossary.yaml; default: the folder "
        "knowledge beside a source.yaml",
    )
    parser.add_argument(
        "--model", metavar="M",
        help="a model to ask beside the rules: openai:http://HOST:PORT/v1#NAME; default: builtin",
    )  # fmt: skip
    parser.add_argument(
        "--require-model", action="store_true",
        help="exit 5 where the model does not answer, instead of going on without it",
    )  # fmt: skip
    parser.add_argument(
        "--thread", metavar="T", help="go on in this thread; `last` means the one used last"
    )
    parser.add_argument(
        "--now", metavar="ISO", help="date or time that `last year` is counted from"
    )
    parser.add_argument("--notebook", metavar="OUT.ipynb", help="write a notebook that runs")
    parser.add_argument(
        "--out", metavar="FILE", help="write the table to FILE: .csv, .xlsx or .parquet"
    )
    parser.add_argument(
        "--show", metavar="WHAT", default="",
        help=f"print more: {', '.join(SHOWN)} or all, separated by commas",
    )  # fmt: skip
    parser.add_argument(
        "--resume", metavar="RUN",
        help="take up a run that was killed or waits; `last` means the newest of the thread",
    )  # fmt: skip
    parser.add_argument(
        "--samples", action="store_true", help="print questions that the data answer"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Ask, print, and write the notebook if one is wanted."""
    from clew.settings import load_settings

    if args.samples:
        return _print_samples(args, load_settings())
    question = _question(args) if args.resume is None else ""
    show = _shown(args.show)
    notebook = _notebook_path(args.notebook)
    out = _table_path(args.out)
    _check_now(args.now)
    settings = load_settings()
    outcome = _ask(question, args, settings)
    answer = outcome.answer
    code = exits.exit_code(answer.status)
    failure: OutputNotWritten | None = None
    if notebook and code != exits.CANCELLED:
        failure = _write(notebook, outcome)
    said: tuple[str, ...] = ()
    if out and answer.status == "answered":
        said, failure = _export(out, outcome, failure)
    if args.json:
        _print_object(outcome, failure)
    else:
        _print_answer(outcome, settings, show)
    for warning in (*outcome.warnings, *said):
        note(f"Warning: {warning}")
    if failure:
        complain(str(failure))
        return exits.exit_code(failure)
    if code == exits.CANCELLED:
        note("Stopped.")
        return code
    _say_how_to_go_on(outcome, notebook)
    if out and answer.status == "answered":
        note(f"Table: {out}")
    return code


def _question(args: argparse.Namespace) -> str:
    """Take the question, also where `--data a.csv "question"` has swallowed it.

    Raises:
        UsageError: it is empty or too long.
    """
    from clew.sanitise import plain_text
    from clew_core.events import LONGEST_QUESTION

    words = args.question
    if not words and len(args.data) > 1 and _is_question(args.data[-1]):
        words = [args.data.pop()]
    question = plain_text(" ".join(words)).strip()
    if not question:
        raise UsageError(
            "The question is empty.", hint='Example: clew ask "how many orders" --data sales.csv'
        )
    if len(question) > LONGEST_QUESTION:
        raise UsageError(
            f"The question has {len(question):,} characters; {LONGEST_QUESTION:,} are allowed.",
            hint="Ask for one thing at a time.",
        )
    return question


def _is_question(text: str) -> bool:
    return " " in text.strip() and "://" not in text and not Path(text[:1000]).exists()


def _shown(text: str) -> frozenset[str]:
    words = frozenset(word.strip().lower() for word in text.split(",") if word.strip())
    if unknown := sorted(words - {*SHOWN, "all"}):
        raise UsageError(
            f"--show does not know {unknown[0]!r}.", hint=f"Known: {', '.join(SHOWN)}, all."
        )
    return frozenset(SHOWN) if "all" in words else words


def _notebook_path(text: str | None) -> Path | None:
    if text is None:
        return None
    if not text.endswith(".ipynb"):
        raise UsageError(f"--notebook {text!r} has to end in .ipynb.")
    return Path(text)


def _table_path(text: str | None) -> Path | None:
    if text is None:
        return None
    from clew_tools.export import check_path

    check_path(Path(text))
    return Path(text)


def _check_now(text: str | None) -> None:
    if text is None:
        return
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"--now {text!r} is no date or time.", hint="Write it as 2024-12-31 or with a time."
        ) from None


def _locations(args: argparse.Namespace, settings: Settings) -> Sequence[str]:
    locations: Sequence[str] = args.data or settings.sources
    if not locations:
        raise UsageError(
            "Which data?",
            hint="Name a file, a folder or a URL: --data SOURCE. "
            "`clew example acme acme` makes a small company to ask about: --data acme.",
        )
    return locations


def _ask(question: str, args: argparse.Namespace, settings: Settings) -> Outcome:
    """Open the sources, ask in a thread that Ctrl-C can stop, close them."""
    from clew.stoppable import run_stoppable
    from clew_core.deadline import Deadline
    from clew_core.secrets import redact

    locations = _locations(args, settings)
    resumes_last = args.resume == "last" and args.thread is None
    thread = _thread("last" if resumes_last else args.thread, settings)
    deadline = Deadline(settings.budget)
    progress = Progress()

    def work() -> Outcome:
        import clew

        names = ", ".join(Path(redact(item)).name for item in locations)
        progress.step = f"Opening {names}"
        workspace = clew.open(
            *locations,
            knowledge=args.knowledge,
            model=args.model or settings.model,
            require_model=args.require_model,
            settings=settings,
        )
        try:
            session = workspace.session(thread=thread)
            progress.step = "Answering"
            tell = _Steps(progress).tell
            if args.resume is not None:
                run = None if args.resume == "last" else args.resume
                answer = session.resume(run, deadline=deadline, tell=tell)
            else:
                answer = session.ask(question, now=args.now, deadline=deadline, tell=tell)
            return Outcome(
                answer=answer,
                warnings=tuple(dict.fromkeys([*workspace.warnings, *answer.warnings])),
                thread=answer.thread or session.thread,
                sources={name: s.location for name, s in workspace.sources.items()},
            )
        finally:
            workspace.close()

    return run_stoppable(work, deadline, progress.tick)


class _Steps:
    """Puts the steps of a plan into the progress line."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.tasks: dict[str, str] = {}
        self.running: list[str] = []
        self.over = 0

    def tell(self, event: Event) -> None:
        """Hear of a step."""
        if event.type in ("plan", "plan_edited"):
            self.tasks = {s["id"]: f"{s['agent']}: {s['task']}" for s in event.data["steps"]}
        elif event.type == "step_started":
            self.running.append(event.data["id"])
        elif event.type == "step_finished" and event.data["id"] in self.running:
            self.running.remove(event.data["id"])
            self.over += 1
        if len(self.tasks) > 1 and self.running:
            task = self.tasks.get(self.running[-1], "")
            self.progress.step = f"Step {self.over + 1} of {len(self.tasks)}, {task}"


def _print_samples(args: argparse.Namespace, settings: Settings) -> int:
    """Print questions that the data answer, one a line."""
    from clew.stoppable import run_stoppable
    from clew_core.deadline import Deadline

    locations = _locations(args, settings)
    deadline = Deadline(settings.budget)
    progress = Progress()
    progress.step = "Trying questions"

    def work() -> tuple[str, ...]:
        import clew

        with clew.open(*locations, settings=settings) as workspace:
            return workspace.session().sample_questions()

    found = run_stoppable(work, deadline, progress.tick)
    if args.json:
        print_json({"status": "answered" if found else "cannot_answer", "questions": list(found)})
    else:
        for question in found:
            say(question)
    if not found:
        note("No question was found that these data answer.")
    return exits.DONE if found else exits.NO_ANSWER


def _thread(wanted: str | None, settings: Settings) -> str | None:
    if wanted != "last":
        return wanted
    from clew.store import Store
    from clew_core.principal import Principal

    store = Store.open(settings.home)
    try:
        last = store.last_thread(Principal())
    finally:
        store.close()
    if last is None:
        raise UsageError("There is no earlier thread.", hint="Leave --thread out to start one.")
    return last


def _write(path: Path, outcome: Outcome) -> OutputNotWritten | None:
    from clew.notebook import write_notebook

    try:
        write_notebook(path, [outcome.answer], outcome.sources)
    except OutputNotWritten as error:
        return error
    return None


def _export(
    path: Path, outcome: Outcome, failure: OutputNotWritten | None
) -> tuple[tuple[str, ...], OutputNotWritten | None]:
    """Write the answer's table; gives what the reader must know, and the first failure."""
    from clew_tools.export import write_table

    if outcome.answer.table is None:
        return ("The answer has no table to write.",), failure
    try:
        said = write_table(outcome.answer.table, path)
    except OutputNotWritten as error:
        return (), failure or error
    cut = "The table was cut: not all rows are in the file."
    return (*said, *([cut] if outcome.answer.truncated else [])), failure


def _print_object(outcome: Outcome, failure: OutputNotWritten | None) -> None:
    data: dict[str, Any] = outcome.answer.to_json()
    data["warnings"] = [*outcome.warnings, *([str(failure)] if failure else [])]
    print_json(data)
    if outcome.answer.status != "answered" and outcome.answer.status != "cancelled":
        note(_reason(outcome.answer))


def _print_answer(outcome: Outcome, settings: Settings, show: frozenset[str]) -> None:
    answer = outcome.answer
    if answer.status == "cancelled":
        return
    if answer.status == "answered":
        _print_result(answer, settings)
    else:
        note(_reason(answer))
    if "plan" in show:
        steps = [
            f"  {step.id}  {step.agent}: {step.task}"
            + (f" (needs {', '.join(step.needs)})" if step.needs else "")
            + (" — failed" if step.state == "failed" else "")
            for step in answer.plan
        ]
        say("\n".join(["", "Plan", *steps]))
    if "spec" in show and answer.spec:
        import json

        from clew_core.json_form import to_json

        text = json.dumps(to_json(answer.spec), indent=1, ensure_ascii=False)
        say(f"\nUnderstood\n{_indented(text)}")
    if "sql" in show and answer.sql:
        queries = [(part.dialect, part.sql) for part in answer.parts if part.sql]
        for dialect, sql in queries or [(answer.dialect, answer.sql)]:
            say(f"\nSQL ({dialect})\n{_indented(sql)}")
    if "receipts" in show:
        _print_receipts(answer)


def _print_result(answer: Answer, settings: Settings) -> None:
    """Print text, table and the line that says where the numbers come from."""
    from clew.table_view import view

    say(answer.text)
    shown_parts = _shown_parts(answer)
    for part in shown_parts:
        table = part.table
        if table is not None and table.num_rows and (table.num_rows > 1 or table.num_columns > 1):
            shown = view(
                table, rows=settings.display_rows, spec=part.spec, truncated=part.truncated
            )
            head = f"{part.task[:1].upper()}{part.task[1:]}:\n" if len(shown_parts) > 1 else ""
            say(f"\n{head}{shown.text(table_width())}")
    if answer.receipts:
        queries = len({ref.cell for receipt in answer.receipts for ref in receipt.refs})
        numbers = len(answer.receipts)
        say(
            f"\nReceipts: {numbers} {'number' if numbers == 1 else 'numbers'} from {queries} "
            f"{'query' if queries == 1 else 'queries'}{_as_of(answer)}; --show receipts,sql"
        )


def _shown_parts(answer: Answer) -> list[Part]:
    """Choose the tables to print: those that were put side by side stand in one already."""
    if not answer.parts:
        whole = Part(step="s1", task=answer.question, spec=answer.spec, table=answer.table,
                     truncated=answer.truncated)  # fmt: skip
        return [whole]
    inside = {need for step in answer.plan if step.agent == "combine" and step.state == "finish"
              for need in step.needs}  # fmt: skip
    return [part for part in answer.parts if part.step not in inside]


def _as_of(answer: Answer) -> str:
    if not answer.as_of:
        return ""
    return f", data as of {answer.as_of[:16].replace('T', ' ')}"


def _print_receipts(answer: Answer) -> None:
    from clew.receipt_text import describe

    longest = max((len(receipt.text) for receipt in answer.receipts), default=0)
    lines = [f"  {r.text.rjust(longest)}  {describe(r)}" for r in answer.receipts]
    hashes = dict.fromkeys(
        f"  {ref.cell} is the SQL with hash {ref.sql_sha256[:12]}"
        for receipt in answer.receipts
        for ref in receipt.refs
    )
    say("\n".join(["", "Receipts", *(lines or ["  none"]), *hashes]))


def _reason(answer: Answer) -> str:
    asked = answer.clarification
    if asked is None:
        return answer.reason or answer.text or "There is no answer."
    lines = [f"  {option.id}. {option.label}" for option in asked.options]
    return "\n".join([asked.question or answer.reason or "What do you mean?", *lines])


def _say_how_to_go_on(outcome: Outcome, notebook: Path | None) -> None:
    answer = outcome.answer
    if notebook:
        note(f"Notebook: {notebook}")
    elif answer.status == "answered" and answer.chart:
        note(f"A chart goes with it ({answer.chart.mark}): --notebook OUT.ipynb")
    if answer.clarification and answer.clarification.options:
        first = answer.clarification.options[0].id
        note(f"Choose one: clew ask {first} --thread {outcome.thread} …")
    elif answer.status != "failed":
        note(f"Go on with --thread {outcome.thread} (or --thread last)")


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
