"""Check files before they are committed: endings, size, and what must never be in one.

Usage: check_files.py FILE…

Prints one line for each fault and exits 1 if there is any. The tests call `faults` for all
tracked files, so that a commit made without the hooks is caught too.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

SIZE_LIMIT_BYTES = 1 << 20
# Their bytes mean something, down to the missing last newline.
DATA_SUFFIXES = {".csv", ".tsv", ".json", ".jsonl", ".parquet", ".png", ".svg", ".xlsx"}

# Written so that no pattern matches this file.
NEVER = {
    "an address of a package index": re.compile(
        r"(?:pypi|pythonhosted|npmjs|yarnpkg|anaconda|deb\.debian|download\.pytorch)\.(?:org|com)\b"
        r"|https?://\S+/simple\b"
        r"|--(?:extra-)?index-url[ =]\S|--find-links[ =]\S",
        re.IGNORECASE,
    ),
    "a path of one machine": re.compile(
        r"(?<![\w.~}])/(?:work|root|tmp|var/folders|opt/wheels)/\w"
        r"|(?<![\w.~}])/(?:home|Users)/[a-z]\w*/"
    ),
    "a secret": re.compile(
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
        r"|\bAKIA[0-9A-Z]{16}\b"
        r"|\bgh[pousr]_[0-9A-Za-z]{36}"
        r"|\bxox[abprs]-[0-9]{6,}-[0-9A-Za-z-]{10,}"
        r"|\bsk-[0-9A-Za-z]{32,}"
        r"|\bhf_[0-9A-Za-z]{30,}"
    ),
}


def faults(path: Path) -> Iterator[str]:
    """Say what is wrong with the file at path, one line for each fault."""
    content = path.read_bytes()
    if len(content) > SIZE_LIMIT_BYTES:
        yield f"{path}: {len(content):,} bytes; the limit is {SIZE_LIMIT_BYTES:,}"
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return  # a picture or a table in another encoding
    if path.suffix not in DATA_SUFFIXES and text and (text[-1] != "\n" or text.endswith("\n\n")):
        yield f"{path}: end it in exactly one newline"
    for number, line in enumerate(text.splitlines(), start=1):
        for what, pattern in NEVER.items():
            if found := pattern.search(line):
                yield f"{path}:{number}: holds {what}: {found[0]!r}"


def main() -> None:
    """Print the faults of the files on the command line."""
    found = [fault for name in sys.argv[1:] for fault in faults(Path(name))]
    print("\n".join(found), end="\n" if found else "")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
