"""Which file does an expression name, and which calls read or write one?

A path is a text in which `{v}` stands for the value of a variable and `*` for what can't be known.
"""

from __future__ import annotations

import ast
import fnmatch
import posixpath
import re
from collections.abc import Iterator, Mapping

from clew_tools.cells.shape import last_name

_READERS = frozenset(
    """loadtxt genfromtxt fromfile imread read_text read_bytes listdir scandir glob rglob iterdir
    exists is_file isfile getsize stat load_workbook connect ParquetFile ExcelFile HDFStore
    run_path load parse_file from_csv read load_dataset""".split()
)
_WRITERS = frozenset(
    """to_csv to_parquet to_excel to_json to_pickle to_feather to_html to_hdf to_stata to_orc
    to_latex to_markdown to_xml savefig write_html write_image write_json write_text write_bytes
    savez savez_compressed savetxt save tofile ExcelWriter write_table write_parquet write_csv
    write_feather makedirs mkdir touch sink_csv sink_parquet urlretrieve""".split()
)
_CHANGERS = frozenset("remove unlink rename rmtree rmdir replace".split())
_BY_SPARK = frozenset("csv parquet json orc text load save".split())
_ON_PATH = frozenset(
    "read_text read_bytes write_text write_bytes exists is_file unlink touch mkdir iterdir glob "
    "rglob rename open".split()
)
_FIELD = re.compile(r"\{([A-Za-z_]\w*)\}")
_PATH = re.compile(r"^[^\s'\"]*(?:/|\.[A-Za-z]\w{0,7}$)[^\s'\"]*$")


