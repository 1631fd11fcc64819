"""The same spec gives the same answer on three engines, and it is the right one."""

from collections.abc import Iterator
from typing import Any

import pytest

from clew_tools.semantic.compile import compile_spec
from tools.spec_evaluator import answer
from tools.spec_generator import make
from tools.spec_world import CATALOG, Worlds

QUICK, ALL = 60, 400


@pytest.fixture(scope="module")
def two() -> Iterator[Worlds]:
    worlds = Worlds(None)
    yield worlds
    worlds.close()


@pytest.fixture(scope="module")
def three(postgres_url: str) -> Iterator[Worlds]:
    worlds = Worlds(postgres_url)
    yield worlds
    worlds.close()


def check(worlds: Worlds, seed: int, engines: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """Ask the engines, and compare each with the answer worked out without SQL."""
    spec = make(seed)
    right = answer(spec)
    for engine in engines:
        sql = compile_spec(spec, CATALOG, engine).sql
        try:
            found = worlds.run(engine, sql)
        except Exception as error:
            raise AssertionError(f"seed {seed}, {engine}: {error}\n{sql}\n{spec}") from error
        assert found == right, f"seed {seed}, {engine}\n{sql}\n{spec}"
    return right


@pytest.mark.parametrize("seed", range(QUICK))
def test_duckdb_and_sqlite_give_the_right_answer(two: Worlds, seed: int) -> None:
    check(two, seed, ("duckdb", "sqlite"))


@pytest.mark.postgres
@pytest.mark.parametrize("seed", range(QUICK))
def test_postgres_gives_the_right_answer(three: Worlds, seed: int) -> None:
    check(three, seed, ("postgres",))


@pytest.mark.soak
@pytest.mark.postgres
def test_four_hundred_specs_give_the_right_answer_on_three_engines(three: Worlds) -> None:
    wrong = []
    full = 0
    for seed in range(ALL):
        try:
            full += bool(check(three, seed, three.engines))
        except AssertionError as error:
            wrong.append(str(error))
    assert not wrong, f"{len(wrong)} of {ALL} are wrong; the first: {wrong[0]}"
    assert full > 0.75 * ALL  # empty answers prove little
