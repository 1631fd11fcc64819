"""What does PostgreSQL's catalogue tell about the tables that a login may read?"""

from __future__ import annotations

from typing import Any, Protocol

from clew_core.deadline import Deadline
from clew_tools.database.catalog import Column, ColumnType, ForeignKey
from clew_tools.database.engine import Stored

# Below this many rows, or where nothing was analysed, rows are counted.
_ESTIMATED_FROM = 200_000
_MINE = (
    "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)' "
    "AND has_schema_privilege(n.oid, 'USAGE')"
)
_TYPES: dict[str, ColumnType] = {
    "int2": "integer", "int4": "integer", "int8": "integer", "oid": "integer",
    "float4": "number", "float8": "number", "numeric": "decimal", "bool": "boolean",
    "text": "text", "varchar": "text", "bpchar": "text", "name": "text", "uuid": "text",
    "citext": "text", "date": "date", "timestamp": "timestamp", "timestamptz": "timestamp",
    "time": "time",
}  # fmt: skip


class Rows(Protocol):
    """Whatever runs a statement."""

    def rows(self, sql: str, deadline: Deadline) -> list[tuple[Any, ...]]:
        """Run a statement and hand back plain rows."""
        ...


def tables(engine: Rows, deadline: Deadline) -> tuple[Stored, ...]:
    """List tables, views, materialised views and foreign tables."""
    columns: dict[int, list[Column]] = {}
    for oid, name, kind, base, category, required, comment in engine.rows(
        "SELECT a.attrelid::int8, a.attname, format_type(a.atttypid, a.atttypmod), "
        "coalesce(b.typname, t.typname), t.typtype::text, a.attnotnull, "
        "col_description(a.attrelid, a.attnum) "
        "FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
        "JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = a.atttypid "
        "LEFT JOIN pg_type b ON b.oid = t.typbasetype AND t.typtype = 'd' "
        f"WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r','v','m','f','p') "
        f"AND has_column_privilege(c.oid, a.attnum, 'SELECT') AND {_MINE} "
        "ORDER BY a.attrelid, a.attnum",
        deadline,
    ):
        columns.setdefault(oid, []).append(
            Column(
                name=name,
                # An enum is text of few values.
                type="text" if category == "e" else _TYPES.get(base, "other"),
                engine_type=kind,
                nullable=not required,
                meaning=comment or None,
            )
        )
    keys, foreign = _keys(engine, deadline)
    found = []
    for oid, schema, table, kind, estimate, comment in engine.rows(
        "SELECT c.oid::int8, n.nspname, c.relname, c.relkind::text, c.reltuples::float8, "
        "obj_description(c.oid, 'pg_class') FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace "
        f"WHERE c.relkind IN ('r','v','m','f','p') AND NOT c.relispartition AND {_MINE} "
        'ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"',
        deadline,
    ):
        if oid in columns:
            found.append(
                Stored(
                    name=_name(schema, table),
                    path=(schema, table),
                    columns=tuple(columns[oid]),
                    # Rows of another server come as slowly as those of a view.
                    view=kind in ("v", "f"),
                    primary_key=keys.get(oid, ()),
                    foreign_keys=tuple(foreign.get(oid, ())),
                    row_count=int(estimate) if estimate >= _ESTIMATED_FROM else None,
                    meaning=comment or None,
                )
            )
    return tuple(found)


def functions(engine: Rows, deadline: Deadline) -> frozenset[str]:
    """Name the functions that lie in schemas of the users, in lower case."""
    found = engine.rows(
        "SELECT DISTINCT lower(p.proname) FROM pg_proc p "
        "JOIN pg_namespace n ON n.oid = p.pronamespace "
        "WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')",
        deadline,
    )
    return frozenset(row[0] for row in found)


def _keys(
    engine: Rows, deadline: Deadline
) -> tuple[dict[int, tuple[str, ...]], dict[int, list[ForeignKey]]]:
    keys: dict[int, tuple[str, ...]] = {}
    foreign: dict[int, list[ForeignKey]] = {}
    names = (
        "(SELECT json_agg(a.attname ORDER BY k.n)::text FROM unnest({0}) WITH ORDINALITY k(c, n) "
        "JOIN pg_attribute a ON a.attrelid = {1} AND a.attnum = k.c)"
    )
    for oid, kind, mine, schema, table, theirs in engine.rows(
        f"SELECT o.conrelid::int8, o.contype::text, {names.format('o.conkey', 'o.conrelid')}, "
        f"m.nspname, f.relname, {names.format('o.confkey', 'o.confrelid')} "
        "FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid "
        "JOIN pg_namespace n ON n.oid = c.relnamespace "
        "LEFT JOIN pg_class f ON f.oid = o.confrelid "
        "LEFT JOIN pg_namespace m ON m.oid = f.relnamespace "
        f"WHERE o.contype IN ('p', 'f') AND {_MINE} ORDER BY o.oid",
        deadline,
    ):
        columns = _parts(mine)
        if kind == "p":
            keys[oid] = columns
        elif theirs is not None:
            foreign.setdefault(oid, []).append(
                ForeignKey(
                    columns=columns, table=_name(schema, table), other_columns=_parts(theirs)
                )
            )
    return keys, foreign


def _parts(text: str) -> tuple[str, ...]:
    import json

    return tuple(json.loads(text))


def _name(schema: str, table: str) -> str:
    return table if schema == "public" else f"{schema}.{table}"
