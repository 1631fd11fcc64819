"""What does looking at data and asking it cost, small and large, beside the bare engine?

    python benchmarks/data.py [--rows 205000000] [--folder DIR] [--write]

Each row is a process of its own: seconds, and its peak memory. The 3 GB Parquet file is made here
from a seed, streamed, and deleted at the end; the JSON file, the schema of 1 500 tables and the
table of 2 000 columns likewise. TPC-H is generated where tpchgen-cli is installed. Peers answer
the same question in the same run: DuckDB by itself, and pandas where it fits.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from results import write_section

SEED = 11
ROWS = 205_000_000
QUESTIONS = (
    "how many sales",
    "total amount by region",
    "average amount by month in 2024",
    "top 5 products by total amount",
)
# What a measured process does: says seconds by name, and its peak memory, as JSON.
PRELUDE = """
import json, pathlib, sys, time
said = {}
def peak():
    # Pages of mapped files count here too, though the kernel may take them back.
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) >> 10
class timed:
    def __init__(self, name): self.name = name
    def __enter__(self): self.begin = time.perf_counter()
    def __exit__(self, *_): said[self.name] = time.perf_counter() - self.begin
def done():
    said["peak"] = peak()
    print(json.dumps(said))
path = sys.argv[1]
"""
INSPECT = """
from clew_core.deadline import Deadline
from clew_core.principal import Principal
from clew_tools.database.open import open_source
who = Principal()
with timed("first"):
    source = open_source(path)
    catalog = source.catalog(who, Deadline())
said["tables"] = len(catalog.tables)
with timed("values"):
    source.values(who, Deadline())
with timed("again"):
    source.catalog(who, Deadline()); source.values(who, Deadline())
source.close()
with timed("reopened"):
    source = open_source(path)
    source.catalog(who, Deadline()); source.values(who, Deadline())
source.close()
done()
"""
ASK = """
import clew, os
os.environ["CLEW_HOME"] = sys.argv[2]
questions = json.loads(sys.argv[3])
with timed("open"):
    workspace = clew.open(path)
said["answers"] = []
for question in questions:
    begin = time.perf_counter()
    answer = workspace.ask(question, now="2025-03-01T00:00:00+00:00")
    said["answers"].append([question, answer.status, time.perf_counter() - begin])
workspace.close()
done()
"""
DUCK = """
import duckdb
with timed("first"):
    duckdb.connect(config={"memory_limit": "1000MB"}).sql(sys.argv[2]).fetchall()
done()
"""
PANDAS = """
import pandas as pd
with timed("first"):
    pd.read_json(path)
done()
"""


def measured(code: str, *words: str) -> dict[str, object]:
    """Run code in a process of its own and read what it says."""
    program = PRELUDE + textwrap.dedent(code)
    ran = subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, timeout=1800
    )
    if ran.returncode:
        raise SystemExit(ran.stderr[-2000:])
    found: dict[str, object] = json.loads(ran.stdout.splitlines()[-1])
    return found


def write_sales(file: Path, rows: int) -> None:
    """Write one table of sales in parts of a million rows; a part is all that is in memory."""
    chance = np.random.default_rng(SEED)
    regions = pa.array(["EMEA", "Americas", "Asia", "Oceania"])
    products = pa.array([f"product {n:03}" for n in range(200)])
    writer = None
    for begin in range(0, rows, 1_000_000):
        count = min(1_000_000, rows - begin)
        table = pa.table(
            {
                "id": pa.array(np.arange(begin, begin + count)),
                "day": pa.array(np.datetime64("2023-01-01", "D") + chance.integers(0, 730, count)),
                "region": regions.take(pa.array(chance.integers(0, 4, count))),
                "product": products.take(pa.array(chance.integers(0, 200, count))),
                "customer_number": pa.array(chance.integers(1, 50_000_000, count)),
                "amount": pa.array(np.round(chance.random(count) * 1000, 2)),
            }
        )
        if writer is None:
            writer = pq.ParquetWriter(file, table.schema, compression="snappy")
        writer.write_table(table)
    if writer is not None:
        writer.close()


def write_json(file: Path, size_mb: int) -> None:
    """Write a JSON list of nested records."""
    chance = np.random.default_rng(SEED)
    with file.open("w", encoding="utf-8") as out:
        out.write("[")
        number = 0
        while out.tell() < size_mb << 20:
            lines = [
                json.dumps({"id": number + n, "name": f"name {int(v) % 997}", "amount": int(v) / 8,
                            "address": {"city": f"city {int(v) % 50}", "zip": str(int(v) % 9999)}})
                for n, v in enumerate(chance.integers(0, 10**6, 1000))
            ]  # fmt: skip
            out.write(("," if number else "") + ",\n".join(lines))
            number += len(lines)
        out.write("]")


def write_schema(file: Path, tables: int, columns: int) -> None:
    """Write a database of many tables, or of one with many columns."""
    with duckdb.connect(str(file)) as maker:
        names = ", ".join(f"c{n} INTEGER" for n in range(columns))
        for number in range(tables):
            maker.execute(f"CREATE TABLE t{number} ({names})")
            maker.execute(f"INSERT INTO t{number} (c0) VALUES (1), (2)")


@contextmanager
def tpch(folder: Path) -> Iterator[Path | None]:
    """Generate TPC-H at scale 1 as Parquet files, or give nothing where that can't be done."""
    program = shutil.which("tpchgen-cli") or shutil.which(
        str(Path(sys.executable).parent / "tpchgen-cli")
    )
    if program is None:
        yield None
        return
    place = folder / "tpch"
    subprocess.run(
        [program, "parquet", "-s", "1", "--output-dir", str(place)],
        check=True, capture_output=True,
    )  # fmt: skip
    yield place
    shutil.rmtree(place)


