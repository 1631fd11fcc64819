"""How does a user say that an answer is wrong, and see what was said?

What is said becomes a proposal for the knowledge; nobody's answer changes before it was reviewed.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from clew.cli import exits
from clew.cli.terminal import note, print_json, say
from clew.sanitise import one_line
from clew_core.errors import UsageError

if TYPE_CHECKING:
    from clew.feedback import Feedback
    from clew.store import Store
    from clew_core.principal import Principal


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "feedback", help="say that an answer is wrong; without arguments, list what was said",
        description="Say that an answer is wrong. It is kept as a proposal, to be reviewed.",
        epilog='Example: clew feedback 3f2a… "revenue has to be net of returns"',
        allow_abbrev=False,
    )  # fmt: skip
    parser.add_argument("of", nargs="?", metavar="RUN", help="id of the run; `last`: the newest")
    parser.add_argument("text", nargs="*", metavar="TEXT", help="what is wrong")
    parser.add_argument("--right", metavar="TEXT", help="what it should be")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Keep what is said, or list what was."""
    from clew.feedback import give, given
    from clew.settings import load_settings
    from clew.store import Store
    from clew_core.principal import Principal

    store, principal = Store.open(load_settings().home), Principal()
    try:
        if args.of is None:
            return _list(given(store, principal), args.json)
        of = _newest(store, principal) if args.of == "last" else args.of
        made = give(store, principal, of, " ".join(args.text), args.right)
    finally:
        store.close()
    if args.json:
        print_json(vars(made))
    else:
        note(f"Kept as proposal {made.id}, to be reviewed. It changes no answer by itself.")
    return exits.DONE


def _list(found: Sequence[Feedback], as_json: bool) -> int:
    if as_json:
        print_json({"feedback": [vars(item) for item in found]})
        return exits.DONE
    for item in found:
        right = f" It should be: {item.expected}" if item.expected else ""
        said = one_line(f"{item.said}{right}")
        say(f"{item.id}  {item.state}  {item.at[:10]}  {one_line(item.question)!r}: {said}")
    if not found:
        note("Nobody said that an answer was wrong.")
    return exits.DONE


def _newest(store: Store, principal: Principal) -> str:
    thread = store.last_thread(principal)
    messages = store.messages(principal, thread) if thread else ()
    runs = [message.run for message in messages if message.run]
    if not runs:
        raise UsageError("There is no answer yet.", hint="Ask something first: clew ask …")
    return runs[-1]
