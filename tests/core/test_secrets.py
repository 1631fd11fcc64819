"""No password survives where people read, and what is no secret stays readable."""

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clew_core import secrets
from clew_core.errors import UsageError
from clew_core.secrets import SecretRef, redact

CASES = """
postgresql://ana:hunter2@host/db                   -> postgresql://ana:***@host/db
postgresql+psycopg://ana:hunter2@host:5432/db      -> postgresql+psycopg://ana:***@host:5432/db
see mysql://u:p@a/b and mysql://v:q@c/d            -> see mysql://u:***@a/b and mysql://v:***@c/d
redis://:hunter2@host:6379/0                       -> redis://:***@host:6379/0
host=db password=hunter2 user=ana                  -> host=db password=*** user=ana
host=db PASSWORD = 'hunter 2' user=ana             -> host=db PASSWORD = *** user=ana
Server=db;Uid=ana;Pwd=hunter2;                     -> Server=db;Uid=ana;Pwd=***;
https://h/p?token=abc&a=1                          -> https://h/p?token=***&a=1
https://h/p?a=1&api_key=abc                        -> https://h/p?a=1&api_key=***
s3://bucket?access_key=AK&secret=sk                -> s3://bucket?access_key=***&secret=***
postgresql://ana@host/db                           -> postgresql://ana@host/db
https://host:8080/path                             -> https://host:8080/path
at 10:30 we met bob@example.com                    -> at 10:30 we met bob@example.com
sales.duckdb                                       -> sales.duckdb
how many tokens = words?                           -> how many tokens = words?
"""
PRINTABLE = st.text(
    string.ascii_letters + string.digits + "!$%()*+,-.:;<=>@[]^_{|}~/?#", min_size=1
)
SCHEMES = st.sampled_from(["postgresql", "mysql+pymysql", "snowflake", "https", "redis", "trino"])
USERS = st.text(string.ascii_letters + string.digits + "._-", min_size=1, max_size=8)


@pytest.mark.parametrize("line", CASES.strip().splitlines())
def test_a_secret_is_hidden_and_the_rest_stays(line: str) -> None:
    text, hidden = (part.strip() for part in line.split("->"))
    assert redact(text) == hidden
    assert redact(hidden) == hidden


@given(SCHEMES, USERS, PRINTABLE)
@example("postgresql", "ana", "p@ss@word")
@example("postgresql", "ana", ":@:")
@example("postgresql", "ana", "p/w?x#y")
def test_no_password_of_a_url_survives(scheme: str, user: str, password: str) -> None:
    shown = redact(f"can't reach {scheme}://{user}:{password}@db.example.com/sales today")
    assert shown == f"can't reach {scheme}://{user}:***@db.example.com/sales today"


@given(
    st.sampled_from(["password", "PWD", "passwd", "Token", "secret", "api_key", "apikey"]),
    st.sampled_from(["=", " = ", "= "]),
    st.text(string.ascii_letters + string.digits + "!$%()*+,-./:<=>?@[]^_{|}~#", min_size=1),
)
def test_no_password_of_a_dsn_survives(name: str, sign: str, password: str) -> None:
    shown = redact(f"host=db {name}{sign}{password} user=ana")
    assert shown == f"host=db {name}{sign}*** user=ana"


@given(st.text(string.ascii_letters + string.digits + ' ;&"!', min_size=1))
def test_no_quoted_password_survives(password: str) -> None:
    assert redact(f"password='{password}' user=ana") == "password=*** user=ana"


@given(st.text())
def test_hiding_twice_is_hiding_once(text: str) -> None:
    assert redact(redact(text)) == redact(text)


def test_without_the_rule_for_urls_the_password_would_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(secrets, "_IN_URL", secrets._IN_PARAMETER)
    assert "hunter2" in redact("postgresql://ana:hunter2@host/db")


def test_a_secret_is_read_where_it_is_used_and_its_name_alone_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SALES_DB_PASSWORD", "hunter2")
    secret = SecretRef(name="SALES_DB_PASSWORD")
    assert secret.read() == "hunter2"
    assert "hunter2" not in repr(secret)


def test_a_secret_that_is_not_set_is_named() -> None:
    with pytest.raises(UsageError, match="'NOBODY_SET_THIS' is not set"):
        SecretRef(name="NOBODY_SET_THIS").read()


def test_an_unknown_store_of_secrets_is_named() -> None:
    with pytest.raises(UsageError, match="'vault'"):
        SecretRef(name="x", store="vault").read()
