"""Does a source.yaml open what it declares, and are its errors named with file and line?"""

import copy
import json
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import pytest

from clew_core.deadline import Deadline
from clew_core.errors import Refused, SourceError
from clew_core.principal import Policy, Principal
from clew_core.schema import schema
from clew_tools.database.open import open_source
from clew_tools.database.schema_check import problems
from clew_tools.database.source import Source

ANA = Principal()
TEXT = """\
name: shop
location: shop.duckdb
freshness: orders.loaded_at
time_zone: Europe/Oslo
tables:
  orders:
    meaning: one row per order
    key: [number]
    fields:
      NUMBER: {meaning: number of the order}
      paid: {meaning: amount paid, unit: NOK}
      state: {values: {P: paid, O: open}}
      person: {references: people.id}
  people:
    fields:
      email: {access: [desk]}
  secrets:
    access: [board]
  gone:
    fields: {x: {meaning: nothing}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
        connection.execute(
            "CREATE TABLE orders AS SELECT 1 AS number, 5 AS paid, 'P' AS state, 1 AS person, "
            "TIMESTAMP '2024-01-02 03:04:05' AS loaded_at; "
            "CREATE TABLE people AS SELECT 1 AS id, 'a@b' AS email; "
            "CREATE TABLE secrets AS SELECT 1 AS x; CREATE VIEW v AS SELECT * FROM people"
        )
    (tmp_path / "source.yaml").write_text(TEXT)
    return tmp_path


def opened(path: Path) -> Source:
    return open_source(path)


@pytest.mark.parametrize("name", ["", "source.yaml"])
def test_a_declaration_reaches_the_catalog(folder: Path, name: str) -> None:
    source = opened(folder / name)
    try:
        assert source.name == "shop"
        orders = source.catalog(ANA).table("orders")
        assert orders is not None and orders.meaning == "one row per order"
        number, paid, state = orders.columns[:3]
        assert number.meaning == "number of the order" and orders.primary_key == ("number",)
        assert (paid.meaning, paid.unit) == ("amount paid", "NOK")
        assert state.meaning == "P = paid, O = open"
        key = orders.foreign_keys[0]
        assert (key.columns, key.table, key.inferred) == (("person",), "people", False)
        assert source.warnings == ("source.yaml, line 19: there is no table 'gone'.",)
    finally:
        source.close()


def test_a_company_folder_uses_its_declaration(folder: Path, tmp_path: Path) -> None:
    company = tmp_path / "acme" / "company"
    company.mkdir(parents=True)
    (company / "a.csv").write_text("x\n1\n")
    (company / "source.yaml").write_text("name: acme\nlocation: a.csv\n")
    source = opened(tmp_path / "acme")
    assert (source.name, source.location) == ("acme", str(tmp_path / "acme"))
    assert [table.name for table in source.catalog(ANA).tables] == ["a"]
    source.close()


def test_as_of_is_the_newest_row_of_the_declared_column(folder: Path) -> None:
    source = opened(folder)
    as_of = source.run("SELECT * FROM people", ANA, Deadline()).as_of
    assert as_of == "2024-01-02T03:04:05+01:00"
    hidden = Principal(policy=Policy(hide=("orders.loaded_at",)))
    assert source.run("SELECT id FROM people", hidden, Deadline()).as_of[:4] != "2024"
    source.close()


def test_access_holds_for_tables_columns_and_views(folder: Path) -> None:
    source = opened(folder)
    desk = Principal(roles=("desk",))
    board = Principal(roles=("board", "desk"))
    try:
        names = [table.name for table in source.catalog(ANA).tables]
        assert names == ["orders", "people"]
        assert [t.name for t in source.catalog(board).tables] == ["orders", "people", "secrets"]
        assert source.run("SELECT * FROM people", ANA, Deadline()).table.column_names == ["id"]
        assert source.run("SELECT email FROM people", desk, Deadline()).table.num_rows == 1
        for sql in ("SELECT * FROM secrets", "SELECT * FROM v"):
            with pytest.raises(Refused, match="no table"):
                source.run(sql, desk, Deadline())
        assert source.values(ANA, Deadline()).find("a@b") == ()
        assert source.values(desk, Deadline()).find("a@b") != ()
    finally:
        source.close()


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("name: a\n", 1, "'location' is missing"),
        ("name: a\nlocation: x\ncolour: red\n", 3, "'colour' is not known"),
        ("name: a\nlocation: x\ntables:\n  t:\n    key: id\n", 5, "'id' has to be a list"),
        ("name: a\nlocation: x\ntables:\n  t:\n", 4, "'None' has to be names and values"),
        ("name: 2 b\nlocation: x\n", 1, "has not the form"),
        ("name: a\nlocation: x\ntables:\n  t:\n    fields:\n      c: {unti: EUR}\n", 6, "'unti'"),
        ("name: a\nlocation: x\nname: b\n", 3, "twice"),
        ("name: a\n  location: x\n", 2, "mapping values"),
        ("name: a\nlocation: &x y\nowner: *x\n", 3, "aliases"),
        ("- a\n", 1, "names and values"),
        ("name: a\nlocation: x\nkind: logs\n", 0, "declares logs"),
        ("name: a\nlocation: missing.csv\n", 0, "not there"),
        ("name: a\nlocation: source.yaml\n", 0, "another declaration"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    (tmp_path / "source.yaml").write_text(text)
    with pytest.raises(SourceError) as caught:
        opened(tmp_path)
    found = str(caught.value)
    assert said in found and "source.yaml'" in found
    assert not line or f"line {line}:" in found


GOOD: dict[str, Any] = {
    "name": "a", "location": "b", "access": ["x"],
    "tables": {"t": {"key": ["k"], "fields": {"c": {"unit": "EUR", "values": {"a": "b"}}}}},
}  # fmt: skip


def _broken() -> list[dict[str, Any]]:
    """Break a good declaration at each place in each way."""
    found = []

    def places(data: Any, path: tuple[Any, ...]) -> Any:
        yield path
        items = data.items() if isinstance(data, dict) else enumerate(data)
        for key, value in items if isinstance(data, (dict, list)) else ():
            yield from places(value, (*path, key))

    for path in list(places(GOOD, ()))[1:]:
        for bad in (None, "", 1, [], {}, ["x", "x"], {"strange": 1}, {"": "x"}, True):
            made = copy.deepcopy(GOOD)
            inner: Any = made
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] = bad
            found.append(made)
    return found


def test_our_check_agrees_with_the_schema() -> None:
    validator = jsonschema.Draft202012Validator(schema("source.v1"))
    cases = [GOOD, {}, {"name": "a"}, *_broken()]
    assert len(cases) > 100
    for case in cases:
        ours = bool(list(problems(case, schema("source.v1"))))
        assert ours == (not validator.is_valid(case)), json.dumps(case)
