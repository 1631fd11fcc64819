"""How does `clew receipts check` say which numbers of a notebook still stand?"""

from __future__ import annotations

import argparse
from pathlib import Path

from clew.cli import exits
from clew.cli.terminal import Progress, print_json, say


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "receipts", help="check that the numbers of a notebook still stand", allow_abbrev=False
    )
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    check = verbs.add_parser(
        "check", help="run every receipt of a notebook again", allow_abbrev=False
    )
    check.add_argument("notebook", metavar="OUT.ipynb", help="a notebook that Clew wrote")
    check.add_argument("--json", action="store_true", help="print one JSON object")
    check.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Check a notebook and print each receipt that is broken."""
    from clew.receipt_check import check_receipts
    from clew.settings import load_settings
    from clew.stoppable import run_stoppable
    from clew_core.deadline import Budget, Deadline
    from clew_core.json_form import to_json

    budget = load_settings().budget
    # The time of the settings is for one query; a notebook may have many.
    deadline = Deadline(Budget(seconds=1e9))
    progress = Progress()
    progress.step = f"Checking {args.notebook}"
    result = run_stoppable(
        lambda: check_receipts(Path(args.notebook), budget, deadline=deadline),
        deadline,
        progress.tick,
    )
    holding = result.receipts - len(result.broken)
    if not result.receipts:
        summary = f"{args.notebook} has no receipts: there is nothing to check."
    elif result.broken:
        summary = f"{result.receipts} receipts: {holding} hold, {len(result.broken)} broken."
    else:
        summary = f"{result.receipts} receipts, all hold."
    if args.json:
        print_json(
            {
                "status": "failed" if result.broken else "done",
                "reason": summary,
                "notebook": result.notebook,
                "receipts": result.receipts,
                "holding": holding,
                "broken": [to_json(one) for one in result.broken],
            }
        )
    else:
        for one in result.broken:
            say(f"broken: {one.id} in cell {one.cell}: {one.why}")
        say(summary)
    return exits.FAILED if result.broken else exits.DONE
