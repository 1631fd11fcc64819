"""How each engine says the periods and the parts of a date.

DuckDB, SQLite and PostgreSQL are tried against Python's own calendar; the others are written after
their manuals and only read by a parser.
"""

from __future__ import annotations

# {x} stands for the date; {start} for the month in which the fiscal year begins, {shift} for how
# many months its quarters begin later than those of the calendar; {days} for how many days
# earlier than on Monday weeks begin.
STANDARD = {
    "year": "CAST(EXTRACT(YEAR FROM {x}) AS INTEGER)",
    "quarter": "CAST(DATE_TRUNC('QUARTER', {x}) AS DATE)",
    "month": "CAST(DATE_TRUNC('MONTH', {x}) AS DATE)",
    "week": "CAST(DATE_TRUNC('WEEK', {x}) AS DATE)",
    "day": "CAST({x} AS DATE)",
    "hour": "DATE_TRUNC('HOUR', {x})",
    "minute": "DATE_TRUNC('MINUTE', {x})",
    "quarter_of_year": "CAST(EXTRACT(QUARTER FROM {x}) AS INTEGER)",
    "month_of_year": "CAST(EXTRACT(MONTH FROM {x}) AS INTEGER)",
    "week_of_year": "CAST(EXTRACT(WEEK FROM {x}) AS INTEGER)",
    "day_of_month": "CAST(EXTRACT(DAY FROM {x}) AS INTEGER)",
    "day_of_week": "CAST(EXTRACT(ISODOW FROM {x}) AS INTEGER)",
    "hour_of_day": "CAST(EXTRACT(HOUR FROM {x}) AS INTEGER)",
    "fiscal year": (
        "CAST(EXTRACT(YEAR FROM {x}) AS INTEGER) "
        "+ CASE WHEN EXTRACT(MONTH FROM {x}) >= {start} THEN 1 ELSE 0 END"
    ),
    "fiscal quarter": (
        "CAST(DATE_TRUNC('QUARTER', {x} - INTERVAL '{shift}' MONTH) + INTERVAL '{shift}' MONTH "
        "AS DATE)"
    ),
    "fiscal quarter_of_year": (
        "CAST(FLOOR((CAST(EXTRACT(MONTH FROM {x}) AS INTEGER) + 12 - {start}) % 12 / 3.0) "
        "AS INTEGER) + 1"
    ),
    "other week": (
        "CAST(DATE_TRUNC('WEEK', {x} + INTERVAL '{days}' DAY) - INTERVAL '{days}' DAY AS DATE)"
    ),
}
TEMPLATES: dict[str, dict[str, str]] = {
    "duckdb": {
        **STANDARD,
        "months since": "EXTRACT(YEAR FROM {x}) * 12 + EXTRACT(MONTH FROM {x})",
        "days since": "DATE_DIFF('DAY', CAST('2000-01-01' AS DATE), CAST({x} AS DATE))",
        "hours since": "DATE_DIFF('HOUR', CAST('2000-01-01' AS TIMESTAMP), {x})",
        "minutes since": "DATE_DIFF('MINUTE', CAST('2000-01-01' AS TIMESTAMP), {x})",
        "date as number": "CAST(STRFTIME({x}, '%Y%m%d') AS BIGINT)",
        "minute as number": "CAST(STRFTIME({x}, '%Y%m%d%H%M') AS BIGINT)",
    },
    "postgres": {
        **STANDARD,
        "hour": "DATE_TRUNC('HOUR', CAST({x} AS TIMESTAMP))",
        "minute": "DATE_TRUNC('MINUTE', CAST({x} AS TIMESTAMP))",
        "months since": "CAST(EXTRACT(YEAR FROM {x}) * 12 + EXTRACT(MONTH FROM {x}) AS INTEGER)",
        "days since": "CAST({x} AS DATE) - CAST('2000-01-01' AS DATE)",
        "hours since": "CAST(EXTRACT(EPOCH FROM CAST({x} AS TIMESTAMP)) / 3600 AS BIGINT)",
        "minutes since": "CAST(EXTRACT(EPOCH FROM CAST({x} AS TIMESTAMP)) / 60 AS BIGINT)",
        "date as number": "CAST(TO_CHAR({x}, 'YYYYMMDD') AS BIGINT)",
        "minute as number": "CAST(TO_CHAR({x}, 'YYYYMMDDHH24MI') AS BIGINT)",
    },
    # SQLite keeps dates as ISO text and has no date type.
    "sqlite": {
        "year": "CAST(STRFTIME('%Y', {x}) AS INTEGER)",
        "quarter": (
            "STRFTIME('%Y', {x}) || '-' || SUBSTR('01010104040407070710101010', "
            "CAST(STRFTIME('%m', {x}) AS INTEGER) * 2 - 1, 2) || '-01'"
        ),
        "month": "STRFTIME('%Y-%m-01', {x})",
        "week": "DATE({x}, 'weekday 0', '-6 days')",
        "day": "DATE({x})",
        "hour": "STRFTIME('%Y-%m-%d %H:00:00', {x})",
        "minute": "STRFTIME('%Y-%m-%d %H:%M:00', {x})",
        "quarter_of_year": "(CAST(STRFTIME('%m', {x}) AS INTEGER) + 2) / 3",
        "month_of_year": "CAST(STRFTIME('%m', {x}) AS INTEGER)",
        # The week of a year is that of its Thursday.
        "week_of_year": (
            "(CAST(STRFTIME('%j', DATE({x}, '-3 days', 'weekday 4')) AS INTEGER) - 1) / 7 + 1"
        ),
        "day_of_month": "CAST(STRFTIME('%d', {x}) AS INTEGER)",
        "day_of_week": "(CAST(STRFTIME('%w', {x}) AS INTEGER) + 6) % 7 + 1",
        "hour_of_day": "CAST(STRFTIME('%H', {x}) AS INTEGER)",
        "fiscal year": (
            "CAST(STRFTIME('%Y', {x}) AS INTEGER) "
            "+ CASE WHEN CAST(STRFTIME('%m', {x}) AS INTEGER) >= {start} THEN 1 ELSE 0 END"
        ),
        "fiscal quarter": (
            "DATE({x}, 'start of month', '-' || "
            "((CAST(STRFTIME('%m', {x}) AS INTEGER) + 12 - {start}) % 12 % 3) || ' months')"
        ),
        "fiscal quarter_of_year": (
            "((CAST(STRFTIME('%m', {x}) AS INTEGER) + 12 - {start}) % 12) / 3 + 1"
        ),
        "other week": "DATE({x}, 'weekday {last}', '-6 days')",
        "months since": (
            "CAST(STRFTIME('%Y', {x}) AS INTEGER) * 12 + CAST(STRFTIME('%m', {x}) AS INTEGER)"
        ),
        "days since": "CAST(JULIANDAY(DATE({x})) - 2451544.5 AS INTEGER)",
        "hours since": "CAST(STRFTIME('%s', {x}) AS INTEGER) / 3600",
        "minutes since": "CAST(STRFTIME('%s', {x}) AS INTEGER) / 60",
        "date as number": "CAST(STRFTIME('%Y%m%d', {x}) AS INTEGER)",
        "minute as number": "CAST(STRFTIME('%Y%m%d%H%M', {x}) AS INTEGER)",
    },
    "trino": {
        **STANDARD,
        "week_of_year": "CAST(WEEK_OF_YEAR({x}) AS INTEGER)",
        "day_of_week": "CAST(DAY_OF_WEEK({x}) AS INTEGER)",
        "months since": "EXTRACT(YEAR FROM {x}) * 12 + EXTRACT(MONTH FROM {x})",
        "days since": "DATE_DIFF('DAY', CAST('2000-01-01' AS DATE), CAST({x} AS DATE))",
        "hours since": "DATE_DIFF('HOUR', CAST('2000-01-01' AS TIMESTAMP), {x})",
        "minutes since": "DATE_DIFF('MINUTE', CAST('2000-01-01' AS TIMESTAMP), {x})",
        "date as number": "CAST(DATE_FORMAT({x}, '%Y%m%d') AS BIGINT)",
        "minute as number": "CAST(DATE_FORMAT({x}, '%Y%m%d%H%i') AS BIGINT)",
    },
    "snowflake": {
        **STANDARD,
        "week_of_year": "WEEKISO({x})",
        "day_of_week": "DAYOFWEEKISO({x})",
        "fiscal quarter": (
            "CAST(ADD_MONTHS(DATE_TRUNC('QUARTER', ADD_MONTHS({x}, -{shift})), {shift}) AS DATE)"
        ),
        "other week": (
            "CAST(DATEADD(DAY, -{days}, DATE_TRUNC('WEEK', DATEADD(DAY, {days}, {x}))) AS DATE)"
        ),
        "months since": "EXTRACT(YEAR FROM {x}) * 12 + EXTRACT(MONTH FROM {x})",
        "days since": "DATEDIFF(DAY, CAST('2000-01-01' AS DATE), {x})",
        "hours since": "DATEDIFF(HOUR, CAST('2000-01-01' AS TIMESTAMP), {x})",
        "minutes since": "DATEDIFF(MINUTE, CAST('2000-01-01' AS TIMESTAMP), {x})",
        "date as number": "CAST(TO_CHAR({x}, 'YYYYMMDD') AS BIGINT)",
        "minute as number": "CAST(TO_CHAR({x}, 'YYYYMMDDHH24MI') AS BIGINT)",
    },
    "bigquery": {
        **STANDARD,
        "quarter": "DATE_TRUNC(CAST({x} AS DATE), QUARTER)",
        "month": "DATE_TRUNC(CAST({x} AS DATE), MONTH)",
        "week": "DATE_TRUNC(CAST({x} AS DATE), WEEK(MONDAY))",
        "hour": "DATETIME_TRUNC(CAST({x} AS DATETIME), HOUR)",
        "minute": "DATETIME_TRUNC(CAST({x} AS DATETIME), MINUTE)",
        "week_of_year": "EXTRACT(ISOWEEK FROM {x})",
        "day_of_week": "MOD(EXTRACT(DAYOFWEEK FROM {x}) + 5, 7) + 1",
        "fiscal quarter": (
            "DATE_ADD(DATE_TRUNC(DATE_SUB(CAST({x} AS DATE), INTERVAL {shift} MONTH), QUARTER), "
            "INTERVAL {shift} MONTH)"
        ),
        "fiscal quarter_of_year": (
            "CAST(FLOOR(MOD(EXTRACT(MONTH FROM {x}) + 12 - {start}, 12) / 3) AS INT64) + 1"
        ),
        "other week": (
            "DATE_SUB(DATE_TRUNC(DATE_ADD(CAST({x} AS DATE), INTERVAL {days} DAY), WEEK(MONDAY)), "
            "INTERVAL {days} DAY)"
        ),
        "months since": "EXTRACT(YEAR FROM {x}) * 12 + EXTRACT(MONTH FROM {x})",
        "days since": "DATE_DIFF(CAST({x} AS DATE), CAST('2000-01-01' AS DATE), DAY)",
        "hours since": "DATETIME_DIFF({x}, CAST('2000-01-01' AS DATETIME), HOUR)",
        "minutes since": "DATETIME_DIFF({x}, CAST('2000-01-01' AS DATETIME), MINUTE)",
        "date as number": "CAST(FORMAT_DATE('%Y%m%d', {x}) AS INT64)",
        "minute as number": "CAST(FORMAT_DATETIME('%Y%m%d%H%M', {x}) AS INT64)",
    },
    "spark": {
        **STANDARD,
        "quarter": "TRUNC({x}, 'QUARTER')",
        "month": "TRUNC({x}, 'MONTH')",
        "week": "TRUNC({x}, 'WEEK')",
        "week_of_year": "WEEKOFYEAR({x})",
        "day_of_week": "WEEKDAY({x}) + 1",
        "fiscal quarter": "ADD_MONTHS(TRUNC(ADD_MONTHS({x}, -{shift}), 'QUARTER'), {shift})",
        "other week": "DATE_SUB(TRUNC(DATE_ADD({x}, {days}), 'WEEK'), {days})",
        "months since": "EXTRACT(YEAR FROM {x}) * 12 + EXTRACT(MONTH FROM {x})",
        "days since": "DATEDIFF({x}, CAST('2000-01-01' AS DATE))",
        "hours since": "CAST(UNIX_TIMESTAMP({x}) / 3600 AS BIGINT)",
        "minutes since": "CAST(UNIX_TIMESTAMP({x}) / 60 AS BIGINT)",
        "date as number": "CAST(DATE_FORMAT({x}, 'yyyyMMdd') AS BIGINT)",
        "minute as number": "CAST(DATE_FORMAT({x}, 'yyyyMMddHHmm') AS BIGINT)",
    },
    "mysql": {
        "year": "YEAR({x})",
        "quarter": ("DATE_ADD(MAKEDATE(YEAR({x}), 1), INTERVAL ((QUARTER({x}) - 1) * 3) MONTH)"),
        "month": "CAST(DATE_FORMAT({x}, '%Y-%m-01') AS DATE)",
        "week": "DATE_SUB(CAST({x} AS DATE), INTERVAL (WEEKDAY({x})) DAY)",
        "day": "CAST({x} AS DATE)",
        "hour": "CAST(DATE_FORMAT({x}, '%Y-%m-%d %H:00:00') AS DATETIME)",
        "minute": "CAST(DATE_FORMAT({x}, '%Y-%m-%d %H:%i:00') AS DATETIME)",
        "quarter_of_year": "QUARTER({x})",
        "month_of_year": "MONTH({x})",
        "week_of_year": "WEEK({x}, 3)",
        "day_of_month": "DAYOFMONTH({x})",
        "day_of_week": "WEEKDAY({x}) + 1",
        "hour_of_day": "HOUR({x})",
        "fiscal year": "YEAR({x}) + CASE WHEN MONTH({x}) >= {start} THEN 1 ELSE 0 END",
        "fiscal quarter": (
            "DATE_SUB(CAST(DATE_FORMAT({x}, '%Y-%m-01') AS DATE), "
            "INTERVAL ((MONTH({x}) + 12 - {start}) % 12 % 3) MONTH)"
        ),
        "fiscal quarter_of_year": "FLOOR((MONTH({x}) + 12 - {start}) % 12 / 3) + 1",
        "other week": "DATE_SUB(CAST({x} AS DATE), INTERVAL ((WEEKDAY({x}) + {days}) % 7) DAY)",
        "months since": "YEAR({x}) * 12 + MONTH({x})",
        "days since": "DATEDIFF({x}, '2000-01-01')",
        "hours since": "TIMESTAMPDIFF(HOUR, '2000-01-01', {x})",
        "minutes since": "TIMESTAMPDIFF(MINUTE, '2000-01-01', {x})",
        "date as number": "CAST(DATE_FORMAT({x}, '%Y%m%d') AS SIGNED)",
        "minute as number": "CAST(DATE_FORMAT({x}, '%Y%m%d%H%i') AS SIGNED)",
    },
}
