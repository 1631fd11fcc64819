"""Does the guard hold for the SQL of MySQL, Trino, Snowflake, BigQuery and Spark?"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clew_core.errors import Refused, RetryByModel
from clew_tools.database import guard as guard_module
from clew_tools.database import guard_rules
from clew_tools.database.guard import Visible, guard
from clew_tools.database.guard_rules_servers import SERVERS
from clew_tools.database.source import Dialect
from tools.test_guard_rules import CHECKED

HERE = Path(__file__).parent
SEEN = {name: Visible(name=name, path=("shop", name)) for name in ("orders", "customers")}
MASKED = {
    "orders": Visible(name="orders", path=("shop", "orders"), rows="amount > 5 OR amount IS NULL"),
    "customers": Visible(
        name="customers", path=("shop", "customers"), columns=("id", "name"),
        rows="id IN (SELECT customer_id FROM orders)",
    ),
}  # fmt: skip


def lines(name: str) -> list[list[str]]:
    parts = 2 if "attacks" in name else 1
    text = (HERE / name).read_text(encoding="utf-8")
    return [
        [part.strip() for part in line.split(" | ", parts)]
        for line in text.splitlines()
        if line.strip() and not line.startswith("#")
    ]


def each(name: str) -> list[tuple[Dialect, str]]:
    return [(engine, line[-1]) for line in lines(name) for engine in line[-2].split()]  # type: ignore[misc]


ATTACKS = each("guard_server_attacks.txt")
STATEMENTS = each("guard_server_statements.txt")
# No attacks here: names of columns that nobody has, a name for a table, and a bitwise and.
HARMLESS = {
    "SELECT session_user", "SELECT current_schema", "SELECT current_catalog",
    "SELECT * FROM orders WHERE id = $1", "SELECT U&'\\0041'",
    'SELECT * FROM "orders""; DROP TABLE orders; --"',
}  # fmt: skip


@pytest.mark.parametrize(("engine", "sql"), ATTACKS)
def test_no_attack_passes(engine: Dialect, sql: str) -> None:
    with pytest.raises((Refused, RetryByModel)) as caught:
        guard(sql, engine, SEEN)
    assert "\n" not in str(caught.value) and 10 < len(str(caught.value)) < 300


def test_the_attacks_are_many_and_of_many_kinds() -> None:
    for engine in SERVERS:
        of_engine = [line for line in lines("guard_server_attacks.txt") if engine in line[1]]
        assert len(of_engine) >= 40 and len({line[0] for line in of_engine}) >= 15, engine


@pytest.mark.parametrize("engine", SERVERS)
def test_attacks_on_other_engines_do_not_pass_either(engine: Dialect) -> None:
    passed = []
    for _, _, sql in lines("guard_attacks.txt"):
        text = re.sub(r"\{U\+([0-9A-F]{4})\}", lambda u: chr(int(u[1], 16)), sql)
        try:
            guarded = guard(text.replace("{newline}", "\n"), engine, SEEN)
        except (Refused, RetryByModel):
            continue
        if sql not in HARMLESS:
            passed.append(f"{sql} -> {guarded.sql}")
    assert passed == []


@pytest.mark.parametrize(("engine", "sql"), STATEMENTS)
def test_ordinary_queries_pass_and_stay_the_same(engine: Dialect, sql: str) -> None:
    guarded = guard(sql, engine, SEEN).sql
    assert guard(guarded, engine, SEEN).sql == guarded


def needed() -> Iterator[tuple[Dialect, guard_rules.Rule, list[str]]]:
    """Pair each rule of a server with the statements that pass by it."""
    for rule in guard_rules.SERVER_RULES:
        for engine in rule.engines:
            if rule.kind == "check":
                continue
            texts = [sql for name, sql in STATEMENTS if name == engine]
            if rule.kind == "function" and engine != "mysql":
                # No server is here to say how each is called.
                texts = [f"SELECT {rule.name}(id) FROM orders"]
            yield engine, rule, texts


def passes(sql: str, engine: Dialect) -> bool:
    try:
        guard(sql, engine, SEEN)
    except (Refused, RetryByModel):
        return False
    return True


@pytest.mark.parametrize("engine", SERVERS)
def test_without_any_one_check_some_attack_passes(
    engine: Dialect, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = guard_rules.RULES
    for rule in [r for r in guard_rules.SERVER_RULES if r.kind == "check" and engine in r.engines]:
        case = CHECKED[rule.name]
        sql = case.sql.replace("{main}", "shop")
        monkeypatch.setattr(guard_rules, "RULES", whole)
        guard_module._rules.cache_clear()
        with pytest.raises(Refused, match=re.escape(case.words or "")):
            guard(sql, engine, SEEN, forbidden=case.forbidden)
        monkeypatch.setattr(guard_rules, "RULES", tuple(r for r in whole if r is not rule))
        guard_module._rules.cache_clear()
        said = ""
        try:
            guard(sql, engine, SEEN, forbidden=case.forbidden)
        except (Refused, RetryByModel) as error:
            said = str(error)
        if case.words in said:
            pytest.fail(f"{engine} refuses without the check {rule.name!r}: {sql[:200]}")
    monkeypatch.undo()
    guard_module._rules.cache_clear()


@pytest.mark.parametrize("engine", SERVERS)
def test_without_any_one_rule_some_statement_is_refused(
    engine: Dialect, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, unneeded, wrong = guard_rules.RULES, [], []
    for name, rule, texts in needed():
        if name != engine:
            continue
        monkeypatch.setattr(guard_rules, "RULES", whole)
        guard_module._rules.cache_clear()
        wrong += [sql for sql in texts if rule.kind == "function" and not passes(sql, engine)]
        word = rule.name if rule.kind == "function" else ""
        texts = [sql for sql in texts if word in sql.lower()]
        monkeypatch.setattr(guard_rules, "RULES", tuple(r for r in whole if r is not rule))
        guard_module._rules.cache_clear()
        if all(passes(sql, engine) for sql in texts):
            unneeded.append(f"{rule.kind} {rule.name}")
    monkeypatch.undo()
    guard_module._rules.cache_clear()
    assert not wrong and not unneeded, (wrong, unneeded)


@pytest.mark.parametrize("engine", SERVERS)
@pytest.mark.parametrize(
    "name",
    "load_file sleep benchmark get_lock release_lock version database user rand random uuid repeat "
    "space sequence generate_array generate_series range generator result_scan last_query_id "
    "external_query reflect java_method try_reflect read_files query raw_query execute identifier "
    "current_user session_user current_role current_database input_file_name nextval setval "
    "last_insert_id extractvalue updatexml master_pos_wait sys_exec get_ddl system$wait "
    "getvariable ai_complete ai_query http_request monotonically_increasing_id randn shuffle "
    "generate_uuid generate_date_array infer_schema".split(),
)
def test_dangerous_functions_have_no_rule(engine: Dialect, name: str) -> None:
    assert name not in guard_rules.allowed("function", engine)


@pytest.mark.parametrize("engine", SERVERS)
@pytest.mark.parametrize(
    "name", "Into Lock Command Set Copy Insert Update Delete Merge Create Drop Alter Hint "
    "Placeholder Parameter SessionParameter TableSample Pivot Describe Anonymous Introducer "
    "National RawString CurrentUser SessionUser CurrentSchema Rand TableFromRows "
    "HistoricalData Version MatchRecognize QueryTransform JSONTable".split(),
)  # fmt: skip
def test_dangerous_nodes_have_no_rule(engine: Dialect, name: str) -> None:
    assert name not in guard_rules.allowed("node", engine)


# -------------------------------------------------------------------------------------- policy


@pytest.mark.parametrize("engine", SERVERS)
def test_a_hidden_table_is_as_unknown_as_one_that_never_was(engine: Dialect) -> None:
    said = []
    for table in ("secret", "planet"):
        with pytest.raises(Refused) as caught:
            guard(f"SELECT * FROM {table}", engine, SEEN)
        said.append(str(caught.value).replace(table, "…"))
    assert said[0] == said[1] and "orders, customers" in said[0]


@pytest.mark.parametrize("engine", SERVERS)
def test_the_policy_stands_in_the_statement(engine: Dialect) -> None:
    found = guard("SELECT customers.* FROM customers, shop.orders AS o", engine, MASKED)
    assert found.tables == ("customers", "orders")
    plain = re.sub('[`"]', "", found.sql)
    name = "CUSTOMERS" if engine == "snowflake" else "customers"
    assert "(SELECT id, name FROM shop.customers WHERE id IN " in plain
    assert f" AS {name}" in plain
    assert "(SELECT * FROM shop.orders WHERE amount > 5 OR amount IS NULL) AS o" in plain
    # What the filter reads is read in full, as its owner.
    assert "SELECT customer_id FROM shop.orders AS orders" in plain


@pytest.mark.parametrize("engine", SERVERS)
def test_a_with_of_the_statement_takes_no_place_in_a_filter(engine: Dialect) -> None:
    sql = "WITH orders AS (SELECT 4 AS customer_id) SELECT * FROM customers, orders"
    plain = re.sub('[`"]', "", guard(sql, engine, MASKED).sql)
    assert "WHERE id IN (SELECT customer_id FROM shop.orders AS orders)" in plain


def test_snowflake_finds_names_without_quotes_in_capitals() -> None:
    seen = {"orders": Visible(name="ORDERS", path=("SHOP", "ORDERS"), columns=("ID", "USER"))}
    sql = guard("SELECT orders.id, user FROM orders", "snowflake", seen).sql
    assert sql == (
        'SELECT orders.id, "USER" FROM (SELECT "ID", "USER" FROM "SHOP"."ORDERS") AS "ORDERS"'
    )


# ------------------------------------------------------------------------------------- any text


WORDS = st.sampled_from(
    r"""SELECT FROM WHERE orders customers secret id name * , ( ) 1 'x' "y" `z` + - / = < > AND OR
    NOT IN JOIN ON GROUP BY ORDER LIMIT WITH AS UNION ALL CASE WHEN THEN END sum( lower( CAST
    NULL ; -- # /* */ /*! [ ] { } : :: . $1 @ @@ ? ' " ` \ é DROP TABLE INTO LATERAL VIEW""".split()
)


@given(st.lists(WORDS, max_size=30).map(" ".join) | st.text(max_size=100))
@settings(max_examples=200)
def test_no_text_breaks_the_guard(text: str) -> None:
    for engine in SERVERS:
        for sql in (f"SELECT {text}", f"SELECT * FROM orders {text}"):
            try:
                guarded = guard(sql, engine, SEEN)
            except (Refused, RetryByModel) as error:
                assert len(str(error).splitlines()) == 1
                continue
            assert set(guarded.tables) <= {"orders", "customers"}
            # What runs passes the guard itself, unchanged.
            assert guard(guarded.sql, engine, SEEN).sql == guarded.sql


# ------------------------------------------------------------------------------------- MariaDB


@pytest.fixture(scope="module")
def server(mariadb_url: str) -> Iterator[Any]:
    """Fill a database, and hand out a cursor that is set up as Clew's sessions are."""
    import sqlalchemy as sa

    from clew_tools.database.sqlalchemy_servers import SERVERS as KNOWN

    engine = sa.create_engine(mariadb_url.replace("/shop", "/"))
    driver = engine.raw_connection()
    cursor = driver.cursor()
    cursor.execute("CREATE DATABASE IF NOT EXISTS shop")
    cursor.execute("USE shop")
    for statement in (
        "CREATE TABLE orders (id INT, customer_id INT, day DATE, amount DOUBLE, note VARCHAR(40))",
        "INSERT INTO orders VALUES (1, 1, '2024-01-05', 10.5, 'one'), (2, 1, '2024-02-29', 3.25, "
        "NULL), (3, 2, '2024-02-01', 99, 'two; or more'), (4, NULL, '2023-12-31', NULL, 'x_y')",
        "CREATE TABLE customers (id INT, name VARCHAR(9), region VARCHAR(9))",
        "INSERT INTO customers VALUES (1, 'Ana', 'EMEA'), (2, 'Ben', 'APAC'), (4, 'Dora', NULL)",
        "COMMIT",
    ):
        cursor.execute(statement)
    for statement in next(s for s in KNOWN if s.dialect == "mysql").begin(engine.dialect):
        cursor.execute(statement)
    yield cursor
    cursor.execute("ROLLBACK")
    cursor.execute("SET SESSION TRANSACTION READ WRITE")
    cursor.execute("DROP TABLE orders, customers")
    driver.close()
    engine.dispose()


@pytest.mark.mariadb
def test_what_runs_on_mariadb_means_what_was_written(server: Any) -> None:
    moving = re.compile(r"now\(|current_|curdate|utc_|localtime", re.IGNORECASE)
    wrong = []
    statements = [sql for engine, sql in STATEMENTS if engine == "mysql"]
    for sql in statements:
        found = []
        for text in (sql, guard(sql, "mysql", SEEN).sql):
            try:
                server.execute(text)
                found.append(repr(server.fetchall()))
            except Exception as error:
                found.append(f"{text}: {error}")
                wrong.append(found[-1])
        if found[0] != found[1] and not moving.search(sql):
            wrong.append(f"{sql}: {found[1]} for {found[0]}")
    assert len(statements) > 40 and not wrong, "\n".join(wrong)
