"""How is the database written: DuckDB, SQLite, Parquet, CSV, and SQL for PostgreSQL?

DuckDB reads the staged Parquet files; every other form is written from it, in the same order.
"""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import duckdb

from clew_acme.database import Made
from clew_acme.naming import Names
from clew_acme.schema import tables

__all__ = ["SETTINGS", "load_duckdb", "write_forms"]

SETTINGS = "SET threads = 2; SET memory_limit = '900MB'; SET enable_progress_bar = false"
"""Of every connection: little memory, and no bar drawn into somebody's standard output."""
_BATCH = 40_000
_POSTGRES = {
    "BIGINT": "bigint", "VARCHAR": "text", "BOOLEAN": "boolean", "DATE": "date",
    "TIMESTAMP": "timestamp", "DECIMAL(12,2)": "numeric(12,2)", "DECIMAL(14,6)": "numeric(14,6)",
}  # fmt: skip
_SQLITE = {
    "BIGINT": "INTEGER", "VARCHAR": "TEXT", "BOOLEAN": "BOOLEAN", "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMP", "DECIMAL(12,2)": "DECIMAL(12,2)", "DECIMAL(14,6)": "DECIMAL(14,6)",
}  # fmt: skip

Say = Callable[[str], None]


def load_duckdb(staged: Path, made: Made, target: Path) -> None:
    """Make the DuckDB file from the staged Parquet files, readable by DuckDB 1.0 and later."""
    with duckdb.connect() as connection:
        connection.execute(SETTINGS)
        connection.execute(
            f"ATTACH {_text(str(target))} AS acme (STORAGE_VERSION 'v1.0.0'); USE acme"
        )
        for table in made.tables:
            source = _text(str(staged / f"{table}.parquet"))
            connection.execute(f"CREATE TABLE {table} AS FROM read_parquet({source})")
        connection.execute("CHECKPOINT acme; USE memory; DETACH acme")


def write_forms(
    database: Path, staged: Path, company: Path, made: Made, names: Names,
    forms: tuple[str, ...], say: Say,
) -> None:  # fmt: skip
    """Write the chosen forms beside each other; DuckDB's file is there already."""
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute(SETTINGS)
        if "sqlite" in forms:
            say("acme.sqlite")
            _sqlite(connection, company / "acme.sqlite", made, names)
        if "csv" in forms or "postgres" in forms:
            say("csv")
            folder = company / "csv"
            folder.mkdir()
            for table in made.tables:
                path = _text(str(folder / f"{table}.csv"))
                connection.execute(f"COPY {table} TO {path} (HEADER)")
        if "postgres" in forms:
            say("postgres.sql")
            _postgres(connection, company, made, names)
            if "csv" not in forms:
                shutil.rmtree(company / "csv")
    if "parquet" in forms:
        shutil.move(staged, company / "parquet")


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[tuple[str, str]]:
    found = connection.execute(f"DESCRIBE {table}").fetchall()
    return [(row[0], row[1]) for row in found]


def _key(made: Made, names: Names, table: str) -> str:
    plain = made.like[table]
    return ", ".join(names.of(plain, column) for column in tables()[plain].key)


def _sqlite(connection: duckdb.DuckDBPyConnection, target: Path, made: Made, names: Names) -> None:
    out = sqlite3.connect(target, isolation_level=None)
    try:
        out.execute("PRAGMA journal_mode = OFF")
        out.execute("PRAGMA synchronous = OFF")
        out.execute("BEGIN")
        for table in made.tables:
            columns = _columns(connection, table)
            spec = ", ".join(f"{name} {_SQLITE[kind]}" for name, kind in columns)
            out.execute(f"CREATE TABLE {table} ({spec})")
            picked = ", ".join(_for_sqlite(name, kind) for name, kind in columns)
            marks = ", ".join("?" * len(columns))
            reader = connection.sql(f"SELECT {picked} FROM {table}").to_arrow_reader(_BATCH)
            for batch in reader:
                rows = zip(*(column.to_pylist() for column in batch.columns), strict=True)
                out.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
            out.execute(f"CREATE INDEX {table}_key ON {table} ({_key(made, names, table)})")
        out.execute("COMMIT")
    finally:
        out.close()


def _for_sqlite(name: str, kind: str) -> str:
    if kind.startswith("DECIMAL"):
        return f"{name}::DOUBLE"
    if kind == "TIMESTAMP":
        return f"strftime({name}, '%Y-%m-%d %H:%M:%S')"
    return f"{name}::VARCHAR" if kind == "DATE" else (
        f"{name}::INTEGER" if kind == "BOOLEAN" else name
    )  # fmt: skip


def _postgres(
    connection: duckdb.DuckDBPyConnection, company: Path, made: Made, names: Names
) -> None:
    target = company / "postgres.sql"
    with target.open("wb") as out:
        out.write(
            b"-- psql -d acme -f postgres.sql\n"
            b"SET client_encoding = 'UTF8';\nSET datestyle = 'ISO';\nBEGIN;\n"
        )
        for table in made.tables:
            columns = _columns(connection, table)
            spec = ",\n".join(f"    {name} {_POSTGRES[kind]}" for name, kind in columns)
            listed = ", ".join(name for name, _ in columns)
            out.write(f"\nCREATE TABLE {table} (\n{spec}\n);\n".encode())
            out.write(f"COPY {table} ({listed}) FROM stdin WITH (FORMAT csv);\n".encode())
            with (company / "csv" / f"{table}.csv").open("rb") as rows:
                rows.readline()
                shutil.copyfileobj(rows, out, 1 << 20)
            out.write(b"\\.\n")
        out.write(b"\n")
        for table in made.tables:
            key = _key(made, names, table)
            out.write(f"CREATE INDEX {table}_key ON {table} ({key});\n".encode())
        out.write(b"COMMIT;\nANALYZE;\n")
