"""What do the lines mean that only IPython understands, such as `%time` and `x = !ls`?

They are cut out, so that the rest is Python, and told as notes. No IPython is needed: its import
costs more than a whole notebook here.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from typing import Literal

MARK = "__clew_note__"
"""The call that stands where a line was cut out; its argument is the note's number."""

Language = Literal["python", "sql", "shell", "other"]

_LINE = re.compile(
    r"^(?P<indent>\s*)(?P<target>[A-Za-z_][\w, \t.\[\]'\"]*?=\s*(?![=]))?(?P<sign>%{1,2}|!{1,2})"
    r"(?P<rest>.*)$",
    re.S,
)
_HELP = re.compile(r"^\s*(\?{1,2}\s*[%\w.*]+|[%\w.\[\]'\"*]+\?{1,2})\s*;?\s*(#.*)?$")
_SHELL_NAME = re.compile(r"(?<![\\$])\$\{?([A-Za-z_]\w*)|(?<![{$])\{([^{}]*)\}")
_PATH = re.compile(r"^[\w./~*{}-]+\.[A-Za-z]\w{0,7}$")
_OPENS, _CLOSES = "([{", ")]}"

# What follows them is Python and runs here.
_TIMERS = frozenset({"time", "prun", "memit", "mprun", "lprun", "debug", "snakeviz", "capture"})
_HARMLESS = frozenset(
    """alias alias_magic aimport autoawait autocall automagic autosave bookmark clew colors
    conda config debug dhist dirs doctest_mode edit env_list gui hist history killbgscripts
    load_ext lsmagic magic matplotlib mamba micromamba notebook page pastebin pdb pdef pdoc pfile
    pinfo pinfo2 pip popd pprint precision profile pushd pwd psearch psource quickref reload_ext
    save sc sql_config config_sql tb unalias unload_ext uv who who_ls whos xmode autoreload
    """.split()
)
_SHELLS = frozenset({"bash", "sh", "script", "system", "sx", "cmd", "!", "zsh"})
_OTHER = frozenset(
    """html HTML javascript js latex markdown svg SVG perl ruby R julia python2 pypy mermaid
    cypher javascript""".split()
)
_SQL_MAGICS = frozenset({"sql", "bigquery", "bqsql", "sparksql", "duckdb", "dql", "read_sql"})


@dataclass(frozen=True, kw_only=True)
class Note:
    """What a cut-out line does.

    Attributes:
        reads: names that it reads.
        binds: names that it binds.
        python: Python that it runs.
        keeps: whether names that the Python binds stay.
        sql: a statement that it runs.
        source: the source of the statement.
        shell: a command that it runs.
        writes: a file that it writes.
        folder: it changes the current folder or the environment.
        sets_anything: what it binds can't be known.
        resets: it deletes all names.
        unknown: what can't be known, in words.
    """

    reads: tuple[str, ...] = ()
    binds: tuple[str, ...] = ()
    python: str | None = None
    keeps: bool = True
    sql: str | None = None
    source: str | None = None
    shell: str | None = None
    writes: str | None = None
    folder: bool = False
    sets_anything: bool = False
    resets: bool = False
    unknown: str | None = None


@dataclass(frozen=True, kw_only=True)
class Plain:
    """A cell without IPython's own lines.

    Attributes:
        language: what the text is.
        text: what is left.
        notes: of the lines that were cut out, by their number; for a cell that is wholly another
            language, note 0 is about it.
    """

    language: Language
    text: str
    notes: tuple[Note, ...] = ()


@dataclass
class _Scan:
    """How far a text is inside brackets and strings, line by line."""

    depth: int = 0
    quote: str = ""
    continued: bool = field(default=False)

    @property
    def inside(self) -> bool:
        return bool(self.depth or self.quote or self.continued)

    def feed(self, line: str) -> None:
        """Read one line."""
        self.continued = False
        at, end = 0, len(line)
        while at < end:
            sign = line[at]
            if self.quote:
                if sign == "\\":
                    at += 2
                    continue
                if line.startswith(self.quote, at):
                    at += len(self.quote)
                    self.quote = ""
                    continue
            elif sign == "#":
                break
            elif sign in "'\"":
                self.quote = sign * 3 if line.startswith(sign * 3, at) else sign
                at += len(self.quote)
                continue
            elif sign in _OPENS:
                self.depth += 1
            elif sign in _CLOSES:
                self.depth = max(self.depth - 1, 0)
            at += 1
        stripped = line.rstrip("\n")
        self.continued = not self.quote and "#" not in line and stripped.endswith("\\")
        if len(self.quote) == 1 and not stripped.endswith("\\"):
            self.quote = ""  # an error of Python's: the line ends and so does the string


