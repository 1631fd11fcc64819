"""By which plain SQL does each kind of planted defect show, and how are its rows noted?"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from clew_acme.defects import Flaw, Note
from clew_acme.schema import tables
from clew_acme.world import World

__all__ = ["defect_entries", "show_sql"]

_EPOCH = date(1970, 1, 1)


def _cell(value: Any, kind: str) -> Any:
    """Turn a value as the generators carry it into the value as the database shows it."""
    if not isinstance(value, int) or isinstance(value, bool):
        return value
    if kind == "money":
        return f"{value // 100}.{value % 100:02d}"
    if kind == "date":
        return (_EPOCH + timedelta(days=value)).isoformat()
    if kind == "time":
        at = datetime.fromtimestamp(value, UTC)
        return f"{at:%Y-%m-%d %H:%M:%S}"
    return value


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _listed(values: list[str]) -> str:
    return ", ".join(_text(v) for v in values)


def _valid(world: World, flaw: Flaw) -> list[str]:
    c = world.company
    allowed: dict[str, list[str]] = {
        "city": sorted({x for p in c.countries().values() for x in p["cities"]}),
        "topic": list(c.topics),
        "reason": list(c.reasons),
        "browser": list(c.browsers),
        "payment_method": list(c.payments),
    }
    return allowed[flaw.column]


def show_sql(world: World, flaw: Flaw, notes: list[Note]) -> str:
    """Write a query that shows the defect without knowing its rows."""
    t, c = flaw.table, f"{{{flaw.table}.{flaw.column}}}"
    if flaw.kind == "typo":
        sql = f"SELECT count(*) AS found FROM {t} WHERE {c} NOT IN ({_listed(_valid(world, flaw))})"
    elif flaw.kind in ("broken_fd_unary", "broken_fd_binary"):
        left = ", ".join(f"{{{t}.{x}}}" for x in flaw.determinant)
        sql = (
            f"SELECT sum(n) - sum(most) AS found FROM (SELECT sum(n) AS n, max(n) AS most FROM "
            f"(SELECT {left}, {c}, count(*) AS n FROM {t} GROUP BY ALL) GROUP BY {left})"
        )
    elif flaw.kind == "orphan":
        target, _, other = tables()[t].column(flaw.column).references.partition(".")
        sql = (
            f"SELECT count(*) AS found FROM {t} x WHERE x.{c} IS NOT NULL AND NOT EXISTS "
            f"(SELECT 1 FROM {target} y WHERE y.{{{target}.{other}}} = x.{c})"
        )
    elif flaw.kind == "outlier":
        limit = {"quantity": 60, "duration_s": 4000, "handle_minutes": 150, "weight_g": 20_000}
        sql = f"SELECT count(*) AS found FROM {t} WHERE {c} > {limit[flaw.column]}"
    elif flaw.kind == "cents":
        sql = {
            "shipping_cost": f"SELECT count(*) AS found FROM {t} WHERE {c} > 100",
            "unit_cost": f"SELECT count(*) AS found FROM {t} WHERE {c} > {{products.list_price}}",
            "refund_amount": f"SELECT count(*) AS found FROM {t} r JOIN {{orders}} o ON "
            f"o.{{orders.order_id}} = r.{{returns.order_id}} "
            f"WHERE r.{c} > o.{{orders.gross_amount}}",
        }[flaw.column]
    elif flaw.kind == "time_zone":
        low, high = {"shipped_at": (7, 17)}.get(flaw.column, (6, 24))
        hour = f"extract(hour FROM {c})"
        sql = f"SELECT count(*) AS found FROM {t} WHERE {hour} < {low} OR {hour} > {high}"
        if high == 24:
            sql = f"SELECT count(*) AS found FROM {t} WHERE {hour} BETWEEN 2 AND 5"
    elif flaw.kind == "mixed_dates":
        sql = f"SELECT count(*) AS found FROM {t} WHERE {c} NOT LIKE '____-__-__'"
    elif flaw.kind == "near_duplicate":
        n = "regexp_replace(replace({customers.phone}, '+', '00'), '[^0-9]', '', 'g')"
        sql = f"SELECT count(*) - count(DISTINCT {n}) AS found FROM {{customers}}"
    else:
        later, earlier = notes[0].key["table"], notes[0].key["compared_with"]
        key = f"{{{t}.{tables()[t].key[0]}}}"
        sql = (
            f"SELECT count(*) FILTER (a.{c} IS DISTINCT FROM b.{c}) / (count(*) + 0.0) AS found "
            f"FROM {earlier} a JOIN {later} b ON b.{key} = a.{key}"
        )
    return world.names.sql(sql)


def defect_entries(world: World) -> list[dict[str, Any]]:
    """List the defects with their rows for the key."""
    names = world.names
    out: list[dict[str, Any]] = []
    for flaw in world.defects.flaws:
        notes = [n for n in world.defects.notes if n.flaw == flaw.id]
        table = tables()[flaw.table]
        kind = table.column(flaw.column).kind

        def keyed(key: Mapping[str, Any], table: Any = table) -> dict[str, Any]:
            real = {c.name: c for c in table.columns}
            return {
                names.of(table.name, k) if k in real else k: _cell(v, real[k].kind)
                if k in real else v
                for k, v in key.items()
            }  # fmt: skip

        out.append(
            {
                "id": flaw.id,
                "kind": flaw.kind,
                "table": flaw.table,
                "column": names.of(flaw.table, flaw.column),
                "determined_by": [names.of(flaw.table, x) for x in flaw.determinant],
                "group": {names.of(flaw.table, flaw.group[0]): flaw.group[1]}
                if flaw.group else None,
                "from": flaw.starts.isoformat() if flaw.starts else None,
                "to": flaw.ends.isoformat() if flaw.ends else None,
                "sql": show_sql(world, flaw, notes),
                "rows": [
                    {
                        "key": keyed(note.key),
                        "found": _cell(note.found, kind),
                        "should_be": _cell(note.should_be, kind),
                    }
                    for note in notes
                ],
            }
        )  # fmt: skip
    return out
