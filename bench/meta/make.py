"""Writes table.csv: n rows of 16 columns of numbers, 4 of categories and a class.

usage: python make.py FOLDER ROWS
"""
import sys

import numpy as np
import pandas as pd

folder, n = sys.argv[1], int(sys.argv[2])
rng = np.random.default_rng(1)
numbers = rng.normal(size=(n, 16))
numbers[:, 1:8] += numbers[:, :7]
columns = {f"x{j}": numbers[:, j] for j in range(16)}
columns |= {f"c{j}": rng.choice(np.array(list("abcde")), n) for j in range(4)}
columns["y"] = np.array(["p", "q", "r"])[(numbers[:, 0] > 0).astype(int) + (numbers[:, 5] > 1)]
pd.DataFrame(columns).to_csv(f"{folder}/table.csv", index=False)
