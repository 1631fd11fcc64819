"""Which methods leave their object as it was, and which calls do not?

Without types the name of a method is all that there is. The names are those of pandas, NumPy, of
Python's own types, of Spark frames and of fitted models; a method that stands in no list and in
no class of the notebook may change its object.
"""

from __future__ import annotations

PURE = frozenset(
    """
    at iat iloc loc
    abs absolute add_categories add_prefix add_suffix agg aggregate align all any apply
    apply_index area argmax argmin argpartition argsort arrow as_integer_ratio as_ordered
    as_posix as_unit as_unordered as_uri asfreq asof asof_locs assign astimezone astype at_time
    autocorr background_gradient bar barh between between_time bfill bit_count bit_length box
    boxplot cache capitalize case_when casefold cat ceil center check_for_ordered choose clip
    collect combine combine_first compare compress concat conf_int conj conjugate contains
    convert_dtypes copy corr corrwith count cov createGlobalTempView
    createOrReplaceGlobalTempView createOrReplaceTempView createTempView crossJoin csv ctime
    cumcount cummax cummin cumprod cumsum cwd date day_name decision_function decode delete
    density describe df diagonal diff difference display distinct div divide divmod dot drop
    dropDuplicates drop_duplicates droplevel dropna dst dump dumps duplicated elements encode
    end endswith eq equals eval ewm exists expand expanding expandtabs expanduser explain
    explode export extract extractall factorize fetchdf fetchnumpy ffill fillna filter find
    findall finditer first first_valid_index flatten floor floordiv format format_index
    format_index_names format_map from_arrow from_bytes from_codes from_custom_template
    from_dict from_range from_records fromhex fromisocalendar fromisoformat fromkeys fromordinal
    fromtimestamp fullmatch ge get get_dummies get_feature_names_out get_group get_indexer
    get_indexer_for get_indexer_non_unique get_level_values get_loc get_params get_slice_bound
    get_text getfield glob group groupBy groupby groupdict groups gt head hex hexbin hide
    highlight_between highlight_max highlight_min highlight_null highlight_quantile hist home
    identical idxmax idxmin index infer_objects info interpolate intersect intersection
    inverse_transform is_ is_absolute is_block_device is_char_device is_dir is_fifo is_file
    is_integer is_mount is_relative_to is_reserved is_socket is_symlink isalnum isalpha isascii
    isdecimal isdigit isdisjoint isidentifier isin islower isna isnull isnumeric isocalendar
    isoformat isoweekday isprintable isspace issubset issuperset istitle isupper item items
    iterdir iterrows itertuples join joinpath kde keys kurt kurtosis last last_valid_index le
    len limit line link_to list ljust load lower lstat lstrip lt maketrans map map_index mask
    match max mean median melt memory_usage merge min mod mode month_name most_common mul
    multiply ne nearest ngroup nlargest nonzero normalize notna notnull now nsmallest nunique
    ohlc online option orderBy owner pad parquet pct_change persist pie pipe pivot pivot_table
    pl plot pow predict predict_log_proba predict_proba printSchema prod product putmask
    quantile query radd rank ravel rdiv rdivmod read_bytes read_text readlink registerTempTable
    reindex reindex_like relabel_index relative_to remove_categories remove_unused_categories
    removeprefix removesuffix rename rename_axis rename_categories reorder_categories
    reorder_levels repeat replace resample reset_index reshape resolve rfind rfloordiv rglob
    rindex rjust rmod rmul rolling round rpartition rpow rsplit rstrip rsub rtruediv samefile
    sample save saveAsTable savefig scanner scatter score search searchsorted select selectExpr
    select_dtypes sem set_axis set_caption set_categories set_flags set_index set_names
    set_ordered set_properties set_sticky set_table_attributes set_table_styles set_td_classes
    set_tooltips set_uuid shift show size skew slice slice_indexer slice_locs slice_replace
    sort_index sort_values sortlevel span split splitlines squeeze stack start startswith stat
    std strftime strip strptime struct sub subn sum summary swapaxes swapcase swaplevel
    symmetric_difference table tail take text_gradient time timestamp timetuple timetz title
    toPandas to_bytes to_clipboard to_csv to_datetime64 to_device to_dict to_excel to_feather
    to_flat_index to_frame to_hdf to_html to_iceberg to_image to_json to_julian_date to_latex
    to_list to_markdown to_numpy to_orc to_parquet to_period to_pickle to_pydatetime to_records
    to_series to_sql to_stata to_string to_timestamp to_typst to_xarray to_xml tobytes today
    tofile tolist toordinal total total_seconds trace transform translate transpose truediv
    truncate tz_convert tz_localize tzname union unionByName unique unstack upper use
    utcfromtimestamp utcnow utcoffset utctimetuple value_counts values var view weekday where
    withColumn withColumnRenamed with_name with_stem with_suffix wrap write_html write_image xs
    zfill
    """.split()
)

# Their result holds the same objects as what they are called on.
VIEWS = frozenset(
    "items values get keys iterrows itertuples iteritems most_common view reshape ravel flat "
    "swapaxes squeeze T loc iloc at iat".split()
)

# In pandas they give a new value, in a set, a dict or a list they change it: what counts is
# whether somebody takes the result.
BY_USE = frozenset("add remove update insert subtract discard".split())

# They put what they are given into their object.
STORES = frozenset(
    "append extend insert add appendleft extendleft update setdefault push put put_nowait "
    "register set __setitem__ setattr".split()
)

# They run a statement: what they change, the statement says.
RUN_SQL = frozenset(
    "sql query execute executescript executemany read_sql read_sql_query run_query".split()
)

# Function → the argument that it changes.
CHANGES_ARGUMENT = {
    "shuffle": 0, "heappush": 0, "heappop": 0, "heapify": 0, "heapreplace": 0, "heappushpop": 0,
    "insort": 0, "insort_left": 0, "insort_right": 0, "setattr": 0, "delattr": 0, "next": 0,
    "copyto": 0, "fill_diagonal": 0, "put": 0, "place": 0, "putmask": 0, "put_along_axis": 0,
    "setitem": 0, "delitem": 0, "iadd": 0, "dump": 1, "register_dataframe": 0,
}  # fmt: skip

# Keyword arguments through which a call writes.
CHANGES_KEYWORD = frozenset({"ax", "out", "file", "fp", "buf", "excel_writer"})

# Objects of these hand their elements on.
PASS_ON = frozenset(
    "enumerate zip map reversed sorted list tuple set iter next filter min max dict deque "
    "chain islice cycle getattr product combinations".split()
)

# Their result and their parts are one thing.
FIGURES = frozenset("subplots subplot_mosaic make_subplots".split())

# Random numbers drawn or set, for a call whose dotted name does not say so.
DRAWS_UNLESS_SEEDED = frozenset(
    """sample train_test_split KMeans RandomForestClassifier RandomForestRegressor ShuffleSplit
    SGDClassifier SGDRegressor MLPClassifier MLPRegressor TSNE make_classification make_blobs
    make_regression make_moons IsolationForest""".split()
)
OWN_GENERATOR = frozenset(
    "default_rng RandomState Generator SeedSequence Random SystemRandom".split()
)
