"""Which parts of SQL may a statement have, and which functions may it call?

One table of named rows; what has no row is refused. A ``node`` is a class of sqlglot's tree, a
``function`` a name as the engine spells it: functions stay under their own names in the tree
(see ``guard_dialects``). Not here, on purpose: whatever reads files, settings or the catalogue
(``read_csv``, ``current_setting``, ``duckdb_tables``), runs text as SQL (``query``), makes rows
without end (``range``, ``generate_series``) or answers differently each time (``random``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from clew_tools.database.source import Dialect

Kind = Literal["node", "function"]
_BOTH: tuple[Dialect, ...] = ("duckdb", "sqlite")
_DUCKDB: tuple[Dialect, ...] = ("duckdb",)
_SQLITE: tuple[Dialect, ...] = ("sqlite",)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One thing that is allowed.

    Attributes:
        kind: what ``name`` names.
        name: of the class or the function.
        engines: where it is allowed.
        purpose: the group it belongs to, for people.
    """

    kind: Kind
    name: str
    engines: tuple[Dialect, ...]
    purpose: str


def _rows(kind: Kind, purpose: str, engines: tuple[Dialect, ...], names: str) -> tuple[Rule, ...]:
    return tuple(
        Rule(kind=kind, name=name, engines=engines, purpose=purpose) for name in names.split()
    )


