"""Is every rule of the guard needed, and is what it allows what the engines know?"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest

from clew_core.errors import Refused, RetryByModel
from clew_tools.database import guard as guard_module
from clew_tools.database import guard_rules
from clew_tools.database.guard import Visible, guard, parse
from clew_tools.database.names import fold
from clew_tools.database.source import Dialect

HERE = Path(__file__).parent
ENGINES: tuple[Dialect, ...] = ("duckdb", "sqlite", "postgres")


def visible(engine: Dialect) -> dict[str, Visible]:
    schema = "public" if engine == "postgres" else "main"
    return {name: Visible(name=name, path=(schema, name)) for name in ("orders", "customers")}


class Case(NamedTuple):
    """A statement, and the words of its refusal; None: it passes."""

    sql: str
    words: str | None = None
    forbidden: frozenset[str] = frozenset()


def good_statements(engine: Dialect) -> list[str]:
    # SQLite itself takes no brackets around the whole; the guard takes them off.
    found = ["(SELECT 1)"]
    for name in ("guard_statements.txt", "guard_calls.txt"):
        for line in (HERE / name).read_text(encoding="utf-8").splitlines():
            engines, _, sql = line.partition(" | ")
            if not line.startswith("#") and engine in engines.split():
                found.append(sql.strip())
    assert len(found) > 20
    return found


# What each check looks for; without it the statement passes, or fails somewhere else.
CHECKED: dict[str, Case] = {
    "length": Case("SELECT '" + "x" * 100_001 + "'", "100,000 are allowed"),
    "depth": Case("SELECT " + "- " * 110 + "1", "nested too deeply"),
    "several statements": Case("SELECT 1; SELECT 2", "2 statements are not allowed"),
    "endless recursion": Case(
        "WITH RECURSIVE x AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM x) SELECT n FROM x",
        "it may never end",
    ),
    "functions as tables": Case("SELECT * FROM lower('x')", "can't stand in place of a table"),
    "other databases": Case("SELECT * FROM other.{main}.orders", "There is no table 'other."),
    "redefined functions": Case(
        "SELECT LOWER(note) FROM orders", "'lower' is not allowed", frozenset({"lower"})
    ),
    "functions of a schema": Case("SELECT public.lower(note) FROM orders", "The function 'public."),
    "sequences": Case("SELECT s.nextval FROM orders", "The sequence 's' is not allowed"),
    "executable comments": Case("SELECT 1 /*!50000 + 1 */", "that the server would run"),
    "types by name": Case("SELECT CAST('secret' AS pg_catalog.regclass)", "The type"),
}


def holds(case: Case, engine: Dialect) -> bool:
    """Say whether the guard does with a statement what it should."""
    sql = case.sql.replace("{main}", "public" if engine == "postgres" else "main")
    try:
        guard(sql, engine, visible(engine), forbidden=case.forbidden)
    except (Refused, RetryByModel) as error:
        return case.words is not None and case.words in str(error)
    return case.words is None


def rows() -> Iterator[tuple[guard_rules.Rule, Dialect]]:
    for rule in guard_rules.RULES:
        for engine in rule.engines:
            yield rule, engine


class Index:
    """Which good statements could need a rule, by what stands in their tree."""

    def __init__(self, engine: Dialect) -> None:
        self.texts = good_statements(engine)
        self.by_name: dict[tuple[str, str], list[str]] = {}
        for sql in self.texts:
            tree = parse(sql, engine)
            self._add("root", type(tree).__name__, sql)
            self._add("start", sql.split()[0].lower() if sql[0] != "(" else "(", sql)
            for node in tree.walk():
                kind = type(node).__name__
                if kind == "Anonymous":
                    self._add("function", fold(node.name), sql)
                else:
                    self._add("node", kind, sql)
                for part, value in node.args.items():
                    if value:
                        self._add("part", f"{kind}.{part}", sql)

    def _add(self, kind: str, name: str, sql: str) -> None:
        self.by_name.setdefault((kind, name), []).append(sql)


@pytest.mark.parametrize("engine", ENGINES)
def test_without_any_one_rule_some_statement_goes_wrong(
    engine: Dialect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Take each row away by itself: what passed before must be refused, or the reverse."""
    index = Index(engine)
    checks = guard_rules.allowed("check", engine)
    for case in [*map(Case, index.texts), *(CHECKED[name] for name in sorted(checks))]:
        if case.words != "The type" or engine == "postgres":
            if not (case.forbidden and engine == "sqlite"):
                assert holds(case, engine), case.sql[:200]
    whole, unneeded = guard_rules.RULES, []
    removed = 0
    for rule, _ in (row for row in rows() if row[1] == engine):
        if rule.kind == "check":
            cases = [CHECKED[rule.name]]
        else:
            name = fold(rule.name) if rule.kind == "function" else rule.name
            cases = [Case(sql) for sql in index.by_name.get((rule.kind, name), ())]
        monkeypatch.setattr(guard_rules, "RULES", tuple(r for r in whole if r is not rule))
        guard_module._rules.cache_clear()
        removed += 1
        if all(holds(case, engine) for case in cases):
            unneeded.append(f"{rule.kind} {rule.name}")
    monkeypatch.undo()
    guard_module._rules.cache_clear()
    assert removed > 100 and not unneeded, "; ".join(unneeded)


