"""How is SQL read and written so that what runs means exactly what was written?

sqlglot knows most functions by a class of its own and writes some of them back in another way
(DuckDB's ``monthname`` becomes ``strftime('%b')``, ``list`` loses its nulls). Here every function
keeps its own name, so the text that runs has the same meaning and the guard's rules are names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect as Grammar
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.dialects.postgres import Postgres
from sqlglot.dialects.sqlite import SQLite
from sqlglot.generators.duckdb import DuckDBGenerator
from sqlglot.generators.postgres import PostgresGenerator
from sqlglot.generators.sqlite import SQLiteGenerator
from sqlglot.parsers.duckdb import DuckDBParser
from sqlglot.parsers.postgres import PostgresParser
from sqlglot.parsers.sqlite import SQLiteParser

from clew_tools.database.guard_dialects_servers import (
    ClewBigQuery,
    ClewMySQL,
    ClewSnowflake,
    ClewSpark,
    ClewTrino,
)
from clew_tools.database.guard_rules_servers import SERVERS
from clew_tools.database.names import fold, raised
from clew_tools.database.source import Dialect

# Functions whose arguments are not a plain list: TRIM(LEADING 'x' FROM y).
_SPECIAL = ("CAST", "TRY_CAST", "EXTRACT", "POSITION", "SUBSTRING", "TRIM")


def _special(parsers: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: parsers[name] for name in names if name in parsers}


class ClewDuckDB(DuckDB):
    """DuckDB's SQL, with every function under its own name."""

    class Parser(DuckDBParser):
        """Builds no function classes."""

        FUNCTIONS: ClassVar[dict[str, Any]] = {}
        FUNCTION_PARSERS = _special(DuckDBParser.FUNCTION_PARSERS, *_SPECIAL)

    class Generator(DuckDBGenerator):
        """Leaves ordered-set aggregates and the treatment of nulls as they are."""

        def ignorenulls_sql(self, expression: exp.IgnoreNulls) -> str:
            """Write ``x IGNORE NULLS``."""
            return f"{self.sql(expression, 'this')} IGNORE NULLS"

        def respectnulls_sql(self, expression: exp.RespectNulls) -> str:
            """Write ``x RESPECT NULLS``."""
            return f"{self.sql(expression, 'this')} RESPECT NULLS"

        def withingroup_sql(self, expression: exp.WithinGroup) -> str:
            """Write ``f(…) WITHIN GROUP (ORDER BY …)``."""
            order = self.sql(expression, "expression").strip()
            return f"{self.sql(expression, 'this')} WITHIN GROUP ({order})"


class ClewSQLite(SQLite):
    """SQLite's SQL, with every function under its own name."""

    class Parser(SQLiteParser):
        """Builds no function classes."""

        FUNCTIONS: ClassVar[dict[str, Any]] = {}
        FUNCTION_PARSERS = _special(SQLiteParser.FUNCTION_PARSERS, "CAST")

    class Generator(SQLiteGenerator):
        """Keeps the affinity of types: DECIMAL is numeric, and 5 stays an integer."""

        TYPE_MAPPING = {
            **SQLiteGenerator.TYPE_MAPPING,
            exp.DType.DECIMAL: "NUMERIC",
            exp.DType.BOOLEAN: "NUMERIC",
        }


class ClewPostgres(Postgres):
    """PostgreSQL's SQL, with every function under its own name."""

    class Parser(PostgresParser):
        """Builds no function classes."""

        FUNCTIONS: ClassVar[dict[str, Any]] = {}
        FUNCTION_PARSERS = _special(
            PostgresParser.FUNCTION_PARSERS, "CAST", "EXTRACT", "POSITION", "SUBSTRING", "TRIM",
            "OVERLAY",
        )  # fmt: skip

    class Generator(PostgresGenerator):
        """Writes casts, JSON paths and ordered-set aggregates as they were read."""

        TRANSFORMS = {
            key: value
            for key, value in PostgresGenerator.TRANSFORMS.items()
            if key not in (exp.Select, exp.Pow)
        }

        def currenttime_sql(self, expression: exp.CurrentTime) -> str:
            """Write it without brackets, which PostgreSQL does not take."""
            return "CURRENT_TIME"

        def withingroup_sql(self, expression: exp.WithinGroup) -> str:
            """Write ``f(…) WITHIN GROUP (ORDER BY …)``."""
            order = self.sql(expression, "expression").strip()
            return f"{self.sql(expression, 'this')} WITHIN GROUP ({order})"


GRAMMARS: dict[Dialect, type[Grammar]] = {
    "duckdb": ClewDuckDB,
    "sqlite": ClewSQLite,
    "postgres": ClewPostgres,
    "mysql": ClewMySQL,
    "trino": ClewTrino,
    "snowflake": ClewSnowflake,
    "bigquery": ClewBigQuery,
    "spark": ClewSpark,
}

# Words that mean something wherever they stand without quotes.
RESERVED = frozenset(
    "all analyse analyze and any array as asc asof both case cast check collate column constraint "
    "create cross default deferrable delete desc describe distinct do drop else end except exists "
    "false fetch for foreign from full glob group having in initially inner insert intersect into "
    "is isnull join lateral leading left like limit natural not notnull null offset on only or "
    "order outer pivot placing primary qualify references returning right select semi set show "
    "similar some summarize symmetric table then to trailing true union unique unpivot update "
    "using values variadic when where window with".split()
)

# Words that some engines take for a function where they stand without quotes and brackets. Not
# SQLite: there a name in quotes that nothing bears would be taken for a text.
CALLED_BARE: dict[Dialect, frozenset[str]] = {
    "sqlite": frozenset(),
    **dict.fromkeys(
        ("duckdb", "postgres"),
        frozenset(
            "user current_user session_user system_user current_role current_catalog "
            "current_schema".split()
        ),
    ),
    **dict.fromkeys(
        SERVERS,
        frozenset(
            "user current_user session_user system_user current_role current_catalog "
            "current_schema current_database current_path current_groups current_warehouse".split()
        ),
    ),
}

# How names without quotes are kept: as PostgreSQL and Snowflake turn them; None: as they are.
TURNED: dict[Dialect, Callable[[str], str]] = {"postgres": fold, "snowflake": raised}
# Where a table is found under exactly the name it was given, case and all.
EXACT: frozenset[Dialect] = frozenset({"postgres", "mysql", "snowflake", "bigquery"})