RULES: tuple[Rule, ...] = (
    *_rows(
        "node", "the shape of a query", _BOTH,
        "Select From Join Where Group Having Order Ordered Limit Offset Distinct With CTE "
        "Subquery Union Intersect Except Table TableAlias Alias Column Identifier Star Paren "
        "Tuple Literal Boolean Null Var",
    ),
    *_rows(
        "node", "the shape of a query", _DUCKDB,
        "Qualify Values Aliases Fetch Lateral Unnest Cube Rollup GroupingSets Window WindowSpec "
        "Filter WithinGroup IgnoreNulls RespectNulls Lambda Kwarg PropertyEQ Struct Array "
        "Bracket Slice Dot PositionalColumn Interval IntervalSpan AtTimeZone Explode "
        "List Map ToMap Comprehension",
    ),
    *_rows("node", "the shape of a query", _SQLITE, "Values Window WindowSpec Filter Collate"),
    *_rows(
        "node", "conditions", _BOTH,
        "And Or Not EQ NEQ GT GTE LT LTE Is In Between Like Escape Exists Case If NullSafeEQ "
        "NullSafeNEQ Glob",
    ),
    *_rows(
        "node", "conditions", _DUCKDB,
        "ILike Any All SimilarTo RegexpLike RegexpFullMatch NotLike",
    ),
    *_rows(
        "node", "calculation", _BOTH,
        "Add Sub Mul Div Mod Neg BitwiseAnd BitwiseOr BitwiseLeftShift BitwiseRightShift "
        "BitwiseNot DPipe Cast DataType DataTypeParam JSONExtract JSONExtractScalar JSONPath "
        "JSONPathRoot JSONPathKey JSONPathSubscript",
    ),
    *_rows(
        "node", "calculation", _DUCKDB,
        "TryCast IntDiv Pow BitwiseXor Abs Extract StrPosition Substring Trim ColumnDef",
    ),
    *_rows("node", "calculation", _SQLITE, "Trim"),
    *_rows("node", "the present moment", _BOTH, "CurrentDate CurrentTime CurrentTimestamp"),
    *_rows("node", "the present moment", _DUCKDB, "Localtime Localtimestamp"),
    *_rows("function", "aggregates", _BOTH, "sum avg min max count group_concat string_agg"),
    *_rows(
        "function", "aggregates", _DUCKDB,
        "median mode quantile quantile_cont quantile_disc percentile_cont percentile_disc "
        "approx_quantile approx_count_distinct stddev stddev_samp stddev_pop variance var_samp "
        "var_pop corr covar_samp covar_pop regr_slope regr_intercept regr_r2 regr_count "
        "regr_avgx regr_avgy regr_sxx regr_syy regr_sxy skewness kurtosis first last any_value "
        "arbitrary arg_min arg_max argmin argmax min_by max_by listagg list array_agg bool_and "
        "bool_or bit_and bit_or bit_xor product fsum favg sum_no_overflow sumkahan mad entropy "
        "histogram count_if countif count_star geomean geometric_mean sem reservoir_quantile "
        "grouping grouping_id",
    ),
    *_rows("function", "aggregates", _SQLITE, "total"),
    *_rows(
        "function", "windows", _BOTH,
        "row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value "
        "last_value nth_value",
    ),
    *_rows("function", "windows", _DUCKDB, "fill"),
    *_rows(
        "function", "numbers", _BOTH,
        "abs round sign ceil ceiling floor sqrt exp ln log log2 log10 pow power mod trunc sin "
        "cos tan asin acos atan atan2 pi radians degrees",
    ),
    *_rows(
        "function", "numbers", _DUCKDB,
        "cbrt greatest least isnan isinf isfinite fdiv divide add subtract multiply gcd lcm "
        "greatest_common_divisor least_common_multiple factorial even cot round_even "
        "equi_width_bins xor columns",
    ),
    *_rows(
        "function", "text", _BOTH,
        "length lower upper trim ltrim rtrim replace substr substring instr unicode concat "
        "concat_ws printf format hex",
    ),
    *_rows(
        "function", "text", _DUCKDB,
        "len strlen lcase ucase left right contains starts_with ends_with prefix suffix strpos "
        "position reverse split_part string_split str_split split string_to_array "
        "regexp_matches regexp_replace regexp_extract regexp_extract_all regexp_full_match "
        "regexp_split_to_array regexp_escape ascii chr ord levenshtein editdist3 "
        "damerau_levenshtein hamming mismatches jaccard jaro_similarity "
        "jaro_winkler_similarity strip_accents translate nfc_normalize md5 sha256 hash "
        "like_escape ilike_escape not_like_escape bar to_base bin array_to_string "
        "array_extract substring_grapheme left_grapheme right_grapheme length_grapheme "
        "lpad rpad format_bytes formatReadableSize url_encode url_decode",
    ),
    *_rows("function", "text", _SQLITE, "char quote soundex glob like octet_length"),
    *_rows("function", "choices and types", _BOTH, "coalesce nullif ifnull typeof"),
    *_rows("function", "choices and types", _DUCKDB, "if nvl constant_or_null"),
    *_rows("function", "choices and types", _SQLITE, "iif likely unlikely likelihood"),
    *_rows("function", "dates", _BOTH, "strftime date time current_date current_timestamp"),
    *_rows(
        "function", "dates", _DUCKDB,
        "year month day quarter week weekofyear isoyear isodow dayofweek dayofmonth dayofyear "
        "weekday yearweek hour minute second millisecond microsecond nanosecond epoch epoch_ms "
        "epoch_us epoch_ns decade century millennium era date_part datepart date_trunc "
        "datetrunc date_diff datediff date_sub datesub date_add make_date make_time "
        "make_timestamp make_timestamptz strptime try_strptime age last_day monthname dayname "
        "to_timestamp now today time_bucket to_days to_weeks to_months "
        "to_quarters to_years to_hours to_minutes to_seconds to_milliseconds to_microseconds "
        "julian timezone timezone_hour timezone_minute timestamp",
    ),
    *_rows("function", "dates", _SQLITE, "datetime julianday unixepoch timediff"),
    *_rows(
        "function", "lists and structs", _DUCKDB,
        "unnest list_sum list_avg list_min list_max list_count list_median list_contains "
        "list_has array_contains list_position list_sort list_reverse_sort list_reverse "
        "list_distinct list_unique list_concat list_append list_prepend list_slice "
        "list_element list_extract array_length list_transform list_apply list_filter "
        "list_aggregate list_aggr list_any_value list_first list_last list_value list_pack "
        "flatten struct_pack struct_extract row map map_keys map_values map_extract "
        "element_at cardinality json_extract json_extract_string json_array_length json_keys "
        "json_type json_valid to_json",
    ),
    *_rows(
        "function", "lists and structs", _SQLITE,
        "json_extract json_array_length json_type json_valid json_group_array",
    ),
)  # fmt: skip


def allowed(kind: Kind, engine: Dialect) -> frozenset[str]:
    """List the names of one kind that an engine allows; functions in lower case."""
    return frozenset(
        rule.name.lower() if kind == "function" else rule.name
        for rule in RULES
        if rule.kind == kind and engine in rule.engines
    )
