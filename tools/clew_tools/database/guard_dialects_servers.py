"""How is the SQL of MySQL, Trino, Snowflake, BigQuery and Spark read and written unchanged?

As in ``guard_dialects``: functions keep their own names, and what sqlglot would respell for an
engine that lacks a clause (QUALIFY, full joins) stays as it was written: the engine says so then.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.bigquery import BigQuery
from sqlglot.dialects.mysql import MySQL
from sqlglot.dialects.snowflake import Snowflake
from sqlglot.dialects.spark import Spark
from sqlglot.dialects.trino import Trino
from sqlglot.generators.bigquery import BigQueryGenerator
from sqlglot.generators.mysql import MySQLGenerator
from sqlglot.generators.snowflake import SnowflakeGenerator
from sqlglot.generators.spark import SparkGenerator
from sqlglot.generators.trino import TrinoGenerator
from sqlglot.parsers.bigquery import BigQueryParser
from sqlglot.parsers.mysql import MySQLParser
from sqlglot.parsers.snowflake import SnowflakeParser
from sqlglot.parsers.spark import SparkParser
from sqlglot.parsers.trino import TrinoParser

# Functions whose arguments are not a plain list: TRIM(LEADING 'x' FROM y).
_SPECIAL = ("CAST", "EXTRACT", "POSITION", "SUBSTRING", "TRIM")


def _special(parsers: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: parsers[name] for name in (*_SPECIAL, *names) if name in parsers}


def _kept(transforms: dict[Any, Any], *others: Any) -> dict[Any, Any]:
    """Leave out what would write a query in other words."""
    return {
        key: value
        for key, value in transforms.items()
        if key not in (exp.Select, exp.Pow, exp.WithinGroup, *others)
    }


class ClewMySQL(MySQL):
    """MySQL's and MariaDB's SQL, with every function under its own name."""

    class Parser(MySQLParser):
        """Builds no function classes."""

        FUNCTIONS: ClassVar[dict[str, Any]] = {}
        FUNCTION_PARSERS = _special(MySQLParser.FUNCTION_PARSERS, "GROUP_CONCAT")

    class Generator(MySQLGenerator):
        """Writes queries as they were read."""

        TRANSFORMS = _kept(MySQLGenerator.TRANSFORMS)

        def regexplike_sql(self, expression: exp.RegexpLike) -> str:
            """Write ``x RLIKE y``: MariaDB has no function for it."""
            return self.binary(expression, "RLIKE")


class ClewTrino(Trino):
    """Trino's SQL, with every function under its own name."""

    class Parser(TrinoParser):
        """Builds no function classes."""

        FUNCTIONS: ClassVar[dict[str, Any]] = {}
        FUNCTION_PARSERS = _special(TrinoParser.FUNCTION_PARSERS, "TRY_CAST")

    class Generator(TrinoGenerator):
        """Writes queries as they were read."""

        TRANSFORMS = _kept(TrinoGenerator.TRANSFORMS)
        # Else ``x IS TRUE`` would become ``x``, which may be null.
        IS_BOOL_ALLOWED = True


class ClewSnowflake(Snowflake):
    """Snowflake's SQL, with every function under its own name."""

    class Parser(SnowflakeParser):
        """Builds no function classes."""

        FUNCTIONS: ClassVar[dict[str, Any]] = {}
        FUNCTION_PARSERS = _special(SnowflakeParser.FUNCTION_PARSERS, "TRY_CAST")

    class Generator(SnowflakeGenerator):
        """Writes queries as they were read."""

        TRANSFORMS = _kept(SnowflakeGenerator.TRANSFORMS)
        # Else ``x IS TRUE`` would become ``x``, which may be null.
        IS_BOOL_ALLOWED = True


class ClewBigQuery(BigQuery):
    """BigQuery's SQL, with every function under its own name."""

    class Parser(BigQueryParser):
        """Builds no function classes."""

        FUNCTIONS: ClassVar[dict[str, Any]] = {}
        FUNCTION_PARSERS = _special(BigQueryParser.FUNCTION_PARSERS, "SAFE_CAST")

    class Generator(BigQueryGenerator):
        """Writes queries as they were read."""

        TRANSFORMS = _kept(BigQueryGenerator.TRANSFORMS)


class ClewSpark(Spark):
    """Spark's SQL, with every function under its own name."""

    class Parser(SparkParser):
        """Builds no function classes."""

        FUNCTIONS: ClassVar[dict[str, Any]] = {}
        FUNCTION_PARSERS = _special(SparkParser.FUNCTION_PARSERS, "TRY_CAST")

    class Generator(SparkGenerator):
        """Writes queries as they were read."""

        TRANSFORMS = _kept(SparkGenerator.TRANSFORMS)
