"""Which parts of SQL may a statement have, and which functions may it call?

One table of named rows; what has no row is refused. A ``node`` is a class of sqlglot's tree, a
``function`` a name as the engine spells it: functions stay under their own names in the tree
(see ``guard_dialects``). A ``start`` is a first word, a ``root`` what a statement may be, a
``part`` a clause of SELECT. A ``check`` is the other way round: it names what is looked for and
refused, and ``guard`` does it. MySQL, Trino, Snowflake, BigQuery and Spark have their rows in
``guard_rules_servers``. Not here, on purpose: whatever reads files, settings or the catalogue
(``read_csv``, ``current_setting``, ``pg_read_file``), runs text as SQL (``query``,
``query_to_xml``), waits or locks (``pg_sleep``), makes rows or text without end (``range``,
``generate_series``, ``repeat``) or answers differently each time (``random``).
"""

from __future__ import annotations

from clew_tools.database.guard_rule import Kind, Rule
from clew_tools.database.guard_rule import rows as _rows
from clew_tools.database.guard_rules_servers import SERVER_RULES
from clew_tools.database.source import Dialect

_ALL: tuple[Dialect, ...] = ("duckdb", "sqlite", "postgres")
_LITE: tuple[Dialect, ...] = ("duckdb", "sqlite")
_LARGE: tuple[Dialect, ...] = ("duckdb", "postgres")
_CLASSIC: tuple[Dialect, ...] = ("sqlite", "postgres")
_DUCKDB: tuple[Dialect, ...] = ("duckdb",)
_SQLITE: tuple[Dialect, ...] = ("sqlite",)
_POSTGRES: tuple[Dialect, ...] = ("postgres",)


