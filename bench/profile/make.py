"""Writes large.parquet (rows x 20) and small.parquet (a tenth of the rows) into a folder, and days/ with one file a day.

usage: python make.py FOLDER ROWS DAYS
"""
import os
import sys

import numpy as np
import pandas as pd


def table(n, seed):
    rng = np.random.default_rng(seed)
    columns = {f"normal{i}": rng.normal(i, 1, n) for i in range(4)}
    columns |= {f"price{i}": np.round(rng.exponential(20 * (i + 1), n), 2) for i in range(3)}
    columns |= {f"count{i}": rng.poisson(3 + i * 20, n) for i in range(3)}
    columns["linked"] = columns["normal0"] * 2 + rng.normal(0, 1, n)
    columns["holes"] = np.where(rng.random(n) < 0.1, np.nan, rng.normal(0, 1, n))
    letters = np.array(list("abcdef"))
    columns |= {f"kind{i}": rng.choice(letters, n, p=[0.3, 0.2, 0.2, 0.1, 0.1, 0.1]) for i in range(3)}
    columns["place"] = rng.choice(np.array([f"k{j}" for j in range(60)]), n)
    columns["answer"] = rng.choice(np.array(["yes", "no"]), n)
    columns["code"] = np.char.add(np.char.add("AB-", rng.integers(0, 5000, n).astype(str)), "x")
    columns["flag"] = rng.random(n) < 0.3
    columns["when"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 86400 * 365, n), unit="s")
    return pd.DataFrame(columns)


folder, n, days = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
large = table(n, 1)
large["when"] = large["when"].astype("datetime64[ns]")
large.to_parquet(f"{folder}/large.parquet")
large.head(n // 10).to_parquet(f"{folder}/small.parquet")
os.mkdir(f"{folder}/days")
for day in range(days):
    large.iloc[day * n // days : (day + 1) * n // days].to_parquet(f"{folder}/days/{day:03}.parquet")
