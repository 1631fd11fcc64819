"""How does `clew doctor` print what it found?"""

from __future__ import annotations

import argparse

from clew.cli import exits
from clew.cli.terminal import print_json, say


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "doctor", help="say what is installed and what is missing", allow_abbrev=False
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print a line for each thing that was looked at."""
    from clew.doctor import examine

    findings = examine()
    missing = [finding for finding in findings if finding.state == "missing"]
    summary = (
        f"Missing: {', '.join(finding.name for finding in missing)}."
        if missing
        else "All that Clew needs is there."
    )
    if args.json:
        shown = [
            {"name": f.name, "state": f.state, "detail": f.detail, "todo": f.todo} for f in findings
        ]
        status = "failed" if missing else "done"
        print_json({"status": status, "reason": summary, "findings": shown})
    else:
        for finding in findings:
            todo = f" → {finding.todo}" if finding.todo else ""
            say(f"{finding.state:9} {finding.name}: {finding.detail}{todo}")
        say(f"\n{summary}")
    return exits.FAILED if missing else exits.DONE
