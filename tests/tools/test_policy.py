"""Does a policy show exactly what a copy without the rest would show, and nothing else?"""

import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from clew_core.deadline import Deadline
from clew_core.errors import ClewError, Refused, RetryByModel
from clew_core.principal import Policy, Principal
from clew_tools.database.open import open_source
from clew_tools.database.roles import Roles
from clew_tools.database.source import Source
from tools.policy_world import NAMES, Queries, principal, read_shop_roles, write_shop

HIDDEN = re.compile(r"canary|\b7\d{4}\b")


Shop = Callable[[str, Policy | None], Path | str]
MAIN = {"duckdb": "main", "sqlite": "main", "postgres": "public", "mysql": "main__"}


def with_its_schema(source: Source, sql: str) -> str:
    """Name the main schema: on MySQL it is the database, another for each shop."""
    if source.dialect != "mysql":
        return sql
    return sql.replace("main__.", f"{urlsplit(source.location).path.strip('/')}.")


class Pair:
    """The whole shop as a role sees it, and a copy that has nothing else."""

    def __init__(self, shop: Shop, main: str, roles: Roles, name: str) -> None:
        self.main, self.who = main, principal(roles, name)
        self.whole = open_source(shop("shop", None), threads=1)
        self.copy = open_source(shop(name, self.who.policy), "shop", threads=1)

    def close(self) -> None:
        self.whole.close()
        self.copy.close()


SERVERS = [
    pytest.param("postgres", marks=pytest.mark.postgres),
    pytest.param("mysql", marks=pytest.mark.mariadb),
]


@pytest.fixture(params=["duckdb", "sqlite", *SERVERS])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def shop(request: pytest.FixtureRequest, engine: str, tmp_path: Path) -> Shop:
    """Write shops, each to a place of its own."""

    def made(name: str, policy: Policy | None = None) -> Path | str:
        place: Path | str = tmp_path / f"{name}.{engine}"
        if engine == "postgres":
            import psycopg

            url = request.getfixturevalue("postgres_url")
            database = f"{name}_{uuid.uuid4().hex[:8]}"
            with psycopg.connect(url, autocommit=True) as server:
                server.execute(f"CREATE DATABASE {database}".encode())
            place = url.replace("/postgres?", f"/{database}?")
        if engine == "mysql":
            import sqlalchemy as sa

            url = request.getfixturevalue("mariadb_url")
            database = f"{name}_{uuid.uuid4().hex[:8]}"
            with sa.create_engine(url, poolclass=sa.NullPool).connect() as owner:
                owner.exec_driver_sql(f"CREATE DATABASE {database} COLLATE utf8mb4_bin")
            place = url.replace("/shop", f"/{database}")
        return write_shop(place, engine, policy)

    return made


@pytest.fixture(params=NAMES)
def pair(request: pytest.FixtureRequest, engine: str, shop: Shop, tmp_path: Path) -> Iterator[Pair]:
    made = Pair(shop, MAIN[engine], read_shop_roles(tmp_path), request.param)
    yield made
    made.close()


def told(source: Source, sql: str, who: Principal) -> tuple[str, object]:
    """Run a query; give its rows without their order, or kind, text and code of its error."""
    try:
        table = source.run(with_its_schema(source, sql), who, Deadline()).table
    except ClewError as error:
        # Guesses at what was meant are left out under a policy.
        main = with_its_schema(source, f"{MAIN[source.dialect]}.")
        said = str(error).split("Candidate")[0].replace(main, "")
        said = re.sub(r"'[^']*'|\"[^\"]*\"", "…", said).strip()
        return type(error).__name__, (error.exit_code, said)
    return "rows", (table.column_names, sorted(map(repr, table.to_pylist())))


def proved(pair: Pair, seed: int, count: int) -> None:
    queries, kinds = Queries(seed, pair.main), set()
    for _ in range(count):
        sql = queries.query()
        kind, found = told(pair.whole, sql, pair.who)
        assert (kind, found) == told(pair.copy, sql, Principal()), sql
        kinds.add(kind)
        if pair.who.user not in ("all", "people") and kind != "rows":
            assert not HIDDEN.search(str(found)), sql
    assert "rows" in kinds


def test_each_role_gets_what_a_filtered_copy_gives(pair: Pair) -> None:
    proved(pair, 1, 60)


@pytest.mark.soak
def test_two_thousand_queries_of_each_role_give_what_a_filtered_copy_gives(pair: Pair) -> None:
    proved(pair, 2, 2000)


def test_the_catalogue_is_that_of_the_filtered_copy(pair: Pair) -> None:
    """Counts and inferred keys too: a key of the whole says something about hidden rows."""
    seen = {table.name: table for table in pair.whole.catalog(pair.who).tables}
    copied = {table.name: table for table in pair.copy.catalog(Principal()).tables}
    assert seen.keys() == copied.keys()
    for name, table in seen.items():
        other = copied[name]
        assert [c.name for c in table.columns] == [c.name for c in other.columns]
        assert table.row_count == other.row_count, name
        if pair.who.policy.rows:
            assert table.primary_key == other.primary_key, name
            assert set(table.foreign_keys) == set(other.foreign_keys), name


def test_the_value_index_holds_no_hidden_value(pair: Pair) -> None:
    index = pair.whole.values(pair.who, Deadline())
    copied = pair.copy.values(Principal(), Deadline())
    for word in ("EMEA", "APAC", "name3", "canary", "canary5@x", "canarystaff3", "s1", "a"):
        for way in ("find", "near", "holding"):
            mine = sorted(map(repr, getattr(index, way)(word)))
            assert mine == sorted(map(repr, getattr(copied, way)(word))), (way, word)


