"""Does a session see what the roles of its user show, and no more?"""

from pathlib import Path

import duckdb
import pytest

import clew
from clew_core.errors import SourceError, UsageError

ROLES = """\
emea:
  members: [ana]
  tables: [people]
  hide: [people.pay]
  rows: {people: "region = 'EMEA'"}
  budget: {rows: 5}
board: {tables: "*"}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE people (id INTEGER, region VARCHAR, pay INTEGER)")
        connection.execute("INSERT INTO people VALUES (1, 'EMEA', 10), (2, 'APAC', 20)")
        connection.execute("CREATE TABLE deals AS SELECT 1 AS id")
    (tmp_path / "roles.yaml").write_text(ROLES, encoding="utf-8")
    return path


def count(session: clew.Session) -> object:
    answer = session.ask("how many people are there", now="2024-06-01")
    assert answer.status == "answered" and answer.table is not None, answer.text
    return answer.table.column(0).to_pylist()


def test_a_session_sees_what_its_roles_show(file: Path) -> None:
    with clew.open(str(file)) as workspace:
        assert count(workspace.session("eve", roles=["emea"])) == [1]
        assert count(workspace.session("eve", roles=["board"])) == [2]
        assert count(workspace.session("eve", roles=["emea", "board"])) == [2]
        # A member needs no telling; somebody whom no role names owns the files.
        assert count(workspace.session("ana")) == [1]
        assert count(workspace.session()) == [2]
        policy = workspace.session("ana").principal.policy
        assert policy.budget.rows == 5 and policy.hide == ("people.pay",)


def test_hidden_things_are_answered_as_unknown_ones(file: Path) -> None:
    with clew.open(str(file)) as workspace:
        session = workspace.session("ana")
        said = [
            (answer.status, (answer.reason or answer.text).replace(word, "…"))
            for word in ("deals", "doors")
            if (answer := session.ask(f"how many {word} are there", now="2024-06-01"))
        ]
        assert said[0] == said[1] and said[0][0] != "answered"


def test_an_unknown_role_is_wrong_use(file: Path) -> None:
    with clew.open(str(file)) as workspace:
        with pytest.raises(UsageError, match="no role 'boss'. Roles: emea, board"):
            workspace.session("eve", roles=["boss"])
        (file.parent / "roles.yaml").unlink()
    with clew.open(str(file)) as workspace, pytest.raises(UsageError, match="no source has a"):
        workspace.session("eve", roles=["boss"])


def test_a_wrong_roles_yaml_lets_nobody_in(file: Path) -> None:
    (file.parent / "roles.yaml").write_text("a:\n  tables: [peeple]\n", encoding="utf-8")
    with clew.open(str(file)) as workspace, pytest.raises(SourceError, match="line 2: .*peeple"):
        workspace.session()