def inspected(name: str, place: Path, gate: str = "") -> str:
    """Measure looking at a source; a line of the table."""
    found = measured(INSPECT, str(place))
    times = (found["first"], found["values"], found["again"], found["reopened"])
    shown = " | ".join(_time(float(str(t))) for t in times)
    return f"| {name} | {shown} | {found['peak']:,} MB | {gate} |"


def _time(seconds: float) -> str:
    return f"{1000 * seconds:,.1f} ms" if seconds < 0.1 else f"{seconds:,.2f} s"


def asked(file: Path, folder: Path) -> list[str]:
    """Ask the large file, and let DuckDB answer the same by itself."""
    found = measured(ASK, str(file), str(folder / "home"), json.dumps(QUESTIONS))
    peers = (
        "SELECT count(*) FROM '{f}'",
        "SELECT region, sum(amount) FROM '{f}' GROUP BY 1",
        "SELECT date_trunc('month', day), avg(amount) FROM '{f}' "
        "WHERE day >= '2024-01-01' GROUP BY 1",
        "SELECT product, sum(amount) AS s FROM '{f}' GROUP BY 1 ORDER BY s DESC LIMIT 5",
    )
    lines = []
    answers = found["answers"]
    assert isinstance(answers, list)
    for (question, status, seconds), sql in zip(answers, peers, strict=True):
        peer = measured(DUCK, str(file), sql.format(f=file))
        lines.append(
            f"| {question} | {status} | {_time(seconds)} | {_time(float(str(peer['first'])))} "
            f"| {peer['peak']:,} MB |"
        )
    opened = _time(float(str(found["open"])))
    lines.append(f"| all four in one process, opened in {opened} | | | | {found['peak']:,} MB |")
    return lines


def body(folder: Path, rows: int) -> str:
    """Make all tables."""
    lines = [
        "Each line is a process of its own; memory is its peak, all libraries included (gate: "
        "1,500 MB). *First*: opened and all tables, keys and counts looked at. *Values*: text "
        "values indexed. *Again*: both once more. *Reopened*: closed, opened and both, unchanged.",
        "",
        "| source | first | values | again | reopened | peak memory | goal |",
        "|---|---|---|---|---|---|---|",
    ]
    with tpch(folder) as place:
        if place is not None:
            lines.append(inspected("TPC-H SF 1, 8 Parquet files", place, "0.3 s, then 10 ms"))
    for name, tables, columns in (
        ("1,500 tables", 1500, 12),
        ("1 table of 2,000 columns", 1, 2000),
    ):
        file = folder / "schema.duckdb"
        write_schema(file, tables, columns)
        lines.append(inspected(f"DuckDB, {name}", file))
        file.unlink()
    file = folder / "large.json"
    write_json(file, 200)
    lines.append(inspected("JSON, 200 MB", file))
    peer = measured(PANDAS, str(file))
    lines.append(
        f"| the same, pandas `read_json` | {_time(float(str(peer['first'])))} | | | "
        f"| {peer['peak']:,} MB | |"
    )
    file.unlink()
    file = folder / "sales.parquet"
    begin = time.perf_counter()
    write_sales(file, rows)
    made, size = time.perf_counter() - begin, file.stat().st_size
    lines.append(inspected(f"Parquet, {size / 1e9:.2f} GB, {rows:,} rows", file))
    lines += [
        "",
        f"Questions to the Parquet file of {size / 1e9:.2f} GB (made in {made:.0f} s), and DuckDB "
        "with the same limit of memory answering by itself, a fresh process each:",
        "",
        "| question | status | Clew | DuckDB alone | peak memory |",
        "|---|---|---|---|---|",
        *asked(file, folder),
    ]
    file.unlink()
    return "\n".join(lines)


def main() -> int:
    """Print the tables; with ``--write`` put them into RESULTS.md."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="clew-data-", dir=args.folder))
    try:
        found = body(folder, args.rows)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.stdout.write(found + "\n")
    if args.write:
        write_section("What looking at data costs", found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
