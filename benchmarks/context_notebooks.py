"""Notebooks made from a seed, with a cell to ask from and the texts that a reader needs for it.

Several strands of work are shuffled into one notebook, as happens when somebody works for a day:
each strand is one way in which cells hang together. The texts are marked here, by what the strand
uses, and the code that is needed is found by running (``context_rerun``): nothing here knows how
Clew selects.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

NOUNS = (
    "orders visits claims parcels tickets loans readings trips invoices members batches sensors "
    "deliveries refunds meters lessons recipes flights calls permits"
).split()
CHATTER = (
    "## Next steps\n\nAsk the team on Monday what they want to see first, then tidy up.",
    "# Notes of the week\n\nMostly waiting. The dashboards were slow again, nobody knows why.",
    "The chart below was shown in the review. People liked the colours, not the message, and the "
    "discussion moved on to the budget.",
    "TODO: ask whether the export of last year can be deleted from the shared drive.",
    "### Old attempt\n\nThis did not lead anywhere; kept so that nobody tries it again.",
    "---\n\nBack from lunch. The second half of the page is about something else altogether.",
)


@dataclass(frozen=True, kw_only=True)
class NoteCell:
    """A cell of a made notebook.

    Attributes:
        id: of the cell.
        kind: `python`, `sql`, `chart` or `markdown`.
        source: as a front end would send it, magic line included.
        needed: of Markdown: a reader who works on the anchor needs it.
    """

    id: str
    kind: str
    source: str
    needed: bool = False


@dataclass(frozen=True, kw_only=True)
class Notebook:
    """A notebook and the question asked from it.

    Attributes:
        name: says where it comes from.
        cells: in order.
        anchor: id of the cell that is asked from.
        files: name → path of data files that lie beside it.
    """

    name: str
    cells: tuple[NoteCell, ...]
    anchor: str
    files: dict[str, str] = field(default_factory=dict)


@dataclass
class Strand:
    """One piece of work: its cells, and texts about the names that it uses.

    Attributes:
        cells: kind and source, in order; the last one can be asked from.
        notes: texts about it, each with the place that it must come after (-1: anywhere).
        asides: cells that nobody needs, each after a place.
    """

    cells: list[tuple[str, str]]
    notes: list[str]
    asides: list[tuple[int, str, str]] = field(default_factory=list)


Maker = Callable[[random.Random, str], Strand]


def generated(seed: int) -> Notebook:
    """Make one notebook."""
    draw = random.Random(seed)
    nouns = draw.sample(NOUNS, draw.randint(6, 9))
    makers = draw.sample(MAKERS, len(nouns))
    # Every way of hanging together is asked about in some notebook.
    first = MAKERS[seed % len(MAKERS)]
    makers = [first, *(m for m in makers if m is not first)][: len(nouns)]
    strands = [maker(draw, noun) for maker, noun in zip(makers, nouns, strict=False)]
    start = ("python", "import json\nimport pandas as pd\nimport numpy as np")
    asked = 0
    queues: list[list[tuple[int, str, str, bool]]] = []
    for number, strand in enumerate(strands):
        line: list[tuple[int, str, str, bool]] = []
        for place, (kind, source) in enumerate(strand.cells):
            line.append((number, kind, source, False))
            for after, kind_, source_ in strand.asides:
                if after == place and place < len(strand.cells) - 1:
                    line.append((number, kind_, source_, False))
        for note in strand.notes:
            line.insert(draw.randint(0, len(line) - 1), (number, "markdown", note, number == asked))
        queues.append(line)
    order = [(asked, *start, False)]
    while any(queues):
        queue = draw.choices(queues, weights=[len(q) for q in queues])[0]
        for _ in range(min(len(queue), draw.randint(1, 3))):
            order.append(queue.pop(0))
        if draw.random() < 0.12:
            order.append((-1, "markdown", draw.choice(CHATTER), False))
    cells = tuple(
        NoteCell(id=f"c{at}", kind=kind, source=source, needed=needed)
        for at, (_, kind, source, needed) in enumerate(order)
    )
    own = [at for at, (number, kind, *_) in enumerate(order) if number == asked]
    code = [at for at in own if order[at][1] != "markdown"]
    return Notebook(name=f"generated {seed}", cells=cells, anchor=f"c{code[-1]}")


def _frame(draw: random.Random, name: str) -> str:
    rows = draw.randint(5, 9)
    region = [draw.choice("NSEW") for _ in range(rows)]
    amount = [draw.randint(-5, 90) for _ in range(rows)]
    return f"{name} = pd.DataFrame({{'region': {region}, 'amount': {amount}}})"


def _changed_frame(draw: random.Random, noun: str) -> Strand:
    low = draw.randint(1, 20)
    return Strand(
        cells=[
            ("python", _frame(draw, noun)),
            ("python", f"{noun}['net'] = {noun}['amount'] * 0.8"),
            ("python", f"{noun}.loc[{noun}['amount'] < {low}, 'net'] = 0"),
            (
                "python",
                f"{noun}_by_region = {noun}.groupby('region')['net'].sum()\n{noun}_by_region",
            ),
        ],
        notes=[
            f"`{noun}` comes from the ledger; negative amounts are corrections, not sales.",
            f"The column net of `{noun}` is after tax.",
        ],
        asides=[(0, "python", f"{noun}.head()"), (1, "python", f"{noun}.describe()")],
    )


def _late_global(draw: random.Random, noun: str) -> Strand:
    one, two = draw.sample(range(2, 9), 2)
    return Strand(
        cells=[
            ("python", f"{noun}_rate = {one}"),
            ("python", f"def {noun}_value(x):\n    return x * {noun}_rate"),
            ("python", f"{noun}_rate = {two}"),
            ("python", f"[{noun}_value(i) for i in range(4)]"),
        ],
        notes=[f"`{noun}_rate` was agreed with finance in spring and holds for the whole year."],
        asides=[(0, "python", f"print({noun}_rate)")],
    )


def _object(draw: random.Random, noun: str) -> Strand:
    name = noun.capitalize()
    return Strand(
        cells=[
            (
                "python",
                f"class {name}:\n    def __init__(self):\n        self.items = []\n\n"
                f"    def book(self, x):\n        self.items.append(x)\n\n"
                f"    def total(self):\n        return sum(self.items)",
            ),
            ("python", f"{noun}_book = {name}()"),
            ("python", f"for k in range({draw.randint(3, 6)}):\n    {noun}_book.book(k * 2)"),
            ("python", f"{noun}_book.book({draw.randint(10, 20)})"),
            ("python", f"{noun}_sum = {noun}_book.total()\n{noun}_sum"),
        ],
        notes=[f"What goes into `{noun}_book` is in thousands."],
        asides=[(2, "python", f"{noun}_book.total()"), (1, "python", f"type({noun}_book)")],
    )


def _file(draw: random.Random, noun: str) -> Strand:
    return Strand(
        cells=[
            ("python", f"{noun}_path = '{noun}.csv'"),
            ("python", _frame(draw, f"{noun}_raw")),
            ("python", f"{noun}_raw[{noun}_raw.amount > 0].to_csv({noun}_path, index=False)"),
            ("python", f"{noun}_again = pd.read_csv('{noun}.csv')\n{noun}_again.amount.mean()"),
        ],
        notes=[f"The rows of {noun}_raw are typed in by hand, so spelling may differ."],
        asides=[(1, "python", f"{noun}_raw.shape")],
    )


def _sql(draw: random.Random, noun: str) -> Strand:
    return Strand(
        cells=[
            ("python", _frame(draw, f"{noun}_frame")),
            ("sql", f"%%sql --name {noun}_top\nSELECT region, sum(amount) AS total "
             f"FROM {noun}_frame GROUP BY region ORDER BY region"),
            ("sql", f"%%sql {noun}_best <<\nSELECT * FROM {noun}_top "
             f"ORDER BY total DESC, region LIMIT 2"),
            ("python", f"{noun}_best['total'].tolist()"),
        ],
        notes=[f"`{noun}_top` counts each region once, also where it was renamed."],
        asides=[(1, "python", f"{noun}_top"), (0, "python", f"len({noun}_frame)")],
    )  # fmt: skip


def _temporary_table(draw: random.Random, noun: str) -> Strand:
    n = draw.randint(4, 9)
    return Strand(
        cells=[
            ("sql", f"%%sql\nCREATE TEMP TABLE {noun}_t AS SELECT * FROM range({n}) AS r(i)"),
            ("sql", f"%%sql\nINSERT INTO {noun}_t VALUES (100), (200)"),
            ("sql", f"%%sql\nCREATE VIEW {noun}_v AS SELECT i * 2 AS j FROM {noun}_t WHERE i > 1"),
            ("sql", f"%%sql --name {noun}_out\nSELECT sum(j) AS s FROM {noun}_v"),
            ("python", f"{noun}_out.s.tolist()"),
        ],
        notes=[f"{noun}_t has one row per day, weekends included."],
        asides=[(0, "sql", f"%%sql --name {noun}_peek\nSELECT count(*) FROM {noun}_t")],
    )


def _second_name(draw: random.Random, noun: str) -> Strand:
    return Strand(
        cells=[
            ("python", f"{noun}_list = [{draw.randint(1, 9)}]"),
            ("python", f"{noun}_view = {noun}_list"),
            ("python", f"{noun}_view.append({draw.randint(10, 99)})"),
            ("python", f"{noun}_list += [7]"),
            ("python", f"sum({noun}_list)"),
        ],
        notes=[f"`{noun}_list` is kept in the order of arrival."],
        asides=[(3, "python", f"print(len({noun}_list))")],
    )


def _random(draw: random.Random, noun: str) -> Strand:
    return Strand(
        cells=[
            ("python", f"{noun}_rng = np.random.default_rng({draw.randint(1, 99)})"),
            ("python", f"{noun}_first = {noun}_rng.normal(size=5)"),
            ("python", f"{noun}_second = {noun}_rng.normal(size=5)"),
            ("python", f"{noun}_second.round(6).tolist()"),
        ],
        notes=[f"`{noun}_rng` is seeded so that the appendix shows the same numbers."],
        asides=[(1, "python", f"{noun}_first.mean()")],
    )


def _one_way_only(draw: random.Random, noun: str) -> Strand:
    return Strand(
        cells=[
            ("python", f"{noun}_mode = '{draw.choice(['fast', 'slow'])}'"),
            ("python", f"{noun}_step = {draw.randint(2, 5)}"),
            ("python", f"if {noun}_mode == 'slow':\n    {noun}_step = 1"),
            ("python", f"try:\n    {noun}_limit = int('12a')\nexcept ValueError:\n"
             f"    {noun}_limit = {draw.randint(20, 40)}"),
            ("python", f"list(range(0, {noun}_limit, {noun}_step))"),
        ],
        notes=[f"In mode slow `{noun}_step` must stay 1, or the meter misses ticks."],
        asides=[(1, "python", f"print(f'{{{noun}_step}} per tick')")],
    )  # fmt: skip


def _magic(draw: random.Random, noun: str) -> Strand:
    return Strand(
        cells=[
            ("python", _frame(draw, f"{noun}_t0")),
            ("python", f"%time {noun}_t1 = {noun}_t0.assign(double={noun}_t0.amount * 2)"),
            ("python", f"%%time\n{noun}_t2 = {noun}_t1.groupby('region').double.sum()"),
            ("python", f"{noun}_t2.sort_index().to_dict()"),
        ],
        notes=[f"`{noun}_t1` doubles on purpose: both directions are billed."],
        asides=[(1, "python", f"%timeit -n 1 -r 1 len({noun}_t1)"), (0, "python", "!echo done")],
    )


def _reused_name(draw: random.Random, noun: str) -> Strand:
    """All strands of this kind call their things `tmp` and `result`."""
    return Strand(
        cells=[
            ("python", _frame(draw, "tmp") + f"\n{noun}_kept = tmp[tmp.amount > 3]"),
            ("python", f"result = {noun}_kept.groupby('region').amount.max()\n"
             f"{noun}_max = result.to_dict()"),
            ("python", f"tmp = {noun}_max\nresult = sorted(tmp.items())\nresult"),
        ],
        notes=[f"{noun}_kept leaves out small amounts, which are test bookings."],
        asides=[(0, "python", f"{noun}_kept.plot if False else None")],
    )  # fmt: skip


def _changed_argument(draw: random.Random, noun: str) -> Strand:
    return Strand(
        cells=[
            ("python", f"def {noun}_fix(frame, by):\n    frame['amount'] = frame['amount'] + by"),
            ("python", f"def {noun}_fix_twice(f):\n    {noun}_fix(f, 1)\n    {noun}_fix(f, by=2)"),
            ("python", _frame(draw, f"{noun}_data")),
            ("python", f"{noun}_fix_twice({noun}_data)"),
            ("python", f"{noun}_data['amount'].sum()"),
        ],
        notes=[f"`{noun}_data` had the wrong offset before the third of May."],
        asides=[(2, "python", f"{noun}_data.tail(2)")],
    )


def _in_place(draw: random.Random, noun: str) -> Strand:
    return Strand(
        cells=[
            ("python", _frame(draw, f"{noun}_df")),
            ("python", f"{noun}_df.sort_values(['amount', 'region'], inplace=True)"),
            ("python", f"{noun}_df.rename(columns={{'amount': 'value'}}, inplace=True)"),
            ("python", f"{noun}_df.insert(0, 'n', range(len({noun}_df)))"),
            ("python", f"{noun}_df[['n', 'value']].values.tolist()"),
        ],
        notes=[f"Value in `{noun}_df` is what the partner pays, not what we book."],
        asides=[(0, "python", f"{noun}_df.sort_values('region')")],
    )


def _closure(draw: random.Random, noun: str) -> Strand:
    return Strand(
        cells=[
            ("python", f"{noun}_base = {draw.randint(2, 9)}"),
            ("python", f"{noun}_scale = lambda x: x * {noun}_base"),
            ("python", f"{noun}_steps = [{noun}_scale, abs]"),
            ("python", f"{noun}_base = {draw.randint(10, 19)}"),
            ("python", f"[step(-3) for step in {noun}_steps]"),
        ],
        notes=[f"{noun}_base is the base of the tariff; see the contract."],
        asides=[(1, "python", f"{noun}_scale(2)")],
    )


def _nested(draw: random.Random, noun: str) -> Strand:
    return Strand(
        cells=[
            ("python", f"{noun}_conf = {{'limits': {{'low': {draw.randint(1, 5)}}}, 'tags': []}}"),
            ("python", f"{noun}_conf['limits']['high'] = {draw.randint(20, 50)}"),
            ("python", f"{noun}_tags = {noun}_conf['tags']\n{noun}_tags.append('{noun}')"),
            ("python", f"{noun}_conf.setdefault('owner', 'ops')"),
            ("python", f"json.dumps({noun}_conf, sort_keys=True)"),
        ],
        notes=[f"`{noun}_conf` is what the other service reads at midnight."],
        asides=[(0, "python", f"{noun}_conf.get('limits')")],
    )


def _rows(draw: random.Random, noun: str) -> Strand:
    return Strand(
        cells=[
            ("python", f"{noun}_rows = [{{'v': v}} for v in {draw.sample(range(30), 4)}]"),
            ("python", f"for row in {noun}_rows:\n    row['w'] = row['v'] + 1"),
            ("python", f"if ({noun}_n := len({noun}_rows)) > 2:\n    {noun}_rows.pop()"),
            ("python", f"match {noun}_rows:\n    case [{noun}_head, *{noun}_rest]:\n        pass"),
            ("python", f"{noun}_head['w'], len({noun}_rest), {noun}_n"),
        ],
        notes=[f"{noun}_rows come sorted by the minute of their arrival."],
        asides=[(1, "python", f"{noun}_rows[0]")],
    )


MAKERS: tuple[Maker, ...] = (
    _changed_frame, _late_global, _object, _file, _sql, _temporary_table, _second_name, _random,
    _one_way_only, _magic, _reused_name, _changed_argument, _in_place, _closure, _nested, _rows,
)  # fmt: skip
