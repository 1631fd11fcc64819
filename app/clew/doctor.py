"""What of Clew is installed, reachable and missing here, and what can be done?"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from clew.settings import FILE, Settings, load_settings, variable
from clew_core.errors import ClewError, UsageError
from clew_core.secrets import redact

State = Literal["ok", "optional", "warning", "missing"]
# Without these Clew does not run; the names are those of the packages.
NEEDED = (
    "duckdb", "sqlglot", "sqlalchemy", "pyarrow", "pandas", "plotly", "nbformat", "nbclient",
    "ipykernel", "jupyter-server", "jupyterlab", "langgraph", "jsonschema", "PyYAML", "openpyxl",
)  # fmt: skip
OPTIONAL = {"polars": "`%%sql --as polars`"}
# A source is looked at for so long.
_LOOKING_S = 20.0
# Variables that are no settings and yet ours.
OTHER_VARIABLES = ("CLEW_BENCH_DATA", "CLEW_MISSING_PYTHONS", "CLEW_TEST_NETWORK_LOG")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the report.

    Attributes:
        name: what was looked at.
        state: `missing` is the only one that keeps Clew from working.
        detail: what was found.
        todo: what to do; empty where all is well.
    """

    name: str
    state: State
    detail: str
    todo: str = ""


def examine(folder: Path | None = None) -> tuple[Finding, ...]:
    """Look at everything; nothing is changed, nobody but the model of the settings is called."""
    findings = [_python(), *_packages()]
    try:
        settings = load_settings(folder)
    except UsageError as error:
        findings.append(
            Finding(name="settings", state="missing", detail=error.message, todo=error.hint)
        )
        return (*findings, _panel())
    findings += _settings(folder or Path())
    findings.append(_home(settings))
    findings += [_source(location) for location in settings.sources]
    findings += [_model(settings), _kernel(), _panel()]
    return tuple(findings)


def _python() -> Finding:
    version = platform.python_version()
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        return Finding(name="Python", state="ok", detail=f"{version}, {platform.system()}")
    return Finding(
        name="Python", state="warning", detail=version, todo="Clew is tested on 3.11 to 3.13."
    )


def _packages() -> Iterator[Finding]:
    yield _package("clew", "missing", "run from a checkout, not installed", "pip install .")
    for name in NEEDED:
        yield _package(name, "missing", "not installed", f"pip install {name}")
    for name, use in OPTIONAL.items():
        yield _package(name, "optional", f"not installed; only for {use}", f"pip install {name}")


def _package(name: str, without: State, detail: str, todo: str) -> Finding:
    try:
        return Finding(name=name, state="ok", detail=importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        # Clew itself is running, so it can't be missing.
        state: State = "warning" if name == "clew" else without
        return Finding(name=name, state=state, detail=detail, todo=todo)


def _settings(folder: Path) -> Iterator[Finding]:
    path = folder / FILE
    detail = f"{FILE} is read" if path.is_file() else f"no {FILE} here; the defaults hold"
    yield Finding(name="settings", state="ok", detail=detail)
    known = {variable(row.metadata["name"]) for row in fields(Settings)} | {*OTHER_VARIABLES}
    for name in sorted(os.environ):
        if name.startswith("CLEW_") and name not in known:
            yield Finding(
                name="settings",
                state="warning",
                detail=f"the variable {name} is no setting and is not read",
                todo="See docs/settings.md for the names.",
            )


def _home(settings: Settings) -> Finding:
    home = settings.home
    place = home
    while not place.exists() and place != place.parent:
        place = place.parent
    if place.is_dir() and os.access(place, os.W_OK | os.X_OK):
        detail = f"{home} can be written" if home.exists() else f"{home} will be made"
        return Finding(name="threads", state="ok", detail=detail)
    return Finding(
        name="threads",
        state="warning",
        detail=f"{home} can't be written; conversations are kept in memory only",
        todo="Set CLEW_HOME to a folder that you may write.",
    )


def _source(location: str, opener: Callable[[str], list[str]] | None = None) -> Finding:
    """Open a source of the settings and close it again."""
    shown = redact(location)
    try:
        warnings = (opener or _open)(location)
    except ClewError as error:
        return Finding(
            name="source",
            state="missing",
            detail=f"{shown}: {redact(error.message)}",
            todo=error.hint,
        )
    if warnings:
        more = f" (and {len(warnings) - 1} more)" if len(warnings) > 1 else ""
        detail = f"{shown}: {redact(warnings[0])}{more}"
        return Finding(name="source", state="warning", detail=detail)
    return Finding(name="source", state="ok", detail=f"{shown} can be read")


def _open(location: str) -> list[str]:
    """Look at all tables and views: a view that can't be read is found only so."""
    from clew_core.deadline import Budget, Deadline
    from clew_core.errors import RunEnded
    from clew_core.principal import Principal
    from clew_tools.database.open import open_source

    source = open_source(location)
    try:
        try:
            source.catalog(Principal(), Deadline(Budget(seconds=_LOOKING_S)))
        except RunEnded:
            return [*source.warnings, f"looking at it takes more than {_LOOKING_S:g} s"]
        return list(source.warnings)
    finally:
        source.close()


def _model(settings: Settings) -> Finding:
    from clew.models import BUILTIN, open_model

    if settings.model == BUILTIN:
        return Finding(name="model", state="ok", detail="builtin: no model is needed")
    client = None
    try:
        client = open_model(settings.model, settings)
        assert client is not None  # it is not built in
        names = client.models()
        url, wanted = client.endpoint.shown, client.endpoint.model
    except ClewError as error:
        return Finding(name="model", state="warning", detail=error.message, todo=error.hint)
    finally:
        if client is not None:
            client.close()
    if wanted and wanted not in names:
        return Finding(
            name="model",
            state="warning",
            detail=f"{url} has no model {wanted!r}; it has {', '.join(names[:8]) or 'none'}",
            todo="Name one of them behind the # of the setting model.",
        )
    return Finding(name="model", state="ok", detail=f"{url} answers: {wanted or ', '.join(names)}")


def _kernel() -> Finding:
    """Find the kernel that notebooks name, and tell whether it is this Python."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        return Finding(
            name="kernel",
            state="warning",
            detail="no kernel 'python3' for notebooks",
            todo="python -m ipykernel install --sys-prefix",
        )
    program = str(spec.argv[0]) if spec.argv else ""
    if os.path.isabs(program) and os.path.realpath(program) != os.path.realpath(sys.executable):
        return Finding(
            name="kernel",
            state="warning",
            detail=f"notebooks run in another Python: {program}",
            todo="python -m ipykernel install --sys-prefix, or install Clew there.",
        )
    return Finding(name="kernel", state="ok", detail="notebooks run in this Python")


def _panel() -> Finding:
    """See whether JupyterLab would find the panel and Jupyter its server."""
    from jupyter_core.paths import jupyter_config_path, jupyter_path

    server = any(
        (Path(folder) / "jupyter_server_config.d" / "clew.json").is_file()
        for folder in jupyter_config_path()
    )
    built = any(
        (Path(folder) / "clew-notebook-ext" / "package.json").is_file()
        for folder in jupyter_path("labextensions")
    )
    if server and built:
        return Finding(name="panel", state="ok", detail="JupyterLab shows it: clew lab")
    missing = "its server" if built else "the panel" if server else "the panel and its server"
    return Finding(
        name="panel",
        state="optional",
        detail=f"Jupyter does not find {missing}",
        todo="pip install . (in a checkout: make setup), or use `%load_ext clew` in a notebook.",
    )
