"""What may each role know, and what not? Examples with what must come out."""

from collections.abc import Mapping
from typing import Any

from clew_acme.database import Made
from clew_acme.world import World

__all__ = ["role_cases"]


def _filtered(sql: str, table: str, rows: Mapping[str, str]) -> str:
    if table not in rows:
        return sql
    return sql.replace(f"FROM {table}", f"FROM (SELECT * FROM {table} WHERE {rows[table]}) {table}")


def role_cases(
    world: World,
    made: Made,
    roles: Mapping[str, Mapping[str, Any]],
    documents: list[dict[str, Any]],
) -> list[dict[str, Any]]:
    """Write the cases: tables, columns, rows and documents, allowed and forbidden."""
    out: list[dict[str, Any]] = []
    every = [t for t in made.tables if made.like[t] == t]
    n = world.names.of
    for role, policy in roles.items():
        visible = every if policy["tables"] == "*" else list(policy["tables"])
        rows = policy.get("rows", {})
        for table in visible[:4]:
            sql = f"SELECT count(*) AS n FROM {table}"
            out.append({"role": role, "asks": f"How many rows does {table} have?", "allowed": True,
                        "sql": sql, "sql_under_policy": _filtered(sql, table, rows),
                        "reason": "only the rows that the role may see" if table in rows
                        else "table is visible"})  # fmt: skip
        for table in [t for t in every if t not in visible][:3]:
            out.append({"role": role, "asks": f"Show me {table}", "allowed": False,
                        "sql": f"SELECT * FROM {table} LIMIT 5",
                        "reason": "the table does not exist for the role"})  # fmt: skip
        for hidden in policy.get("hide", [])[:3]:
            table, column = hidden.split(".")
            out.append({"role": role, "asks": f"Show me {column} of {table}", "allowed": False,
                        "sql": f"SELECT {column} FROM {table} LIMIT 5",
                        "reason": "the column does not exist for the role"})  # fmt: skip
        labels = policy.get("documents", [])
        readable = [d for d in documents if d["access"] is None or d["access"] in labels]
        secret = [d for d in documents if d["access"] and d["access"] not in labels]
        for document in readable[:1] + [d for d in readable if d["access"]][:1]:
            out.append({"role": role, "asks": document["question"], "allowed": True,
                        "document": document["document"], "answer": document["answer"],
                        "reason": "everybody may read it" if document["access"] is None
                        else f"label {document['access']} is granted"})  # fmt: skip
        for document in secret[-2:]:
            out.append({"role": role, "asks": document["question"], "allowed": False,
                        "document": document["document"],
                        "reason": f"label {document['access']} is not granted"})  # fmt: skip
    salary = n("employees", "annual_salary")
    out.append({"role": "people_team", "asks": "What is the average salary?", "allowed": True,
                "sql": f"SELECT avg({salary}) AS n FROM employees",
                "sql_under_policy": f"SELECT avg({salary}) AS n FROM employees",
                "reason": "HR sees salaries"})  # fmt: skip
    for number, case in enumerate(out, start=1):
        case["id"] = f"r{number:02d}"
    return out
