"""What do the expressions of a Python cell read and change, calls above all?"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence

from clew_tools.cells import file_paths
from clew_tools.cells.facts import Body, Call, MethodCall, Thing, variable
from clew_tools.cells.magics import MARK, Note, plain, shell_paths
from clew_tools.cells.method_names import (
    CHANGES_ARGUMENT,
    CHANGES_KEYWORD,
    DRAWS_UNLESS_SEEDED,
    FIGURES,
    OWN_GENERATOR,
    RUN_SQL,
    STORES,
)  # fmt: skip
from clew_tools.cells.names import FOLDER, SETTINGS, Names
from clew_tools.cells.shape import (
    NAMESPACES,
    asks_namespace,
    dotted,
    is_false,
    last_name,
    namespace_key,
    parse,
)
from clew_tools.cells.sql import looks_like_sql, read_sql

_SEEDS = frozenset("seed set_state manual_seed set_seed setstate".split())
_MAKES_TABLE = frozenset(
    "createOrReplaceTempView createTempView createGlobalTempView createOrReplaceGlobalTempView "
    "registerTempTable saveAsTable register create_view create_table to_sql registerFunction "
    "registerDataFrameAsTable".split()
)
_READS_TABLE = frozenset("table read_sql_table cacheTable".split())
_DROPS_TABLE = frozenset("dropTempView dropGlobalTempView unregister".split())
_DRAWING = frozenset(
    "show plot hist scatter bar line boxplot heatmap savefig write_html pie violin imshow".split()
)
_AT_NAME = re.compile(r"@([A-Za-z_]\w*)")
_COMPREHENSIONS = frozenset({ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp})


class Expressions(Names):
    """The walk through expressions; statements are ``Flow``'s."""

    def run(self, statements: Sequence[ast.stmt]) -> bool:
        """Walk through statements."""
        raise NotImplementedError

    def branch(self, blocks: Sequence[Callable[[], bool]], *, or_none: bool) -> None:
        """Walk through blocks of which one runs."""
        raise NotImplementedError

    def target(self, node: ast.expr, value: ast.expr | None, *, loop: bool = False) -> None:
        """Assign to a target."""
        raise NotImplementedError

    def signature(self, args: ast.arguments) -> None:
        """Read defaults and annotations."""
        raise NotImplementedError

    def lambda_body(self, node: ast.Lambda | ast.GeneratorExp) -> Body:
        """Read what happens when it is called."""
        raise NotImplementedError

    def expr(self, node: ast.AST, *, taken: bool = True) -> None:
        """Walk through an expression; taken: somebody uses its value."""
        kind = type(node)
        if kind is ast.Name:
            self.read(node.id)  # type: ignore[attr-defined]
        elif kind is ast.Constant:
            return
        elif kind is ast.Attribute:
            self.expr(node.value)  # type: ignore[attr-defined]
        elif kind is ast.Call:
            self._call(node, taken)  # type: ignore[arg-type]
        elif kind in _COMPREHENSIONS:
            self._comprehension(node)  # type: ignore[arg-type]
        elif kind is ast.Lambda:
            self._lambda(node)  # type: ignore[arg-type]
        elif kind is ast.NamedExpr:
            self.expr(node.value)  # type: ignore[attr-defined]
            self.target(node.target, node.value)  # type: ignore[attr-defined]
        elif kind is ast.BoolOp or kind is ast.IfExp:
            self._maybe(node)
        elif kind is ast.Subscript and (name := namespace_key(node)) is not None:
            self.read(name)
        elif kind is ast.Compare and asks_namespace(node):
            self.read(node.left.value)  # type: ignore[attr-defined]
        else:
            for child in ast.iter_child_nodes(node):
                self.expr(child)

    def _maybe(self, node: ast.AST) -> None:
        """Walk through what runs in part only: a name bound there is not surely bound."""
        children = list(ast.iter_child_nodes(node))
        first = node.test if isinstance(node, ast.IfExp) else node.values[0]  # type: ignore[attr-defined]
        self.expr(first)
        before = set(self.bound)
        for child in children:
            if child is not first:
                self.expr(child)
        self.bound = before

    def _lambda(self, node: ast.Lambda) -> None:
        self.signature(node.args)
        self.use(self.lambda_body(node))

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    ) -> None:
        before = dict(self.shadow)
        for part in node.generators:
            self.expr(part.iter)
            roots = tuple(self.family(self.roots(part.iter)))
            for name in ast.walk(part.target):
                if isinstance(name, ast.Name):
                    self.shadow[name.id] = roots
            for test in part.ifs:
                self.expr(test)
        for value in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
            self.expr(value)
        self.shadow = before

    def _call(self, node: ast.Call, taken: bool) -> None:
        func = node.func
        name = last_name(func)
        if isinstance(func, ast.Name):
            if name == MARK:
                self.take_note(self.notes[node.args[0].value])  # type: ignore[attr-defined]
                return
            if name in NAMESPACES and name not in self.bound:
                if name in ("globals", "locals") or not node.args:
                    self.reads_anything = True
            elif name in ("exec", "eval"):
                self._execute(node)
            self.read(name)
            self._note_call(name, node)
        else:
            self.expr(func.value if isinstance(func, ast.Attribute) else func)
            if isinstance(func, ast.Attribute):
                self._method(func, node, taken)
            if node.args or node.keywords:
                for owner in self.family(self.roots(func)):
                    self._note_call(owner, node, method=isinstance(func, ast.Attribute))
        for arg in node.args:
            self.expr(arg)
        for keyword in node.keywords:
            self.expr(keyword.value)
            if keyword.arg in CHANGES_KEYWORD and not isinstance(keyword.value, ast.Constant):
                self.change(self.roots(keyword.value))
        if (at := CHANGES_ARGUMENT.get(name)) is not None and at < len(node.args):
            self.change(self.roots(node.args[at]))
        self._random(name, func, node)
        self._files(name, func, node)
        if name in _DRAWING or name in FIGURES:
            self.draws = True

    def _note_call(self, name: str, node: ast.Call, *, method: bool = False) -> None:
        """Keep which variables a call hands over; what it does with them, its function says."""
        positional = tuple(tuple(self.objects(self.roots(a))) for a in node.args)
        named = tuple(
            (k.arg or "**", tuple(self.objects(self.roots(k.value)))) for k in node.keywords
        )
        if method and not any(positional) and not any(group for _, group in named):
            return
        self.call_at[id(node)] = len(self.calls)
        self.calls.append(Call(name, positional, named, (), method))

    def _method(self, func: ast.Attribute, node: ast.Call, taken: bool) -> None:
        method = func.attr
        roots = self.objects(self.roots(func.value))
        path = dotted(func)
        if method == "update" and isinstance(func.value, ast.Call):
            if last_name(func.value.func) in ("globals", "locals"):
                self.sets_anything = True
                self.unknown.append("it writes into `globals()`")
        if path[-2:] == ("get_ipython", "run_line_magic") or method in (
            "run_line_magic", "run_cell_magic", "magic", "system", "run_cell",
        ):  # fmt: skip
            self._run_magic(method, node)
        if any(k.arg == "inplace" and not is_false(k.value) for k in node.keywords):
            self.change(roots)
        if method in ("chdir", "putenv") or path[-2:-1] == ("environ",):
            self.changes.add(FOLDER)
        if method in ("set_option", "use", "set_theme", "set_style", "set_palette", "reset_option"):
            self.changes.add(SETTINGS)
        if method == "pipe" and node.args and isinstance(node.args[0], ast.Name):
            rest = tuple(tuple(self.objects(self.roots(a))) for a in node.args[1:])
            self.calls.append(Call(node.args[0].id, (tuple(roots), *rest), ()))
        if method in RUN_SQL or method == "eval":
            if not self._runs_sql(method, path, node) and taken:
                return
            if method in ("query", "eval"):
                return
        elif self._tables(method, path, node):
            pass
        for owner in roots:
            self.method_calls.add(MethodCall(owner, method, taken))
        if method in STORES:
            for arg in (*node.args, *(k.value for k in node.keywords)):
                for owner in self.roots(func.value):
                    self.share(owner, self.family(self.roots(arg)) - {owner})

    def _runs_sql(self, method: str, path: tuple[str, ...], node: ast.Call) -> bool:
        """Take over the statement that a method runs; say whether it may change something."""
        given = node.args[0] if node.args else None
        for keyword in node.keywords:
            if keyword.arg in ("sql", "query", "statement"):
                given = keyword.value
        while isinstance(given, ast.Call) and given.args:  # text("SELECT …")
            given = given.args[0]
        text = file_paths.template(given, self.texts) if given is not None else None
        if text is None:
            return False
        if looks_like_sql(text):
            found = read_sql(text)
            self.statement(found)
            return not found.only_reads or found.unread
        for name in _AT_NAME.findall(text):
            self.read(name)
        if method == "eval" and path[:1] in (("pd",), ("pandas",), ("ne",)):
            for name in re.findall(r"[A-Za-z_]\w*", text):
                self.read(name)
        return False

    def _tables(self, method: str, path: tuple[str, ...], node: ast.Call) -> bool:
        if method not in _MAKES_TABLE and method not in _READS_TABLE and method not in _DROPS_TABLE:
            if method == "insertInto" and node.args:
                into = file_paths.template(node.args[0], self.texts) or "*"
                self.changes.add(Thing("table", into.lower()))
            return False
        given = node.args[0] if node.args else None
        for keyword in node.keywords:
            if keyword.arg in ("name", "view_name", "tableName", "viewName"):
                given = keyword.value
        name = file_paths.template(given, self.texts) if given is not None else None
        if name is None or not re.fullmatch(r"[\w.{}*]+", name):
            return False
        if method in _MAKES_TABLE:
            self.table(name, made=True)
            if "Global" in method:
                self.table(f"global_temp.{name}", made=True)
        elif method in _READS_TABLE:
            self.table(name)
        else:
            self.deleted.add(Thing("table", name.lower()))
        if method == "to_sql":
            given = node.args[1] if len(node.args) > 1 else None
            for keyword in node.keywords:
                given = keyword.value if keyword.arg == "con" else given
            if given is not None:
                self.change(self.roots(given))
        return True

    def _random(self, name: str, func: ast.expr, node: ast.Call) -> None:
        path = dotted(func)
        if name in OWN_GENERATOR:
            return
        by_path = "random" in path[:-1] or path[:1] in (("torch",), ("tf",)) and name in _SEEDS
        if not by_path:
            if name not in DRAWS_UNLESS_SEEDED or any(
                k.arg in ("random_state", "seed") for k in node.keywords
            ):
                return
            if name == "sample" and path[:1] == ("random",):
                return
        python = path[:1] == ("random",)
        state = Thing("state", f"random numbers of {'Python' if python else 'NumPy'}")
        if name in _SEEDS and not self.branches:
            self.made.add(state)
        elif state not in self.made:
            self.reads.add(state)
        self.changes.add(state)

    def _files(self, name: str, func: ast.expr, node: ast.Call) -> None:
        for path, action in file_paths.of_call(name, func, node, self.texts):
            self.file(path, action)

    def _execute(self, node: ast.Call) -> None:
        given = node.args[0] if node.args else None
        text = file_paths.template(given, self.texts) if given is not None else None
        if text is not None and "{" not in text and "*" not in text:
            try:
                self.branch([lambda: self.run(parse(text).body)], or_none=True)
            except (SyntaxError, ValueError):
                return
            return
        name = last_name(node.func)
        self.reads_anything = True
        if name == "exec":
            self.sets_anything = True
        self.unknown.append(f"what `{name}(…)` runs is not known")

    def _run_magic(self, method: str, node: ast.Call) -> None:
        texts = [file_paths.template(a, self.texts) for a in node.args]
        if any(text is None for text in texts) or not texts:
            return
        words = [str(text) for text in texts]
        if method == "run_cell_magic":
            line = "%%" + " ".join(words[:2]) + "\n" + "\n".join(words[2:])
        else:
            line = ("!" if method == "system" else "%") + " ".join(words)
        for note in plain(line).notes:
            self.take_note(note)

    def take_note(self, note: Note) -> None:
        """Take over what a line of IPython's does."""
        for name in note.reads:
            self.read(name)
        if note.python:
            inner = plain(note.python)
            try:
                tree = parse(inner.text)
            except (SyntaxError, ValueError):
                tree = ast.Module(body=[], type_ignores=[])
            before = self.notes, set(self.bound), set(self.ever)
            self.notes = inner.notes
            self.run(tree.body)
            self.notes = before[0]
            if not note.keeps:
                self.bound, self.ever = before[1], before[2]
        if note.sql is not None:
            self.statement(read_sql(note.sql))
        if note.shell is not None:
            for path in shell_paths(note.shell):
                self.file(path, "read")
                if not path.endswith((".py", ".sh")):
                    self.file(path, "change")
        if note.writes is not None:
            self.file(note.writes, "write")
        if note.folder:
            self.changes.add(FOLDER)
        if note.resets:
            self.deleted.add(variable("*"))
        self.sets_anything |= note.sets_anything
        if note.unknown:
            self.unknown.append(note.unknown)
        for name in note.binds:
            self.bind(name)
