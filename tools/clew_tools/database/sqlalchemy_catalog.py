"""What does SQLAlchemy's inspector tell about the tables that a login may read?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from clew_tools.database.catalog import Column, ColumnType, ForeignKey
from clew_tools.database.engine import Stored
from clew_tools.database.sqlalchemy_servers import named_type

if TYPE_CHECKING:
    from sqlalchemy import Connection, Inspector

# The server's own, and no data of anybody.
_SYSTEM = frozenset(
    "information_schema performance_schema mysql sys pg_catalog pg_toast system_views "
    "account_usage".split()
)


def tables(connection: Connection) -> tuple[Stored, ...]:
    """List tables and views, those of the schema that the URL names first."""
    import sqlalchemy as sa

    if connection.dialect.name == "hive":
        return tuple(_of_spark(connection, connection.engine.url.database or "default"))
    inspector = sa.inspect(connection)
    found: list[Stored] = []
    # BigQuery's name for it; it has no default of its own.
    main = getattr(connection.dialect, "dataset_id", None) or inspector.default_schema_name
    for schema in _schemas(inspector, connection, main):
        found += _of_schema(inspector, schema, main)
    return tuple(found)


def _of_spark(connection: Connection, database: str) -> Iterable[Stored]:
    """Ask a Spark server itself: what PyHive makes of its answers is meant for Hive."""
    for row in connection.exec_driver_sql(f"SHOW TABLES IN {_in_backticks(database)}").fetchall():
        # Database, table, temporary; of Hive the table alone.
        table = str(row[1] if len(row) > 1 else row[0])
        name = f"{_in_backticks(database)}.{_in_backticks(table)}"
        columns = []
        for told in connection.exec_driver_sql(f"DESCRIBE {name}").fetchall():
            if not told[0] or str(told[0]).startswith("#"):
                break  # what follows tells of partitions
            columns.append(
                Column(
                    name=str(told[0]),
                    type=named_type(str(told[1])) or "other",
                    engine_type=str(told[1]),
                    meaning=told[2] or None,
                )
            )
        if columns:
            yield Stored(name=table, path=(database, table), columns=tuple(columns))


def _in_backticks(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _schemas(
    inspector: Inspector, connection: Connection, main: str | None
) -> Iterable[str | None]:
    """Name the schemas to look at: the one of the URL, or all where it names none."""
    if main and connection.dialect.name != "postgresql":
        return [main]
    names = [name for name in inspector.get_schema_names() if name.lower() not in _SYSTEM]
    return sorted(names, key=lambda name: (name != main, name))


def _of_schema(inspector: Inspector, schema: str | None, main: str | None) -> list[Stored]:
    import sqlalchemy.exc

    views = set(inspector.get_view_names(schema))
    for more in ("get_materialized_view_names",):
        try:
            views.update(getattr(inspector, more)(schema))
        except NotImplementedError:
            continue
    columns = _columns(inspector, schema, [*inspector.get_table_names(schema), *sorted(views)])
    keys = _told(inspector.get_multi_pk_constraint(schema))
    foreign = _told(inspector.get_multi_foreign_keys(schema))
    try:
        comments = _told(inspector.get_multi_table_comment(schema))
    except (NotImplementedError, sqlalchemy.exc.DBAPIError):
        comments = {}
    real = inspector.bind.dialect.denormalize_name if _turns(inspector) else _same
    found = []
    for table in sorted(columns):
        if not columns[table]:
            continue
        comment = (comments.get(table) or {}).get("text")
        # BigQuery tells names with their dataset where the URL names none.
        name = real(table.removeprefix(f"{schema}."))
        inside = schema or main
        found.append(
            Stored(
                name=name if schema in (None, main) else f"{real(schema)}.{name}",
                path=(real(inside), name) if inside else (name,),
                columns=tuple(_column(c, real) for c in _whole(columns[table])),
                view=table in views,
                primary_key=tuple(
                    real(c) for c in (keys.get(table) or {}).get("constrained_columns") or ()
                ),
                foreign_keys=tuple(_foreign(foreign.get(table) or (), main, real)),
                meaning=comment or None,
            )
        )
    return found


def _columns(
    inspector: Inspector, schema: str | None, names: Iterable[str]
) -> dict[str, list[Mapping[str, Any]]]:
    """Describe columns; a view that can't be read is left out, and keeps no other from it."""
    import sqlalchemy.exc
    from sqlalchemy.engine.reflection import ObjectKind

    try:
        return _told(inspector.get_multi_columns(schema, kind=ObjectKind.ANY))
    except sqlalchemy.exc.DBAPIError as error:
        if error.connection_invalidated:
            raise
    found: dict[str, list[Mapping[str, Any]]] = {}
    for name in names:
        try:
            found[name] = [*inspector.get_columns(name, schema)]
        except (sqlalchemy.exc.DBAPIError, sqlalchemy.exc.NoSuchTableError):
            # MySQL wants the right to see a view's statement, which whoever only reads lacks.
            found[name] = _standard_columns(inspector, schema, name)
    return found


