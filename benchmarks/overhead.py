"""What does the platform itself cost, apart from engines and models?

    python benchmarks/overhead.py [--scale 1] [--limit 400] [--data SOURCE] [--write]

The costs table of the design. CPU time of the process and its children, engines and BLAS on one
thread, less the spans around the engine's execute and fetch; at least 200 different questions, no
answer cache. The questions are made from the catalog, so that they fit any source (``--data``);
the default is acme, seed 1. Memory and start-up are those of whole processes.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

from question_sets import NOW  # noqa: E402
from results import write_section  # noqa: E402

import clew  # noqa: E402
import clew_acme  # noqa: E402
from clew_agents.proxy import proxy as proxy_module  # noqa: E402
from clew_agents.sql import agent as agent_module  # noqa: E402
from clew_agents.sql.builtin import BuiltinProposer  # noqa: E402
from clew_core.principal import Principal  # noqa: E402

WORST_OF = 0.95
SPENT: defaultdict[str, float] = defaultdict(float)
RUNS = 5


def timed(phase: str, call: Callable[..., Any]) -> Callable[..., Any]:
    """Add the CPU time of a function to its phase."""

    @functools.wraps(call)
    def measured(*args: Any, **named: Any) -> Any:
        begin = time.process_time()
        try:
            return call(*args, **named)
        finally:
            SPENT[phase] += time.process_time() - begin

    return measured


def watch_phases() -> None:
    """Put a stop watch around the steps of an answer."""
    BuiltinProposer.propose = timed("propose", BuiltinProposer.propose)
    agent_module.compile_spec = timed("compile", agent_module.compile_spec)
    proxy_module.compose = timed("compose", proxy_module.compose)
    proxy_module.choose = timed("chart", proxy_module.choose)
    proxy_module.python_source = timed("chart cell", proxy_module.python_source)


def questions(workspace: clew.Workspace) -> Iterator[str]:
    """Make different questions from the catalog: counts, totals, groups, tops, conditions."""
    catalog = next(iter(workspace.sources.values())).catalog(Principal())
    for table in catalog.tables:
        name = table.name.replace("_", " ")
        keys = {*table.primary_key, *(c for key in table.foreign_keys for c in key.columns)}
        numbers = [
            c.name
            for c in table.columns
            if c.type in ("integer", "number", "decimal") and c.name not in keys
        ]
        groups = [c.name for c in table.columns if c.type == "text"]
        dates = [c.name for c in table.columns if c.type in ("date", "timestamp")]
        yield f"how many rows are in {name}"
        for number in numbers:
            for word in ("total", "average", "highest", "lowest"):
                yield f"{word} {number}"
            for limit in (10, 100, 1000):
                yield f"how many {name} have {number} over {limit}"
        for number, group in itertools.product(numbers, groups):
            yield f"average {number} by {group}"
            yield f"top 5 {group} by total {number}"
        for number, date in itertools.product(numbers, dates):
            yield f"total {number} where {date} is in 1995"
            yield f"average {number} where {date} is between 1994 and 1996"


def per_question(location: Path, limit: int) -> tuple[list[float], dict[str, float], int]:
    """Ask; give CPU seconds of the platform per answered question, by phase, and how many."""
    costs: list[float] = []
    asked = 0
    with clew.open(str(location)) as workspace:
        source = next(iter(workspace.sources.values()))
        engine = [0.0]
        run = source.run

        def counted(*args: Any, **named: Any) -> Any:
            begin = time.process_time()
            result = run(*args, **named)
            engine[0] += result.cpu_seconds
            SPENT["guard and fetch"] += time.process_time() - begin - result.cpu_seconds
            return result

        source.run = counted
        workspace.ask("how many rows are there", now=NOW)  # warm: catalog and values are read
        SPENT.clear()
        for question in itertools.islice(dict.fromkeys(questions(workspace)), limit):
            session = workspace.session()
            engine[0] = 0.0
            begin = time.process_time()
            answer = session.ask(question, now=NOW)
            cpu = time.process_time() - begin - engine[0]
            asked += 1
            if answer.status == "answered":
                costs.append(cpu)
    return costs, dict(SPENT), asked


def process(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Run a program; give the CPU seconds and the peak MB of its tree, median of five runs."""
    seconds, memory = [], []
    for _ in range(RUNS):
        child = subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda: os.sched_setaffinity(0, {0}),
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {child.returncode}")
        seconds.append(usage.ru_utime + usage.ru_stime)
        memory.append(usage.ru_maxrss / 1024)
    return statistics.median(seconds), statistics.median(memory)


