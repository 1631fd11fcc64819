"""Which encoding is a text file in, and where does it break?"""

from __future__ import annotations

import codecs
import contextlib
import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from clew_core.errors import SourceError
from clew_tools.database import scratch

_CHUNK = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NAMES = {"utf-8-sig": "UTF-8 with a mark", "utf-16": "UTF-16", "utf-16-le": "UTF-16",
          "utf-16-be": "UTF-16", "cp1252": "Windows-1252", "latin-1": "Latin-1"}  # fmt: skip
# Two bytes or more that are one letter in UTF-8 and hardly ever stand together otherwise.
_MANY_BYTES = re.compile(
    rb"[\xc3-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_NOT_IN_1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")


@dataclass(frozen=True, kw_only=True)
class Utf8:
    """A text file that can be read as UTF-8.

    Attributes:
        path: the file itself, or a temporary copy of it.
        copied: whether the caller deletes it.
        encoding: what it was in, for people; None for plain UTF-8.
    """

    path: Path
    copied: bool
    encoding: str | None


@contextlib.contextmanager
def opened_as_utf8(path: Path) -> Iterator[tuple[Path, list[str]]]:
    """Make a file readable as UTF-8 for a while.

    Returns:
        The file itself or a copy of it, and what the reader must know; more lines may be added.

    Raises:
        SourceError: as ``as_utf8``.
    """
    text = as_utf8(path)
    said = []
    if text.encoding is not None:
        said.append(f"it is in {text.encoding}, not in plain UTF-8, and was read as such")
    try:
        yield text.path, said
    finally:
        if text.copied:
            text.path.unlink()


def as_utf8(path: Path) -> Utf8:
    """Find a file's encoding and make it readable as UTF-8.

    Raises:
        SourceError: it is empty, no text, mixes two encodings, or can't be read.
    """
    try:
        with _open(path) as file:
            head = file.read(4096)
        if not head:
            raise SourceError(f"{str(path)!r} is empty: it has no bytes at all.")
        packed = _is_packed(path)
        encoding = _encoding(path, head)
        if encoding in ("utf-8", "utf-8-sig") and not packed:
            return Utf8(path=path, copied=False, encoding=_NAMES.get(encoding))
        copy = scratch.fresh(".csv")
        with copy.open("wb") as out:
            for text in _decoded(path, encoding):
                out.write(text.encode("utf-8"))
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise SourceError(f"{str(path)!r} can't be read: {reason}.") from error
    return Utf8(path=copy, copied=True, encoding=_NAMES.get(encoding))


def _is_packed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _open(path: Path) -> IO[bytes]:
    return gzip.open(path, "rb") if _is_packed(path) else path.open("rb")  # type: ignore[return-value]


def _chunks(path: Path) -> Iterator[bytes]:
    with _open(path) as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _encoding(path: Path, head: bytes) -> str:
    for mark, name in _MARKS:
        if head.startswith(mark):
            _check(path, name)
            return name
    if b"\0" in head:
        # Without a mark: every second byte of Western text is zero.
        even, odd = head[0::2].count(0), head[1::2].count(0)
        if max(even, odd) > 0.4 * (len(head) / 2) and min(even, odd) < 0.05 * len(head):
            name = "utf-16-le" if odd > even else "utf-16-be"
            _check(path, name)
            return name
        raise SourceError(f"{str(path)!r} is no text file: byte {head.index(0)} is zero.")
    wrong = _first_wrong(path, "utf-8")
    if wrong is None:
        return "utf-8"
    letters, other = _evidence(path)
    if letters:
        raise SourceError(
            f"{str(path)!r} mixes two encodings: it has letters in UTF-8, but byte {wrong:,} "
            "is not UTF-8.",
            hint="Save the file in one encoding, best UTF-8.",
        )
    return "latin-1" if other else "cp1252"


def _check(path: Path, encoding: str) -> None:
    wrong = _first_wrong(path, encoding)
    if wrong is not None:
        raise SourceError(
            f"{str(path)!r} mixes two encodings: it begins as {_NAMES[encoding]}, but byte "
            f"{wrong:,} is not.",
            hint="Save the file in one encoding, best UTF-8.",
        )


def _first_wrong(path: Path, encoding: str) -> int | None:
    """Find the position of the first byte that can't be decoded."""
    decoder = codecs.getincrementaldecoder(encoding)()
    done = 0
    for chunk in _chunks(path):
        if encoding == "utf-8" and chunk.isascii() and decoder.getstate()[0] == b"":
            done += len(chunk)
            continue
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            return done - pending + error.start
        done += len(chunk)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return done - len(decoder.getstate()[0]) + error.start
    return None


def _evidence(path: Path) -> tuple[bool, bool]:
    """Say whether there are letters of UTF-8, and bytes that Windows-1252 does not have."""
    letters = other = False
    for chunk in _chunks(path):
        letters = letters or _MANY_BYTES.search(chunk) is not None
        other = other or _NOT_IN_1252.search(chunk) is not None
    return letters, other


def _decoded(path: Path, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    for chunk in _chunks(path):
        yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)
