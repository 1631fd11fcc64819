"""How many queries prove the policy, how many specs the compiler, how many attacks the guard?

    python benchmarks/proofs.py [--queries 2000] [--specs 400] [--write]

The same checks as `make soak`, counted: a query of each role on the whole data and by the owner on
a copy that has only what the role shows; a spec on each engine and by an evaluator that knows no
SQL. PostgreSQL takes part where its programs are found.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from results import write_section  # noqa: E402

import postgres  # noqa: E402
from clew_core.principal import Principal  # noqa: E402
from clew_tools.database.source import Dialect  # noqa: E402
from tools import policy_world, test_guard, test_policy, test_spec_engines  # noqa: E402
from tools.spec_world import Worlds  # noqa: E402


def server() -> contextlib.AbstractContextManager[str | None]:
    """Start a PostgreSQL server of our own, or give nothing where there is none."""

    @contextlib.contextmanager
    def started() -> Iterator[str | None]:
        begin = getattr(postgres.postgres_url, "__wrapped__", None)
        if begin is None or postgres.programs() is None:
            yield None
            return
        running = begin()
        try:
            yield next(running)
        finally:
            running.close()

    return started()


def policy_proof(url: str | None, count: int) -> str:
    """Compare each role with its filtered copy; a line of the table for each engine."""
    lines = []
    for engine in ("duckdb", "sqlite", "postgres"):
        if engine == "postgres" and url is None:
            lines.append("| policy, postgres | no server here | | | |")
            continue
        kinds: Counter[str] = Counter()
        different, begin = 0, time.perf_counter()
        for name in policy_world.NAMES:
            with tempfile.TemporaryDirectory() as folder:
                found, odd = _role(Path(folder), engine, url, name, count)
            kinds += found
            different += odd
        asked = count * len(policy_world.NAMES)
        failed = sum(kinds.values()) - kinds["rows"]
        lines.append(
            f"| policy, {engine} | {asked:,} queries, {len(policy_world.NAMES)} roles | "
            f"{kinds['rows']:,} gave rows, {failed:,} the same error | {different} | "
            f"{time.perf_counter() - begin:.0f} s |"
        )
    return "\n".join(lines)


def _role(
    folder: Path, engine: str, url: str | None, name: str, count: int
) -> tuple[Counter[str], int]:
    roles = policy_world.read_shop_roles(folder)

    def shop(called: str, policy: object) -> Path | str:
        place: Path | str = folder / f"{called}.{engine}"
        if engine == "postgres":
            import psycopg

            assert url is not None
            database = f"{called}_{uuid.uuid4().hex[:8]}"
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {database}".encode())
            place = url.replace("/postgres?", f"/{database}?")
        return policy_world.write_shop(place, engine, policy)  # type: ignore[arg-type]

    main = test_policy.MAIN[engine]
    pair = test_policy.Pair(shop, main, roles, name)
    queries, kinds, different = policy_world.Queries(2, main), Counter[str](), 0
    for _ in range(count):
        sql = queries.query()
        mine = test_policy.told(pair.whole, sql, pair.who)
        different += mine != test_policy.told(pair.copy, sql, Principal())
        kinds[mine[0]] += 1
    pair.close()
    return kinds, different


def spec_proof(url: str | None, count: int) -> str:
    """Compare engines with the evaluator; a line of the table for each engine."""
    lines = []
    worlds = Worlds(url)
    for engine in worlds.engines:
        full = wrong = 0
        begin = time.perf_counter()
        for seed in range(count):
            try:
                full += bool(test_spec_engines.check(worlds, seed, (engine,)))
            except AssertionError:
                wrong += 1
        lines.append(
            f"| specs, {engine} | {count:,} specs | {full:,} gave rows | {wrong} | "
            f"{time.perf_counter() - begin:.0f} s |"
        )
    worlds.close()
    return "\n".join(lines)


def attacks() -> str:
    """Hold the guard to its corpus; respellings are not in it."""
    begin = time.perf_counter()
    lines = []
    engines: list[Dialect] = ["duckdb", "sqlite", "postgres"]
    for engine in engines:
        found = [(m, sql) for of, m, sql in test_guard.ATTACKS if of == engine]
        through = sum(test_guard.passes(sql, engine) for _, sql in found)
        lines.append(
            f"| guard, {engine} | {len(found):,} attacks of {len({m for m, _ in found})} "
            f"mechanisms | {len(found) - through:,} refused | {through} | "
            f"{time.perf_counter() - begin:.0f} s |"
        )
    return "\n".join(lines)


def main() -> int:
    """Print the table; with ``--write`` put it into RESULTS.md."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--queries", type=int, default=2000)
    parser.add_argument("--specs", type=int, default=400)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    with server() as url:
        lines = [
            "| proof | asked | found | different, or let through | time |",
            "|---|---|---|---|---|",
            attacks(),
            policy_proof(url, args.queries),
            spec_proof(url, args.specs),
        ]
    body = "\n".join(lines)
    sys.stdout.write(body + "\n")
    if args.write:
        write_section("What proves the policy and the compiler", body)
    return 0


if __name__ == "__main__":
    sys.exit(main())
