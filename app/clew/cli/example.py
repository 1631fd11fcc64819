"""How does `clew example` make data to try Clew on?"""

from __future__ import annotations

import argparse
from pathlib import Path

from clew.cli import exits
from clew.cli.terminal import Progress, note, print_json, say
from clew_core.errors import OutputNotWritten

NAMES = ("acme",)


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = commands.add_parser("example", help="make data to try Clew on", allow_abbrev=False)
    parser.add_argument("name", metavar="NAME", choices=NAMES, help="acme: a small company")
    parser.add_argument("folder", metavar="DIR", help="a new or empty folder, or an example")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="another company; 1")
    parser.add_argument("--scale", type=float, default=1.0, metavar="N", help="its size; 1")
    parser.add_argument(
        "--forms", nargs="+", action="extend", metavar="FORM", help="only these kinds of files"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Make the example."""
    forms = [form for word in args.forms or () for form in word.split(",") if form] or None
    made = _generate(args, Path(args.folder), forms)
    if args.json:
        print_json({"status": "done", "name": args.name, "folder": str(made)})
    else:
        say(str(made))
    note(f'Ask it: clew ask "how many orders" --data {made}')
    return exits.DONE


def _generate(args: argparse.Namespace, folder: Path, forms: list[str] | None) -> Path:
    from clew.stoppable import run_stoppable
    from clew_acme import generate
    from clew_core.deadline import Budget, Deadline

    progress = Progress()
    progress.step = f"Making {args.name}"
    deadline = Deadline(Budget(seconds=1e9))  # a large company takes its time

    def work() -> Path:
        def said(step: str) -> None:
            deadline.check()
            progress.step = step

        return generate(folder, seed=args.seed, scale=args.scale, forms=forms, progress=said)

    try:
        return run_stoppable(work, deadline, progress.tick)
    except OSError as error:
        raise OutputNotWritten(
            f"{args.folder!r} can't be written: {error.strerror}.",
            hint="Name a folder that you may write.",
        ) from error
