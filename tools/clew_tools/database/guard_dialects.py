"""How is SQL read and written so that what runs means exactly what was written?

sqlglot knows most functions by a class of its own and writes some of them back in another way
(DuckDB's ``monthname`` becomes ``strftime('%b')``, ``list`` loses its nulls). Here every function
keeps its own name, so the text that runs has the same meaning and the guard's rules are names.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect as Grammar
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.dialects.sqlite import SQLite
from sqlglot.generators.sqlite import SQLiteGenerator
from sqlglot.parsers.duckdb import DuckDBParser
from sqlglot.parsers.sqlite import SQLiteParser

from clew_tools.database.source import Dialect

# Functions whose arguments are not a plain list: TRIM(LEADING 'x' FROM y).
_SPECIAL = ("CAST", "TRY_CAST", "EXTRACT", "POSITION", "SUBSTRING", "TRIM")


def _special(parsers: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: parsers[name] for name in names if name in parsers}


class ClewDuckDB(DuckDB):
    """DuckDB's SQL, with every function under its own name."""

    class Parser(DuckDBParser):
        """Builds no function classes."""

        FUNCTIONS: dict[str, Any] = {}
        FUNCTION_PARSERS = _special(DuckDBParser.FUNCTION_PARSERS, *_SPECIAL)


class ClewSQLite(SQLite):
    """SQLite's SQL, with every function under its own name."""

    class Parser(SQLiteParser):
        """Builds no function classes."""

        FUNCTIONS: dict[str, Any] = {}
        FUNCTION_PARSERS = _special(SQLiteParser.FUNCTION_PARSERS, "CAST")

    class Generator(SQLiteGenerator):
        """Keeps the affinity of types: DECIMAL is numeric, and 5 stays an integer."""

        TYPE_MAPPING = {
            **SQLiteGenerator.TYPE_MAPPING,
            exp.DType.DECIMAL: "NUMERIC",
            exp.DType.BOOLEAN: "NUMERIC",
        }


GRAMMARS: dict[Dialect, type[Grammar]] = {"duckdb": ClewDuckDB, "sqlite": ClewSQLite}
