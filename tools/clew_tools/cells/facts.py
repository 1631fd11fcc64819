"""What is known of one cell without running it: what it reads, binds, changes and deletes.

Facts speak of one cell alone. What they mean beside other cells (whether a name is a module, what
a called function changes) is settled in ``linking``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Space = Literal["variable", "table", "file", "state"]


class Thing(NamedTuple):
    """Something that one cell can leave for another.

    Attributes:
        space: a variable of the kernel, a table or view of a database or of Spark, a file, or
            state that no name holds (random numbers, the current folder).
        name: of it. Of a file the path, in which ``{v}`` stands for the value of a variable and
            ``*`` for what can't be known; of a table in lower case, as it is written.
    """

    space: Space
    name: str

    def __str__(self) -> str:
        """Name it as a user would."""
        if self.space == "variable":
            return f"`{self.name}`"
        if self.space == "state":
            return self.name
        return f"the {self.space} `{self.name}`"


class Call(NamedTuple):
    """A call of what a variable holds: of itself, of one of its parts, of a method of it.

    Attributes:
        name: of the variable.
        positional: per argument the variables whose objects it may hand over.
        named: the same for keyword arguments.
        result: the names that the call's value is bound to.
        method: what is called is a method.
    """

    name: str
    positional: tuple[tuple[str, ...], ...]
    named: tuple[tuple[str, tuple[str, ...]], ...]
    result: tuple[str, ...] = ()
    method: bool = False


class MethodCall(NamedTuple):
    """A call of a method; whether it changes its object depends on what the object is.

    Attributes:
        owner: the variable.
        method: its name.
        taken: somebody uses the result.
    """

    owner: str
    method: str
    taken: bool


@dataclass(frozen=True, kw_only=True)
class Body:
    """What happens when a function or class of a notebook is used, not where it is written.

    Attributes:
        params: the names of the positional parameters.
        reads: things that it reads from outside, names of functions that it calls included.
        binds: global names that it binds.
        changes: things outside that it changes.
        further_changes: outside variables that may hold what it changes under another name.
        changed_params: parameters that it changes in place.
        returned_params: parameters whose objects it may hand back.
        keeps: pairs of parameters and outside names that may hold one object afterwards.
        calls: calls of plain names inside it, arguments named as inside.
        method_calls: calls of methods inside it, of parameters and of names outside.
        is_class: an instance carries the body on.
        changes_arguments: of a class: one of its methods may change what it is given.
    """

    params: tuple[str, ...] = ()
    reads: frozenset[Thing] = frozenset()
    binds: frozenset[str] = frozenset()
    changes: frozenset[Thing] = frozenset()
    further_changes: frozenset[str] = frozenset()
    changed_params: frozenset[str] = frozenset()
    returned_params: frozenset[str] = frozenset()
    keeps: frozenset[tuple[str, str]] = frozenset()
    calls: tuple[Call, ...] = ()
    method_calls: frozenset[MethodCall] = frozenset()
    is_class: bool = False
    changes_arguments: bool = False


NOTHING: frozenset[Thing] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What one cell does to what it shares with others.

    Attributes:
        reads: used before the cell itself has surely bound it.
        binds: surely bound anew: earlier values are gone.
        may_bind: bound on some way through the cell.
        changes: changed in place, or written to.
        further_changes: variables that may hold what was changed under another name; without
            meaning where one turns out to be a module.
        method_calls: calls of methods of variables.
        deletes: gone afterwards.
        imports: name → what it was imported from, dotted.
        loop_names: bound by loops only, which nobody means to hand on.
        bodies: functions and classes that it defines.
        calls: calls of plain names.
        aliases: pairs of variables that may hold one object afterwards.
        entries: variable that it binds → variables whose objects from before it may hold.
        holds: name → names that its value was made from without calling them.
        methods: of classes in this cell: name → whether it changes its object.
        lazy: names bound to an iterator, which is used up when something goes through it.
        texts: names bound to a text that is known.
        views: view of a database → the tables that it reads whenever it is read.
        sets_anything: what it binds can't be known (`exec`, `%run`, a star import).
        reads_anything: what it reads can't be known.
        unknown: what can't be known of it, in words.
        broken: why it can't be read; None where it can.
        code_words: of Markdown: names in code spans.
        words: of Markdown: words of the text.
        draws: it makes a chart.
        shows: it ends in an expression, so that it has an output.
    """

    reads: frozenset[Thing] = NOTHING
    binds: frozenset[Thing] = NOTHING
    may_bind: frozenset[Thing] = NOTHING
    changes: frozenset[Thing] = NOTHING
    further_changes: frozenset[str] = frozenset()
    method_calls: frozenset[MethodCall] = frozenset()
    deletes: frozenset[Thing] = NOTHING
    imports: Mapping[str, str] = field(default_factory=dict)
    loop_names: frozenset[str] = frozenset()
    bodies: Mapping[str, Body] = field(default_factory=dict)
    calls: tuple[Call, ...] = ()
    aliases: frozenset[tuple[str, str]] = frozenset()
    entries: Mapping[str, frozenset[str]] = field(default_factory=dict)
    holds: tuple[tuple[str, tuple[str, ...]], ...] = ()
    methods: Mapping[str, bool] = field(default_factory=dict)
    lazy: frozenset[str] = frozenset()
    texts: Mapping[str, str] = field(default_factory=dict)
    views: Mapping[str, frozenset[str]] = field(default_factory=dict)
    sets_anything: bool = False
    reads_anything: bool = False
    unknown: tuple[str, ...] = ()
    broken: str | None = None
    code_words: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()
    draws: bool = False
    shows: bool = False

    @property
    def defines(self) -> tuple[str, ...]:
        """The variables that it binds, without those of loops: ``defines`` of a ``Cell``."""
        names = {t.name for t in self.binds | self.may_bind if t.space == "variable"}
        return tuple(sorted(names - self.loop_names))

    @property
    def uses(self) -> tuple[str, ...]:
        """The variables and tables that it reads: ``uses`` of a ``Cell``."""
        return tuple(sorted(t.name for t in self.reads if t.space in ("variable", "table")))


def variable(name: str) -> Thing:
    """Name a variable."""
    return Thing("variable", name)
