"""Writes columns of float64 numbers: scores and labels to be judged, scores and labels to calibrate with, and new scores.

usage: python make.py FOLDER JUDGED_ROWS CALIBRATION_ROWS
"""
import sys

import numpy as np

folder, judged, calibration = sys.argv[1], *map(int, sys.argv[2:])
rng = np.random.default_rng(2)


def write(name, values):
    values.astype(np.float64).tofile(f"{folder}/{name}.f64")


for name, n in (("judged", judged), ("known", calibration)):
    score = rng.uniform(size=n)
    write(f"{name}Score", score)
    write(f"{name}Label", rng.uniform(size=n) < score**1.3)
write("newScore", rng.uniform(size=calibration))
