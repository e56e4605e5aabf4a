"""Writes rows.parquet: n rows of 9 fields, one in a thousand of them wrong in one field.

usage: python make.py FOLDER ROWS
"""
import sys

import numpy as np
import pandas as pd

folder, n = sys.argv[1], int(sys.argv[2])
rng = np.random.default_rng(1)
table = pd.DataFrame({
    "id": np.arange(1, n + 1),
    "email": [f"user{i}@example.org" for i in range(n)],
    "name": rng.choice(np.array(["Ann", "Björn", "Chloé", "Dmitri"]), n),
    "age": rng.integers(0, 100, n),
    "score": np.round(rng.random(n), 4),
    "balance": np.round(rng.normal(0, 1000, n), 2),
    "active": rng.random(n) < 0.5,
    "kind": rng.choice(np.array(["a", "b", "c"]), n),
    "day": pd.date_range("2020-01-01", periods=365).strftime("%Y-%m-%d").to_numpy()[rng.integers(0, 365, n)],
})
bad = np.arange(500, n, 1000)
for j, (column, value) in enumerate([("age", 200), ("email", "nobody"), ("score", 1.5), ("kind", "z")]):
    table.loc[bad[j::4], column] = value
table.to_parquet(f"{folder}/rows.parquet")
