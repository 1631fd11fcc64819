"""How does `clew model serve` run a model on this machine?"""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from clew.cli import exits
from clew.cli.terminal import note, print_json, say
from clew_core.errors import UsageError


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = commands.add_parser("model", help="run a model on this machine", allow_abbrev=False)
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    serve = verbs.add_parser(
        "serve", help="serve a model with vLLM until it is stopped", allow_abbrev=False
    )
    serve.add_argument("model", metavar="MODEL", help="a folder with the model, or its name")
    serve.add_argument(
        "--profile", default="laptop", help="of the machine: laptop, single-gpu, multi-gpu, batch"
    )
    serve.add_argument("--name", help="under which it is asked for; default: the folder's name")
    serve.add_argument(
        "--python", metavar="PATH", help="of vLLM's environment; default: serve.python"
    )
    serve.add_argument(
        "--folder",
        metavar="DIR",
        help="of its socket and log; default: one per name under CLEW_HOME",
    )
    serve.add_argument(
        "--print", action="store_true", dest="shown", help="print vLLM's command and run nothing"
    )
    serve.add_argument("--json", action="store_true", help="print one JSON object")
    serve.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve, and say how the model is asked."""
    from clew.settings import load_settings
    from clew.stoppable import run_stoppable
    from clew_backend.serve.profiles import command, environment, find_profile
    from clew_backend.serve.supervise import Supervisor
    from clew_core.deadline import Budget, Deadline

    settings = load_settings()
    profile = find_profile(args.profile)
    name = args.name or Path(args.model).name
    folder = Path(args.folder).expanduser() if args.folder else settings.home / "models" / name
    python = args.python or settings.serve_python
    if python is None:
        raise UsageError("Where is vLLM?", hint="Name the Python of its environment: serve.python.")

    def written(socket: Path) -> list[str]:
        return command(python, args.model, name, profile, socket)

    variables = environment(profile)
    supervisor = Supervisor(
        folder=folder, command=written, environment=variables,
        tell=lambda line: note(f"{name}: {line}"),
    )  # fmt: skip
    address = f"openai:unix:{supervisor.socket.absolute()}#{name}"
    if args.shown:
        words = [f"{key}={value}" for key, value in variables.items()]
        words += [shlex.quote(word) for word in written(supervisor.socket)]
        _tell(args, address, " ".join(words), profile.gpus)
        return exits.DONE
    note(f"{name}: starting; its log is {folder / 'vllm.log'}")
    deadline = Deadline(Budget(seconds=1e9))
    run_stoppable(
        lambda: supervisor.run(deadline, lambda: _tell(args, address, "", profile.gpus)), deadline
    )
    return exits.DONE


def _tell(args: argparse.Namespace, address: str, command: str, gpus: int) -> None:
    if args.json:
        print_json({"status": "done", "model": address, "command": command, "gpus": gpus})
    elif command:
        say(command)
    else:
        say(f"clew ask … --model {shlex.quote(address)}")
