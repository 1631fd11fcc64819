"""Which parts of the SQL of MySQL, Trino, Snowflake, BigQuery and Spark may a statement have?

Rows of the table in ``guard_rules``. Not here, on purpose: what reads or writes files
(``load_file``, stages, ``parquet.`/path```), calls other programs or other servers
(``java_method``, ``reflect``, ``external_query``, ``system.*``), waits, locks or wears the server
out (``sleep``, ``benchmark``, ``get_lock``), makes rows without end (``sequence``,
``generate_array``, ``generator``, ``repeat``), reads settings or earlier results (``@@version``,
``system$…``, ``result_scan``) or answers differently each time (``rand``, ``uuid``).
"""

from __future__ import annotations

from clew_tools.database.guard_rule import Rule, rows
from clew_tools.database.source import Dialect

SERVERS: tuple[Dialect, ...] = ("mysql", "trino", "snowflake", "bigquery", "spark")
_MYSQL: tuple[Dialect, ...] = ("mysql",)
_TRINO: tuple[Dialect, ...] = ("trino",)
_SNOWFLAKE: tuple[Dialect, ...] = ("snowflake",)
_BIGQUERY: tuple[Dialect, ...] = ("bigquery",)
_SPARK: tuple[Dialect, ...] = ("spark",)
_WIDE: tuple[Dialect, ...] = ("trino", "snowflake", "bigquery", "spark")