def plain(source: str) -> Plain:
    """Cut out what only IPython understands."""
    first = source.lstrip()
    if first.startswith("%%"):
        head, _, body = first.partition("\n")
        return _cell_magic(head[2:].strip(), body)
    if not any(sign in source for sign in "%!?"):
        return Plain(language="python", text=source)
    notes: list[Note] = []
    lines: list[str] = []
    scan = _Scan()
    todo = source.splitlines(keepends=True)
    at = 0
    while at < len(todo):
        line = todo[at]
        at += 1
        if scan.inside:
            scan.feed(line)
            lines.append(line)
            continue
        bare = line.strip()
        found = _LINE.match(line) if ("%" in line or "!" in line) else None
        if found and not bare.startswith("#"):
            skipped = 0
            rest = found["rest"].rstrip("\n")
            while rest.endswith("\\") and at < len(todo):
                rest = rest[:-1] + todo[at].rstrip("\n")
                at += 1
                skipped += 1
            note = _line_magic(found["sign"], rest.strip(), _targets(found["target"]))
            lines.append(f"{found['indent']}{MARK}({len(notes)})\n" + "\n" * skipped)
            notes.append(note)
        elif bare and "?" in bare and _HELP.match(bare):
            lines.append(line[: len(line) - len(line.lstrip())] + "pass\n")
        else:
            scan.feed(line)
            lines.append(line)
    return Plain(language="python", text="".join(lines), notes=tuple(notes))


def _targets(text: str | None) -> tuple[str, ...]:
    return tuple(re.findall(r"[A-Za-z_]\w*", text)) if text else ()


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _cell_magic(head: str, body: str) -> Plain:
    name, _, rest = head.partition(" ")
    name, rest = name.strip(), rest.strip()
    if name in _SQL_MAGICS:
        return Plain(language="sql", text=body, notes=(_sql_note(rest, body, name),))
    if name in _TIMERS or name in ("pyspark", "spark", "python_here", "px", "autopx"):
        inner = plain(body)
        words = [w for w in _words(rest) if not w.startswith("-")]
        if name == "capture":
            note = Note(binds=tuple(words[:1]))
        else:
            note = Note(python=rest if name == "time" and rest else None)
        text = f"{inner.text.rstrip()}\n{MARK}({len(inner.notes)})\n"
        return Plain(language=inner.language, text=text, notes=(*inner.notes, note))
    if name == "timeit":
        return Plain(
            language="python",
            text=f"{MARK}(0)\n",
            notes=(Note(python=f"{_after_options(rest)}\n{body}", keeps=False),),
        )
    if name in ("writefile", "file"):
        words = [w for w in _words(rest) if not w.startswith("-")]
        return Plain(language="other", text="", notes=(Note(writes=words[0] if words else "*"),))
    if name in _SHELLS or name == "":
        out = tuple(re.findall(r"--(?:out|err|proc)[ =](\w+)", rest))
        note = Note(shell=body, reads=_shell_names(rest), binds=out)
        return Plain(language="shell", text=body, notes=(note,))
    if name == "ask":
        return Plain(language="other", text=body, notes=(Note(binds=_bound(rest)),))
    if name in _OTHER:
        words = _words(rest)
        pairs = list(zip(words, words[1:], strict=False))
        note = Note(
            reads=tuple(n for a, b in pairs if a in ("-i", "--input") for n in b.split(",")),
            binds=tuple(n for a, b in pairs if a in ("-o", "--output") for n in b.split(",")),
        )
        return Plain(language="other", text=body, notes=(note,))
    unknown = f"what `%%{name}` does is not known"
    return Plain(language="other", text=body, notes=(Note(sets_anything=True, unknown=unknown),))


