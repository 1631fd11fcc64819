"""Who may ask what: logged in or not, with and without the form's token, one user and another."""

import ast
import http.client
import re
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clew_notebook_ext.handler import ClewHandler
from clew_notebook_ext.routes import ROUTES
from notebook_ext.server import ROOT, TOKEN, Reply, Server, running

ROLES = """\
clerk:
  members: [ana]
  tables: [orders]
  hide: [orders.weight]
"""
VERBS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def hub(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server that several users log into."""
    config = {
        "ServerApp": {
            "identity_provider_class": "users.ByHeader",
            "authorizer_class": "users.NotNobody",
        }
    }
    folder = tmp_path_factory.mktemp("hub")
    with running(folder, [str(shop)], config=config, user="ana") as server:
        yield server


def as_user(server: Server, user: str, method: str, path: str, body: Any = None) -> Reply:
    """Send a request as a user."""
    return server.ask(method, path, body, headers={"X-User": user})


# ---------------------------------------------------------------------------------------- logins


def _paths() -> list[tuple[str, str]]:
    """List every verb of every route."""
    found = []
    for path, handler in ROUTES:
        filled = path.replace(r"([0-9A-Za-z_-]{1,64})", "x").replace(r"([^/]{1,400})", "x")
        for verb in VERBS:
            if getattr(handler, verb) is not getattr(ClewHandler, verb):
                found.append((verb.upper(), filled))
    return found


def test_every_verb_of_every_route_wants_a_login(server: Server) -> None:
    paths = _paths()
    assert len(paths) > 20
    for method, path in paths:
        for headers in ({}, {"Authorization": "token wrong"}):
            reply = server.ask(method, path, b"{}" if method != "GET" else None, headers=headers)
            assert reply.status == 403, (method, path)
            assert reply.json["kind"] == "Forbidden"


def test_every_verb_is_guarded_by_login_and_by_jupyters_authorizer() -> None:
    verbs = [
        (path.name, node)
        for path in (ROOT / "notebook_ext" / "clew_notebook_ext").glob("*.py")
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.AsyncFunctionDef) and node.name in VERBS
    ]
    assert len(verbs) > 20
    for name, node in verbs:
        assert [ast.unparse(d) for d in node.decorator_list] == ["authenticated", "authorized"], (
            f"{name}:{node.lineno}"
        )


def test_the_contract_names_every_route() -> None:
    text = (ROOT / "notebook_ext" / "CONTRACT.md").read_text(encoding="utf-8")
    table = text.partition("## Routes")[2].partition("### POST ask")[0]
    named = set()
    for method, path in re.findall(r"^\| `([A-Z]+) ([^`]+)`", table, re.MULTILINE):
        path = re.sub(r"\[?\?.*", "", path.replace("[/{step}]", "&"))
        path = re.sub(r"\{\w+\}", "x", path)
        named |= {(method, path.replace("&", more)) for more in ("", "/x")}
    assert named == set(_paths())


def _cookies(connection: http.client.HTTPConnection) -> dict[str, str]:
    """Log in by the token, as a browser does, and give the cookies."""
    connection.request("GET", f"/tree?token={TOKEN}")
    response = connection.getresponse()
    response.read()
    pairs = [text.split(";")[0].partition("=") for text in response.headers.get_all("Set-Cookie")]
    found = {name: value for name, _, value in pairs}
    connection.request("GET", "/login", headers={"Cookie": _written(found)})
    response = connection.getresponse()
    response.read()
    for text in response.headers.get_all("Set-Cookie") or []:
        name, _, value = text.split(";")[0].partition("=")
        found[name] = value
    return found


def _written(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def test_a_cookie_alone_starts_nothing_without_the_forms_token(server: Server) -> None:
    connection = http.client.HTTPConnection(server.host, server.port, timeout=20)
    cookies = _cookies(connection)
    connection.close()
    headers = {"Cookie": _written(cookies)}
    body = {"question": "total amount"}
    assert server.ask("POST", "ask", body, headers=headers).status == 403
    assert server.ask("DELETE", "threads/x", headers=headers).status == 403
    form = {**headers, "X-XSRFToken": urllib.parse.unquote(cookies["_xsrf"])}
    assert server.ask("POST", "ask", body, headers=form).status == 200
    foreign = {**form, "Origin": "http://elsewhere.example"}
    assert server.ask("POST", "ask", body, headers=foreign).status in (403, 404)


def test_whoever_may_do_nothing_on_this_server_may_not_ask(hub: Server) -> None:
    reply = as_user(hub, "nobody", "POST", "ask", {"question": "total amount"})
    assert reply.status == 403


# ------------------------------------------------------------------------------------- two users


def test_one_user_sees_nothing_of_another(hub: Server) -> None:
    answer = as_user(hub, "ana", "POST", "ask", {"question": "total amount by channel"}).json
    run, thread = answer["run"], answer["thread"]
    assert answer["status"] == "answered"
    assert as_user(hub, "ana", "GET", f"runs/{run}").status == 200
    made = as_user(hub, "ana", "POST", "queries", {"source": "shop", "sql": "SELECT 1"})
    query = made.json["query"]
    assert as_user(hub, "ana", "GET", f"exports/{query}").status == 200
    bodies: dict[str, Any] = {
        f"GET runs/{run}": None,
        f"GET runs/{run}/events": None,
        f"POST runs/{run}/cancel": {},
        f"POST runs/{run}/resume": {},
        f"PUT runs/{run}/plan": {"steps": []},
        f"POST runs/{run}/approvals/x": {"granted": True},
        f"POST runs/{run}/proposals/{run}-1": {"resolution": "rejected"},
        f"POST answers/{run}/feedback": {"said": "no"},
        f"GET results/{run}": None,
        f"GET figures/{run}": None,
        f"GET exports/{run}": None,
        f"GET results/{query}": None,
        f"GET exports/{query}": None,
        f"GET threads/{thread}": None,
        f"PATCH threads/{thread}": {"title": "mine"},
        f"DELETE threads/{thread}": None,
        f"POST threads/{thread}/branch": {"run": run},
        "POST ask": {"question": "total amount", "thread": thread},
    }
    for what, body in bodies.items():
        method, path = what.split()
        assert as_user(hub, "ben", method, path, body).status == 404, what
    assert as_user(hub, "ben", "GET", "threads").json == {"threads": []}
    assert as_user(hub, "ana", "GET", f"threads/{thread}").json["title"] != "mine"


def test_a_run_that_goes_on_is_another_users_secret_too(hub: Server) -> None:
    headers = {"X-User": "ana", "Prefer": "respond-async"}
    body = {"question": "slowly 30 total amount"}
    run = hub.ask("POST", "ask", body, headers=headers).json["run"]
    assert as_user(hub, "ben", "GET", f"runs/{run}").status == 404
    assert as_user(hub, "ben", "GET", f"runs/{run}/events").status == 404
    assert as_user(hub, "ben", "POST", f"runs/{run}/cancel").status == 404
    assert as_user(hub, "ben", "GET", "status").json["running"] == []
    assert as_user(hub, "ana", "GET", f"runs/{run}").json["active"]
    assert as_user(hub, "ana", "POST", f"runs/{run}/cancel").json["over"]


def test_a_user_sees_the_tables_of_her_roles(
    shop: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("roles")
    (folder / "shop.duckdb").write_bytes(shop.read_bytes())
    (folder / "roles.yaml").write_text(ROLES, encoding="utf-8")
    config = {"ServerApp": {"identity_provider_class": "users.ByHeader"}}
    shop_here = str(folder / "shop.duckdb")
    with running(folder / "server", [shop_here], config=config, user="ana") as server:
        (source,) = as_user(server, "ana", "GET", "sources").json["sources"]
        assert [table["name"] for table in source["tables"]] == ["orders"]
        assert "weight" not in str(source)
        path = "sources/shop/tables/customers"
        assert as_user(server, "ana", "GET", path).status == 404
        assert as_user(server, "root", "GET", path).status == 200
        samples = as_user(server, "ana", "GET", "samples").json["questions"]
        assert samples and not [text for text in samples if "customers" in text]
