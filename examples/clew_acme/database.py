"""In which order are the tables made, and how do they reach the disk without filling memory?"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from clew_acme.demand import demand
from clew_acme.effects import of_kind
from clew_acme.frames import Columns, day_number, schema_of, to_arrow
from clew_acme.schema import tables
from clew_acme.tables_contact import sessions, tickets
from clew_acme.tables_customers import accounts, addresses, near_duplicates
from clew_acme.tables_reference import Campaign, campaigns, catalogue, reference_tables
from clew_acme.tables_stock import inventory, snapshots
from clew_acme.tables_trade import Trade, TradeMaker, months
from clew_acme.world import World

__all__ = ["Made", "Placed", "log_days", "stage"]


@dataclass(frozen=True, kw_only=True)
class Placed:
    """An online order that the logs must know: seconds since 1970, number, payment, house."""

    at: int
    number: int
    payment: str
    house: int


class Made:
    """What was written: table names in order, and what texts need to know of the rows."""

    def __init__(self) -> None:
        """Start empty."""
        self.tables: list[str] = []
        self.like: dict[str, str] = {}
        self.rows: dict[str, int] = {}
        self.campaigns: list[Campaign] = []
        self.online: list[Placed] = []


class _Writers:
    def __init__(self, world: World, folder: Path, made: Made) -> None:
        self.world, self.folder, self.made = world, folder, made
        self.as_text = world.defects.as_text()
        self.open: dict[str, Any] = {}

    def write(self, name: str, columns: Columns, called: str = "", part: int = 0) -> None:
        """Spoil the columns of a table as planned and append them to its file."""
        from pyarrow import parquet

        table = tables()[name]
        target = called or name
        if not called:
            self.world.defects.spoil(name, columns, table.key, part)
        arrow = to_arrow(name, columns, self.world.names, self.as_text)
        if target not in self.open:
            schema = schema_of(table, self.world.names, self.as_text)
            path = self.folder / f"{target}.parquet"
            self.open[target] = parquet.ParquetWriter(path, schema, compression="zstd")
            self.made.tables.append(target)
            self.made.like[target] = name
            self.made.rows[target] = 0
        if arrow.num_rows:
            self.open[target].write_table(arrow)
        self.made.rows[target] += arrow.num_rows

    def close(self) -> None:
        for writer in self.open.values():
            writer.close()


def stage(world: World, folder: Path, say: Callable[[str], None]) -> Made:
    """Write all tables as Parquet files into a folder."""
    made = Made()
    writers = _Writers(world, folder, made)
    try:
        _small(world, writers, say)
    finally:
        writers.close()
    return made


def _small(world: World, writers: _Writers, say: Callable[[str], None]) -> None:
    goods = catalogue(world)
    made = writers.made
    made.campaigns = campaigns(world)
    say("reference tables")
    for name, columns in reference_tables(world, goods, made.campaigns):
        writers.write(name, columns)
        for called, _, copy in snapshots(world, name, columns):
            writers.write(name, copy, called)
    people = accounts(world)
    columns = near_duplicates(world, dict(people.columns))
    writers.write("customers", columns)
    for called, _, copy in snapshots(world, "customers", columns):
        writers.write("customers", copy, called)
    writers.write("addresses", addresses(world, people))
    writers.write("inventory", inventory(world, goods))
    expected = demand(world.company, world.effects)
    maker = TradeMaker(world, people, goods, made.campaigns, expected)
    load = np.asarray(expected.sum(axis=(1, 2)))
    history = months(world.company.start, world.company.days)
    for month in history:
        if month.index % 12 == 0:
            say(f"orders, year {month.index // 12 + 1} of 3")
        trade = maker.make(month)
        visits = sessions(world, month, trade, load, people, maker.counters)
        contacts = tickets(world, month, trade, load, people, maker.counters)
        made.online += _placed(world, trade)
        for name, part in (
            ("orders", trade.orders),
            ("order_lines", trade.lines),
            ("returns", trade.returns),
            ("shipments", trade.shipments),
            ("web_sessions", visits),
            ("tickets", contacts),
        ):
            writers.write(name, part, part=month.index)


def log_days(world: World) -> tuple[date, date]:
    """Give the first and the last day of the logs: around the failing checkout."""
    error = of_kind(world.effects, "checkout_error")[0]
    return error.starts - timedelta(days=4), (error.ends or error.starts) + timedelta(days=3)


def _placed(world: World, trade: Trade) -> list[Placed]:
    first, last = (day_number(day) for day in log_days(world))
    rows = trade.online[(trade.day[trade.online] >= first) & (trade.day[trade.online] <= last)]
    payments = trade.orders["payment_method"].take(rows).to_pylist()
    return [
        Placed(
            at=int(trade.orders["ordered_at"][row]),
            number=int(trade.orders["order_id"][row]),
            payment=payment,
            house=int(trade.orders["_house"][row]),
        )
        for row, payment in zip(rows.tolist(), payments, strict=True)
    ]
