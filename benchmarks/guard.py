"""What does the guard cost, and how many of other people's queries does it refuse?

    python benchmarks/guard.py [--data DIR] [--write]

Gold queries of public question sets, each in its own dialect, over the tables of its database.
Every refusal is false: none of them does harm. SQLite's are counted where SQLite itself takes
them (some name tables that are not there). CPU time of one call, nothing kept between calls.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import sqlite3
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from results import write_section

from clew_core.errors import Refused, RetryByModel
from clew_tools.database.guard import Visible, guard
from clew_tools.database.names import fold
from clew_tools.database.source import Dialect

Query = tuple[str, str, Dialect]
SHOWN = 10
# Where defog keeps a database in a schema of its own on PostgreSQL.
SCHEMAS = {"ewallet": "consumer_div"}


def spider(root: Path) -> Iterator[tuple[str, Query]]:
    """Read Spider, SParC and CoSQL: one query and one database per line."""
    for name, file in (
        ("Spider dev", "spider/dev_gold.sql"),
        ("Spider train", "spider/train_gold.sql"),
        ("SParC dev", "sparc_cosql/sparc/dev_gold.txt"),
        ("CoSQL dev", "sparc_cosql/cosql/dev_gold.txt"),
    ):
        if not (root / file).is_file():
            continue
        for line in (root / file).read_text(encoding="utf-8").splitlines():
            sql, tab, database = line.rpartition("\t")
            if tab:
                yield name, (sql.strip(), database.strip(), "sqlite")


def defog(root: Path) -> Iterator[tuple[str, Query]]:
    """Read defog's sets, which hold several right queries for a question."""
    dialects: tuple[Dialect, ...] = ("sqlite", "postgres")
    for kind in ("questions_gen", "instruct_basic"):
        for dialect in dialects:
            file = root / "defog" / f"{kind}_{dialect}.csv"
            if not file.is_file():
                continue
            with file.open(encoding="utf-8", newline="") as lines:
                for row in csv.DictReader(lines):
                    for sql in filter(None, map(str.strip, row["query"].split(";"))):
                        yield f"defog, {dialect}", (written_out(sql), row["db_name"], dialect)


def written_out(sql: str) -> str:
    """Write defog's "any of these columns" as all of them.

    >>> written_out("SELECT {a, b}, count(*) FROM t GROUP BY {}")
    'SELECT a, b, count(*) FROM t GROUP BY a, b'
    """
    named = re.search(r"\{([^{}]+)\}", sql)
    sql = re.sub(r"\{([^{}]+)\}", r"\1", sql)
    return sql.replace("{}", named[1]) if named else sql


class Databases:
    """The SQLite files that the queries are about."""

    def __init__(self, root: Path) -> None:
        """Find them."""
        found = [*(root / "spider" / "database").glob("*/*.sqlite")]
        found += (root / "defog" / "sqlite").glob("*.db")
        self._files = {path.stem: path for path in found}
        self._open: dict[str, tuple[sqlite3.Connection, list[str]] | None] = {}

    def _opened(self, name: str) -> tuple[sqlite3.Connection, list[str]] | None:
        if name not in self._open:
            self._open[name] = None
            if name in self._files:
                connection = sqlite3.connect(f"file:{self._files[name]}?mode=ro", uri=True)
                connection.text_factory = lambda value: value.decode("utf-8", "replace")
                rows = connection.execute(
                    "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
                )
                self._open[name] = connection, [row[0] for row in rows]
        return self._open[name]

    def tables(self, name: str) -> list[str]:
        """Name the tables of a database."""
        found = self._opened(name)
        return found[1] if found else []

    def takes(self, query: Query) -> bool:
        """Say whether SQLite can run a query; of another dialect, whether its tables are known."""
        sql, name, dialect = query
        found = self._opened(name)
        if found is None or dialect != "sqlite":
            return found is not None
        try:
            found[0].execute(f"EXPLAIN {sql}")
        except sqlite3.Error:
            return False
        return True


def main() -> int:
    """Print the table; with ``--write`` put it into RESULTS.md."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("CLEW_BENCH_DATA"))
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    if args.data is None or not args.data.is_dir():
        sys.stdout.write("Not measured: --data or CLEW_BENCH_DATA has to name a folder.\n")
        return 0
    databases = Databases(args.data)
    by_set: dict[str, dict[Query, None]] = {}
    for name, query in (*spider(args.data), *defog(args.data)):
        if query not in by_set.setdefault(name, {}) and databases.takes(query):
            by_set[name][query] = None
    lines = [
        "| gold queries of | different | refused | of them | median ms | 95th percentile ms |",
        "|---|---|---|---|---|---|",
    ]
    everything: list[float] = []
    refusals: list[str] = []
    for name, queries in by_set.items():
        costs, refused = [], 0
        for sql, database, dialect in queries:
            schema, prefix = "main", ""
            if dialect == "postgres":
                schema = SCHEMAS.get(database, "public")
                prefix = f"{schema}." if database in SCHEMAS else ""
            seen = {
                fold(prefix + table): Visible(name=prefix + table, path=(schema, table))
                for table in databases.tables(database)
            }
            begin = time.process_time()
            try:
                guard(sql, dialect, seen, limit=10_001)
            except (Refused, RetryByModel) as error:
                refused += 1
                refusals.append(f"{name}, {database}: {error} ({' '.join(sql.split())[:120]})")
            costs.append(1000 * (time.process_time() - begin))
        everything += costs
        lines.append(row(name, costs, refused))
    lines.append(row("**all**", everything, len(refusals)))
    lines += ["", "Gate: under 0.5 % refused, 5 ms; goal: 2 ms."]
    if refusals:
        lines += ["", "Refused:", "", *(f"- {text}" for text in refusals[:SHOWN])]
    table = "\n".join(lines)
    sys.stdout.write(table + "\n")
    if args.write:
        write_section("What the guard costs and refuses", table)
    return 0


def row(name: str, costs: list[float], refused: int) -> str:
    """Write one row of the table."""
    ordered = sorted(costs)
    worst = ordered[int(0.95 * (len(ordered) - 1))]
    return (
        f"| {name} | {len(costs):,} | {refused} | {100 * refused / len(costs):.2f} % | "
        f"{statistics.median(costs):.2f} | {worst:.2f} |"
    )


if __name__ == "__main__":
    sys.exit(main())
