"""What do the statements of a Python cell read, bind, change and delete, one after the other?

A name counts as read only where the cell itself has not surely bound it before. What is inside a
function happens when the function is used: it becomes a ``Body``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from clew_tools.cells import file_paths
from clew_tools.cells.expressions import Expressions
from clew_tools.cells.facts import Body, Facts, Thing, variable
from clew_tools.cells.method_names import FIGURES
from clew_tools.cells.methods import may_change
from clew_tools.cells.names import BUILTINS, FOLDER, SETTINGS, without
from clew_tools.cells.shape import all_args, dotted, is_lazy, last_name, namespace_key
from clew_tools.cells.sql import looks_like_sql, read_sql


class Flow(Expressions):
    """A walk through statements; one per cell, function and class."""

    def run(self, statements: Sequence[ast.stmt]) -> bool:
        """Walk through statements; say whether they leave the block for good."""
        for node in statements:
            handler = _STATEMENTS.get(type(node))
            if handler is not None:
                handler(self, node)
            else:
                for child in ast.iter_child_nodes(node):
                    self.expr(child)
            if isinstance(node, ast.Return | ast.Raise | ast.Break | ast.Continue):
                return True
        return False

    def branch(self, blocks: Sequence[Callable[[], bool]], *, or_none: bool) -> None:
        """Walk through blocks of which one runs (or none); keep what all of them bind."""
        before = set(self.bound)
        ends: list[set[str]] = [set(before)] if or_none else []
        self.branches += 1
        for block in blocks:
            self.bound = set(before)
            if not block():
                ends.append(self.bound)
        self.branches -= 1
        self.bound = set.intersection(*ends) if ends else before

    def _expression(self, node: ast.Expr) -> None:
        self.expr(node.value, taken=False)

    def _assign(self, node: ast.Assign) -> None:
        self.expr(node.value)
        for target in node.targets:
            self.target(target, node.value)

    def _annotated(self, node: ast.AnnAssign) -> None:
        self.expr(node.annotation)
        if node.value is not None:
            self.expr(node.value)
            self.target(node.target, node.value)

    def _augmented(self, node: ast.AugAssign) -> None:
        self.expr(node.value)
        if isinstance(node.target, ast.Name):
            name = node.target.id
            self.read(name)
            self.change([name])
            self.ever.add(name)
            self.by_statement.add(name)
            self.texts.pop(name, None)
        else:
            self.target(node.target, node.value)

    def target(self, node: ast.expr, value: ast.expr | None, *, loop: bool = False) -> None:
        """Assign to a target; value is what its objects may come from."""
        if isinstance(node, ast.Name):
            self._assign_name(node.id, value, loop)
        elif isinstance(node, ast.Tuple | ast.List):
            parts = value.elts if isinstance(value, ast.Tuple | ast.List) else None
            if parts is not None and len(parts) == len(node.elts):
                # All values are there before the first name is bound: `a, b = b, a`.
                before = [self.objects(self.roots(one)) for one in parts]
                entries = [{e for n in names for e in self.entry(n)} for names in before]
                rebound = {n.id for n in node.elts if isinstance(n, ast.Name)}
                for at, one in enumerate(node.elts):
                    if isinstance(one, ast.Name):
                        self._assign_name(
                            one.id, parts[at], loop, (before[at] - rebound, entries[at])
                        )
                    else:
                        self.target(one, parts[at], loop=loop)
            else:
                for one in node.elts:
                    self.target(one, value, loop=loop)
            if isinstance(value, ast.Call) and last_name(value.func) in FIGURES:
                names = [n.id for n in ast.walk(node) if isinstance(n, ast.Name)]
                for other in names[1:]:
                    self.share(other, names[:1])
        elif isinstance(node, ast.Starred):
            self.target(node.value, value, loop=loop)
        elif isinstance(node, ast.Attribute | ast.Subscript):
            if (name := namespace_key(node)) is not None:
                self.bind(name)
                return
            self.expr(node.value)
            if isinstance(node, ast.Subscript):
                self.expr(node.slice)
            path = dotted(node)
            if "rcParams" in path or "options" in path:
                self.changes.add(SETTINGS)
            elif "environ" in path:
                self.changes.add(FOLDER)
            else:
                self.change(self.roots(node.value))
                if isinstance(value, ast.Name | ast.Dict | ast.List | ast.Tuple):
                    # `d["k"] = a` keeps a itself; a column of a frame, `other["x"]`, is copied.
                    for owner in self.roots(node.value):
                        self.share(owner, self.family(self.roots(value)) - {owner})

    def _assign_name(
        self,
        name: str,
        value: ast.expr | None,
        loop: bool,
        shared: tuple[set[str], set[str]] | None = None,
    ) -> None:
        roots = self.family(self.roots(value)) if value is not None else set()
        entries = {e for root in roots for e in self.entry(root)}
        if shared is not None:
            roots, entries = shared
        carried: list[str] = []
        lambdas: list[ast.Lambda | ast.GeneratorExp] = []
        text = None
        if value is not None and not loop:
            self.carriers(value, carried, lambdas)
            text = file_paths.template(value, self.texts)
        body = self.bodies.get(value.id) if isinstance(value, ast.Name) else None
        for at in self.sharing_calls(value):
            self.calls[at] = self.calls[at]._replace(result=(*self.calls[at].result, name))
        lazy = [self.lambda_body(node) for node in lambdas]
        self.bind(name, loop=loop)
        self.share(name, roots - {name}, entries)
        if is_lazy(value) or isinstance(value, ast.Name) and value.id in self.lazy:
            self.lazy.add(name)
        if carried:
            self.holds.append((name, tuple(carried)))
        if body is not None:
            self.bodies[name] = body
        elif lazy:
            self.bodies[name] = joined(lazy) if len(lazy) > 1 else lazy[0]
        if text is None or self.branches or "*" in text and len(text) == 1:
            return
        if looks_like_sql(text):
            found = read_sql(text)
            tables = {Thing("table", n) for n in found.reads | found.changes}
            self.bodies[name] = Body(reads=frozenset(tables))
        if len(text) < 2000 or looks_like_sql(text):
            self.texts[name] = text

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.read(target.id)
                self.bound.discard(target.id)
                if not self.branches:
                    self.ever.discard(target.id)
                    self.deleted.add(variable(target.id))
            else:
                self.target(target, None)

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        self.expr(node.iter)

        def body() -> bool:
            self.target(node.target, node.iter, loop=True)
            self.run(node.body)
            return False

        self.branch([body], or_none=True)
        self.run(node.orelse)

    def _while(self, node: ast.While) -> None:
        self.expr(node.test)
        self.branch([lambda: self.run(node.body) and False], or_none=True)
        self.run(node.orelse)

    def _if(self, node: ast.If) -> None:
        self.expr(node.test)
        self.branch([lambda: self.run(node.body), lambda: self.run(node.orelse)], or_none=False)

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        suppressed = False
        for item in node.items:
            self.expr(item.context_expr)
            suppressed |= last_name(getattr(item.context_expr, "func", None)) == "suppress"
            if item.optional_vars is not None:
                self.target(item.optional_vars, item.context_expr, loop=True)
        if suppressed:
            self.branch([lambda: self.run(node.body)], or_none=True)
        else:
            self.run(node.body)

    def _try(self, node: ast.Try) -> None:
        def body() -> bool:
            return self.run(node.body) or self.run(node.orelse)

        def handler(one: ast.ExceptHandler) -> Callable[[], bool]:
            def run() -> bool:
                if one.type is not None:
                    self.expr(one.type)
                if one.name:
                    self.bind(one.name, loop=True)
                ended = self.run(one.body)
                self.bound.discard(one.name or "")
                return ended

            return run

        self.branch([body, *map(handler, node.handlers)], or_none=False)
        self.run(node.finalbody)

    def _match(self, node: ast.Match) -> None:
        self.expr(node.subject)

        def case(one: ast.match_case) -> Callable[[], bool]:
            def run() -> bool:
                for part in ast.walk(one.pattern):
                    if isinstance(part, ast.MatchValue):
                        self.expr(part.value)
                    elif isinstance(part, ast.MatchClass):
                        self.expr(part.cls)
                    name = getattr(part, "name", None) or getattr(part, "rest", None)
                    if isinstance(name, str):
                        self.bind(name)
                        self.share(name, self.roots(node.subject))
                if one.guard is not None:
                    self.expr(one.guard)
                return self.run(one.body)

            return run

        last = node.cases[-1]
        catches_all = (
            isinstance(last.pattern, ast.MatchAs)
            and last.pattern.pattern is None
            and last.guard is None
        )
        self.branch([case(one) for one in node.cases], or_none=not catches_all)

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            name = alias.asname or alias.name.split(".")[0]
            self.file(alias.name.split(".")[0] + ".py", "read")
            self.bind(name)
            self.imports[name] = alias.name if alias.asname else name

    def _import_from(self, node: ast.ImportFrom) -> None:
        module = "." * node.level + (node.module or "")
        self.file(module.strip(".").split(".")[0] + ".py", "read")
        for alias in node.names:
            if alias.name == "*":
                self.sets_anything = True
                self.unknown.append(f"`from {module} import *` may set any name")
                continue
            self.bind(alias.asname or alias.name)
            self.imports[alias.asname or alias.name] = f"{module}.{alias.name}"

    def _global(self, node: ast.Global | ast.Nonlocal) -> None:
        self.global_names |= set(node.names)

    def _return(self, node: ast.Return) -> None:
        if node.value is not None:
            self.expr(node.value)
            self.returned |= self.family(self.roots(node.value))

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for decorator in node.decorator_list:
            self.expr(decorator)
        self.signature(node.args)
        if node.returns is not None:
            self.expr(node.returns)
        body = self.body_of(node.args, node.body)
        decorators = [n for d in node.decorator_list for n in self._names(d)]
        self.bind(node.name)
        self.bodies[node.name] = body
        if decorators:
            self.holds.append((node.name, tuple(decorators)))

    def signature(self, args: ast.arguments) -> None:
        """Read defaults and annotations, which are evaluated where the function is written."""
        for default in (*args.defaults, *args.kw_defaults):
            if default is not None:
                self.expr(default)
        for arg in all_args(args):
            if arg.annotation is not None:
                self.expr(arg.annotation)

    def body_of(self, args: ast.arguments, statements: Sequence[ast.stmt]) -> Body:
        """Read what happens when a function is called."""
        params = [arg.arg for arg in all_args(args)]
        inner = Flow(self.notes, params)
        inner.texts = {k: v for k, v in self.texts.items() if k not in params}
        inner.run(statements)
        return inner.as_body(tuple(params))

    def as_body(self, params: tuple[str, ...]) -> Body:
        """Put together what a walk through a function found, without its own names."""
        own = (self.ever | set(params)) - self.global_names
        for name, body in self.bodies.items():
            # A function inside is taken as used: who calls it can't be told.
            if name in own:
                self.read(name)
                self.use(body)
        hidden = own - set(params)
        calls = tuple(without(call, hidden) for call in self.calls if call.name not in hidden)
        if self.sets_anything or self.reads_anything:
            self.reads.add(Thing("state", "*"))
        return Body(
            params=params,
            reads=frozenset(t for t in self.reads if t.space != "variable" or t.name not in own),
            binds=frozenset(self.global_names & self.ever),
            changes=frozenset(
                t for t in self.changes | self.made if t.space != "variable" or t.name not in own
            ),
            further_changes=frozenset(self.further - own),
            changed_params=frozenset(
                p for p in params if p in self.further or variable(p) in self.changes
            ),
            returned_params=frozenset(p for p in params if p in self.returned),
            keeps=frozenset(
                (one, other)
                for one, others in self.same.items()
                for other in others
                if one not in hidden and other not in hidden and one in params
            ),
            calls=calls,
            method_calls=frozenset(c for c in self.method_calls if c.owner not in hidden),
        )

    def lambda_body(self, node: ast.Lambda | ast.GeneratorExp) -> Body:
        """Read what happens when a lambda is called or a generator is asked."""
        if isinstance(node, ast.Lambda):
            return self.body_of(node.args, [ast.Return(value=node.body)])
        inner = Flow(self.notes)
        inner.expr(node)
        return inner.as_body(())

    def _class(self, node: ast.ClassDef) -> None:
        for part in (*node.decorator_list, *node.bases, *(k.value for k in node.keywords)):
            self.expr(part)
        inner = Flow(self.notes, self.bound)
        inner.run(node.body)
        reads = {t for t in inner.reads if t.space != "variable" or t.name not in self.bound}
        self.reads |= reads
        self.changes |= {t for t in inner.changes if t.name not in inner.ever}
        bodies = list(inner.bodies.values())
        for name, body in inner.bodies.items():
            own = body.params[:1]
            changes = bool(own) and (
                own[0] in body.changed_params
                or any(c.owner == own[0] and may_change(c, {}) for c in body.method_calls)
                or any(own[0] in group for c in body.calls for group in c.positional)
            )
            self.methods[name] = changes or self.methods.get(name, False)
            self.methods |= {k: v or self.methods.get(k, False) for k, v in inner.methods.items()}
        self.bind(node.name)
        whole = joined(bodies)
        bases = {variable(n) for base in node.bases for n in self._names(base)}
        self.bodies[node.name] = Body(
            changes_arguments=any(_changes_arguments(body) for body in bodies),
            reads=whole.reads | bases,
            binds=whole.binds,
            changes=whole.changes,
            further_changes=whole.further_changes,
            calls=tuple(without(c, {p for b in bodies for p in b.params}) for c in whole.calls),
            method_calls=frozenset(
                c for b in bodies for c in b.method_calls if c.owner not in b.params
            ),
            is_class=True,
        )

    def _names(self, node: ast.expr) -> list[str]:
        return [n.id for n in ast.walk(node) if isinstance(n, ast.Name)]

    def _type_alias(self, node: ast.stmt) -> None:
        self.bind(node.name.id)  # type: ignore[attr-defined]

    def facts(self, *, shows: bool) -> Facts:
        """Put together what was found."""
        surely = {variable(n) for n in self.bound & self.ever}
        if self.draws:
            self.reads.add(SETTINGS)
        return Facts(
            reads=frozenset(self.reads),
            binds=frozenset(surely | self.made),
            may_bind=frozenset(variable(n) for n in self.ever - self.bound),
            changes=frozenset(self.changes),
            further_changes=frozenset(self.further),
            method_calls=frozenset(self.method_calls),
            deletes=frozenset(self.deleted),
            imports=self.imports,
            loop_names=frozenset(self.by_loop - self.by_statement),
            bodies=self.bodies,
            calls=tuple(self.calls),
            entries={n: frozenset(e) for n, e in self.origin.items() if e and n in self.ever},
            aliases=frozenset((a, b) for a, others in self.same.items() for b in others),
            holds=tuple(self.holds),
            methods=self.methods,
            lazy=frozenset(self.lazy),
            texts=self.texts,
            views=self.views,
            sets_anything=self.sets_anything,
            reads_anything=self.reads_anything,
            unknown=tuple(dict.fromkeys(self.unknown)),
            draws=self.draws,
            shows=shows,
        )


_STATEMENTS: dict[type[ast.AST], Callable[..., None]] = {
    ast.Expr: Flow._expression, ast.Assign: Flow._assign, ast.AnnAssign: Flow._annotated,
    ast.AugAssign: Flow._augmented, ast.Delete: Flow._delete, ast.For: Flow._for,
    ast.AsyncFor: Flow._for, ast.While: Flow._while, ast.If: Flow._if, ast.With: Flow._with,
    ast.AsyncWith: Flow._with, ast.Try: Flow._try, ast.TryStar: Flow._try, ast.Match: Flow._match,
    ast.Import: Flow._import, ast.ImportFrom: Flow._import_from, ast.Global: Flow._global,
    ast.Nonlocal: Flow._global, ast.FunctionDef: Flow._function, ast.Return: Flow._return,
    ast.AsyncFunctionDef: Flow._function, ast.ClassDef: Flow._class,
}  # fmt: skip
if hasattr(ast, "TypeAlias"):
    _STATEMENTS[ast.TypeAlias] = Flow._type_alias


def _changes_arguments(body: Body) -> bool:
    """Say whether a method may change something that it is given, apart from its object."""
    given = set(body.params[1:])
    return bool(
        given & body.changed_params
        or any(c.owner in given and may_change(c, {}) for c in body.method_calls)
        or any(
            c.name not in BUILTINS and given & {n for group in c.positional for n in group}
            for c in body.calls
        )
    )


def joined(bodies: Sequence[Body]) -> Body:
    """Put bodies together of which each may happen."""
    return Body(
        reads=frozenset(t for b in bodies for t in b.reads),
        binds=frozenset(n for b in bodies for n in b.binds),
        changes=frozenset(t for b in bodies for t in b.changes),
        further_changes=frozenset(n for b in bodies for n in b.further_changes),
        calls=tuple(c for b in bodies for c in b.calls),
        method_calls=frozenset(c for b in bodies for c in b.method_calls),
    )