def guard_ms(location: Path) -> float:
    """Median CPU time of the guard for one statement, in ms."""
    with clew.open(str(location)) as workspace:
        source = next(iter(workspace.sources.values()))
        principal = Principal()
        statements = [
            answer.sql
            for question in itertools.islice(dict.fromkeys(questions(workspace)), 40)
            if (answer := workspace.ask(question, now=NOW)).sql
        ]
        costs = []
        for sql in statements:
            begin = time.process_time()
            list(source.check(str(sql), principal))
            costs.append(time.process_time() - begin)
    return 1000 * statistics.median(costs)


CELLS = (
    "orders_{n} = pd.read_csv('orders_{n}.csv')",
    "big_{n} = orders_{n}[orders_{n}.amount > {n}]",
    "def rate_{n}(frame):\n    return frame.paid.sum() / len(frame)\nrate_{n}(big_{n})",
    "sums_{n} = big_{n}.groupby('region').amount.agg(['sum', 'mean'])\nsums_{n}.plot()",
    "%%sql --source shop --name by_month_{n}\nSELECT month, sum(amount) FROM orders GROUP BY month",
)


def graph_ms(cells: int = 50) -> tuple[float, float]:
    """Median CPU time of reading a notebook's cells, and of one edit with what is stale, in ms."""
    from clew_core.cells import Cell
    from clew_tools.cells import CellGraph

    texts = ["import pandas as pd", *(text.format(n=n) for n in range(cells) for text in CELLS)]
    notebook = [
        Cell(
            id=str(place),
            kind="sql" if text.startswith("%%sql") else "python",
            source=text,
        )
        for place, text in enumerate(texts[:cells])
    ]
    built, updated = [], []
    for turn in range(20):
        begin = time.process_time()
        graph = CellGraph.build(notebook)
        graph.stale()
        built.append(time.process_time() - begin)
        edited = Cell(id="2", kind="python", source=f"big_0 = orders_0[orders_0.amount > {turn}]")
        begin = time.process_time()
        graph.update(edited)
        graph.stale()
        updated.append(time.process_time() - begin)
    return 1000 * statistics.median(built), 1000 * statistics.median(updated)


def main() -> int:
    """Print the table; with ``--write`` put it into RESULTS.md."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--limit", type=int, default=400)
    parser.add_argument("--data", type=Path, help="another source")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["CLEW_HOME"] = f"{scratch}/home"
        location = args.data or clew_acme.generate(
            Path(scratch, "acme"), seed=1, scale=args.scale, forms=["duckdb"]
        )
        program = [sys.executable, "-c", "import sys; from clew.cli import main; sys.exit(main())"]
        environment = dict(os.environ)
        ask = [*program, "ask", "how many rows are in orders", "--data", str(location)]
        help_s, _ = process([*program, "--help"], environment)
        first_s, first_mb = process(ask, environment)
        guard = guard_ms(location)
        watch_phases()
        costs, phases, asked = per_question(location, args.limit)
    build, update = graph_ms()
    costs.sort()
    median, worst = statistics.median(costs), costs[int(WORST_OF * (len(costs) - 1))]
    name = args.data.name if args.data else f"acme, seed 1, scale {args.scale:g}"
    lines = [
        f"Source: {name}; {asked} different questions, {len(costs)} answered.",
        "",
        "| | measured | gate | goal |",
        "|---|---|---|---|",
        f"| platform per question, median / 95th percentile | {1000 * median:.0f} / "
        f"{1000 * worst:.0f} ms | 100 / 300 ms | 40 / 120 ms |",
        f"| `clew --help` | {help_s:.2f} s | 0.4 s | 0.25 s |",
        f"| first answer of a fresh process | {first_s:.2f} s | 3 s | 1.5 s |",
        f"| peak memory of `clew ask` | {first_mb:.0f} MB | 500 MB | 300 MB |",
        f"| SQL guard per statement | {guard:.1f} ms | 5 ms | 2 ms |",
        f"| cell graph of 50 cells: build / one update | {build:.1f} / {update:.1f} ms "
        "| 50 / 5 ms | 25 / 2 ms |",
        "",
        "| phase | CPU ms per question |",
        "|---|---|",
    ]
    for phase, seconds in sorted(phases.items(), key=lambda item: -item[1]):
        lines.append(f"| {phase} | {1000 * seconds / asked:.1f} |")
    rest = sum(costs) / len(costs) - sum(phases.values()) / asked
    lines.append(f"| session, events, store | {1000 * max(rest, 0):.1f} |")
    table = "\n".join(lines)
    sys.stdout.write(table + "\n")
    if args.write:
        write_section("What the platform costs", table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
