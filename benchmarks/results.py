"""Where the tables of the benchmarks are kept: RESULTS.md, one section each, made by programs."""

from __future__ import annotations

import datetime as dt
import os
import platform
from pathlib import Path

FILE = Path(__file__).parent / "RESULTS.md"
_HEAD = "# Results\n\nMade by the programs in this folder (`make bench`); not edited by hand.\n"


def write_section(title: str, body: str) -> None:
    """Put a section into RESULTS.md, in place of an older one of the same title."""
    text = FILE.read_text(encoding="utf-8") if FILE.exists() else _HEAD
    head, *sections = text.split("\n## ")
    kept = [section for section in sections if not section.startswith(f"{title}\n")]
    kept.append(f"{title}\n\n{machine()}\n\n{body}\n")
    kept.sort()
    FILE.write_text("\n## ".join([head.rstrip() + "\n", *(s.rstrip() + "\n" for s in kept)]))


def machine() -> str:
    """Say when and on what a table was made."""
    today = dt.datetime.now(dt.UTC).date().isoformat()
    python = platform.python_version()
    return f"*{today}, {os.cpu_count()} cores, {platform.machine()}, Python {python}.*"
