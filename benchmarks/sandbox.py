"""How long does the sandbox take to start, and to carry tables in and out?

    python benchmarks/sandbox.py [--rows 1000000] [--runs 5] [--write]

Best of the runs: wall clock as the caller sees it, the start of the process included, and CPU
time of the process that runs the code. The table has eight columns (two integers, two floats, a
date and time, a truth value, a short text of few values and one of many), made from a seed.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np
import pyarrow as pa
from results import write_section

from clew_core.deadline import Deadline
from clew_tools.sandbox import Limits, Ran, run

SEED = 7
LIMITS = Limits(memory_mb=2048, result_mb=512)
MEASURED = [
    ("start, code that needs no library", "results['x'] = 1", False, "150 ms"),
    ("start with pyarrow", "import pyarrow", False, ""),
    ("start with pandas", "import pandas", False, ""),
    ("start with pandas and plotly", "import pandas, plotly.graph_objects", False, ""),
    ("table in and out", "results['t'] = tables['t']", True, "1000 ms"),
    ("table in and out, as pandas frames", "results['t'] = frame('t')", True, "1000 ms"),
    (
        "table in, grouped with pandas, result out",
        "results['t'] = frame('t').groupby('region', as_index=False).amount.sum()",
        True,
        "",
    ),
]


def make(rows: int) -> pa.Table:
    """Make the table from the seed."""
    chance = np.random.default_rng(SEED)
    regions = np.array(["EMEA", "Americas", "Asia", "Oceania"])
    return pa.table(
        {
            "id": pa.array(np.arange(rows)),
            "quantity": pa.array(chance.integers(1, 100, rows)),
            "amount": pa.array(chance.random(rows) * 1000),
            "discount": pa.array(chance.random(rows)),
            "placed": pa.array(
                np.datetime64("2024-01-01", "us") + chance.integers(0, 10**13, rows)
            ),
            "paid": pa.array(chance.random(rows) < 0.9),
            "region": pa.array(regions[chance.integers(0, 4, rows)]),
            "customer": pa.array(np.char.add("C", chance.integers(0, 10**6, rows).astype("U7"))),
        }
    )


def best(code: str, tables: dict[str, pa.Table], runs: int) -> tuple[float, float, float]:
    """Run code some times; give the least wall and CPU seconds and the most MB."""
    walls, cpus, peaks = [], [], []
    for _ in range(runs):
        begin = time.perf_counter()
        found = run(code, tables, LIMITS, Deadline())
        walls.append(time.perf_counter() - begin)
        if not isinstance(found, Ran) or found.status != "done":
            raise SystemExit(f"{code!r}: {found}")
        cpus.append(found.cpu_s)
        peaks.append(found.peak_mb)
    return min(walls), min(cpus), max(peaks)


def main() -> int:
    """Print the table; with ``--write`` put it into RESULTS.md."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    table = make(args.rows)
    probe = run("1", {}, LIMITS, Deadline())
    walls = ", ".join(probe.walls) if isinstance(probe, Ran) else str(probe)
    lines = [
        f"Best of {args.runs}. The table: {args.rows:,} rows × {table.num_columns} columns, "
        f"{table.nbytes / (1 << 20):.0f} MB. Walls: {walls}.",
        "",
        "| | wall | CPU | peak memory | goal (wall) |",
        "|---|---|---|---|---|",
    ]
    for name, code, with_table, goal in MEASURED:
        wall, cpu, peak = best(code, {"t": table} if with_table else {}, args.runs)
        lines.append(
            f"| {name} | {1000 * wall:.0f} ms | {1000 * cpu:.0f} ms | {peak:.0f} MB | {goal} |"
        )
    body = "\n".join(lines)
    sys.stdout.write(body + "\n")
    if args.write:
        write_section("What the sandbox costs", body)
    return 0


if __name__ == "__main__":
    sys.exit(main())
