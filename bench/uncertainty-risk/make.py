"""Writes columns of float64 numbers: scores and labels (binary), probabilities and labels of 20 classes, losses at 50 thresholds.

usage: python make.py FOLDER BINARY_ROWS LABEL_ROWS LOSS_ROWS
"""
import sys

import numpy as np

folder, binary, multilabel, losses = sys.argv[1], *map(int, sys.argv[2:])
rng = np.random.default_rng(1)


def write(name, values):
    values.astype(np.float64).tofile(f"{folder}/{name}.f64")


score = rng.uniform(size=binary)
write("score", score)
write("label", rng.uniform(size=binary) < score)
proba = rng.beta(1, 3, size=(multilabel, 20))
labels = rng.uniform(size=proba.shape) < proba
labels[~labels.any(1), 0] = True
write("proba", proba)
write("labels", labels)
u = rng.beta(2, 2, size=losses)[:, None]
write("losses", np.clip(np.linspace(0, 1, 50)[None, :] * u + 0.02 * rng.normal(size=(losses, 50)), 0, 1))
