"""What happens when somebody types `clew`?

The words are read, the command's module does its work, and whatever ends it becomes one line and
an exit code. Nothing heavy is imported before a command needs it.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

from clew.cli import ask, bench, doctor, example, feedback, lab, model, receipts
from clew.cli.exits import CANCELLED, DONE, WRONG_USE, exit_code, status_of
from clew.cli.terminal import close_broken_pipe, complain, note, prepare_streams, print_json
from clew_core.errors import ClewError, UsageError
from clew_core.secrets import redact

__all__ = ["main"]

COMMANDS = (ask, lab, feedback, receipts, example, model, doctor, bench)
LOG = logging.getLogger(__name__)


def parser() -> argparse.ArgumentParser:
    """Make the parser of the whole command line."""
    top = argparse.ArgumentParser(
        prog="clew",
        description="Ask questions of data; every number of the answer has a receipt.",
        epilog="Exit codes: 0 done, 1 failed, 2 wrong use, 3 no answer or asked back, "
        "4 data can't be read, 5 no model, 6 refused, 130 stopped.",
        allow_abbrev=False,
    )
    top.add_argument("--version", action=_Version, nargs=0, help="print the version")
    commands = top.add_subparsers(metavar="COMMAND", dest="command")
    for command in COMMANDS:
        command.add(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    prepare_streams()
    as_json = False
    try:
        try:
            args = parser().parse_args(argv)
            as_json = getattr(args, "json", False)
            if args.command is None:
                parser().print_help(sys.stderr)
                return WRONG_USE
            code = int(args.run(args))
            sys.stdout.flush()
            return code
        except SystemExit as end:  # argparse: 0 after --help, 2 after a complaint
            sys.stdout.flush()
            return end.code if isinstance(end.code, int) else WRONG_USE
        except (Exception, KeyboardInterrupt) as error:
            if isinstance(error, BrokenPipeError):
                raise
            return _report(error, as_json)
    except BrokenPipeError:
        close_broken_pipe()
        return DONE


def _report(error: Exception | KeyboardInterrupt, as_json: bool) -> int:
    """Say in one line what ended the command."""
    code = exit_code(error)
    if code == CANCELLED:
        note("Stopped.")
        return code
    reason = redact(str(error) if isinstance(error, ClewError) else _bug(error))
    complain(reason)
    if as_json and not isinstance(error, UsageError):
        print_json({"status": status_of(error), "reason": reason})
        sys.stdout.flush()
    return code


def _bug(error: BaseException) -> str:
    """Describe an error that nobody raised on purpose; the traceback goes to the log."""
    LOG.debug("unexpected", exc_info=error)
    place = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"An error inside Clew, please report it: {type(error).__name__}: {error} "
        f"({os.path.basename(place.filename)}, line {place.lineno})."
    )


class _Version(argparse.Action):
    """Print the version; reads it only when asked, since that costs more than the help."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            found = version("clew")
        except PackageNotFoundError:
            found = "unknown: not installed, run from a checkout"
        sys.stdout.write(f"clew {found}\n")
        parser.exit()
