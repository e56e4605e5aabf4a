"""Writes table.parquet: n rows of 12 columns of numbers, 6 of texts and 2 of moments; and suite.json, the expectations of both sides.

usage: python make.py FOLDER ROWS
"""
import json
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

folder, n = sys.argv[1], int(sys.argv[2])
STEP = 1_000_000


def part(start, size):
    rng = np.random.default_rng(start)
    columns = {"id": np.arange(start, start + size)}
    columns |= {f"normal{i}": np.where(rng.random(size) < 0.02, np.nan, rng.normal(0, 1, size)) for i in range(5)}
    columns |= {f"price{i}": np.round(rng.exponential(40, size), 2) for i in range(4)}
    columns |= {f"count{i}": rng.poisson(3 + 20 * i, size) for i in range(2)}
    letters = np.array(["DE", "IN", "US", "FR", "JP", "BR"])
    columns |= {f"country{i}": rng.choice(letters, size) for i in range(2)}
    columns["code"] = np.char.add(np.char.add(rng.choice(letters, size), "-"), rng.integers(1000, 9999, size).astype(str))
    columns["place"] = rng.choice(np.array([f"place {j}" for j in range(500)]), size)
    columns["email"] = np.char.add(rng.integers(0, 10**6, size).astype(str), "@example.org")
    columns["answer"] = rng.choice(np.array(["yes", "no"]), size)
    columns["made"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 86400 * 365, size), unit="s")
    columns["sent"] = columns["made"] + pd.to_timedelta(rng.integers(0, 86400 * 9, size), unit="s")
    return pd.DataFrame(columns)


writer = None
for start in range(0, n, STEP):
    table = pa.Table.from_pandas(part(start, min(STEP, n - start)), preserve_index=False)
    writer = writer or pq.ParquetWriter(f"{folder}/table.parquet", table.schema)
    writer.write_table(table)
writer.close()

C, V = "expect_column_", "expect_column_values_to_"
expectations = [
    (V + "not_be_null", {"column": "id"}),
    (V + "be_unique", {"column": "id"}),
    (V + "not_be_null", {"column": "normal0", "mostly": 0.95}),
    (V + "be_between", {"column": "normal1", "min_value": -6, "max_value": 6}),
    (V + "be_between", {"column": "price0", "min_value": 0, "max_value": 400, "mostly": 0.999}),
    (V + "be_between", {"column": "price1", "min_value": 0, "max_value": 300}),
    (V + "be_in_set", {"column": "country0", "value_set": ["DE", "IN", "US", "FR", "JP", "BR"]}),
    (V + "be_in_set", {"column": "country1", "value_set": ["DE", "IN", "US"], "mostly": 0.4}),
    (V + "match_regex", {"column": "code", "regex": "^[A-Z]{2}-[0-9]{4}$"}),
    (V + "match_regex", {"column": "email", "regex": "@example"}),
    (C + "value_lengths_to_be_between", {"column": "place", "min_value": 7, "max_value": 9}),
    (C + "mean_to_be_between", {"column": "price2", "min_value": 35, "max_value": 45}),
    (C + "median_to_be_between", {"column": "price3", "min_value": 20, "max_value": 35}),
    (C + "stdev_to_be_between", {"column": "normal2", "min_value": 0.9, "max_value": 1.1}),
    (C + "max_to_be_between", {"column": "count0", "max_value": 100}),
    (C + "quantile_values_to_be_between", {"column": "normal3", "quantile_ranges": {"quantiles": [0.05, 0.95], "value_ranges": [[-2, -1.5], [1.5, 2]]}}),
    (C + "unique_value_count_to_be_between", {"column": "place", "min_value": 500, "max_value": 500}),
    (C + "distinct_values_to_equal_set", {"column": "answer", "value_set": ["yes", "no"]}),
    (C + "pair_values_a_to_be_greater_than_b", {"column_A": "sent", "column_B": "made", "or_equal": True}),
    ("expect_table_row_count_to_be_between", {"min_value": 1}),
]
with open(f"{folder}/suite.json", "w") as file:
    json.dump({"name": "bench", "expectations": [{"type": t, "kwargs": k} for t, k in expectations]}, file)
