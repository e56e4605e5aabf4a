"""Makes ge_suite.json: results of every core expectation of Great Expectations 1.24.1 (pandas engine) over one table, with several
parameters each; and values of scipy for the four expectations that it no longer offers.

usage: python make_ge_suite.py   (great_expectations and pandas as in the list of peers `gx`)
"""
import json
import math
import random
import warnings
from datetime import datetime
from pathlib import Path

import great_expectations as gx
import numpy as np
import pandas as pd
from dateutil.parser import parse as dateutil_parse
from great_expectations.expectations.registry import get_expectation_impl
from scipy import stats

warnings.filterwarnings("ignore")
rng = np.random.default_rng(11)
n = 48
x = np.round(rng.normal(10, 4, n), 1)
x[[3, 17, 30]] = np.nan
x[[5, 6, 7]] = 9.5
x[40] = 60
y = np.where(rng.random(n) < 0.5, x, np.round(rng.normal(10, 4, n), 1))
y[[3, 8]] = np.nan
wide = np.round(rng.standard_cauchy(n), 3)
wide[[1, 2]] = [np.inf, -np.inf]
wide[9] = np.nan
steps = np.floor(np.arange(n) / 3)
steps[[4, 20]] = np.nan
steps[33] = 2
words = [None if i % 11 == 4 else w for i, w in enumerate(rng.choice(["ab", "a.b", "Äpfel", "日本語", "x%y", "", "a\nb", "AB12"], n))]
days = ["2020-01-03", "3 Jan 2020", "2020-13-01", "tomorrow", "Jan 3rd, 2020 3:15pm", "20200103T101112", "31/12/2019", "12:30", "1", "2020", "a", "10 am", "May", "2020-02-30", "99-01-01", "2020-01-03T10:11:12.5+02:00", "Thu Sep 25 10:36:28 2003", "13h30", "2003-09-25T10:49:41", "10h36m28.5s", "0:00PM, PST"]
dates = pd.date_range("2019-12-30", periods=n, freq="36h").to_series().reset_index(drop=True)
dates[[2, 12]] = pd.NaT
jsons = ['{"a": 1}', "[1, 2]", "{a: 1}", "null", "3", '"x"', '{"a": "x", "b": [1, 2, 3]}', '{"a": -1}', "[1,]", "NaN", "", '{"a": 1.0}']
frame = pd.DataFrame(
    {
        "id": np.arange(1, n + 1),
        "x": x,
        "y": y,
        "wide": wide,
        "steps": steps,
        "word": pd.Series(words, dtype=object),
        "kind": pd.Series(rng.choice(["a", "b", "c"], n, p=[0.5, 0.3, 0.2]), dtype=object),
        "day": pd.Series([None if i % 13 == 6 else days[i % len(days)] for i in range(n)], dtype=object),
        "iso": pd.Series([f"20{i % 30:02d}-{i % 12 + 1:02d}-{i % 31 + 1:02d}" for i in range(n)], dtype=object),
        "when": dates,
        "doc": pd.Series([None if i % 9 == 8 else jsons[i % len(jsons)] for i in range(n)], dtype=object),
        "valid": pd.Series([jsons[[0, 1, 3, 4, 5, 6, 7, 11][i % 8]] for i in range(n)], dtype=object),
        "a": rng.integers(0, 3, n),
        "b": rng.integers(0, 3, n),
        "c": rng.integers(0, 3, n),
        "none": np.full(n, np.nan),
        "same": np.full(n, 4.0),
        "flag": rng.random(n) < 0.7,
    }
)
twos = pd.DataFrame({"p": np.where(rng.random(n) < 0.3, np.nan, rng.integers(0, 3, n)), "q": np.where(rng.random(n) < 0.3, np.nan, rng.integers(0, 3, n)), "r": np.where(rng.random(n) < 0.3, np.nan, rng.integers(0, 3, n))})
twos.loc[[0, 1], :] = np.nan
frame = pd.concat([frame, twos], axis=1)

context = gx.get_context(mode="ephemeral")
batch = context.data_sources.add_pandas("p").add_dataframe_asset("a").add_batch_definition_whole_dataframe("b").get_batch({"dataframe": frame})

