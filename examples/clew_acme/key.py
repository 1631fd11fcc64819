"""How is the answer key put together and filled with what the database really answers?

The form is versioned and described in docs/acme.md. Results come from the finished database, so
that the key holds what is there and not what was meant.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from clew_acme.database import Made
from clew_acme.forms import SETTINGS
from clew_acme.key_defects import defect_entries
from clew_acme.key_effects import prove
from clew_acme.key_questions import Asker, plain_value
from clew_acme.key_roles import role_cases
from clew_acme.schema import tables
from clew_acme.world import World

__all__ = ["write_key"]

_MOST_ROWS = 500


class _Asked:
    def __init__(self, database: Path) -> None:
        self.connection = duckdb.connect(str(database), read_only=True)
        self.connection.execute(SETTINGS)

    def __call__(self, sql: str) -> dict[str, Any]:
        """Run a query and give its result in JSON."""
        cursor = self.connection.execute(sql)
        columns = [item[0] for item in cursor.description or []]
        rows = cursor.fetchall()
        plain = [[plain_value(value) for value in row] for row in rows[:_MOST_ROWS]]
        return {"columns": columns, "rows": plain, "row_count": len(rows)}


def _effects(world: World, ask: _Asked) -> list[dict[str, Any]]:
    out = []
    for effect in world.effects:
        proof = prove(world, effect)
        out.append(
            {
                "id": effect.id,
                "kind": effect.kind,
                "place": dict(effect.place),
                "from": effect.starts.isoformat(),
                "to": effect.ends.isoformat() if effect.ends else None,
                "size": effect.size,
                "detail": dict(effect.detail),
                "measures": proof.measures,
                "sql": proof.sql,
                "result": ask(proof.sql),
                "tolerance": round(proof.tolerance, 4),
                "question": proof.question,
                "answer": proof.answer,
            }
        )
    return out


def _columns(world: World) -> list[dict[str, Any]]:
    names = world.names
    return [
        {
            "table": table.name,
            "column": names.of(table.name, column.name),
            "plain": column.name,
            "meaning": column.meaning,
            "cryptic": names.of(table.name, column.name) != column.name,
            "documented": names.documented[table.name, column.name],
            "scheme": names.schemes.get(table.name),
        }
        for table in tables().values()
        for column in table.columns
    ]


def _company(world: World) -> dict[str, Any]:
    c = world.company
    return {
        "name": c.name,
        "sells": c.kind,
        "city": c.city,
        "currency": c.currency,
        "first_day": c.start.isoformat(),
        "last_day": c.day(c.days - 1).isoformat(),
        "fiscal_year_starts_in_month": c.fiscal_month,
        "regions": [r.name for r in c.regions],
        "categories": [x.name for x in c.categories],
        "warehouses": [h.name for h in c.warehouses],
    }


def write_key(
    world: World,
    made: Made,
    asker: Asker,
    roles: Mapping[str, Mapping[str, Any]],
    scripts: Mapping[str, Any],
    documents: list[dict[str, Any]],
    logs: Mapping[str, Any],
    database: Path,
    target: Path,
) -> None:
    """Fill the key from the finished company and write it."""
    ask = _Asked(database)
    try:
        questions = [{**q, "result": ask(q["sql"])} for q in asker.verified()]
        ambiguous = [
            {**a, "readings": [{**r, "result": ask(r["sql"])} for r in a["readings"]]}
            for a in asker.ambiguous()
        ]
        defects = [{**d, "result": ask(d["sql"])} for d in defect_entries(world)]
        cases = [
            {**case, "result": ask(case["sql_under_policy"])}
            if "sql_under_policy" in case
            else case
            for case in role_cases(world, made, roles, documents)
        ]
        effects = _effects(world, ask)
    finally:
        ask.connection.close()
    words = asker.words
    key = {
        "v": 1,
        "example": "acme",
        "seed": world.seed,
        "scale": world.scale,
        "now": world.company.now.isoformat(),
        "dialect": "duckdb",
        "company": _company(world),
        "tables": made.rows,
        "columns": _columns(world),
        "effects": effects,
        "defects": defects,
        "questions": questions,
        "unanswerable": asker.unanswerable(),
        "ambiguous": ambiguous,
        "documents": documents,
        "rules": [
            {"id": p.id, "subject": p.subject, "unit": p.unit, "old": p.old, "new": p.new,
             "changed": p.changed.isoformat()}
            for p in world.policies
        ],
        "roles": cases,
        "jargon": [
            {"word": t.name, "condition": t.condition, "aliases": list(t.aliases),
             "written_in": t.documented}
            for t in words.terms.values()
        ],
        "scripts": scripts["scripts"],
        "columns_explained_in_scripts": scripts["columns"],
        "logs": logs,
    }  # fmt: skip
    target.parent.mkdir()
    text = json.dumps(key, ensure_ascii=False, indent=1)
    target.write_text(text + "\n", encoding="utf-8")
