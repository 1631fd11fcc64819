"""Where the JSON Schemas of Clew's contracts lie, and how they are made from the dataclasses.

``python -m clew_core.schema`` writes the generated ones; a test holds the files to the classes.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from clew_core.chart_spec import ChartSpec
from clew_core.errors import UsageError
from clew_core.events import Event, Request
from clew_core.json_form import schema_of
from clew_core.query_spec import QuerySpec
from clew_core.receipts import Receipt

FOLDER = Path(__file__).parent / "schemas"
GENERATED: dict[str, tuple[type, str]] = {
    "query_spec.v1": (QuerySpec, "Query spec, version 1"),
    "chart_spec.v1": (ChartSpec, "Chart spec, version 1"),
    "receipt.v1": (Receipt, "Receipt, version 1"),
    "request.v1": (Request, "Request, version 1"),
    "event.v1": (Event, "Event, version 1"),
}


@functools.cache
def schema(name: str) -> dict[str, Any]:
    """Read a JSON Schema.

    Args:
        name: such as ``query_spec.v1``.

    Raises:
        UsageError: there is none of that name.
    """
    path = FOLDER / f"{name}.json"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.json")))
        raise UsageError(f"There is no schema {name!r}.", hint=f"Known: {known}.")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def generate(name: str) -> str:
    """Make the text of a generated schema file."""
    cls, title = GENERATED[name]
    return json.dumps(schema_of(cls, title=title), indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write all generated schema files."""
    for name in GENERATED:
        (FOLDER / f"{name}.json").write_text(generate(name), encoding="utf-8")


if __name__ == "__main__":
    main()
