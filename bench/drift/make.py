"""Writes reference.parquet and current.parquet: n rows of 12 columns of numbers and 5 of categories each.

usage: python make.py FOLDER ROWS
"""
import sys

import numpy as np
import pandas as pd


def table(n, seed, shift):
    rng = np.random.default_rng(seed)
    columns = {f"normal{i}": rng.normal(shift * (i % 2), 1, n) for i in range(6)}
    columns |= {f"price{i}": np.round(rng.exponential(1 + shift, n), 2) for i in range(3)}
    columns |= {f"count{i}": rng.poisson(3 + i * 20, n) for i in range(3)}
    letters = np.array(list("abcdef"))
    columns |= {f"kind{i}": rng.choice(letters, n, p=[0.3, 0.2, 0.2, 0.1, 0.1, 0.1]) for i in range(3)}
    columns["place"] = rng.choice(np.array([f"k{j}" for j in range(60)]), n)
    columns["answer"] = rng.choice(np.array(["yes", "no"]), n)
    return pd.DataFrame(columns)


folder, n = sys.argv[1], int(sys.argv[2])
table(n, 1, 0).to_parquet(f"{folder}/reference.parquet")
table(n, 2, 0.05).to_parquet(f"{folder}/current.parquet")
