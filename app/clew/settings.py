"""Which settings does Clew have, and what are they here?

Read once at the edge: defaults, then `clew.toml` of the current folder, then `CLEW_*`.
`python -m clew.settings` prints docs/settings.md; a test holds the file to it. A setting is here
only while something reads it.
"""

from __future__ import annotations

import json
import os
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from clew_core.deadline import Budget
from clew_core.errors import UsageError

FILE = "clew.toml"


def user_data_folder() -> Path:
    """Find the folder in which this platform keeps the user's data, with `clew` behind it."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        base = "~/Library/Application Support"
    else:
        base = os.environ.get("XDG_DATA_HOME", "")
        if not os.path.isabs(base):  # as the XDG specification wants it
            base = "~/.local/share"
    return Path(os.path.expanduser(base)) / "clew"


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("a text is expected")
    return value


def _path(value: Any) -> Path:
    return Path(os.path.expanduser(_text(value)))


def _locations(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise ValueError('a list of texts is expected, such as ["sales.duckdb"]')
    return tuple(os.path.expanduser(item) for item in value)


def _positive(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e9:
        raise ValueError("a number above 0 is expected")
    return float(value)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 10**9:
        raise ValueError("a whole number above 0 is expected")
    return value


def _many(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 1 <= value < 1e300:
        raise ValueError("a number of at least 1 is expected, such as 1e12")
    return float(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 10**9:
        raise ValueError("a whole number of at least 0 is expected")
    return value


def _share(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise ValueError("a number from 0 to 1 is expected")
    return float(value)


def _price(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e6:
        raise ValueError("a number of at least 0 is expected")
    return float(value)


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise ValueError('a list of texts is expected, such as ["coder=qwen-coder"]')
    return tuple(value)


def _variable(value: Any) -> str:
    if not _text(value).replace("_", "").isalnum():
        raise ValueError("the name of an environment variable is expected")
    return str(value)


def _time_zone(value: Any) -> str:
    import zoneinfo

    try:
        return zoneinfo.ZoneInfo(_text(value)).key
    except (zoneinfo.ZoneInfoNotFoundError, OSError):
        raise ValueError("a time zone is expected, such as 'Europe/Zurich'") from None


def _row(name: str, read: Callable[[Any], Any], type_: str, help_: str) -> dict[str, Any]:
    return {"name": name, "read": read, "type": type_, "help": help_}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings. Each field's metadata is its row: name, how it is read, type, help.

    Attributes:
        home: holds the threads.
        sources: what is asked when nothing is named.
        model: `builtin`, or an endpoint.
        models_roles: role → another model of the endpoint, as ROLE=MODEL.
        models_key: environment variable with the endpoint's key; None sends none.
        models_ask_below: confidence of the built-in proposer below which the model is asked.
        models_example_tokens: of example values in a prompt.
        run_tokens: that one question may use.
        models_seconds: of one attempt.
        models_parallel: calls at once.
        models_prompt_price: of a million tokens.
        models_completion_price: of a million tokens.
        serve_python: the Python of vLLM's environment.
        run_seconds: wall-clock time of one question.
        run_rows: rows that come back from one query.
        run_memory_mb: memory of the embedded engine.
        run_result_mb: memory of one result; more lies in a file.
        run_estimated_rows: rows that a query may read or join by the engine's estimate.
        display_rows: rows that are printed.
        time_zone: of days and of "now"; None is the machine's.
    """

    home: Path = field(
        default_factory=user_data_folder,
        metadata=_row(
            "home",
            _path,
            "path",
            "Folder of the threads and of temporary files; made with mode 0700.",
        ),
    )
    sources: tuple[str, ...] = field(
        default=(),
        metadata=_row(
            "sources",
            _locations,
            "list of texts",
            "Files, folders or URLs that are asked when no `--data` is given. "
            "In the environment: one location, or a JSON list.",
        ),
    )
    model: str = field(
        default="builtin",
        metadata=_row(
            "model",
            _text,
            "text",
            "Who proposes queries beside the rules: `builtin` is nobody, "
            "`openai:http://host:8000/v1#name` a model of an OpenAI-compatible endpoint.",
        ),
    )
    models_roles: tuple[str, ...] = field(
        default=(),
        metadata=_row(
            "models.roles",
            _texts,
            "list of texts",
            "Other models of the endpoint for a role, as `coder=NAME`; "
            "roles: planner, coder, judge, embedder.",
        ),
    )
    models_key: str | None = field(
        default=None,
        metadata=_row(
            "models.key",
            _variable,
            "text",
            "Name of the environment variable that holds the endpoint's key.",
        ),
    )
    models_ask_below: float = field(
        default=0.9,
        metadata=_row(
            "models.ask_below",
            _share,
            "number",
            "The model is asked where the rules are at most so sure, from 0 to 1; 1 asks always.",
        ),
    )
    models_example_tokens: int = field(
        default=100,
        metadata=_row(
            "models.example_tokens",
            _whole,
            "whole number",
            "Tokens of example values that a prompt shows; 0 sends no values of the data but "
            "those that the question names.",
        ),
    )
    run_tokens: int = field(
        default=20_000,
        metadata=_row(
            "run.tokens",
            _count,
            "whole number",
            "Tokens that models may read and write for one question.",
        ),
    )
    models_seconds: float = field(
        default=60.0,
        metadata=_row(
            "models.seconds", _positive, "number", "Time for one attempt of a call, in seconds."
        ),
    )
    models_parallel: int = field(
        default=8,
        metadata=_row(
            "models.parallel", _count, "whole number", "Calls at once; further ones wait."
        ),
    )
    models_prompt_price: float = field(
        default=0.0,
        metadata=_row(
            "models.prompt_price", _price, "number", "Price of a million tokens read, any currency."
        ),
    )
    models_completion_price: float = field(
        default=0.0,
        metadata=_row(
            "models.completion_price", _price, "number", "Price of a million tokens written."
        ),
    )
    serve_python: str | None = field(
        default=None,
        metadata=_row(
            "serve.python",
            _text,
            "text",
            "Python of the environment that holds vLLM, for `clew model serve`.",
        ),
    )
    run_seconds: float = field(
        default=Budget.seconds,
        metadata=_row("run.seconds", _positive, "number", "Time for one question, in seconds."),
    )
    run_rows: int = field(
        default=Budget.rows,
        metadata=_row(
            "run.rows", _count, "whole number", "Rows that come back from a query; more are cut."
        ),
    )
    run_memory_mb: int = field(
        default=Budget.memory_mb,
        metadata=_row("run.memory_mb", _count, "whole number", "Memory of the engine, in MB."),
    )
    run_result_mb: int = field(
        default=Budget.result_mb,
        metadata=_row(
            "run.result_mb",
            _count,
            "whole number",
            "Memory of one result, in MB; a larger one lies in a file under `home`.",
        ),
    )
    run_estimated_rows: float = field(
        default=10**12,
        metadata=_row(
            "run.estimated_rows",
            _many,
            "number",
            "Rows that a query may read or join by the engine's estimate; above, it isn't run.",
        ),
    )
    display_rows: int = field(
        default=20,
        metadata=_row("display.rows", _count, "whole number", "Rows of a result that are printed."),
    )
    time_zone: str | None = field(
        default=None,
        metadata=_row(
            "time_zone", _time_zone, "text", "IANA name; days and `last year` are meant there."
        ),
    )

    @property
    def budget(self) -> Budget:
        """What one question may cost."""
        return Budget(
            seconds=self.run_seconds,
            rows=self.run_rows,
            memory_mb=self.run_memory_mb,
            result_mb=self.run_result_mb,
            estimated_rows=self.run_estimated_rows,
            tokens=self.run_tokens,
        )


