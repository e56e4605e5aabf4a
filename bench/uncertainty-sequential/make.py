"""Writes columns of float64 numbers: a stream of scores, and one of p-values.

usage: python make.py FOLDER SCORES P_VALUES
"""
import sys

import numpy as np

folder, scores, p_values = sys.argv[1], *map(int, sys.argv[2:])
rng = np.random.default_rng(3)
rng.normal(size=scores).tofile(f"{folder}/score.f64")
(rng.uniform(size=p_values) ** 1.1).tofile(f"{folder}/p.f64")
