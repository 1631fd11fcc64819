"""How does `clew bench` run one of a checkout's benchmarks?

In a process of its own, so that what it measures is not the command line.
"""

from __future__ import annotations

import argparse
import ast
import os
import subprocess
import sys
from pathlib import Path

from clew.cli import exits
from clew.cli.terminal import print_json, say
from clew_core.errors import UsageError


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = commands.add_parser("bench", help="run a benchmark of a checkout", allow_abbrev=False)
    parser.add_argument("name", nargs="?", metavar="NAME", help="as `--list` prints it")
    parser.add_argument("--list", action="store_true", help="name the benchmarks")
    parser.add_argument("--limit", type=int, metavar="N", help="only N questions, for a first look")
    parser.add_argument(
        "--data", metavar="DIR", help="folder of benchmark data; default: CLEW_BENCH_DATA"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run a benchmark or list all."""
    programs = {path.stem: path for path in sorted(_folder().glob("*.py")) if _runs(path)}
    if args.list:
        about = {name: _about(path) for name, path in programs.items()}
        if args.json:
            print_json({"status": "done", "benchmarks": about})
        else:
            for name, line in about.items():
                say(f"{name:16} {line}")
        return exits.DONE
    if args.name not in programs:
        said = f"There is no benchmark {args.name!r}." if args.name else "Which benchmark?"
        raise UsageError(said, hint=f"Known: {', '.join(programs) or 'none'}.")
    if args.limit is not None and args.limit < 1:
        raise UsageError(f"--limit {args.limit} is not above 0.")
    if args.data is not None and not Path(args.data).is_dir():
        raise UsageError(f"--data {args.data!r} is no folder.")
    code = _run(programs[args.name], args)
    if args.json:
        status = "done" if code == exits.DONE else "failed"
        reason = "" if code == exits.DONE else f"The program ended with exit code {code}."
        print_json({"status": status, "reason": reason, "name": args.name})
    if code in (exits.DONE, exits.WRONG_USE, exits.CANCELLED):
        return code
    return exits.FAILED


def _run(program: Path, args: argparse.Namespace) -> int:
    command = [sys.executable, str(program)]
    if args.limit is not None:
        command += ["--limit", str(args.limit)]
    env = dict(os.environ)
    if args.data:
        env["CLEW_BENCH_DATA"] = os.path.abspath(args.data)
    sys.stdout.flush()
    # With --json, stdout is for the object alone.
    with subprocess.Popen(
        command, cwd=program.parent.parent, env=env, stdout=sys.stderr if args.json else None
    ) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.terminate()  # the terminal has told it too; elsewhere it knows only now
            process.wait()
            raise


def _folder() -> Path:
    """Find the benchmarks of the checkout that lies here, or that this program runs from.

    Raises:
        UsageError: there is no checkout.
    """
    here = Path.cwd()
    for root in (here, *here.parents, *Path(__file__).resolve().parents[3:4]):
        project = root / "pyproject.toml"
        if (root / "benchmarks").is_dir() and project.is_file():
            if 'name = "clew"' in project.read_text(encoding="utf-8", errors="replace"):
                return root / "benchmarks"
    raise UsageError(
        "There is no checkout of Clew here.",
        hint="Benchmarks are not installed: run `clew bench` inside a clone of the repository.",
    )


def _runs(path: Path) -> bool:
    """Tell a program from what programs share."""
    return "__main__" in path.read_text(encoding="utf-8", errors="replace")


def _about(path: Path) -> str:
    """Read the first line of a program's docstring."""
    try:
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    except (SyntaxError, ValueError):
        text = ""
    return text.partition("\n")[0]
