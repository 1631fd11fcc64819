"""Which cell made what another cell reads, once all cells stand in an order?

One pass in the order of the cells keeps, for each thing, the cells that made its present value: a
new binding takes the place of all before it, a change in place adds a cell. What a function does
counts where it is used, with the values of that moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from clew_tools.cells import file_paths
from clew_tools.cells.facts import Body, Call, Facts, Thing, variable
from clew_tools.cells.methods import may_change
from clew_tools.cells.names import BUILTINS, join, part

Role = Literal["defines", "may define", "changes"]

ANYTHING = Thing("state", "*")
GIVEN = frozenset(
    """__name__ __file__ __doc__ __builtins__ get_ipython display In Out exit quit spark sc
    sqlContext dbutils displayHTML _ __ ___ _i _ii _iii _dh _oh open""".split()
)
"""Names that a kernel has before any cell runs."""


class Edge(NamedTuple):
    """One reason why a cell needs another.

    Attributes:
        maker: id of the cell that is needed.
        thing: what it makes.
        role: how.
    """

    maker: str
    thing: Thing
    role: Role


@dataclass
class Links:
    """What one pass found.

    Attributes:
        edges: cell → what it needs, each maker at least once.
        ahead: cell → names that only a later cell defines.
        undefined: cell → names that no cell defines.
        makers: thing → the cells that made its value at the end.
        binders: variable → the cells that bind it, in order.
        imported: variables that are modules, or come from one, at the end.
    """

    edges: dict[str, list[Edge]] = field(default_factory=dict)
    ahead: dict[str, list[str]] = field(default_factory=dict)
    undefined: dict[str, list[str]] = field(default_factory=dict)
    makers: dict[Thing, list[tuple[str, Role]]] = field(default_factory=dict)
    binders: dict[str, list[str]] = field(default_factory=dict)
    imported: dict[str, str] = field(default_factory=dict)


def link(cells: Sequence[tuple[str, Facts]], known: frozenset[str] = frozenset()) -> Links:
    """Find the makers of all that is read.

    Args:
        cells: id and facts, in the order in which they run.
        known: names that the kernel has without a cell.
    """
    run = _Pass(cells, known)
    for id_, facts in cells:
        run.cell(id_, facts)
    run.look_ahead()
    return run.links


class _Pass:
    """The state of the kernel as far as it is known, cell after cell."""

    def __init__(self, cells: Sequence[tuple[str, Facts]], known: frozenset[str]) -> None:
        self.cells = cells
        self.links = Links()
        self.reach = self.links.makers
        self.modules = self.links.imported
        self.known = known
        self.bodies: dict[str, tuple[Body, ...]] = {}
        self.same: dict[str, set[str]] = {}
        self.texts: dict[str, str] = {}
        self.views: dict[str, frozenset[str]] = {}
        self.wild: list[tuple[int, str]] = []
        self.bound_at: dict[str, int] = {}
        self.lazy: set[str] = set()
        self.closure: dict[str, frozenset[str]] = {}
        self.missing: list[tuple[int, str, str]] = []
        self.at = -1
        self.order = {id_: at for at, (id_, _) in enumerate(cells)}
        self.methods: dict[str, bool] = {}
        for _, facts in cells:
            for name, changes in facts.methods.items():
                self.methods[name] = changes or self.methods.get(name, False)

    # One cell.

    def cell(self, id_: str, facts: Facts) -> None:
        self.at += 1
        self.id = id_
        self.facts = facts
        self.used: dict[Thing, None] = {}
        self.changed: set[Thing] = set()
        self.maybe: set[str] = set()
        self.holders: dict[str, set[str]] = {n: set(e) for n, e in facts.entries.items()}
        self.given_back: list[tuple[str, str]] = []
        self.keepers: list[tuple[str, str]] = []
        self._active: set[int] = set()
        self.texts |= facts.texts
        self.modules_here = {**self.modules, **facts.imports}
        for thing in facts.reads:
            self._use(thing)
        for thing in facts.changes:
            self.changed.add(self._real(thing))
        self.changed |= {
            variable(name) for name in facts.further_changes if name not in self.modules_here
        }
        for call in facts.method_calls:
            if call.owner not in self.modules_here and may_change(call, self.methods):
                self.changed.add(variable(call.owner))
        for call_ in facts.calls:
            self._call(call_, {})
        for thing in self.used:
            if thing.space == "variable" and thing.name in self.lazy:
                self.changed.add(thing)  # going through an iterator uses it up
        self.direct = set(self.changed)
        self._spread()
        self._edges(id_)
        self._effects(id_, facts)

    def _real(self, thing: Thing) -> Thing:
        if thing.space == "file":
            return Thing("file", file_paths.filled(thing.name, self.texts))
        return thing

    def _use(self, thing: Thing) -> None:
        thing = self._real(thing)
        if thing in self.used:
            return
        self.used[thing] = None
        if thing.space == "variable":
            for body in self._bodies(thing.name):
                self._run(body)
        elif thing.space == "table":
            self._use_table(thing.name)

    def _bodies(self, name: str) -> tuple[Body, ...]:
        return self.bodies.get(name, ())

    def _use_table(self, name: str) -> None:
        last = name.rpartition(".")[2]
        views = self.views.get(name) or self.views.get(last)
        for other in views or ():
            self._use(Thing("table", other))
        if any(_same_table(name, t.name) for t in self.reach if t.space == "table"):
            return
        for other in (name, last):
            for real in self._spelled(other):
                self._use(variable(real))

    def _spelled(self, name: str) -> list[str]:
        """Find variables by a name of SQL, which has lost its capitals."""
        exact = [t.name for t in self.reach if t.space == "variable" and t.name.lower() == name]
        return [name] if name in exact else exact

    def _run(self, body: Body) -> None:
        """Let the body of a function or class happen here."""
        if id(body) in self._active:
            return
        self._active.add(id(body))
        for thing in body.reads:
            if thing == ANYTHING:
                self.used[thing] = None
            else:
                self._use(thing)
        inside = set(body.params)
        self.changed |= {self._real(t) for t in body.changes}
        self.changed |= {
            variable(name) for name in body.further_changes if name not in self.modules_here
        }
        self.maybe |= body.binds
        for call in body.method_calls:
            if (
                call.owner not in inside
                and call.owner not in self.modules_here
                and may_change(call, self.methods)
            ):
                self.changed.add(variable(call.owner))
        for call_ in body.calls:
            self._call(call_, dict.fromkeys(inside))
        self._active.discard(id(body))

    def _call(self, call: Call, inside: Mapping[str, None]) -> None:
        """Change the arguments that the called function changes."""
        own = self.facts.bodies.get(call.name)
        bodies = (own,) if own is not None else self._bodies(call.name)
        dotted = self.modules_here.get(call.name, "")
        if dotted.startswith(("random.", "numpy.random.")):
            self._random(dotted)
        for body in bodies:
            if call.method and not body.is_class:
                continue
            changed = self._changed_params(body)
            for params, group in _arguments(body, call):
                names = {n for n in group if n not in inside}
                if params & changed or body.changes_arguments:
                    self.changed |= {variable(n) for n in names}
                if body.is_class or params & body.returned_params:
                    for name in call.result:
                        self.holders.setdefault(name, set()).update(names)
                        self.given_back += [(name, n) for n in names]
                if body.is_class and call.method:
                    self.keepers += [(call.name, n) for n in names]
                for one, other in body.keeps:
                    if one in params:
                        kept = self._given(body, call, other) - inside.keys()
                        self.keepers += [(n, m) for n in names for m in kept]

    def _given(self, body: Body, call: Call, name: str) -> set[str]:
        """Give the variables that stand for a name of a function: what is given, or itself."""
        if name not in body.params:
            return {name}
        return {n for params, group in _arguments(body, call) if name in params for n in group}

    def _random(self, dotted: str) -> None:
        package, _, name = dotted.rpartition(".")
        state = Thing("state", f"random numbers of {'Python' if package == 'random' else 'NumPy'}")
        if name in ("default_rng", "RandomState", "Generator", "Random"):
            return
        self.used[state] = None
        self.changed.add(state)

    def _changed_params(self, body: Body, active: frozenset[int] = frozenset()) -> frozenset[str]:
        """Say which parameters a function changes, itself or through those that it calls."""
        found = set(body.changed_params)
        found |= {
            c.owner
            for c in body.method_calls
            if c.owner in body.params and may_change(c, self.methods)
        }
        if len(active) < 20 and id(body) not in active:
            for call in body.calls:
                for inner in self._bodies(call.name) or (
                    (self.facts.bodies[call.name],) if call.name in self.facts.bodies else ()
                ):
                    changed = self._changed_params(inner, active | {id(body)})
                    for params, group in _arguments(inner, call):
                        if params & changed:
                            found |= set(group)
        return frozenset(found & set(body.params))

    def _spread(self) -> None:
        """Let a change reach all names of the changed object."""
        changed = {t.name for t in self.changed if t.space == "variable"}
        held: set[str] = set()
        # Sharing within the cell is in its facts already, but for what called functions do.
        for one, other in (*self.given_back, *self.keepers):
            if one in changed or other in changed:
                held |= {one, other}
        changed |= held - self.modules_here.keys()
        self.changed |= {variable(name) for name in self._family(changed)}

    def _family(self, names: Iterable[str]) -> set[str]:
        """Give all names that may stand for the objects of these before the cell."""
        todo = list(names)
        seen = set(todo)
        while todo:
            for other in self.same.get(todo.pop(), ()):
                if other not in seen and other not in self.modules_here:
                    seen.add(other)
                    todo.append(other)
        return seen

    # What it needs.

    def _edges(self, id_: str) -> None:
        found: dict[Edge, None] = {}
        imports: list[Thing] = []
        bound_here = self.facts.binds | self.facts.may_bind
        for thing in self.used:
            makers = self._makers(thing)
            several = len(makers) > 1 and thing.space == "variable" and thing.name in self.modules
            if several:
                imports.append(thing)
            for maker, role in makers:
                if maker != id_ and not (several and role == "defines"):
                    found[Edge(maker, thing, role)] = None
            if thing.space == "variable" and thing.name not in self.modules_here:
                since = self.bound_at.get(thing.name, -1)
                for at, wild in self.wild:
                    if at > since:
                        found[Edge(wild, thing, "may define")] = None
            if not makers and thing.space == "variable" and thing not in bound_here:
                self.missing.append((self.at, id_, thing.name))
        for thing in self.direct:
            if thing not in bound_here or thing in self.used:
                for maker, role in self._makers(thing):
                    if maker != id_:
                        found[Edge(maker, thing, role)] = None
        if self.facts.reads_anything or ANYTHING in self.used:
            for thing, makers in self.reach.items():
                if thing.space == "variable":
                    for maker, role in makers:
                        found[Edge(maker, thing, role)] = None
        for thing in self.facts.binds | self.changed:
            if thing.space == "file":
                for maker, role in self._folders(self._real(thing).name):
                    found[Edge(maker, thing, role)] = None
        above = {edge.maker for edge in found}
        for maker in list(above):
            above |= self.closure.get(maker, frozenset())
        for module in imports:
            if (best := self._best_import(module, above)) is None:
                continue
            found[Edge(best, module, "defines")] = None
            above |= {best, *self.closure.get(best, ())}
        self.links.edges[id_] = [edge for edge in found if edge.maker != id_]
        self.closure[id_] = frozenset(above - {id_})

    def _best_import(self, module: Thing, above: set[str]) -> str | None:
        """Choose among cells that import the same: one needed anyway, or who needs least."""
        return min(
            (maker for maker, role in self._makers(module) if role == "defines"),
            key=lambda m: (m not in above, len(self.closure.get(m, ())), self.order[m]),
            default=None,
        )

    def _makers(self, thing: Thing) -> list[tuple[str, Role]]:
        if thing.space in ("variable", "state"):
            return self.reach.get(thing, [])
        if thing.space == "table":
            return [
                maker
                for other, makers in self.reach.items()
                if other.space == "table" and _same_table(thing.name, other.name)
                for maker in makers
            ]
        return [
            maker
            for other, makers in self.reach.items()
            if other.space == "file"
            and not ("*" in other.name and thing.name.endswith(".py"))
            and file_paths.may_be_same(other.name, thing.name)
            for maker in makers
        ]

    def _folders(self, path: str) -> list[tuple[str, Role]]:
        return [
            maker
            for other, makers in self.reach.items()
            if other.space == "file" and path.startswith(f"{other.name}/")
            for maker in makers
        ]

    # What it leaves.

    def _effects(self, id_: str, facts: Facts) -> None:
        for thing in facts.deletes:
            if thing.name == "*":
                for one in [t for t in self.reach if t.space == "variable"]:
                    del self.reach[one]
            self.reach.pop(thing, None)
            self.bound_at[thing.name] = self.at
        carried = {
            name: tuple(b for n in names for b in self._carried(n)) for name, names in facts.holds
        }
        groups = {name: self._family(entries) for name, entries in self.holders.items()}
        made: dict[str, tuple[Body, ...]] = {}
        for call in facts.calls:
            for name in call.result:
                own = facts.bodies.get(call.name)
                bodies = (own,) if own is not None else self._bodies(call.name)
                made[name] = tuple(b for b in bodies if b.is_class)
        for thing in facts.binds:
            thing = self._real(thing)
            if thing.space == "file" and "*" in thing.name:
                self._add(thing, id_, "defines")
                continue
            if self._is_same_import(thing, facts):
                self.reach[thing].append((id_, "defines"))
                continue
            self.reach[thing] = [(id_, "defines")]
            if thing.space != "variable":
                continue
            name = thing.name
            self.bound_at[name] = self.at
            self._forget(name)
            bodies_ = (*carried.get(name, ()), *made.get(name, ()))
            if name in facts.bodies:
                bodies_ = (facts.bodies[name], *bodies_)
            if bodies_:
                self.bodies[name] = bodies_
            if name in facts.lazy:
                self.lazy.add(name)
            self._note_binding(name, id_)
        for thing in facts.may_bind | {variable(n) for n in self.maybe}:
            self._add(self._real(thing), id_, "may define")
            self._note_binding(thing.name, id_)
            if thing.name in facts.bodies:
                self.bodies[thing.name] = (*self._bodies(thing.name), facts.bodies[thing.name])
        for thing in self.changed:
            if thing not in facts.binds:
                self._add(thing, id_, "changes")
        self._share(facts, groups)
        self.modules |= facts.imports
        self.views |= facts.views
        if facts.sets_anything:
            self.wild.append((self.at, id_))

    def _is_same_import(self, thing: Thing, facts: Facts) -> bool:
        """Say whether an import gives a name what it has already: either one is enough."""
        origin = facts.imports.get(thing.name) if thing.space == "variable" else None
        return (
            origin is not None
            and self.modules.get(thing.name) == origin
            and bool(self.reach.get(thing))
            and thing.name not in facts.bodies
        )

    def _share(self, facts: Facts, groups: Mapping[str, set[str]]) -> None:
        """Note who may hold one object after the cell.

        Args:
            facts: of the cell.
            groups: variable → the names that held before the cell what it may hold now.
        """
        pairs = [*facts.aliases, *self.keepers]
        bound = {thing.name for thing in facts.binds}
        for name, group in groups.items():
            pairs += [(name, other) for other in group if other not in bound]
            pairs += [(name, other) for other, more in groups.items() if group & more]
        for name, other in pairs:
            if name != other and not {name, other} & self.modules_here.keys():
                join(self.same, name, other)

    def _carried(self, name: str) -> tuple[Body, ...]:
        own = self.facts.bodies.get(name)
        return (own,) if own is not None else self._bodies(name)

    def _add(self, thing: Thing, id_: str, role: Role) -> None:
        makers = self.reach.setdefault(thing, [])
        if all(maker != id_ for maker, _ in makers):
            makers.append((id_, role))

    def _forget(self, name: str) -> None:
        self.modules.pop(name, None)
        self.bodies.pop(name, None)
        self.lazy.discard(name)
        part(self.same, name)

    def _note_binding(self, name: str, id_: str) -> None:
        if name in self.facts.loop_names:
            return
        binders = self.links.binders.setdefault(name, [])
        if not binders or binders[-1] != id_:
            binders.append(id_)

    def look_ahead(self) -> None:
        """Settle names that nothing before defines: a later cell, a builtin, or nobody."""
        broken = {id_ for id_, facts in self.cells if facts.broken}
        for at, id_, name in self.missing:
            later = [b for b in self.links.binders.get(name, ()) if self.order[b] > at]
            if later:
                self.links.edges[id_].append(Edge(later[0], variable(name), "defines"))
                self.links.ahead.setdefault(id_, []).append(name)
            elif (
                name not in BUILTINS
                and name not in GIVEN
                and name not in self.known
                and not any(w <= at for w, _ in self.wild)
                and id_ not in broken
            ):
                self.links.undefined.setdefault(id_, []).append(name)


def _same_table(one: str, other: str) -> bool:
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _arguments(body: Body, call: Call) -> Iterable[tuple[frozenset[str], tuple[str, ...]]]:
    """Pair the parameters of a function with the variables of a call."""
    params = body.params
    for at, group in enumerate(call.positional):
        # *args and unpacked arguments: what is beyond may be any parameter.
        yield frozenset(params[at : at + 1] or params), group
    for name, group in call.named:
        yield frozenset((name,) if name in params else params), group
