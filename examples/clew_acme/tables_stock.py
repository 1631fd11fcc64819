"""How much stood on the shelves each week, and what did two old snapshots say?"""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from clew_acme.defects import Note
from clew_acme.effects import of_kind
from clew_acme.frames import Columns, day_number
from clew_acme.streams import Draws, Ints, Stream
from clew_acme.tables_reference import Catalogue
from clew_acme.world import World

__all__ = ["inventory", "snapshots"]


def inventory(world: World, goods: Catalogue) -> Columns:
    """Count the most sold articles every Monday in every warehouse."""
    c = world.company
    draws = Draws(world.seed, "inventory")
    per = max(2, round(5 * world.scale))
    picked = []
    for k in range(len(c.categories)):
        shelf = np.flatnonzero(
            (goods.category == k)
            & (goods.launched < day_number(c.start))
            & np.ma.getmaskarray(goods.gone)
        )
        picked.append(shelf[np.argsort(-goods.weight[shelf], kind="stable")][:per])
    articles = np.concatenate(picked)
    monday = c.start + timedelta(days=(7 - c.start.weekday()) % 7)
    weeks = (c.end - monday).days // 7
    houses = len(c.warehouses)
    shape = (weeks, houses, len(articles))
    rows = weeks * houses * len(articles)
    week, house, article = (x.reshape(-1) for x in np.indices(shape))
    point = draws.between(12, 60, houses * len(articles)).reshape(houses, len(articles))
    point = point[house, article]
    hand = point // 2 + draws.below(point * 4, rows)
    hand = np.where(draws.chance(0.012, rows), 0, hand)
    order = np.where(hand < point, draws.between(20, 160, rows), 0)
    for effect in of_kind(world.effects, "stock_out"):
        kind = [x.name for x in c.categories].index(effect.place["category"])
        where = [h.name for h in c.warehouses].index(effect.place["warehouse"])
        first = (effect.starts - monday).days
        last = ((effect.ends or effect.starts) - monday).days
        # The shelf is empty at the counts within the weeks of the stock-out.
        empty = (
            (goods.category[articles][article] == kind)
            & (house == where)
            & (week * 7 >= first)
            & (week * 7 <= last)
        )
        hand = np.where(empty, 0, hand)
        order = np.where(empty, 200 + draws.below(200, rows), order)
    return {
        "week_start": day_number(monday) + 7 * week,
        "warehouse_id": np.asarray([h.number for h in c.warehouses])[house],
        "product_id": goods.number[articles][article],
        "on_hand": hand,
        "on_order": order,
        "reorder_point": point,
    }


def snapshots(world: World, table: str, columns: Columns) -> list[tuple[str, date, Columns]]:
    """Copy a table as it may have looked on two days; the later copy drifts in one column."""
    c = world.company
    flaw = next(f for f in world.defects.flaws if f.kind == "snapshot_drift")
    if flaw.table != table:
        return []
    draw = Stream(world.seed, "snapshots")
    second = c.days - draw.between(20, 200)
    first = second - draw.between(90, 280)
    days = [c.day(first).replace(day=1), c.day(second).replace(day=1)]
    born = np.asarray(columns["signup_on" if table == "customers" else "launched_on"])
    out = []
    for day in days:
        rows = np.flatnonzero(born < day_number(day))
        copy: Columns = {name: _take(values, rows) for name, values in columns.items()}
        end = "closed_on" if table == "customers" else "discontinued_on"
        unknown = np.ma.getmaskarray(copy[end]) | (np.ma.getdata(copy[end]) >= day_number(day))
        copy[end] = np.ma.masked_array(np.ma.getdata(copy[end]), mask=unknown)
        out.append((f"{table}_{day:%Y%m}", day, copy))
    _drift(world, flaw.column, out[1][2], draw)
    detail = {
        "customers.tier": "codes were replaced by others",
        "customers.phone": "two thirds of the numbers were lost",
        "products.weight_g": "kilograms instead of grams",
    }[f"{table}.{flaw.column}"]
    world.defects.notes.append(
        Note(
            flaw=flaw.id,
            key={"table": out[1][0], "compared_with": out[0][0], "column": flaw.column},
            found=detail,
            should_be="as in the earlier snapshot, but for a few real changes",
        )
    )
    return out


def _take(values: Any, rows: Ints) -> Any:
    if isinstance(values, pa.Array):
        return values.take(pa.array(rows))
    if isinstance(values, list):
        return [values[r] for r in rows.tolist()]
    return values[rows]


def _drift(world: World, column: str, copy: Columns, draw: Stream) -> None:
    values = copy[column]
    if column == "tier":
        style = draw.pick(("T{n}", "{first}", "LVL-{n}0"))
        tiers = {
            t: style.format(n=i, first=f"{t[0].upper()}{i}")
            for i, t in enumerate(world.company.tiers)
        }
        copy[column] = pa.array([tiers[v] for v in values.to_pylist()])
    elif column == "phone":
        luck = Draws(world.seed, "drift").chance(0.66, len(values)).tolist()
        copy[column] = pa.array(
            [None if lost else v for v, lost in zip(values.to_pylist(), luck, strict=True)],
            type=pa.string(),
        )
    else:
        copy[column] = np.maximum(1, np.asarray(values) // 1000)