def template(node: ast.expr | None, texts: Mapping[str, str]) -> str | None:
    """Write the text of an expression, as far as it is known; None where nothing is."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.Name):
        return texts.get(node.id, f"{{{node.id}}}") if node.id in texts else None
    if isinstance(node, ast.JoinedStr):
        return "".join(_part(value, texts) for value in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Div):
        left, right = template(node.left, texts), template(node.right, texts)
        if left is None and right is None:
            return None
        sign = "/" if isinstance(node.op, ast.Div) else ""
        return f"{_known(node.left, left)}{sign}{_known(node.right, right)}"
    if isinstance(node, ast.Call):
        name = last_name(node.func)
        if name in ("join", "joinpath", "Path", "PurePath") and node.args:
            if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Constant):
                return None  # ", ".join(…)
            parts = [_known(arg, template(arg, texts)) for arg in node.args]
            if name == "joinpath" and isinstance(node.func, ast.Attribute):
                parts.insert(0, _known(node.func.value, template(node.func.value, texts)))
            return "/".join(parts)
        if name in ("str", "fspath", "expanduser", "abspath", "dedent") and node.args:
            return template(node.args[0], texts)
        if name in ("format", "strip") and isinstance(node.func, ast.Attribute):
            text = template(node.func.value, texts)
            return re.sub(r"\{[^{}]*\}", "*", text) if text and name == "format" else text
    return None


def _known(node: ast.expr, text: str | None) -> str:
    if text is not None:
        return text
    return f"{{{node.id}}}" if isinstance(node, ast.Name) else "*"


def _part(node: ast.expr, texts: Mapping[str, str]) -> str:
    if isinstance(node, ast.FormattedValue):
        inner = node.value
        if isinstance(inner, ast.Name):
            return texts.get(inner.id, f"{{{inner.id}}}")
        return "*"
    return template(node, texts) or "*"


def names_in(path: str) -> list[str]:
    """List the variables that a path is made of."""
    return _FIELD.findall(path) if "{" in path else []


def looks_like_path(text: str) -> bool:
    """Say whether a name in SQL is rather a file."""
    return "/" in text or bool(
        re.search(r"\.(csv|tsv|parquet|json|jsonl|ndjson|xlsx|db|txt)$", text)
    )


def filled(path: str, texts: Mapping[str, str]) -> str:
    """Put known values of variables into a path; what stays unknown becomes `*`."""
    for _ in range(4):
        if "{" not in path:
            break
        path = _FIELD.sub(lambda found: texts.get(found[1], "*"), path)
    path = path.replace("{", "*").replace("}", "*")
    return posixpath.normpath(path) if path else path


def may_be_same(one: str, other: str) -> bool:
    """Say whether two paths may name one file, or a file and its folder."""
    if one == other:
        return True
    if one.startswith(f"{other}/") or other.startswith(f"{one}/"):
        return True
    if "*" not in one and "*" not in other and "[" not in one + other:
        return False
    return fnmatch.fnmatchcase(one, other) or fnmatch.fnmatchcase(other, one)


def of_call(
    name: str, func: ast.expr, node: ast.Call, texts: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """List the files of a call: path, and `read`, `write` or `change`."""
    if not name:
        return
    owner = func.value if isinstance(func, ast.Attribute) else None
    path = _argument(node, texts)
    if owner is not None and name in _ON_PATH:
        own = template(owner, texts)
        if own is None and isinstance(owner, ast.Name) and owner.id not in ("os", "glob", "shutil"):
            own = None if path is not None and name == "open" else f"{{{owner.id}}}"
        if own is not None:
            if name in ("glob", "rglob"):
                yield f"{own}/{path or '*'}", "read"
                return
            if name == "open":
                yield own, _mode(node, 0)
                return
            path = own
    if path is None:
        return
    if name == "open":
        yield path, _mode(node, 1)
    elif name in _BY_SPARK and owner is not None and (kind := _spark(owner)):
        yield path, kind
    elif name.startswith("read_") and name not in ("read_sql", "read_sql_query", "read_sql_table"):
        yield path, "read"
    elif name == "connect":
        if path != ":memory:":
            yield path, "read"
            yield path, "change"
    elif name in _WRITERS:
        yield path, "change" if _appends(node) else "write"
    elif name in _CHANGERS and isinstance(owner, ast.Name) and owner.id in ("os", "shutil"):
        yield path, "change"
    elif name in _READERS:
        yield path, "read"
    elif name in ("copy", "copyfile", "copy2", "move") and len(node.args) > 1:
        yield path, "read"
        to = template(node.args[1], texts)
        if to is not None:
            yield to, "write"


def _argument(node: ast.Call, texts: Mapping[str, str]) -> str | None:
    given: ast.expr | None = node.args[0] if node.args else None
    for keyword in node.keywords:
        if keyword.arg in ("path", "path_or_buf", "filepath_or_buffer", "fname", "file", "io"):
            given = keyword.value
    if given is None:
        return None
    if isinstance(given, ast.Name) and given.id not in texts:
        return f"{{{given.id}}}"
    if isinstance(given, ast.Subscript | ast.Attribute):
        return "*"
    return template(given, texts)


def _mode(node: ast.Call, at: int) -> str:
    given = node.args[at] if len(node.args) > at else None
    for keyword in node.keywords:
        if keyword.arg == "mode":
            given = keyword.value
    mode = given.value if isinstance(given, ast.Constant) else ("r" if given is None else "a")
    mode = str(mode)
    if "w" in mode or "x" in mode:
        return "write"
    return "change" if "a" in mode or "+" in mode else "read"


def _appends(node: ast.Call) -> bool:
    return any(
        k.arg == "mode" and isinstance(k.value, ast.Constant) and str(k.value.value)[:1] == "a"
        for k in node.keywords
    )


def _spark(owner: ast.expr) -> str | None:
    while isinstance(owner, ast.Call | ast.Attribute):
        if isinstance(owner, ast.Attribute):
            if owner.attr in ("read", "readStream"):
                return "read"
            if owner.attr in ("write", "writeStream"):
                return "write"
        owner = owner.func if isinstance(owner, ast.Call) else owner.value
    return None
