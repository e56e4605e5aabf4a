"""Writes columns of doubles that both sides read: a stream, and rows with features and scores.

usage: python make.py FOLDER STEPS ROWS
"""

import sys

import numpy as np

folder, steps, n = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
rng = np.random.default_rng(1)


def write(name, values):
    np.ascontiguousarray(values, dtype=np.float64).tofile(f"{folder}/{name}.f64")


prediction = rng.normal(size=steps + 1000)
write("prediction", prediction)
write("y", prediction + rng.normal(size=steps + 1000))
x = rng.normal(size=(n + 200, 5))
x[:, 0] = 1
write("features", x)
write("scores", np.abs((1 + np.abs(x[:, 1])) * rng.normal(size=n + 200)))
