"""Which rows are wrong, how, and what should stand there?

A plan is drawn from the seed (kind, table, column, how many rows); each table's generator hands
its columns through `Defects.spoil` before they are written. Every change is noted with the key of
its row, what stands there now and what should.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from clew_acme.company import Company
from clew_acme.frames import Columns, day_number
from clew_acme.streams import Draws, Ints, Stream

__all__ = ["KINDS", "Defects", "Flaw", "Note", "plan_defects"]

KINDS = (
    "typo", "near_duplicate", "broken_fd_unary", "broken_fd_binary", "orphan", "outlier",
    "cents", "time_zone", "mixed_dates", "snapshot_drift",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Flaw:
    """One planned defect: where, and about how many rows at this scale."""

    id: str
    kind: str
    table: str
    column: str
    determinant: tuple[str, ...] = ()
    rows: int = 0
    starts: date | None = None
    ends: date | None = None
    group: tuple[str, str] | None = None
    shift: int = 0


@dataclass(frozen=True, kw_only=True)
class Note:
    """One wrong cell or row."""

    flaw: str
    key: dict[str, Any]
    found: Any
    should_be: Any


@dataclass(frozen=True, kw_only=True)
class Defects:
    """The plan, and what was spoilt so far."""

    seed: int
    flaws: tuple[Flaw, ...]
    expected: dict[str, int]
    notes: list[Note] = field(default_factory=list)

    def of(self, table: str) -> list[Flaw]:
        """List the planned defects of a table."""
        return [flaw for flaw in self.flaws if flaw.table == table]

    def as_text(self) -> frozenset[tuple[str, str]]:
        """Name the date columns that are stored as text because their formats are mixed."""
        return frozenset((f.table, f.column) for f in self.flaws if f.kind == "mixed_dates")

    def spoil(self, table: str, columns: Columns, key: tuple[str, ...], part: int = 0) -> None:
        """Plant the defects of a table, or of one part of it, and note them."""
        rows = len(columns[key[0]])
        if not rows:
            return
        taken: set[int] = set()
        for flaw in self.of(table):
            spoiler = _SPOILERS.get(flaw.kind)
            if spoiler is None:
                continue
            draws = Draws(self.seed, "defects", flaw.id, part)
            share = min(1.0, flaw.rows / max(1, self.expected[table]))
            hits = np.flatnonzero(draws.chance(share, rows))
            if not len(hits) and part == 0:
                hits = draws.some(rows, 1)
            if flaw.group or flaw.starts:
                hits = _in_group(flaw, columns)
            hits = np.asarray([h for h in hits.tolist() if h not in taken], dtype=np.int64)
            if not flaw.group:
                taken.update(hits.tolist())
            if len(hits):
                for row, found, should_be in spoiler(flaw, columns, hits, draws):
                    place = {name: _plain(columns[name], row) for name in key}
                    note = Note(flaw=flaw.id, key=place, found=found, should_be=should_be)
                    self.notes.append(note)


def _plain(values: Any, row: int) -> Any:
    value = values[row]
    return value.as_py() if isinstance(value, pa.Scalar) else int(value)


def _in_group(flaw: Flaw, columns: Columns) -> Ints:
    day = np.asarray(columns["_day"])
    hit = np.ones(len(day), dtype=bool)
    if flaw.starts and flaw.ends:
        hit &= (day >= day_number(flaw.starts)) & (day <= day_number(flaw.ends))
    if flaw.group:
        column, value = flaw.group
        values = columns[column]
        if isinstance(values, pa.Array):
            hit &= np.asarray([v == value for v in values.to_pylist()])
        else:
            hit &= np.asarray(values) == int(value)
    return np.flatnonzero(hit).astype(np.int64)


_Change = list[tuple[int, Any, Any]]


def _replace(columns: Columns, column: str, rows: Ints, new: list[Any]) -> _Change:
    old = columns[column]
    if isinstance(old, pa.Array):
        values = old.to_pylist()
        before = [values[r] for r in rows.tolist()]
        for row, value in zip(rows.tolist(), new, strict=True):
            values[row] = value
        columns[column] = pa.array(values, type=old.type)
    else:
        before = [int(old[r]) for r in rows.tolist()]
        changed = old.copy()
        changed[rows] = new
        columns[column] = changed
    return list(zip(rows.tolist(), new, before, strict=True))


def _misspell(word: str, draw: float) -> str:
    spots = [i for i in range(1, len(word) - 1) if word[i].isalpha() and word[i + 1].isalpha()]
    if not spots:
        return word + word[-1]
    spot = spots[int(draw * len(spots))]
    way = int(draw * 997) % 3
    if way == 0 and word[spot] != word[spot + 1]:
        return word[:spot] + word[spot + 1] + word[spot] + word[spot + 2 :]
    return word[:spot] + word[spot + 1 :] if way == 1 else word[:spot] + word[spot] + word[spot:]


def _typo(flaw: Flaw, columns: Columns, rows: Ints, draws: Draws) -> _Change:
    values = columns[flaw.column].to_pylist()
    rows = np.asarray([r for r in rows.tolist() if values[r]], dtype=np.int64)
    luck = draws.unit(len(rows)).tolist()
    new = [_misspell(values[r], u) for r, u in zip(rows.tolist(), luck, strict=True)]
    return _replace(columns, flaw.column, rows, new)


def _break_fd(flaw: Flaw, columns: Columns, rows: Ints, draws: Draws) -> _Change:
    values = columns[flaw.column]
    plain = values.to_pylist() if isinstance(values, pa.Array) else values.tolist()
    domain = sorted({v for v in plain if v is not None})
    if len(domain) < 2:
        return []
    new = []
    for row, luck in zip(rows.tolist(), draws.unit(len(rows)).tolist(), strict=True):
        others = [v for v in domain if v != plain[row]]
        new.append(others[int(luck * len(others))])
    return _replace(columns, flaw.column, rows, new)


def _orphan(flaw: Flaw, columns: Columns, rows: Ints, draws: Draws) -> _Change:
    mask = np.ma.getmaskarray(columns[flaw.column])
    rows = np.asarray([r for r in rows.tolist() if not mask[r]], dtype=np.int64)
    new = (90_000_000 + draws.below(9_000_000, len(rows))).tolist()
    return _replace(columns, flaw.column, rows, new)


# Small values are lifted first, so that each outlier lies far outside of what is usual.
_FLOOR = {"quantity": 3, "duration_s": 200, "handle_minutes": 10, "weight_g": 2000}


def _outlier(flaw: Flaw, columns: Columns, rows: Ints, draws: Draws) -> _Change:
    factor = draws.between(40, 400, len(rows)).tolist()
    old = [int(columns[flaw.column][r]) for r in rows.tolist()]
    least = _FLOOR[flaw.column]
    new = [max(v, least) * f for v, f in zip(old, factor, strict=True)]
    return _replace(columns, flaw.column, rows, new)


def _cents(flaw: Flaw, columns: Columns, rows: Ints, draws: Draws) -> _Change:
    new = [int(columns[flaw.column][r]) * 100 for r in rows.tolist()]
    return _replace(columns, flaw.column, rows, new)


def _zone(flaw: Flaw, columns: Columns, rows: Ints, draws: Draws) -> _Change:
    new = [int(columns[flaw.column][r]) + flaw.shift * 3600 for r in rows.tolist()]
    return _replace(columns, flaw.column, rows, new)


_FORMATS = ("%d.%m.%Y", "%m/%d/%Y", "%d-%b-%y", "%Y%m%d")
_EPOCH = date(1970, 1, 1)


def _dates(flaw: Flaw, columns: Columns, rows: Ints, draws: Draws) -> _Change:
    values = columns[flaw.column]
    mask = np.ma.getmaskarray(values)
    rows = np.asarray([r for r in rows.tolist() if not mask[r]], dtype=np.int64)
    style = draws.below(2, len(rows)) + flaw.shift
    plain = np.ma.asarray(values)
    text = pa.array(plain.filled(0).astype(np.int32), pa.int32(), mask=mask).cast(pa.date32())
    columns[flaw.column] = text.cast(pa.string())
    new = []
    for row, kind in zip(rows.tolist(), style.tolist(), strict=True):
        day = _EPOCH + timedelta(days=int(plain[row]))
        new.append(_format(day, _FORMATS[kind % 4]))
    return _replace(columns, flaw.column, rows, new)


_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def _format(day: date, form: str) -> str:
    # strftime's %b follows the locale, and years below 1000 differ by platform.
    return (
        form.replace("%d", f"{day.day:02d}")
        .replace("%m", f"{day.month:02d}")
        .replace("%Y", f"{day.year:04d}")
        .replace("%b", _MONTHS[day.month - 1])
        .replace("%y", f"{day.year % 100:02d}")
    )


_Spoiler = Callable[[Flaw, Columns, Ints, Draws], _Change]
_SPOILERS: dict[str, _Spoiler] = {
    "typo": _typo,
    "broken_fd_unary": _break_fd,
    "broken_fd_binary": _break_fd,
    "orphan": _orphan,
    "outlier": _outlier,
    "cents": _cents,
    "time_zone": _zone,
    "mixed_dates": _dates,
}

_TYPOS = (("addresses", "city", 90), ("tickets", "topic", 60), ("returns", "reason", 60),
          ("web_sessions", "browser", 110), ("orders", "payment_method", 80))  # fmt: skip
_UNARY = (("addresses", "region", ("city",), 55), ("products", "supplier_id", ("brand",), 9),
          ("products", "category_id", ("class_code",), 8))  # fmt: skip
_BINARY = (("addresses", "city", ("country", "postcode"), 45),
           ("shipments", "promised_days", ("carrier", "service"), 120))  # fmt: skip
_ORPHANS = (("order_lines", "product_id", 70), ("tickets", "customer_id", 45),
            ("returns", "line_id", 40), ("shipments", "order_id", 60))  # fmt: skip
_OUTLIERS = (("order_lines", "quantity", 30), ("web_sessions", "duration_s", 40),
             ("tickets", "handle_minutes", 28), ("products", "weight_g", 7))  # fmt: skip
_CENTS = (("shipments", "shipping_cost", 0), ("returns", "refund_amount", 0),
          ("products", "unit_cost", 14))  # fmt: skip
_ZONES = (("shipments", "shipped_at"), ("web_sessions", "started_at"), ("tickets", "opened_at"))
_DATES = (("customers", "birth_date", 260), ("returns", "received_on", 240),
          ("tickets", "due_on", 280))  # fmt: skip
_ROWS = {"addresses": 16_500, "customers": 13_500, "products": 640, "orders": 98_000,
         "order_lines": 222_000, "returns": 12_500, "shipments": 82_000, "web_sessions": 128_000,
         "tickets": 21_500}  # fmt: skip


def plan_defects(company: Company, scale: float) -> Defects:
    """Draw which defects a seed has, and about how many rows each."""
    draw = Stream(company.seed, "defect plan")
    flaws: list[Flaw] = []

    def add(kind: str, table: str, column: str, rows: int = 0, **more: Any) -> None:
        number = sum(f.kind == kind for f in flaws) + 1
        grown = 1.0 if table == "products" else max(scale, 0.2)
        count = max(4, round(rows * grown * draw.decimal(0.7, 1.4)))
        flaws.append(
            Flaw(id=f"{kind}-{number}", kind=kind, table=table, column=column, rows=count, **more)
        )

    for table, column in draw.sample(_ZONES, 1):
        first = draw.between(60, company.days - 90)
        group = {
            "shipments": ("warehouse_id", str(draw.pick(company.warehouses).number)),
            "web_sessions": ("browser", company.browsers[1]),
            "tickets": ("channel", draw.pick(("mail", "chat"))),
        }[table]
        last = company.day(first + draw.between(9, 20))
        shift = draw.pick((-7, -6, 7, 8, 9))
        add("time_zone", table, column, starts=company.day(first), group=group, ends=last,
            shift=shift)  # fmt: skip
    for table, column, rows in draw.sample(_CENTS, 2):
        first = draw.between(60, company.days - 60)
        if rows:
            add("cents", table, column, rows)
        else:
            length = draw.between(1, 3) * (1 if table == "shipments" else 6)
            last = company.day(first + length)
            add("cents", table, column, starts=company.day(first), ends=last)
    for table, column, rows in draw.sample(_DATES, 1):
        add("mixed_dates", table, column, rows, shift=draw.below(3))
    for table, column, determinant, rows in draw.sample(_BINARY, 1):
        add("broken_fd_binary", table, column, rows, determinant=determinant)
    # A wrong city would break what follows from the city as well.
    wrong_city = any(f.table == "addresses" for f in flaws)
    unary = [rule for rule in _UNARY if not (wrong_city and rule[0] == "addresses")]
    for table, column, left, rows in draw.sample(unary, 2):
        add("broken_fd_unary", table, column, rows, determinant=left)
    used = {(f.table, f.column) for f in flaws}
    for table, column, rows in draw.sample([t for t in _TYPOS if (t[0], t[1]) not in used], 2):
        add("typo", table, column, rows)
    for table, column, rows in draw.sample(_ORPHANS, 2):
        add("orphan", table, column, rows)
    for table, column, rows in draw.sample(_OUTLIERS, 2):
        add("outlier", table, column, rows)
    add("near_duplicate", "customers", "full_name", 110)
    drifting = draw.pick((("customers", "tier"), ("customers", "phone"), ("products", "weight_g")))
    add("snapshot_drift", *drifting, rows=0)
    expected = {t: n if t == "products" else max(8, round(n * scale)) for t, n in _ROWS.items()}
    return Defects(seed=company.seed, flaws=tuple(flaws), expected=expected)