def load_settings(folder: Path | None = None, env: Mapping[str, str] | None = None) -> Settings:
    """Read the settings that hold here.

    Args:
        folder: where `clew.toml` may lie; default: the current folder.
        env: default: the environment of the process.

    Raises:
        UsageError: the file or a variable can't be understood; names file and key.
    """
    folder, env = folder or Path(), os.environ if env is None else env
    given = _read_file(folder / FILE)
    values: dict[str, Any] = {}
    for row in fields(Settings):
        name = row.metadata["name"]
        if name in given:
            value = given[name]
            values[row.name] = _convert(row, value, f"{FILE}: {name}")
            if name == "sources":
                values[row.name] = tuple(_from_folder(folder, item) for item in values[row.name])
        if text := env.get(variable(name), ""):
            values[row.name] = _convert(row, _from_text(row, text), variable(name))
    return Settings(**values)


def variable(name: str) -> str:
    """Name the environment variable of a setting.

    >>> variable("run.seconds")
    'CLEW_RUN_SECONDS'
    """
    return "CLEW_" + name.replace(".", "_").upper()


def _read_file(path: Path) -> dict[str, Any]:
    """Read a TOML file into dotted names; a missing file is an empty one."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: the file can't be read: {error}.") from error
    known = [row.metadata["name"] for row in fields(Settings)]
    tables = {name.partition(".")[0] for name in known if "." in name}
    flat: dict[str, Any] = {}
    for key, value in data.items():
        if key in tables:
            if not isinstance(value, dict):
                raise UsageError(f"{path}: {key!r} is a table: write [{key}] above its keys.")
            flat.update({f"{key}.{inner}": item for inner, item in value.items()})
        else:
            flat[key] = value
    if unknown := [key for key in flat if key not in known]:
        raise UsageError(
            f"{path}: unknown setting {unknown[0]!r}.", hint=f"Known: {', '.join(known)}."
        )
    return flat


def _convert(row: Field[Any], value: Any, where: str) -> Any:
    try:
        return row.metadata["read"](value)
    except ValueError as error:
        raise UsageError(f"{where}: {error}, not {value!r}.") from error


def _from_text(row: Field[Any], text: str) -> Any:
    """Understand the text of a variable as TOML would have written it."""
    kind = row.metadata["type"]
    if kind == "list of texts" and not text.lstrip().startswith("["):
        return [text]
    if kind in ("list of texts", "number", "whole number"):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def _from_folder(folder: Path, location: str) -> str:
    """Resolve a relative path against the folder of the file that names it."""
    return location if "://" in location else str(folder / location)


def document() -> str:
    """Write docs/settings.md."""
    lines = [
        "# Settings",
        "",
        "<!-- Made by `python -m clew.settings > docs/settings.md`. -->",
        "",
        f"Defaults, then `{FILE}` of the current folder, then environment variables: the last one",
        "that says something holds. A name with a dot stands in a table: `run.seconds` is the key",
        "`seconds` under `[run]`. An unknown key or a wrong type is an error that names both.",
        "",
        "| name | variable | type | default | what it does |",
        "|---|---|---|---|---|",
    ]
    for row in fields(Settings):
        about = row.metadata
        default = "" if row.name == "home" or row.default in (None, ()) else f"`{row.default}`"
        default = {
            "home": "the platform's user-data folder",
            "sources": "none",
            "models_roles": "none",
            "models_key": "none",
            "serve_python": "none",
            "time_zone": "the machine's",
        }.get(row.name, default)
        lines.append(
            f"| `{about['name']}` | `{variable(about['name'])}` | {about['type']} | {default} "
            f"| {about['help']} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
