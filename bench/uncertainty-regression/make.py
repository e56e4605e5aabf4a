"""Writes columns of doubles that both sides read (y, prediction, groups, features, quantiles).

usage: python make.py FOLDER ROWS
"""
import sys

import numpy as np

folder, n = sys.argv[1], int(sys.argv[2])
rng = np.random.default_rng(1)


def write(name, values):
    np.ascontiguousarray(values, dtype=np.float64).tofile(f"{folder}/{name}.f64")


prediction = rng.normal(size=2 * n)
write("prediction", prediction)
write("y", prediction + rng.normal(size=2 * n))
write("group", rng.integers(0, 1000, 2 * n))
x = rng.normal(size=(40_000, 4))
write("x", x)
write("label", x @ [1.0, -2.0, 0.5, 0.0] + rng.normal(size=40_000))

# ten times the rows, with quantiles that a model may have told
middle = rng.normal(size=10 * n)
write("truth", middle + rng.normal(size=10 * n))
write("low", middle - 1.5)
write("high", middle + 1.5)
