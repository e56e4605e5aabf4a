"""Seconds that MAPIE takes to judge and venn-abers to calibrate arrays in memory."""

import json
import sys
import time

import numpy as np
from mapie.metrics.calibration import expected_calibration_error, kolmogorov_smirnov_p_value
from venn_abers import VennAbers

folder = sys.argv[1]
read = lambda name: np.fromfile(f"{folder}/{name}.f64")
score, label = read("judgedScore"), read("judgedLabel").astype(int)
known, truth, fresh = read("knownScore"), read("knownLabel").astype(int), read("newScore")
two = lambda p: np.column_stack([1 - p, p])


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def judge():
    expected_calibration_error(label, score, num_bins=16, split_strategy="uniform")
    kolmogorov_smirnov_p_value(label, score)


def calibrate():
    va = VennAbers()
    va.fit(two(known), truth)
    va.predict_proba(two(fresh))


print(json.dumps({"ece-ks-5M": seconds(judge), "venn-abers-200k": seconds(calibrate)}))