def test_every_check_has_its_row() -> None:
    named = {rule.name for rule in guard_rules.RULES if rule.kind == "check"}
    assert named == set(CHECKED)


def test_no_rule_stands_twice() -> None:
    seen = [(rule.kind, rule.name, engine) for rule, engine in rows()]
    assert sorted(seen) == sorted(set(seen))


@pytest.mark.parametrize(
    "name",
    "read_csv read_text query query_table current_setting set_config getenv range generate_series "
    "random nextval setval load_extension readfile glob_files duckdb_tables write_log randomblob "
    "zeroblob repeat uuid version pg_sleep pg_read_file pg_ls_dir lo_import lo_export dblink "
    "dblink_exec query_to_xml table_to_xml database_to_xml pg_terminate_backend pg_cancel_backend "
    "pg_reload_conf pg_advisory_lock pg_notify txid_current has_table_privilege to_regclass "
    "pg_get_viewdef pg_stat_file inet_server_addr clock_timestamp gen_random_uuid ts_stat "
    "pg_typeof col_description pg_relation_size obj_description current_database".split(),
)
@pytest.mark.parametrize("engine", ENGINES)
def test_dangerous_functions_have_no_rule(engine: Dialect, name: str) -> None:
    assert name not in guard_rules.allowed("function", engine)


@pytest.mark.parametrize(
    "name", "Into Lock Command Pragma Set Copy Attach Insert Update Delete Merge Create Drop Alter "
    "ReadCSV ReadParquet Placeholder Parameter TableSample Pivot Describe Summarize Operator "
    "ObjectIdentifier CurrentUser SessionUser CurrentSchema Rand Anonymous".split(),
)  # fmt: skip
@pytest.mark.parametrize("engine", ENGINES)
def test_dangerous_nodes_have_no_rule(engine: Dialect, name: str) -> None:
    assert name not in guard_rules.allowed("node", engine)


def test_every_duckdb_function_with_a_rule_is_there() -> None:
    known = {row[0].lower() for row in duckdb.sql(
        "SELECT DISTINCT function_name FROM duckdb_functions()").fetchall()}  # fmt: skip
    # Words of the grammar, which DuckDB does not list as functions.
    grammar = {"coalesce", "if", "ifnull", "nullif", "row_number", "rank", "dense_rank",
               "percent_rank", "cume_dist", "ntile", "lag", "lead", "first_value", "last_value",
               "nth_value", "fill", "grouping", "grouping_id", "unnest", "percentile_cont",
               "percentile_disc", "date", "current_date", "current_timestamp", "row", "now",
               "timezone", "columns"}  # fmt: skip
    assert guard_rules.allowed("function", "duckdb") - known - grammar == set()