def test_samples_show_no_hidden_value(pair: Pair) -> None:
    for table in ("customers", "orders", "items", "staff", "stuff"):
        mine = pair.whole.samples(table, pair.who, Deadline())
        copied = pair.copy.samples(table, Principal(), Deadline())
        assert mine.keys() == copied.keys()
        assert mine.keys() or not pair.who.policy.shows_table(table) or table == "stuff"
        for column, values in mine.items():
            assert len(values) <= 5 and len(set(values)) == len(values)
            assert set(values) <= set(map(str, _all_of(pair, table, column)))
    # Kept for this policy, and for no other.
    again = pair.whole.samples("orders", pair.who, Deadline())
    assert again is pair.whole.samples("orders", pair.who, Deadline()) or again == {}
    assert pair.whole.samples("staff", Principal(), Deadline())["name"][0].startswith("canary")


def _all_of(pair: Pair, table: str, column: str) -> list[object]:
    sql = f"SELECT {column} AS v FROM {table}"
    return list(pair.copy.run(sql, Principal(), Deadline()).table.column("v").to_pylist())


@pytest.mark.parametrize(
    ("hidden", "unknown"),
    [("SELECT * FROM staff", "SELECT * FROM stuff"),
     ("SELECT count(*) FROM main.staff", "SELECT count(*) FROM main.stuff"),
     ("SELECT id FROM orders WHERE id IN (SELECT id FROM staff)",
      "SELECT id FROM orders WHERE id IN (SELECT id FROM stuff)"),
     ("SELECT customers.email FROM customers", "SELECT customers.emall FROM customers"),
     ("SELECT c.spend FROM customers AS c", "SELECT c.spent FROM customers AS c"),
     ("SELECT max(customers.spend) FROM customers", "SELECT max(customers.spent) FROM customers")],
)  # fmt: skip
def test_hidden_and_unknown_names_are_told_the_same(
    engine: str, shop: Shop, tmp_path: Path, hidden: str, unknown: str
) -> None:
    who = principal(read_shop_roles(tmp_path), "emea")
    source = open_source(shop("shop", None))
    said = []
    for sql in (hidden, unknown):
        sql = with_its_schema(source, sql.replace("main.", f"{MAIN[engine]}."))
        with pytest.raises(ClewError) as caught:
            source.run(sql, who, Deadline())
        words = re.sub(r"staff|stuff|emall|email|spend|spent", "…", str(caught.value))
        said.append((type(caught.value), caught.value.exit_code, words))
    source.close()
    assert said[0] == said[1]


@pytest.mark.parametrize(
    "sql",
    ["SELECT CAST(name AS INTEGER) FROM customers", "SELECT CAST(email AS DATE) FROM customers",
     "SELECT id FROM customers WHERE CAST(region AS INTEGER) > 1",
     "SELECT CAST(note AS DATE) FROM orders WHERE amount < 60",
     "SELECT json_extract(name, 'x y [') FROM customers", "SELECT customers.emial FROM customers",
     "SELECT abs(id) / 0, CAST(name || region AS TIMESTAMP) FROM customers"],
)  # fmt: skip
def test_no_error_quotes_a_hidden_value(shop: Shop, tmp_path: Path, sql: str) -> None:
    who = principal(read_shop_roles(tmp_path), "emea")
    source = open_source(shop("shop", None))
    try:
        source.run(sql, who, Deadline())
    except (RetryByModel, Refused) as error:
        quoted = re.findall(r"canary|APAC|AMER|email|name\d|7\d{4}", str(error))
        # What the statement says itself is no secret.
        assert [word for word in quoted if word not in sql] == [], str(error)
        assert error.__cause__ is None
    source.close()


def test_rowid_shows_no_hidden_key(tmp_path: Path) -> None:
    import sqlite3

    connection = sqlite3.connect(tmp_path / "t.sqlite")
    connection.execute("CREATE TABLE t (pin INTEGER PRIMARY KEY, name TEXT)")
    connection.execute("INSERT INTO t VALUES (4711, 'x')")
    connection.commit()
    connection.close()
    source = open_source(tmp_path / "t.sqlite")
    who = Principal(policy=Policy(hide=("t.pin",)))
    for name in ("rowid", "_rowid_", "oid", "t.rowid"):
        try:
            rows = source.run(f"SELECT {name} AS r FROM t", who, Deadline())
        except RetryByModel:
            continue
        assert "4711" not in repr(rows.table.to_pylist())
    source.close()


def test_what_one_sees_is_not_kept_for_another(shop: Shop, tmp_path: Path) -> None:
    roles = read_shop_roles(tmp_path)
    source = open_source(shop("shop", None))
    sql = "SELECT count(*) AS n FROM orders"
    counts: dict[str, set[str]] = {}
    for _ in range(2):
        for name in ("all", "emea", "big"):
            who = principal(roles, name)
            rows = source.run(sql, who, Deadline()).table.to_pylist()
            counts.setdefault(name, set()).add(str(rows))
            catalog = source.catalog(who).table("orders")
            assert catalog is not None and str(catalog.row_count) in str(counts[name])
    assert len({str(found) for found in counts.values()}) == 3
    assert all(len(found) == 1 for found in counts.values())
    source.close()
