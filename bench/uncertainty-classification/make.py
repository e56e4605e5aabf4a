"""Writes columns of doubles that both sides read: probabilities of 100 and of 10 classes, and labels drawn from them.

usage: python make.py FOLDER ROWS
"""
import sys

import numpy as np
from scipy.special import softmax

folder, n = sys.argv[1], int(sys.argv[2])
rng = np.random.default_rng(2)


def write(name, values):
    np.ascontiguousarray(values, dtype=np.float64).tofile(f"{folder}/{name}.f64")


def labels(p):
    return (p.cumsum(1) < rng.uniform(size=(len(p), 1))).sum(1).clip(0, p.shape[1] - 1)


wide = softmax(rng.normal(size=(2 * n, 100)) * 2, 1)
narrow = softmax(rng.normal(size=(4 * n, 10)) * 1.5, 1)
write("wide", wide)
write("wideLabel", labels(wide))
write("narrow", narrow)
write("narrowLabel", labels(narrow))
