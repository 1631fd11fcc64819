"""Where do word lists and prose fragments come from? From the files beside this one."""

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

__all__ = ["load", "names", "text"]

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def text(name: str) -> str:
    """Read a text file of this folder."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def load(name: str) -> Any:
    """Read a YAML file of this folder; the value is shared, don't change it."""
    return yaml.load(text(name), Loader=_LOADER)  # noqa: S506 - a safe loader either way


def names(folder: str) -> list[str]:
    """List the files of a folder beside this one, sorted."""
    found = files(__package__).joinpath(folder).iterdir()
    return sorted(item.name for item in found if item.is_file())
