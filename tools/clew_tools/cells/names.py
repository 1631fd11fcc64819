"""What is known of the names of a Python cell while its statements are walked through?"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator, Sequence

from clew_tools.cells import file_paths
from clew_tools.cells.facts import Body, Call, MethodCall, Thing, variable
from clew_tools.cells.magics import Note
from clew_tools.cells.method_names import PASS_ON, PURE, RUN_SQL, VIEWS
from clew_tools.cells.shape import last_name
from clew_tools.cells.sql import Statement

BUILTINS = frozenset(dir(builtins))
SETTINGS = Thing("state", "display settings")
FOLDER = Thing("state", "the current folder and environment")


class Names:
    """A walk through statements; one per cell, function and class."""

    def __init__(self, notes: Sequence[Note] = (), bound: Iterable[str] = ()) -> None:
        """Start with what is bound already."""
        self.notes = notes
        self.bound: set[str] = set(bound)
        self.ever: set[str] = set()
        self.reads: set[Thing] = set()
        self.made: set[Thing] = set()
        self.changes: set[Thing] = set()
        self.further: set[str] = set()
        self.method_calls: set[MethodCall] = set()
        self.deleted: set[Thing] = set()
        self.imports: dict[str, str] = {}
        self.by_loop: set[str] = set()
        self.by_statement: set[str] = set()
        self.bodies: dict[str, Body] = {}
        self.methods: dict[str, bool] = {}
        self.calls: list[Call] = []
        self.same: dict[str, set[str]] = {}
        self.origin: dict[str, set[str]] = {}
        self.call_at: dict[int, int] = {}
        self.holds: list[tuple[str, tuple[str, ...]]] = []
        self.lazy: set[str] = set()
        self.texts: dict[str, str] = {}
        self.views: dict[str, frozenset[str]] = {}
        self.unknown: list[str] = []
        self.global_names: set[str] = set()
        self.returned: set[str] = set()
        self.sets_anything = self.reads_anything = self.draws = False
        self.shadow: dict[str, tuple[str, ...]] = {}
        self.using: set[str] = set()
        self.branches = 0

    # What happens to names.

    def read(self, name: str) -> None:
        """Note that a name's value is used here."""
        if name in self.shadow:
            return
        if name not in self.bound:
            self.reads.add(variable(name))
        body = self.bodies.get(name)
        if body is not None and name not in self.using:
            self.using.add(name)
            self.use(body)
            self.using.discard(name)

    def use(self, body: Body) -> None:
        """Let what happens in a function happen here."""
        for thing in body.reads:
            if thing.space == "variable":
                self.read(thing.name)
            elif thing not in self.made:
                self.reads.add(thing)
        self.changes |= body.changes
        self.further |= body.further_changes
        inside = set(body.params)
        self.method_calls |= {c for c in body.method_calls if c.owner not in inside}
        self.calls += [without(call, inside) for call in body.calls]
        for name in body.binds:
            self.ever.add(name)
            self.by_statement.add(name)

    def bind(self, name: str, *, loop: bool = False) -> None:
        """Note that a name gets a new value."""
        self.origin[name] = self.entry(name) if self.branches else set()
        self.bound.add(name)
        self.ever.add(name)
        (self.by_loop if loop else self.by_statement).add(name)
        self.deleted.discard(variable(name))
        self.bodies.pop(name, None)
        self.texts.pop(name, None)
        self.lazy.discard(name)
        part(self.same, name)

    def change(self, names: Iterable[str]) -> None:
        """Note that the objects of variables change in place, under all their names."""
        names = set(names)
        self.changes |= {variable(name) for name in names if name not in self.shadow}
        self.further |= self.objects(names) - names

    def family(self, names: Iterable[str]) -> set[str]:
        """Give all names that may stand for the objects of these."""
        found: set[str] = set()
        todo = [n for name in names for n in self.shadow.get(name, (name,))]
        while todo:
            name = todo.pop()
            if name not in found:
                found.add(name)
                todo += self.same.get(name, ())
        return found

    def entry(self, name: str) -> set[str]:
        """Give the variables whose objects, as they were before the cell, a name may hold."""
        if name in self.origin:
            return set(self.origin[name])
        return set() if name in self.ever else {name}

    def objects(self, names: Iterable[str]) -> set[str]:
        """Give all names that may stand, or stood before the cell, for the objects of these."""
        family = self.family(names)
        return family | {one for name in family for one in self.entry(name)}

    def share(self, name: str, others: Iterable[str], entries: Iterable[str] = ()) -> None:
        """Note that a name may hold the same object as others, and as variables from before."""
        origin = self.origin.setdefault(name, set())
        origin |= set(entries)
        for other in others:
            for real in self.shadow.get(other, (other,)):
                if real != name:
                    origin |= self.entry(real)
                    join(self.same, name, real)

    def table(self, name: str, *, made: bool = False) -> None:
        """Note that a table or view is read or made."""
        thing = Thing("table", name.strip('`"').lower())
        if made:
            self.made.add(thing)
        elif thing not in self.made:
            self.reads.add(thing)

    def file(self, path: str, action: str) -> None:
        """Note that a file is read, written anew or changed."""
        thing = Thing("file", path)
        if not path.startswith(("/", "~")) and "://" not in path:
            self.reads.add(FOLDER)
        for name in file_paths.names_in(path):
            self.read(name)
        if action == "write":
            self.made.add(thing)
        elif action == "change":
            self.changes.add(thing)
        elif thing not in self.made:
            self.reads.add(thing)

    def statement(self, statement: Statement) -> None:
        """Take over what a SQL statement does."""
        for name in statement.names:
            self.read(name)
        for name in statement.reads:
            self.file(name, "read") if file_paths.looks_like_path(name) else self.table(name)
        for name in statement.makes:
            self.table(name, made=True)
        for name in statement.changes:
            self.table(name)
            self.changes.add(Thing("table", name))
        self.deleted |= {Thing("table", name) for name in statement.drops}
        for name in statement.views:
            self.views[name] = statement.reads
        for name in statement.files:
            self.file(name, "write")

    # Whose objects a value may hold.

    def roots(self, node: ast.expr | None) -> list[str]:
        """List the variables whose objects an expression may hand over."""
        if isinstance(node, ast.Name):
            return [node.id]
        if isinstance(node, ast.Attribute | ast.Subscript | ast.Starred | ast.Await):
            return self.roots(node.value)
        if isinstance(node, ast.NamedExpr):
            return self.roots(node.value)
        if isinstance(node, ast.IfExp):
            return self.roots(node.body) + self.roots(node.orelse)
        if isinstance(node, ast.BoolOp):
            return [n for v in node.values for n in self.roots(v)]
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            return [n for v in node.elts for n in self.roots(v)]
        if isinstance(node, ast.Dict):
            return [n for v in node.values for n in self.roots(v)]
        if isinstance(node, ast.BinOp) and isinstance(node.left, ast.List):
            return self.roots(node.left) + self.roots(node.right)
        if isinstance(node, ast.BinOp) and isinstance(node.right, ast.List):
            return self.roots(node.left) + self.roots(node.right)
        if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
            return self._roots_of_comprehension(node)
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                method = node.func.attr
                if method == "copy" and node.args:  # copy.copy(x) copies x, not what is in it
                    return self.roots(node.args[0])
                if method in PURE and method not in VIEWS:
                    return []
                if method in RUN_SQL:
                    return []
                return self.roots(node.func.value)
            if last_name(node.func) in PASS_ON:
                given = (*node.args, *(k.value for k in node.keywords))
                return [n for a in given for n in self.roots(a)]
        return []

    def _roots_of_comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
    ) -> list[str]:
        """Its elements may be those of what it goes through; a generator still goes through it."""
        value = node.value if isinstance(node, ast.DictComp) else node.elt
        roots = self.roots(value)
        targets = {
            n.id for g in node.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)
        }
        found = [name for name in roots if name not in targets]
        if isinstance(node, ast.GeneratorExp) or targets & set(roots):
            found += [n for g in node.generators for n in self.roots(g.iter)]
        return [name for name in found if name not in targets]

    def sharing_calls(self, node: ast.expr | None) -> Iterator[int]:
        """List the calls whose result an expression may hand over, by their place in ``calls``."""
        if isinstance(node, ast.Call):
            if id(node) in self.call_at:
                yield self.call_at[id(node)]
            if isinstance(node.func, ast.Name) and node.func.id in PASS_ON:
                for arg in (*node.args, *(k.value for k in node.keywords)):
                    yield from self.sharing_calls(arg)
            elif isinstance(node.func, ast.Attribute) and node.func.attr not in PURE - VIEWS:
                yield from self.sharing_calls(node.func.value)
        elif isinstance(node, ast.Attribute | ast.Subscript | ast.Starred | ast.Await):
            yield from self.sharing_calls(node.value)
        elif isinstance(node, ast.NamedExpr):
            yield from self.sharing_calls(node.value)
        elif isinstance(node, ast.IfExp):
            yield from self.sharing_calls(node.body)
            yield from self.sharing_calls(node.orelse)
        elif isinstance(node, ast.Tuple | ast.List | ast.Set):
            for one in node.elts:
                yield from self.sharing_calls(one)
        elif isinstance(node, ast.Dict | ast.BoolOp):
            for one in node.values:
                yield from self.sharing_calls(one)

    def carriers(
        self, node: ast.expr, names: list[str], lazy: list[ast.Lambda | ast.GeneratorExp]
    ) -> None:
        """Collect functions that a value may carry on, to be called later."""
        if isinstance(node, ast.Name):
            names.append(node.id)
        elif isinstance(node, ast.Lambda | ast.GeneratorExp):
            lazy.append(node)
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                if node.func.attr in PURE:
                    return
                self.carriers(node.func.value, names, lazy)
            elif isinstance(node.func, ast.Name) and node.func.id in BUILTINS - PASS_ON:
                return
            for part in (*node.args, *(k.value for k in node.keywords)):
                self.carriers(part, names, lazy)
        elif isinstance(node, ast.Attribute | ast.Starred):
            self.carriers(node.value, names, lazy)
        elif isinstance(node, ast.Tuple | ast.List | ast.Set):
            for part in node.elts:
                self.carriers(part, names, lazy)
        elif isinstance(node, ast.Dict):
            for part in node.values:
                self.carriers(part, names, lazy)
        elif isinstance(node, ast.IfExp):
            self.carriers(node.body, names, lazy)
            self.carriers(node.orelse, names, lazy)


def join(same: dict[str, set[str]], one: str, other: str) -> None:
    """Note that two names may hold one object."""
    same.setdefault(one, set()).add(other)
    same.setdefault(other, set()).add(one)


def part(same: dict[str, set[str]], name: str) -> None:
    """Note that a name holds another object now; those that shared with it still share."""
    others = same.pop(name, set())
    for other in others:
        same[other].discard(name)
        same[other] |= others - {other}


def without(call: Call, hidden: set[str]) -> Call:
    """Drop names that mean something else outside."""
    return call._replace(
        positional=tuple(tuple(n for n in g if n not in hidden) for g in call.positional),
        named=tuple((k, tuple(n for n in g if n not in hidden)) for k, g in call.named),
        result=(),
    )