SERVER_RULES: tuple[Rule, ...] = (
    *rows("start", "how a statement begins", SERVERS, "select with ("),
    *rows("root", "what a statement is", SERVERS, "Select Union Intersect Except"),
    *rows(
        "part", "what may be said of a SELECT or a table", SERVERS,
        "Select.expressions Select.from_ Select.joins Select.where Select.group Select.having "
        "Select.order Select.limit Select.offset Select.distinct Select.with_ "
        "Table.this Table.db Table.alias Table.joins",
    ),
    *rows(
        "part", "what may be said of a SELECT or a table",
        ("mysql", "trino", "bigquery", "spark"), "Select.windows",
    ),
    *rows(
        "part", "what may be said of a SELECT or a table",
        ("snowflake", "bigquery", "spark"), "Select.qualify",
    ),
    *rows("part", "what may be said of a SELECT or a table", _SPARK, "Select.laterals"),
    *rows(
        "check", "what is refused", SERVERS,
        "length, depth, several statements, endless recursion, functions as tables, other "
        "databases, redefined functions",
    ),
    *rows("check", "what is refused", _WIDE, "functions of a schema"),
    *rows("check", "what is refused", _MYSQL, "executable comments"),
    *rows("check", "what is refused", _SNOWFLAKE, "sequences"),
    *rows(
        "node", "the shape of a query", SERVERS,
        "Select From Join Where Group Having Order Ordered Limit Offset Distinct With CTE "
        "Subquery Union Intersect Except Table TableAlias Alias Column Identifier Star Paren "
        "Tuple Literal Boolean Null Var Window WindowSpec Interval",
    ),
    *rows("node", "the shape of a query", _MYSQL, "Rollup Collate GroupConcat"),
    *rows(
        "node", "the shape of a query", _WIDE,
        "Rollup Cube GroupingSets Bracket Dot",
    ),
    *rows("node", "the shape of a query", ("trino", "snowflake", "spark"), "Lambda"),
    *rows("node", "the shape of a query", ("trino", "spark"), "Filter"),
    *rows("node", "the shape of a query", ("trino", "snowflake", "spark"), "WithinGroup"),
    *rows("node", "the shape of a query", ("snowflake", "bigquery", "spark"), "Qualify"),
    *rows("node", "the shape of a query", ("trino", "bigquery"), "Unnest Array"),
    *rows("node", "the shape of a query", ("snowflake", "spark"), "Lateral"),
    *rows("node", "the shape of a query", _SNOWFLAKE, "Kwarg"),
    *rows("node", "the shape of a query", _TRINO, "Fetch LimitOptions AtTimeZone"),
    *rows(
        "node", "conditions", SERVERS,
        "And Or Not EQ NEQ GT GTE LT LTE Is In Between Like Exists Case If",
    ),
    *rows("node", "conditions", ("mysql", "trino", "snowflake", "spark"), "Escape"),
    *rows("node", "conditions", _MYSQL, "Xor"),
    *rows("node", "conditions", ("mysql", "spark"), "RegexpLike NullSafeEQ IntDiv"),
    *rows("node", "conditions", ("trino", "snowflake", "bigquery"), "NullSafeEQ NullSafeNEQ"),
    *rows("node", "conditions", ("snowflake", "spark"), "ILike"),
    *rows(
        "node", "calculation", SERVERS,
        "Add Sub Mul Div Neg Cast DataType DataTypeParam Extract Substring",
    ),
    *rows("node", "calculation", ("mysql", "trino", "snowflake", "spark"), "Mod StrPosition"),
    *rows(
        "node", "calculation", ("mysql", "bigquery", "spark"),
        "BitwiseAnd BitwiseOr BitwiseXor BitwiseNot",
    ),
    *rows("node", "calculation", _WIDE, "DPipe TryCast"),
    *rows("node", "calculation", ("mysql", "trino", "spark"), "Trim"),
    *rows(
        "node", "calculation", _SNOWFLAKE, "JSONExtract JSONPath JSONPathRoot JSONPathKey",
    ),
    *rows("node", "the present moment", SERVERS, "CurrentDate CurrentTimestamp"),
    *rows("node", "the present moment", ("mysql", "trino", "bigquery"), "CurrentTime"),
    *rows("node", "the present moment", _SNOWFLAKE, "Localtime"),
    *rows(
        "node", "the present moment", ("mysql", "trino"), "Localtimestamp",
    ),
    *rows(
        "function", "aggregates", SERVERS,
        "sum avg min max count stddev stddev_samp stddev_pop variance var_samp var_pop",
    ),
    *rows("function", "aggregates", _MYSQL, "std json_arrayagg json_objectagg"),
    *rows(
        "function", "aggregates", _WIDE,
        "any_value array_agg approx_count_distinct corr covar_samp covar_pop grouping",
    ),
    *rows("function", "aggregates", ("trino", "snowflake", "spark"), "listagg max_by min_by"),
    *rows("function", "aggregates", ("snowflake", "spark"), "median mode percentile_disc"),
    *rows("function", "aggregates", ("snowflake", "bigquery", "spark"), "percentile_cont"),
    *rows("function", "aggregates", ("trino", "snowflake", "spark"), "approx_percentile"),
    *rows("function", "aggregates", ("trino", "snowflake", "spark"), "count_if skewness kurtosis"),
    *rows("function", "aggregates", ("trino", "spark"), "bool_and bool_or every"),
    *rows(
        "function", "aggregates", _TRINO,
        "approx_distinct arbitrary geometric_mean bitwise_and_agg bitwise_or_agg checksum "
        "regr_slope regr_intercept map_agg histogram",
    ),
    *rows(
        "function", "aggregates", _SNOWFLAKE,
        "booland_agg boolor_agg object_agg regr_slope regr_intercept regr_r2 hll bitand_agg "
        "bitor_agg",
    ),
    *rows(
        "function", "aggregates", _BIGQUERY,
        "countif logical_and logical_or string_agg approx_quantiles approx_top_count "
        "percentile_disc max_by min_by bit_and bit_or bit_xor",
    ),
    *rows(
        "function", "aggregates", _SPARK,
        "percentile percentile_approx collect_list collect_set first last bit_and bit_or bit_xor "
        "regr_slope regr_intercept regr_r2 first_value last_value",
    ),
    *rows("function", "aggregates", _MYSQL, "bit_and bit_or bit_xor"),
    *rows(
        "function", "windows", SERVERS,
        "row_number rank dense_rank percent_rank cume_dist ntile lag lead nth_value",
    ),
    *rows(
        "function", "windows", ("mysql", "trino", "snowflake", "bigquery"),
        "first_value last_value",
    ),
    *rows(
        "function", "numbers", SERVERS,
        "abs round sign ceil floor sqrt exp ln log log10 pow power mod sin cos tan asin acos "
        "atan atan2 greatest least",
    ),
    *rows("function", "numbers", ("mysql", "trino", "snowflake", "bigquery"), "ceiling"),
    *rows("function", "numbers", ("mysql", "trino", "snowflake", "spark"), "pi radians degrees"),
    *rows("function", "numbers", ("mysql", "trino", "spark"), "log2"),
    *rows("function", "numbers", _MYSQL, "truncate cot conv crc32 format bit_count"),
    *rows("function", "numbers", ("trino", "snowflake", "spark"), "cbrt width_bucket"),
    *rows("function", "numbers", _TRINO, "truncate is_nan is_finite is_infinite bitwise_and"),
    *rows("function", "numbers", ("snowflake", "bigquery"), "trunc div0 safe_divide"),
    *rows("function", "numbers", _SNOWFLAKE, "square factorial zeroifnull nullifzero bitand"),
    *rows("function", "numbers", _BIGQUERY, "div ieee_divide is_nan is_inf safe_add"),
    *rows("function", "numbers", _SPARK, "bround try_divide isnan factorial hypot nanvl"),
    *rows(
        "function", "text", SERVERS,
        "length lower upper ltrim rtrim replace substr concat reverse lpad rpad ascii "
        "regexp_replace",
    ),
    *rows("function", "text", ("mysql", "snowflake", "bigquery", "spark"), "left right instr"),
    *rows("function", "text", ("mysql", "trino", "snowflake", "spark"), "concat_ws"),
    *rows("function", "text", ("mysql", "bigquery", "spark"), "octet_length"),
    *rows("function", "text", ("snowflake", "bigquery"), "trim"),
    *rows("function", "text", _WIDE, "split chr translate regexp_like starts_with"),
    *rows(
        "function", "text", _MYSQL,
        "char_length character_length bit_length locate mid substring_index field elt "
        "find_in_set insert strcmp ucase lcase hex unhex bin oct ord soundex quote md5 sha1 sha2 "
        "regexp_instr regexp_substr",
    ),
    *rows(
        "function", "text", _TRINO,
        "strpos split_part codepoint levenshtein_distance hamming_distance regexp_extract "
        "regexp_extract_all regexp_count regexp_split to_hex md5 sha256 normalize soundex "
        "word_stem",
    ),
    *rows(
        "function", "text", _SNOWFLAKE,
        "len split_part charindex contains endswith startswith initcap editdistance "
        "jarowinkler_similarity regexp_substr regexp_count regexp_instr md5 sha2 soundex strtok "
        "to_varchar to_char collate unicode",
    ),
    *rows(
        "function", "text", _BIGQUERY,
        "char_length byte_length contains_substr ends_with strpos initcap format "
        "regexp_contains regexp_extract regexp_extract_all regexp_instr normalize "
        "edit_distance soundex to_hex md5 sha256 unicode code_points_to_string",
    ),
    *rows(
        "function", "text", _SPARK,
        "char_length character_length locate substring_index initcap levenshtein "
        "regexp_extract regexp_extract_all regexp_count regexp_substr md5 sha2 soundex contains "
        "endswith startswith split_part find_in_set to_char format_string format_number rlike "
        "like",
    ),
    *rows("function", "choices and types", SERVERS, "coalesce nullif"),
    *rows(
        "function", "choices and types", ("mysql", "snowflake", "bigquery", "spark"), "ifnull"
    ),
    *rows("function", "choices and types", _MYSQL, "isnull"),
    *rows("function", "choices and types", _TRINO, "typeof try"),
    *rows(
        "function", "choices and types", _SNOWFLAKE,
        "iff nvl nvl2 decode equal_null to_number to_decimal to_double try_to_number "
        "try_to_decimal try_to_double to_boolean typeof",
    ),
    *rows("function", "choices and types", _SPARK, "nvl nvl2 iff isnull isnotnull typeof"),
    *rows("function", "dates", SERVERS, "date last_day"),
    *rows("function", "dates", _WIDE, "date_trunc date_diff"),
    *rows("function", "dates", ("mysql", "bigquery", "spark"), "date_add date_sub"),
    *rows("function", "dates", ("mysql", "snowflake", "spark"), "datediff timestampdiff"),
    *rows(
        "function", "dates", ("mysql", "trino", "snowflake", "spark"),
        "year quarter month week day hour minute second current_timestamp",
    ),
    *rows("function", "dates", ("mysql", "snowflake", "spark"), "dayofmonth dayofweek dayofyear"),
    *rows("function", "dates", ("mysql", "spark"), "weekofyear weekday from_unixtime"),
    *rows("function", "dates", ("mysql", "trino", "spark"), "now date_format"),
    *rows(
        "function", "dates", _MYSQL,
        "adddate subdate addtime subtime curdate curtime dayname monthname "
        "from_days get_format makedate maketime microsecond period_add period_diff "
        "sec_to_time str_to_date time time_format time_to_sec timediff timestamp timestampadd "
        "to_days to_seconds unix_timestamp utc_date utc_time utc_timestamp yearweek localtime "
        "current_time "
        "convert_tz",
    ),
    *rows(
        "function", "dates", _TRINO,
        "date_add date_parse from_iso8601_date from_iso8601_timestamp from_unixtime to_unixtime "
        "format_datetime parse_datetime day_of_month day_of_week day_of_year week_of_year "
        "year_of_week yow dow doy millisecond timezone_hour timezone_minute at_timezone "
        "with_timezone human_readable_seconds",
    ),
    *rows(
        "function", "dates", _SNOWFLAKE,
        "dateadd timestampadd timeadd add_months months_between date_part dayname monthname "
        "monthsbetween next_day previous_day time_slice to_date to_time to_timestamp "
        "to_timestamp_ntz to_timestamp_tz to_timestamp_ltz try_to_date try_to_timestamp "
        "date_from_parts timestamp_from_parts weekofyear weekiso yearofweek yearofweekiso "
        "dayofweekiso convert_timezone current_date getdate sysdate",
    ),
    *rows(
        "function", "dates", _BIGQUERY,
        "current_date current_datetime current_timestamp current_time date_from_unix_date "
        "datetime datetime_add datetime_sub datetime_diff datetime_trunc format_date "
        "format_datetime format_timestamp parse_date parse_datetime parse_timestamp time "
        "time_add time_diff time_sub time_trunc timestamp timestamp_add timestamp_diff "
        "timestamp_micros timestamp_millis timestamp_seconds timestamp_sub timestamp_trunc "
        "unix_date unix_micros unix_millis unix_seconds week",
    ),
    *rows(
        "function", "dates", _SPARK,
        "dateadd add_months months_between date_part current_date to_date to_timestamp "
        "try_to_timestamp unix_timestamp to_unix_timestamp make_date make_timestamp next_day "
        "trunc dayname monthname from_utc_timestamp to_utc_timestamp timestamp unix_date "
        "date_from_unix_date timestamp_seconds timestamp_millis",
    ),
    *rows(
        "function", "lists and structs", _MYSQL,
        "json_extract json_unquote json_length json_type json_valid json_value json_contains "
        "json_keys",
    ),
    *rows(
        "function", "lists and structs", _TRINO,
        "cardinality contains element_at array_join array_distinct array_sort array_max "
        "array_min array_position slice filter transform reduce any_match all_match none_match "
        "flatten map_keys map_values json_extract json_extract_scalar json_array_length "
        "json_parse json_format json_size",
    ),
    *rows(
        "function", "lists and structs", _SNOWFLAKE,
        "flatten get get_path parse_json try_parse_json array_size array_contains "
        "array_to_string array_distinct array_sort array_max array_min array_position "
        "object_keys is_null_value as_varchar as_integer filter transform",
    ),
    *rows(
        "function", "lists and structs", _BIGQUERY,
        "array array_length array_to_string array_reverse array_concat offset safe_offset ordinal "
        "safe_ordinal json_extract json_extract_scalar json_value json_query json_value_array "
        "json_query_array json_extract_array parse_json to_json_string struct",
    ),
    *rows(
        "function", "lists and structs", _SPARK,
        "array size explode explode_outer posexplode posexplode_outer inline element_at "
        "array_contains array_distinct array_join array_max array_min array_position array_sort "
        "sort_array array_size slice filter exists forall aggregate map_keys map_values "
        "get_json_object json_array_length struct named_struct flatten cardinality",
    ),
)  # fmt: skip