C, V = "expect_column_", "expect_column_values_to_"
BETWEEN = ["max", "mean", "median", "min", "stdev", "sum", "unique_value_count", "proportion_of_unique_values", "proportion_of_non_null_values"]
cond = {"type": "comparison", "column": {"name": "kind"}, "operator": "==", "parameter": "a"}
both = {"type": "and", "conditions": [cond, {"type": "comparison", "column": {"name": "id"}, "operator": ">", "parameter": 10}]}
either = {"type": "or", "conditions": [cond, {"type": "nullity", "column": {"name": "x"}, "is_null": True}]}
isin = {"type": "comparison", "column": {"name": "kind"}, "operator": "IN", "parameter": ["a", "c"]}
GREAT = {"condition_parser": "great_expectations"}
PANDAS = {"condition_parser": "pandas"}
cases = [
    (V + "be_between", {"column": "x", "min_value": 5, "max_value": 15}),
    (V + "be_between", {"column": "x", "min_value": 9.5, "max_value": 15, "strict_min": True}),
    (V + "be_between", {"column": "x", "max_value": 9.5, "strict_max": True, "mostly": 0.3}),
    (V + "be_between", {"column": "x", "min_value": -100, "max_value": 100}),
    (V + "be_between", {"column": "wide", "min_value": -3, "max_value": 3, "mostly": 0.8}),
    (V + "be_between", {"column": "none", "min_value": 0}),
    (V + "be_between", {"column": "x", "min_value": 5, "row_condition": 'kind == "a"', **PANDAS}),
    (V + "be_between", {"column": "x", "min_value": 5, "row_condition": 'id > 10 and (kind == "a" or kind == "b")', **PANDAS}),
    (V + "be_between", {"column": "x", "min_value": 5, "row_condition": "y >= 8 and not (id == 12)", **PANDAS}),
    (V + "be_between", {"column": "x", "min_value": 8, "row_condition": cond}),
    (V + "be_between", {"column": "x", "min_value": 8, "row_condition": both}),
    (V + "be_between", {"column": "x", "min_value": 8, "row_condition": either}),
    (V + "be_between", {"column": "x", "min_value": 8, "row_condition": isin}),
    (V + "be_in_set", {"column": "kind", "value_set": ["a", "b"]}),
    (V + "be_in_set", {"column": "kind", "value_set": ["a", "b"], "mostly": 0.5}),
    (V + "be_in_set", {"column": "kind", "value_set": []}),
    (V + "be_in_set", {"column": "a", "value_set": [0.0, 1, 2]}),
    (V + "be_in_set", {"column": "a", "value_set": [0, "1", 2]}),
    (V + "be_in_set", {"column": "x", "value_set": [9.5, 60]}),
    (V + "not_be_in_set", {"column": "kind", "value_set": ["c"]}),
    (V + "not_be_in_set", {"column": "kind", "value_set": []}),
    (V + "not_be_in_set", {"column": "word", "value_set": ["日本語", ""]}),
    (V + "be_null", {"column": "x"}),
    (V + "be_null", {"column": "none"}),
    (V + "be_null", {"column": "word", "mostly": 0.05}),
    (V + "not_be_null", {"column": "x"}),
    (V + "not_be_null", {"column": "x", "mostly": 0.9}),
    (V + "not_be_null", {"column": "when"}),
    (V + "be_unique", {"column": "id"}),
    (V + "be_unique", {"column": "x"}),
    (V + "be_unique", {"column": "word", "mostly": 0.1}),
    (V + "be_increasing", {"column": "steps"}),
    (V + "be_increasing", {"column": "steps", "strictly": True}),
    (V + "be_increasing", {"column": "id", "strictly": True}),
    (V + "be_increasing", {"column": "x", "mostly": 0.4}),
    (V + "be_decreasing", {"column": "steps"}),
    (V + "be_decreasing", {"column": "x", "strictly": True, "mostly": 0.4}),
    (V + "be_of_type", {"column": "x", "type_": "float64"}),
    (V + "be_of_type", {"column": "x", "type_": "int64"}),
    (V + "be_of_type", {"column": "id", "type_": "int"}),
    (V + "be_of_type", {"column": "id", "type_": "int64"}),
    (V + "be_of_type", {"column": "flag", "type_": "bool"}),
    (V + "be_in_type_list", {"column": "x", "type_list": ["int64", "float64"]}),
    (V + "be_in_type_list", {"column": "id", "type_list": ["float64", "str"]}),
    (V + "be_in_type_list", {"column": "kind", "type_list": ["str", "int"]}),
    (C + "value_lengths_to_be_between", {"column": "word", "min_value": 2, "max_value": 3}),
    (C + "value_lengths_to_be_between", {"column": "word", "min_value": 0, "strict_min": True, "mostly": 0.8}),
    (C + "value_lengths_to_be_between", {"column": "word", "max_value": 5, "strict_max": True}),
    (C + "value_lengths_to_equal", {"column": "word", "value": 3}),
    (C + "value_lengths_to_equal", {"column": "kind", "value": 1}),
    (V + "match_regex", {"column": "word", "regex": "^a"}),
    (V + "match_regex", {"column": "word", "regex": "a.b"}),
    (V + "match_regex", {"column": "word", "regex": "(?s)a.b|[A-Zx]|^$|日|ab"}),
    (V + "match_regex", {"column": "word", "regex": r"^\w+$", "mostly": 0.4}),
    (V + "match_regex", {"column": "word", "regex": "(?=a)a(?!b)", "mostly": 0.1}),
    (V + "not_match_regex", {"column": "word", "regex": "%"}),
    (V + "not_match_regex", {"column": "kind", "regex": "z"}),
    (V + "match_regex_list", {"column": "word", "regex_list": ["^a", "b$"]}),
    (V + "match_regex_list", {"column": "word", "regex_list": ["^a", "b$"], "match_on": "all", "mostly": 0.3}),
    (V + "not_match_regex_list", {"column": "word", "regex_list": ["%", "\\d"]}),
    (V + "match_strftime_format", {"column": "iso", "strftime_format": "%Y-%m-%d"}),
    (V + "match_strftime_format", {"column": "iso", "strftime_format": "%d/%m/%Y"}),
    (V + "match_strftime_format", {"column": "iso", "strftime_format": "%Y-%m-%d", "mostly": 0.9}),
    (V + "be_dateutil_parseable", {"column": "day"}),
    (V + "be_dateutil_parseable", {"column": "iso", "mostly": 0.9}),
    (V + "be_json_parseable", {"column": "doc"}),
    (V + "be_json_parseable", {"column": "valid"}),
    (V + "match_json_schema", {"column": "valid", "json_schema": {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer", "minimum": 0}}}}),
    (V + "match_json_schema", {"column": "valid", "json_schema": {"anyOf": [{"type": "array", "items": {"type": "number"}}, {"type": ["null", "string", "number"]}, {"properties": {"b": {"minItems": 3}}, "additionalProperties": {"type": ["number", "string"]}}]}, "mostly": 0.7}),
    (C + "value_z_scores_to_be_less_than", {"column": "x", "threshold": 1, "double_sided": True}),
    (C + "value_z_scores_to_be_less_than", {"column": "x", "threshold": 1.5, "double_sided": False, "mostly": 0.9}),
    (C + "value_z_scores_to_be_less_than", {"column": "same", "threshold": 1, "double_sided": True}),
    (V + "not_be_outliers", {"column": "x"}),
    (V + "not_be_outliers", {"column": "x", "method": "std", "multiplier": 1}),
    (V + "not_be_outliers", {"column": "same", "method": "std", "multiplier": 1}),
    (V + "not_be_outliers", {"column": "wide", "multiplier": 3, "mostly": 0.5}),
    (V + "not_be_outliers", {"column": "steps", "multiplier": 0.1}),
]
for what in BETWEEN:
    column = "x"
    cases.append((f"{C}{what}_to_be_between", {"column": column, "min_value": 0, "max_value": 20}))
    cases.append((f"{C}{what}_to_be_between", {"column": column, "min_value": 0.9, "max_value": 1.1}))
    cases.append((f"{C}{what}_to_be_between", {"column": "same", "min_value": 4, "strict_min": True}))
    cases.append((f"{C}{what}_to_be_between", {"column": "none", "max_value": 1}))
    cases.append((f"{C}{what}_to_be_between", {"column": column, "max_value": 500, "row_condition": 'kind == "b"', **PANDAS}))
cases += [
    (C + "max_to_be_between", {"column": "wide", "max_value": 10}),
    (C + "mean_to_be_between", {"column": "wide", "max_value": 10}),
    (C + "sum_to_be_between", {"column": "a", "min_value": 1}),
    (C + "unique_value_count_to_be_between", {"column": "word", "min_value": 3, "max_value": 9}),
    (C + "quantile_values_to_be_between", {"column": "x", "quantile_ranges": {"quantiles": [0.1, 0.25, 0.5, 0.9], "value_ranges": [[0, 7], [5, 9], [None, 11], [10, None]]}}),
    (C + "quantile_values_to_be_between", {"column": "x", "quantile_ranges": {"quantiles": [0.0, 0.5, 1.0], "value_ranges": [[0, 1], [5, 9], [60.001, 61]]}}),
    (C + "quantile_values_to_be_between", {"column": "x", "quantile_ranges": {"quantiles": [0.3], "value_ranges": [[5, 15]]}, "allow_relative_error": "linear"}),
    (C + "quantile_values_to_be_between", {"column": "x", "quantile_ranges": {"quantiles": [0.3, 0.71], "value_ranges": [[5, 15], [5, 15]]}, "allow_relative_error": "midpoint"}),
    (C + "quantile_values_to_be_between", {"column": "x", "quantile_ranges": {"quantiles": [0.3, 0.71], "value_ranges": [[5, 15], [5, 6]]}, "allow_relative_error": "lower"}),
    (C + "most_common_value_to_be_in_set", {"column": "kind", "value_set": ["a"]}),
    (C + "most_common_value_to_be_in_set", {"column": "kind", "value_set": ["b"]}),
    (C + "most_common_value_to_be_in_set", {"column": "id", "value_set": [1, 2]}),
    (C + "most_common_value_to_be_in_set", {"column": "id", "value_set": [1, 2], "ties_okay": True}),
    (C + "distinct_values_to_be_in_set", {"column": "kind", "value_set": ["a", "b"]}),
    (C + "distinct_values_to_be_in_set", {"column": "kind", "value_set": ["a", "b", "c", "d"]}),
    (C + "distinct_values_to_contain_set", {"column": "kind", "value_set": ["a", "z"]}),
    (C + "distinct_values_to_contain_set", {"column": "a", "value_set": [0, 1.0]}),
    (C + "distinct_values_to_equal_set", {"column": "kind", "value_set": ["a", "b", "c"]}),
    (C + "distinct_values_to_equal_set", {"column": "kind", "value_set": ["a", "z"]}),
    (C + "distinct_values_to_equal_set", {"column": "word", "value_set": ["ab"]}),
    (C + "kl_divergence_to_be_less_than", {"column": "kind", "partition_object": {"values": ["a", "b", "c"], "weights": [0.4, 0.4, 0.2]}, "threshold": 0.1}),
    (C + "kl_divergence_to_be_less_than", {"column": "kind", "partition_object": {"values": ["a", "b"], "weights": [0.5, 0.5]}, "threshold": 0.1}),
    (C + "kl_divergence_to_be_less_than", {"column": "kind", "partition_object": {"values": ["a", "d"], "weights": [0.5, 0.5]}, "threshold": 2, "tail_weight_holdout": 0.2}),
    (C + "kl_divergence_to_be_less_than", {"column": "x", "partition_object": {"bins": [0, 5, 10, 15, 20], "weights": [0.1, 0.4, 0.4, 0.1]}, "threshold": 0.2, "tail_weight_holdout": 0.02}),
    (C + "kl_divergence_to_be_less_than", {"column": "x", "partition_object": {"bins": [0, 5, 10, 15, 20], "weights": [0.1, 0.5, 0.4, 0.0]}, "threshold": 0.2, "tail_weight_holdout": 0.02, "internal_weight_holdout": 0.02}),
    (C + "kl_divergence_to_be_less_than", {"column": "x", "partition_object": {"bins": [0, 5, 10, 15, 20], "weights": [0.1, 0.4, 0.4, 0.1]}, "threshold": 0.2}),
    (C + "kl_divergence_to_be_less_than", {"column": "x", "partition_object": {"bins": [5, 9.5, 15], "weights": [0.4, 0.4], "tail_weights": [0.1, 0.1]}, "threshold": 0.2}),
    (C + "kl_divergence_to_be_less_than", {"column": "x", "partition_object": {"bins": [-math.inf, 5, 9.5, 15, math.inf], "weights": [0.1, 0.4, 0.4, 0.1]}, "threshold": 0.2}),
    (C + "kl_divergence_to_be_less_than", {"column": "x", "partition_object": {"bins": [-math.inf, 9.5, 15], "weights": [0.5, 0.5]}, "threshold": 0.2, "tail_weight_holdout": 0.1}),
    (C + "pair_values_a_to_be_greater_than_b", {"column_A": "x", "column_B": "y"}),
    (C + "pair_values_a_to_be_greater_than_b", {"column_A": "x", "column_B": "y", "or_equal": True, "mostly": 0.5}),
    (C + "pair_values_a_to_be_greater_than_b", {"column_A": "p", "column_B": "q", "ignore_row_if": "either_value_is_missing"}),
    (C + "pair_values_a_to_be_greater_than_b", {"column_A": "p", "column_B": "q", "ignore_row_if": "neither"}),
    (C + "pair_values_to_be_equal", {"column_A": "p", "column_B": "q"}),
    (C + "pair_values_to_be_equal", {"column_A": "p", "column_B": "q", "ignore_row_if": "either_value_is_missing", "mostly": 0.2}),
    (C + "pair_values_to_be_equal", {"column_A": "p", "column_B": "q", "ignore_row_if": "neither"}),
    (C + "pair_values_to_be_in_set", {"column_A": "a", "column_B": "b", "value_pairs_set": [[0, 0], [0, 1], [1, 2]]}),
    (C + "pair_values_to_be_in_set", {"column_A": "p", "column_B": "q", "value_pairs_set": [[0, 0], [1, None], [2, 2]], "mostly": 0.2}),
    (C + "pair_values_to_be_in_set", {"column_A": "p", "column_B": "q", "value_pairs_set": [[0, 0], [2, 2]], "ignore_row_if": "either_value_is_missing"}),
    ("expect_compound_columns_to_be_unique", {"column_list": ["a", "b"]}),
    ("expect_compound_columns_to_be_unique", {"column_list": ["id", "b"]}),
    ("expect_compound_columns_to_be_unique", {"column_list": ["p", "q", "r"]}),
    ("expect_compound_columns_to_be_unique", {"column_list": ["p", "q", "r"], "ignore_row_if": "any_value_is_missing"}),
    ("expect_compound_columns_to_be_unique", {"column_list": ["p", "q", "r"], "ignore_row_if": "never", "mostly": 0.1}),
    ("expect_select_column_values_to_be_unique_within_record", {"column_list": ["a", "b", "c"]}),
    ("expect_select_column_values_to_be_unique_within_record", {"column_list": ["p", "q", "r"]}),
    ("expect_select_column_values_to_be_unique_within_record", {"column_list": ["p", "q", "r"], "ignore_row_if": "any_value_is_missing", "mostly": 0.1}),
    ("expect_select_column_values_to_be_unique_within_record", {"column_list": ["p", "q", "r"], "ignore_row_if": "never"}),
    ("expect_multicolumn_sum_to_equal", {"column_list": ["a", "b", "c"], "sum_total": 3}),
    ("expect_multicolumn_sum_to_equal", {"column_list": ["p", "q", "r"], "sum_total": 2, "mostly": 0.1}),
    ("expect_multicolumn_sum_to_equal", {"column_list": ["p", "q", "r"], "sum_total": 2, "ignore_row_if": "any_value_is_missing"}),
    ("expect_multicolumn_sum_to_equal", {"column_list": ["p", "q", "r"], "sum_total": 0, "ignore_row_if": "never"}),
    ("expect_multicolumn_values_to_be_equal", {"column_list": ["a", "b"]}),
    ("expect_multicolumn_values_to_be_equal", {"column_list": ["p", "q", "r"], "mostly": 0.01}),
    ("expect_multicolumn_values_to_be_equal", {"column_list": ["p", "q", "r"], "ignore_row_if": "never"}),
    (C + "to_exist", {"column": "x"}),
    (C + "to_exist", {"column": "nope"}),
    (C + "to_exist", {"column": "x", "column_index": 1}),
    (C + "to_exist", {"column": "x", "column_index": 2}),
    (C + "type_to_be", {"column": "x", "type_": "float64"}),
    (C + "type_to_be", {"column": "x", "type_": "int64"}),
    ("expect_table_row_count_to_be_between", {"min_value": 10, "max_value": 50}),
    ("expect_table_row_count_to_be_between", {"min_value": 48, "strict_min": True}),
    ("expect_table_row_count_to_be_between", {"max_value": 30, "row_condition": 'kind == "a"', **PANDAS}),
    ("expect_table_row_count_to_equal", {"value": 48}),
    ("expect_table_row_count_to_equal", {"value": 47}),
    ("expect_table_column_count_to_be_between", {"min_value": 1, "max_value": 30}),
    ("expect_table_column_count_to_be_between", {"max_value": 3}),
    ("expect_table_column_count_to_equal", {"value": 21}),
    ("expect_table_column_count_to_equal", {"value": 2}),
    ("expect_table_columns_to_match_ordered_list", {"column_list": list(frame.columns)}),
    ("expect_table_columns_to_match_ordered_list", {"column_list": ["x", "id"]}),
    ("expect_table_columns_to_match_set", {"column_set": list(reversed(frame.columns))}),
    ("expect_table_columns_to_match_set", {"column_set": ["id", "nope"]}),
    ("expect_table_columns_to_match_set", {"column_set": ["id", "x"], "exact_match": False}),
]


def plain(value):
    if value is None or value is pd.NaT:
        return None
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, np.ndarray, pd.Series)):
        return [plain(v) for v in value]
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return None if math.isnan(value) else float(value) if math.isfinite(value) else str(float(value)).replace("inf", "Infinity")
    return value if isinstance(value, str) else str(value)


KEPT = ["element_count", "missing_count", "missing_percent", "unexpected_count", "unexpected_percent", "unexpected_percent_total", "unexpected_percent_nonmissing",
        "partial_unexpected_list", "partial_unexpected_counts", "unexpected_index_list", "observed_value", "partial_missing_list"]
out = []
for kind, kwargs in cases:
    result = batch.validate(get_expectation_impl(kind)(**kwargs), result_format={"result_format": "COMPLETE", "partial_unexpected_count": 8})
    error = None
    if not result.success and not result.result:
        info = result.exception_info
        infos = [info] if "raised_exception" in info else list(info.values())
        if any(i["raised_exception"] for i in infos):
            error = str(infos[0]["exception_message"])[:200]
    kept = {k: plain(v) for k, v in result.result.items() if k in KEPT}
    if "unexpected_index_list" in kept and len(kept["unexpected_index_list"] or []) > 8:
        kept["unexpected_index_list"] = kept["unexpected_index_list"][:8]
    details = result.result.get("details", {})
    if "success_details" in details:
        kept["success_details"] = plain(details["success_details"])
    if "mismatched" in details:
        kept["mismatched"] = plain(details["mismatched"])
    out.append({"type": kind, "kwargs": plain(kwargs), "success": bool(result.success), "result": kept} | ({"error": error} if error else {}))

# what Great Expectations offered before 1.0
removed = []
counts = frame.kind.value_counts()
for weights, holdout in (([0.5, 0.3, 0.2], 0), ([0.2, 0.3, 0.5], 0)):
    expected = np.array(weights) * len(frame)
    removed.append({"type": C + "chisquare_test_p_value_to_be_greater_than", "kwargs": {"column": "kind", "partition_object": {"values": ["a", "b", "c"], "weights": weights}, "p": 0.05},
                    "observed": float(stats.chisquare([counts["a"], counts["b"], counts["c"]], expected).pvalue)})
for column, distribution, params in (("x", "norm", [10, 4]), ("x", "norm", [11, 6]), ("x", "uniform", [-5, 70]), ("id", "gamma", [2, 0, 10]), ("id", "chi2", [20]), ("id", "expon", [0, 24]), ("id", "beta", [1, 1, 0, 50])):
    value = stats.kstest(frame[column].dropna(), distribution, args=params).pvalue
    removed.append({"type": C + "parameterized_distribution_ks_test_p_value_to_be_greater_than", "kwargs": {"column": column, "distribution": distribution, "params": params, "p_value": 0.05}, "observed": float(value)})
for a, b, more, columns in (("a", "b", {}, (frame.a, frame.b)), ("flag", "kind", {}, (frame.flag, frame.kind)), ("x", "a", {"n_bins_A": 4}, (pd.cut(frame.x, 4), frame.a)), ("x", "flag", {"bins_A": [0, 10, 100]}, (pd.cut(frame.x, [0, 10, 100]), frame.flag))):
    table = pd.crosstab(*columns)
    chi2 = stats.chi2_contingency(table)[0]
    removed.append({"type": C + "pair_cramers_phi_value_to_be_less_than", "kwargs": {"column_A": a, "column_B": b, "threshold": 0.1, **more}, "observed": float(max(min(math.sqrt(chi2 / table.values.sum() / (min(table.shape) - 1)), 1), 0))})
# the distribution of the bootstrap's result depends on its draws: the probability that a small sample passes, by many draws
partition = {"bins": [0.0, 6.0, 10.0, 14.0, 61.0], "weights": [0.15, 0.35, 0.35, 0.15]}
cdf = np.append([0], np.cumsum(partition["weights"]))
values = frame.x.dropna().to_numpy()
passes = [stats.kstest(rng.choice(values, size=8), lambda t: np.interp(t, partition["bins"], cdf)).pvalue >= 0.05 for _ in range(4000)]
removed.append({"type": C + "bootstrapped_ks_test_p_value_to_be_greater_than", "kwargs": {"column": "x", "partition_object": partition, "p": 0.05, "bootstrap_samples": 2000}, "observed": float(np.mean(passes)), "within": 0.04})

# texts of dates of all kinds, and whether dateutil reads them (an offset of a day or more is no zone for us, so there are none)
pieces = ["2020", "20", "1", "12", "31", "13", "99", "0", "2003", "Jan", "February", "sept", "Mon", "friday", "am", "pm", "a", "3pm", "10:30", "10:30:15", "10:30:15.25", "T", "Z", "UTC", "+3", "+03:00", "-0300", "EST", "of", "at", "st",
          "3rd", "1st", "-", "/", ".", ",", " ", ":", "20200103", "200103", "20200103T1015", "10h", "10h30", "15s", "2020-01-03", "01/02/2003", "31.12.2019", "Jan-03", "foo", "x1", "1,234", "(", "'"]
draw = random.Random(7)
texts = sorted({draw.choice(["", " ", " ", "-", "/"]).join(draw.choice(pieces) for _ in range(draw.randint(1, 4))) for _ in range(420)})


def readable(text):
    try:
        dateutil_parse(text, default=datetime(2000, 1, 31))
        return True
    except Exception:
        return False


dates = {"yes": [t for t in texts if readable(t)], "no": [t for t in texts if not readable(t)]}

rows = [{k: plain(v) for k, v in row.items()} for row in frame.to_dict(orient="records")]
text = json.dumps({"rows": rows, "cases": out, "removed": removed, "dates": dates}, ensure_ascii=False)
Path(__file__).with_name("ge_suite.json").write_text(text + "\n")