def _standard_columns(
    inspector: Inspector, schema: str | None, table: str
) -> list[Mapping[str, Any]]:
    """Describe columns by the catalogue that the SQL standard knows."""
    import sqlalchemy as sa

    connection = inspector.bind
    assert isinstance(connection, sa.Connection)
    names = getattr(connection.dialect, "ischema_names", {})
    rows = connection.execute(
        sa.text(
            "SELECT column_name, data_type, is_nullable FROM information_schema.columns "
            "WHERE table_schema = :schema AND table_name = :table ORDER BY ordinal_position"
        ),
        {"schema": schema or inspector.default_schema_name, "table": table},
    )
    return [
        {
            "name": name,
            "type": names.get(kind.lower(), sa.types.NullType)(),
            "nullable": nullable != "NO",
        }
        for name, kind, nullable in rows
    ]


def _told(found: Mapping[Any, Any]) -> dict[str, Any]:
    return {name: told for (_, name), told in found.items()}


def _turns(inspector: Inspector) -> bool:
    """Say whether the dialect turns names of capitals to small letters when it tells them."""
    return bool(inspector.bind.dialect.requires_name_normalize)


def _same(name: str) -> str:
    return name


def _whole(columns: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    """Leave out the parts of structs, which BigQuery tells as columns beside the whole."""
    seen: set[str] = set()
    for column in columns:
        if column["name"].rpartition(".")[0] not in seen:
            yield column
        seen.add(column["name"])


def _column(told: Mapping[str, Any], real: Any) -> Column:
    kind = told["type"]
    return Column(
        name=real(told["name"]),
        type=column_type(kind),
        engine_type=_engine_type(kind),
        nullable=bool(told.get("nullable", True)),
        meaning=told.get("comment") or None,
    )


def _engine_type(kind: Any) -> str:
    try:
        return str(kind)
    except Exception:
        # A type that can't be written without its dialect.
        return type(kind).__name__


def _foreign(
    told: Iterable[Mapping[str, Any]], main: str | None, real: Any
) -> Iterable[ForeignKey]:
    for key in told:
        there = key.get("referred_schema")
        table = real(key["referred_table"])
        yield ForeignKey(
            columns=tuple(real(name) for name in key["constrained_columns"]),
            table=table if there in (None, main) else f"{real(there)}.{table}",
            other_columns=tuple(real(name) for name in key["referred_columns"]),
        )


def column_type(kind: Any) -> ColumnType:
    """Say what can be done with the values of one of SQLAlchemy's types."""
    import sqlalchemy as sa

    name = type(kind).__name__.upper()
    if isinstance(kind, sa.Boolean) or (name == "TINYINT" and kind.display_width == 1):
        return "boolean"
    if isinstance(kind, sa.Integer) or name == "YEAR":
        return "integer"
    if isinstance(kind, sa.Float):
        return "number"
    if isinstance(kind, sa.Numeric):
        return "decimal"
    # BigQuery and Snowflake tell types of their own that descend from these.
    if isinstance(kind, sa.DateTime) or name.startswith("TIMESTAMP"):
        return "timestamp"
    if isinstance(kind, sa.Date):
        return "date"
    if isinstance(kind, sa.Time):
        return "time"
    if isinstance(kind, (sa.String, sa.Uuid)):
        return "text"
    return "other"
