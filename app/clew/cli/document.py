"""Which page lists the commands? `python -m clew.cli.document` prints docs/commands.md.

A test holds the file to it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from clew.cli.entry import parser

INTRODUCTION = """\
# Commands

<!-- Made by `python -m clew.cli.document > docs/commands.md`. -->

Results go to stdout; reasons, warnings and progress to stderr. With `--json` stdout holds exactly
one object, except after exit codes 2 and 130.

| exit code | means |
|---|---|
| 0 | answered, done |
| 1 | a check failed, the answer failed, its time ended, or a file could not be written (the answer is still printed) |
| 2 | wrong use |
| 3 | there is no answer, or a question is asked back; the reason is on stderr |
| 4 | a source can't be read |
| 5 | a model was required and does not answer |
| 6 | refused: it would change data, or is not allowed |
| 130 | stopped by Ctrl-C |
"""  # noqa: E501 - a row of a table is one line


def document() -> str:
    """Write docs/commands.md."""
    return "\n".join([INTRODUCTION, *_commands(parser(), "clew")]).rstrip() + "\n"


def _commands(command: argparse.ArgumentParser, words: str) -> Iterator[str]:
    for action in command._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {choice.dest: choice.help for choice in action._choices_actions}
            for name, inner in action.choices.items():
                yield from _command(inner, f"{words} {name}", helps[name] or "")


def _command(command: argparse.ArgumentParser, words: str, help_: str) -> Iterator[str]:
    inner = list(_commands(command, words))
    if inner:
        yield from inner
        return
    actions = [action for action in command._actions if action.dest != "help"]
    usage = " ".join([words, *(_usage(action) for action in actions)])
    yield f"## `{words}`\n\n{help_[:1].upper()}{help_[1:]}.\n\n```\n{usage}\n```\n"
    yield "| | |\n|---|---|"
    for action in actions:
        yield f"| `{_words(action)}` | {action.help} |"
    yield ""


def _words(action: argparse.Action) -> str:
    value = str(action.metavar or action.dest) if action.nargs != 0 else ""
    many = " …" if action.nargs in ("+", "*") else ""
    return " ".join([*action.option_strings, value]).strip() + many


def _usage(action: argparse.Action) -> str:
    needed = not action.option_strings and action.nargs not in ("?",)
    return _words(action) if needed else f"[{_words(action)}]"


if __name__ == "__main__":
    sys.stdout.write(document())