RULES: tuple[Rule, ...] = (
    *_rows("start", "how a statement begins", _ALL, "select with values ("),
    *_rows("start", "how a statement begins", _DUCKDB, "from"),
    *_rows("root", "what a statement is", _ALL, "Select Union Intersect Except Values"),
    *_rows(
        "part", "what may be said of a SELECT or a table", _ALL,
        "Select.expressions Select.from_ Select.joins Select.where Select.group Select.having "
        "Select.windows Select.order Select.limit Select.offset Select.distinct Select.with_ "
        "Table.this Table.db Table.alias Table.joins",
    ),
    *_rows("part", "what may be said of a SELECT or a table", _DUCKDB, "Select.qualify"),
    *_rows(
        "check", "what is refused", _ALL,
        "length, depth, several statements, endless recursion, functions as tables, other "
        "databases, redefined functions",
    ),
    *_rows("check", "what is refused", _POSTGRES, "types by name, functions of a schema"),
    *_rows(
        "node", "the shape of a query", _ALL,
        "Select From Join Where Group Having Order Ordered Limit Offset Distinct With CTE "
        "Subquery Union Intersect Except Table TableAlias Alias Column Identifier Star Paren "
        "Tuple Literal Boolean Null Var Values Window WindowSpec Filter",
    ),
    *_rows(
        "node", "the shape of a query", _LARGE,
        "Fetch Lateral Unnest Cube Rollup GroupingSets WithinGroup Kwarg Array Bracket Slice "
        "Dot Interval AtTimeZone LimitOptions",
    ),
    *_rows("node", "the shape of a query", _CLASSIC, "Collate"),
    *_rows(
        "node", "the shape of a query", _DUCKDB,
        "Qualify IgnoreNulls RespectNulls Lambda PropertyEQ Struct PositionalColumn Map ToMap "
        "Comprehension",
    ),
    *_rows(
        "node", "conditions", _ALL,
        "And Or Not EQ NEQ GT GTE LT LTE Is In Between Like Escape Exists Case If NullSafeEQ "
        "NullSafeNEQ",
    ),
    *_rows("node", "conditions", _LITE, "Glob"),
    *_rows("node", "conditions", _LARGE, "ILike Any All SimilarTo RegexpLike"),
    *_rows(
        "node", "conditions", _POSTGRES,
        "RegexpILike JSONBExtract JSONBExtractScalar JSONBContainsTopKey ArrayContainsAll "
        "ArrayContainedBy ArrayOverlaps Overlay",
    ),
    *_rows(
        "node", "calculation", _ALL,
        "Add Sub Mul Div Mod Neg BitwiseAnd BitwiseOr BitwiseLeftShift BitwiseRightShift "
        "BitwiseNot DPipe Cast DataType DataTypeParam JSONExtract JSONExtractScalar JSONPath "
        "JSONPathRoot JSONPathKey JSONPathSubscript",
    ),
    *_rows("node", "calculation", _LARGE, "Pow Extract StrPosition Substring Trim"),
    *_rows("node", "calculation", _DUCKDB, "TryCast IntDiv Abs ColumnDef"),
    *_rows("node", "calculation", _POSTGRES, "BitwiseXor"),
    *_rows("node", "the present moment", _ALL, "CurrentDate CurrentTime CurrentTimestamp"),
    *_rows("node", "the present moment", _LARGE, "Localtime Localtimestamp"),
    *_rows("function", "aggregates", _ALL, "sum avg min max count string_agg"),
    *_rows("function", "aggregates", _LITE, "group_concat"),
    *_rows(
        "function", "aggregates", _LARGE,
        "mode percentile_cont percentile_disc stddev stddev_samp stddev_pop variance var_samp "
        "var_pop corr covar_samp covar_pop regr_slope regr_intercept regr_r2 regr_count "
        "regr_avgx regr_avgy regr_sxx regr_syy regr_sxy array_agg bool_and bool_or bit_and "
        "bit_or bit_xor grouping",
    ),
    *_rows(
        "function", "aggregates", _DUCKDB,
        "median quantile quantile_cont quantile_disc approx_quantile approx_count_distinct "
        "skewness kurtosis first last any_value arbitrary arg_min arg_max argmin argmax "
        "min_by max_by listagg list product fsum favg sum_no_overflow sumkahan mad entropy "
        "histogram count_if countif count_star geomean geometric_mean sem reservoir_quantile "
        "grouping_id",
    ),
    *_rows("function", "aggregates", _SQLITE, "total"),
    *_rows(
        "function", "aggregates", _POSTGRES,
        "every json_agg jsonb_agg json_object_agg jsonb_object_agg",
    ),
    *_rows(
        "function", "windows", _ALL,
        "row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value "
        "last_value nth_value",
    ),
    *_rows("function", "windows", _DUCKDB, "fill"),
    *_rows(
        "function", "numbers", _ALL,
        "abs round sign ceil ceiling floor sqrt exp ln log log10 pow power mod trunc sin cos "
        "tan asin acos atan atan2 pi radians degrees",
    ),
    *_rows("function", "numbers", _LITE, "log2"),
    *_rows("function", "numbers", _LARGE, "cbrt greatest least gcd lcm factorial cot"),
    *_rows(
        "function", "numbers", _DUCKDB,
        "isnan isinf isfinite fdiv divide add subtract multiply greatest_common_divisor "
        "least_common_multiple even round_even equi_width_bins xor columns",
    ),
    *_rows("function", "numbers", _POSTGRES, "div width_bucket"),
    *_rows(
        "function", "text", _ALL,
        "length lower upper ltrim rtrim replace substr concat concat_ws format",
    ),
    *_rows("function", "text", _LITE, "instr unicode printf hex"),
    *_rows(
        "function", "text", _LARGE,
        "left right starts_with strpos reverse split_part string_to_array "
        "regexp_matches regexp_replace regexp_split_to_array ascii chr translate md5 sha256 "
        "array_to_string lpad rpad",
    ),
    *_rows("function", "text", _CLASSIC, "octet_length"),
    *_rows(
        "function", "text", _DUCKDB,
        "len strlen lcase ucase contains ends_with prefix suffix string_split str_split split "
        "regexp_extract regexp_extract_all regexp_full_match regexp_escape ord levenshtein "
        "editdist3 damerau_levenshtein hamming mismatches jaccard jaro_similarity "
        "jaro_winkler_similarity strip_accents nfc_normalize hash like_escape ilike_escape "
        "not_like_escape bar to_base bin array_extract substring_grapheme left_grapheme "
        "right_grapheme length_grapheme format_bytes formatReadableSize url_encode url_decode",
    ),
    *_rows("function", "text", _SQLITE, "trim substring char quote soundex glob like"),
    *_rows(
        "function", "text", _POSTGRES,
        "btrim regexp_match regexp_count regexp_instr regexp_like regexp_substr char_length "
        "character_length bit_length initcap to_hex encode decode normalize to_char "
        "to_number",
    ),
    *_rows("function", "choices and types", _ALL, "coalesce nullif"),
    *_rows("function", "choices and types", _LITE, "ifnull typeof"),
    *_rows("function", "choices and types", _DUCKDB, "constant_or_null"),
    *_rows("function", "choices and types", _SQLITE, "iif likely unlikely likelihood"),
    *_rows("function", "choices and types", _POSTGRES, "all num_nulls num_nonnulls"),
    *_rows("function", "dates", _ALL, "date"),
    *_rows("function", "dates", _POSTGRES, "current_timestamp"),
    *_rows("function", "dates", _LITE, "strftime"),
    *_rows(
        "function", "dates", _LARGE,
        "date_part date_trunc make_date make_time make_timestamp make_timestamptz age "
        "to_timestamp now timezone",
    ),
    *_rows(
        "function", "dates", _DUCKDB,
        "year month day quarter week weekofyear isoyear isodow dayofweek dayofmonth dayofyear "
        "weekday yearweek hour minute second millisecond microsecond nanosecond epoch "
        "epoch_ms epoch_us epoch_ns decade century millennium era datepart datetrunc "
        "date_diff datediff date_sub datesub date_add strptime try_strptime last_day "
        "monthname dayname today time_bucket to_days to_weeks to_months to_quarters to_years "
        "to_hours to_minutes to_seconds to_milliseconds to_microseconds julian timezone_hour "
        "timezone_minute",
    ),
    *_rows("function", "dates", _SQLITE, "time datetime julianday unixepoch timediff"),
    *_rows(
        "function", "dates", _POSTGRES,
        "date_bin make_interval isfinite justify_days justify_hours justify_interval to_date",
    ),
    *_rows("function", "lists and structs", _ALL, "json_array_length"),
    *_rows("function", "lists and structs", _LITE, "json_extract json_type json_valid"),
    *_rows("function", "lists and structs", _LARGE, "unnest array_length row cardinality to_json"),
    *_rows(
        "function", "lists and structs", _DUCKDB,
        "list_sum list_avg list_min list_max list_count list_median list_contains list_has "
        "array_contains list_position list_sort list_reverse_sort list_reverse list_distinct "
        "list_unique list_concat list_append list_prepend list_slice list_element "
        "list_extract list_transform list_apply list_filter list_aggregate list_aggr "
        "list_any_value list_first list_last list_value list_pack flatten struct_pack "
        "struct_extract map_keys map_values map_extract element_at json_extract_string "
        "json_keys",
    ),
    *_rows("function", "lists and structs", _SQLITE, "json_group_array"),
    *_rows(
        "function", "lists and structs", _POSTGRES,
        "array array_position array_positions array_append array_prepend array_cat array_remove "
        "array_replace array_lower array_upper array_ndims json_extract_path "
        "json_extract_path_text jsonb_extract_path jsonb_extract_path_text jsonb_array_length "
        "json_typeof jsonb_typeof to_jsonb json_build_object jsonb_build_object "
        "json_build_array jsonb_build_array json_array_elements jsonb_array_elements "
        "json_array_elements_text jsonb_array_elements_text json_object_keys "
        "jsonb_object_keys row_to_json",
    ),
    *SERVER_RULES,
)  # fmt: skip


def allowed(kind: Kind, engine: Dialect) -> frozenset[str]:
    """List the names of one kind that an engine allows; functions in lower case."""
    return frozenset(
        rule.name.lower() if kind == "function" else rule.name
        for rule in RULES
        if rule.kind == kind and engine in rule.engines
    )