def _sql_note(rest: str, body: str, magic: str) -> Note:
    before, arrow, after = rest.partition("<<")
    words = _words(before)
    pairs = dict(zip(words, words[1:], strict=False))
    name = pairs.get("--name") or pairs.get("-o") or pairs.get("--out")
    plain_words = _without_options(words)
    if arrow and plain_words:
        name = plain_words[-1]
    elif magic == "bigquery" and plain_words:
        name = plain_words[0]
    sql = f"{after.strip()}\n{body}" if arrow else body
    if not arrow and not body.strip():
        sql = before
    reads = tuple(n for n in re.findall(r"\{\{?\s*([A-Za-z_]\w*)", before))
    return Note(
        sql=sql,
        source=pairs.get("--source"),
        binds=(name,) if name and name.isidentifier() else (),
        reads=reads,
    )


def _bound(rest: str) -> tuple[str, ...]:
    """Find the name that an answer is bound to."""
    words = rest.split()
    pairs = zip(words, words[1:], strict=False)
    return tuple(b for a, b in pairs if a == "--name" and b.isidentifier())


def _without_options(words: list[str]) -> list[str]:
    left = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = "=" not in word
        else:
            left.append(word)
    return left


def _after_options(rest: str) -> str:
    """Drop options as of `%timeit -n 10 -r3 -o x()`."""
    words = rest.split(" ")
    while words and (words[0].startswith("-") or not words[0]):
        option = words.pop(0)
        if option in ("-n", "-r", "-p", "-t", "-s", "-l", "-T", "-D", "-f") and words:
            words.pop(0)
    return " ".join(words)


def _shell_names(command: str) -> tuple[str, ...]:
    names = []
    for dollar, braces in _SHELL_NAME.findall(command):
        names += [dollar] if dollar else re.findall(r"^\s*([A-Za-z_]\w*)", braces)
    return tuple(names)


def shell_paths(command: str) -> list[str]:
    """List the words of a command that look like files."""
    return [
        w.strip("'\"") for w in re.split(r"[\s;|&<>()]+", command) if _PATH.match(w.strip("'\""))
    ]


def _line_magic(sign: str, rest: str, targets: tuple[str, ...]) -> Note:
    if sign.startswith("!"):
        return Note(shell=rest, reads=_shell_names(rest), binds=targets)
    name, _, rest = rest.partition(" ")
    rest = rest.strip()
    words = [w for w in _words(rest) if not w.startswith("-")]
    if name in _SQL_MAGICS:
        note = _sql_note(rest, "", name)
        return Note(sql=note.sql, source=note.source, binds=(*targets, *note.binds))
    if name == "ask":
        return Note(binds=(*targets, *_bound(rest)))
    if name in ("time", "prun", "memit", "lprun", "mprun", "debug"):
        return Note(python=_after_options(rest), binds=targets)
    if name == "timeit":
        return Note(python=_after_options(rest), keeps=False, binds=targets)
    if name == "env" or name == "set_env":
        return Note(folder="=" in rest or len(words) > 1, reads=_shell_names(rest), binds=targets)
    if name == "cd":
        return Note(folder=True, reads=_shell_names(rest))
    if name == "store" and "-r" in rest:
        return Note(
            binds=tuple(words),
            sets_anything=not words,
            unknown="`%store -r` brings values from outside of the notebook",
        )
    if name == "store":
        return Note(reads=tuple(w for w in words if w.isidentifier()))
    if name in ("xdel", "reset_selective", "reset"):
        return Note(
            resets=name == "reset",
            python=f"del {words[0]}" if name == "xdel" and words else None,
            unknown=f"`%{name}` deletes names",
        )
    if name in ("run", "load", "loadpy", "macro", "recall", "rerun", "rep", "pylab", "R", "px"):
        return Note(
            sets_anything=True,
            binds=targets,
            shell=words[0] if name in ("run", "load", "loadpy") and words else None,
            unknown=f"`%{name} {rest}`".replace(" `", "`") + " may set any name",
        )
    if name in _HARMLESS or not name:
        return Note(binds=targets, reads=_shell_names(rest))
    if name.isidentifier():
        return Note(
            binds=targets,
            reads=tuple(w for w in words if w.isidentifier()),
            unknown=f"what `%{name}` does is not known",
        )
    return Note(binds=targets, unknown=f"`%{name}` is not understood")
