"""Is roles.yaml read with its lines, and do several roles add up to no more than each shows?"""

import json
from pathlib import Path

import pytest

from clew_core.deadline import Budget, Deadline
from clew_core.errors import ClewError, SourceError, UsageError
from clew_core.principal import Policy, Principal
from clew_tools.database.catalog import Catalog, Column, Table
from clew_tools.database.roles import find_roles, read_roles

CATALOG = Catalog(
    source="shop",
    tables=tuple(
        Table(
            name=name,
            columns=tuple(
                Column(name=c, type="text", engine_type="", nullable=True) for c in columns
            ),
            row_count=1,
            primary_key=(),
            foreign_keys=(),
        )
        for name, columns in {"orders": ("id", "amount", "note"), "people": ("id", "pay")}.items()
    ),
)


def write(folder: Path, text: str) -> Path:
    file = folder / "roles.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def policy(folder: Path, text: str, *names: str) -> Policy:
    return read_roles(write(folder, text)).policy(names)


ROWS = "a:\n  tables: [orders]\n  rows:\n    orders: "


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a:\n  tables: [orders]\n  hides: [orders.id]\n", 3, "hides"),
        ("a:\n  tables: [orders]\nb:\n  rows:\n    orders: 5\n", 5, "has to be a text"),
        ("a: {tables: [orders]}\na: {tables: [people]}\n", 2, "'a' stands there twice"),
        ("a:\n  tables: [orders\n", 3, "expected"),
        ("- a\n", 1, "roles by name"),
        ("a:\n  tables: [orders, order]\n", 2, "no table 'order'"),
        ("a:\n  tables: [orders]\n  hide:\n    - orders.id\n    - orders.x\n", 5, "orders.x"),
        (ROWS + '"amount + 1"', 4, "neither true nor false"),
        (ROWS + '"amount >"', 4, "no SQL condition"),
        (ROWS + '"1 = 1; DROP TABLE orders"', 4, "2 statements"),
        (ROWS + '"1 = 1 LIMIT 1"', 4, "more than a condition"),
        (ROWS + '"amuont > 1"', 4, "no column 'amuont'"),
        (ROWS + '"id IN (SELECT id FROM x)"', 4, "no table 'x'"),
        (ROWS + "\"read_text('x') = 'y'\"", 4, "read_text"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    with pytest.raises(SourceError) as caught:
        read_roles(write(tmp_path, text)).check(CATALOG, "duckdb")
    assert f"roles.yaml', line {line}: " in str(caught.value) and said in str(caught.value)


def test_a_role_that_lists_no_table_sees_none(tmp_path: Path) -> None:
    assert policy(tmp_path, "a: {meaning: nothing}\n", "a").tables == ()
    assert policy(tmp_path, 'a: {tables: "*"}\n', "a").tables is None


def test_an_unknown_role_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no role 'b'. Roles: a"):
        policy(tmp_path, "a: {tables: [orders]}\n", "b")


def test_roles_with_the_same_rows_show_what_any_of_them_shows(tmp_path: Path) -> None:
    text = """
a: {tables: [orders], hide: [orders.id, orders.note]}
b: {tables: [orders, people], hide: [orders.id, orders.amount]}
"""
    found = policy(tmp_path, text, "a", "b")
    assert found.tables == ("orders", "people")
    assert found.hide == ("orders.id",) and found.rows == {}


def test_roles_with_different_rows_show_no_cell_that_none_shows(tmp_path: Path) -> None:
    text = """
a: {tables: [orders], rows: {orders: "amount > 5"}}
b: {tables: [orders], hide: [orders.note], rows: {orders: "id = 1"}}
"""
    found = policy(tmp_path, text, "a", "b")
    assert found.hide == ("orders.note",)
    assert found.rows == {"orders": "(amount > 5) OR (id = 1)"}


def test_a_role_that_shows_all_rows_and_columns_of_the_others_decides(tmp_path: Path) -> None:
    text = """
a: {tables: "*"}
b: {tables: [orders], hide: [orders.note], rows: {orders: "id = 1"}}
c: {tables: [orders], hide: [orders.id]}
"""
    assert policy(tmp_path, text, "a", "b") == Policy()
    mixed = policy(tmp_path, text, "b", "c")
    assert mixed.hide == ("orders.id", "orders.note") and mixed.rows == {}


def test_a_budget_can_only_be_made_smaller(tmp_path: Path) -> None:
    text = """
a: {tables: "*", budget: {rows: 100, seconds: 500}}
b: {tables: "*", budget: {rows: 200}}
c: {tables: "*"}
"""
    roles = read_roles(write(tmp_path, text))
    assert roles.policy(["a", "b"], Budget()).budget == Budget(rows=200)
    assert roles.policy(["a", "c"], Budget()).budget == Budget()
    assert roles.policy(["a"], Budget(seconds=900)).budget == Budget(rows=100, seconds=500)


def test_roles_lie_beside_the_source(tmp_path: Path) -> None:
    assert find_roles(str(tmp_path)) is None
    file = write(tmp_path, "a: {}\n")
    assert find_roles(str(tmp_path)) == file == find_roles(str(tmp_path / "shop.duckdb"))
    assert find_roles("postgresql://host/base") is None


def test_members_hold_their_roles(tmp_path: Path) -> None:
    roles = read_roles(write(tmp_path, "a: {members: [ana, bo]}\nb: {members: [ana]}\n"))
    assert roles.of("ana") == ("a", "b") and roles.of("cem") == ()


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from clew_acme.generate import generate

    folder = tmp_path_factory.mktemp("acme") / "acme"
    generate(folder, seed=1, scale=0.02)
    return folder


@pytest.mark.parametrize("form", ["acme.duckdb", "acme.sqlite", "csv"])
def test_acme_s_roles_see_what_its_key_says(acme: Path, form: str) -> None:
    from clew_tools.database.open import open_source

    if not (acme / "company" / form).exists():
        pytest.skip(f"acme was made without {form}")
    roles = read_roles(acme / "company" / "roles.yaml")
    cases = json.loads((acme / "key" / "answers.json").read_text(encoding="utf-8"))["roles"]
    source = open_source(acme / "company" / form, "acme")
    roles.check(source.catalog(Principal()), source.dialect)
    asked = {True: 0, False: 0}
    for case in (case for case in cases if "sql" in case):
        who = Principal(roles=(case["role"],), policy=roles.policy([case["role"]]))
        asked[case["allowed"]] += 1
        if not case["allowed"]:
            with pytest.raises(ClewError):
                source.run(case["sql"], who, Deadline())
            continue
        rows = source.run(case["sql"], who, Deadline()).table.to_pylist()
        values = [value for row in case["result"]["rows"] for value in row]
        assert [v for row in rows for v in row.values()] == pytest.approx(values), case["id"]
    source.close()
    assert min(asked.values()) >= 15
