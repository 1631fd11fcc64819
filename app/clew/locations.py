"""How is the place of a source written down so that a notebook can be carried elsewhere?"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from clew_core.errors import OutputNotWritten

SECRET_PARAMETERS = ("password", "passwd", "pwd", "token", "secret", "key", "credential")


def for_notebook(location: str, folder: Path) -> str:
    """Write a location for a notebook in folder: files relative to it, URLs without credentials.

    Raises:
        OutputNotWritten: the location has a line break, which a notebook's line can't hold.

    >>> for_notebook("postgresql://ana:secret@host/db?password=x&a=1", Path("/w"))
    'postgresql://host/db?a=1'
    >>> for_notebook("/w/data/a.csv", Path("/w/notes"))
    '../data/a.csv'
    """
    if "\n" in location or "\r" in location:
        raise OutputNotWritten(f"The location {location!r} has a line break.", hint="Rename it.")
    if "://" in location:
        return without_credentials(location)
    try:
        path = os.path.relpath(os.path.realpath(location), os.path.realpath(folder))
    except ValueError:  # another drive
        path = os.path.realpath(location)
    return Path(path).as_posix()


def without_credentials(url: str) -> str:
    """Leave user, password and secret parameters out of a URL."""
    parts = urlsplit(url)
    query = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not any(word in name.lower() for word in SECRET_PARAMETERS)
    ]
    host = parts.netloc.rpartition("@")[2]
    bare = urlunsplit((parts.scheme, host, parts.path, urlencode(query), parts.fragment))
    # urlunsplit drops the empty host of `sqlite:///file`.
    return bare if "://" in bare else f"{parts.scheme}://{bare.partition(':')[2]}"
