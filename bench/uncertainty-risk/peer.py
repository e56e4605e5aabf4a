"""Seconds that MAPIE takes to choose thresholds from arrays in memory."""

import json
import sys
import time
import warnings

import numpy as np
from mapie.risk_control import BinaryClassificationController, MultiLabelClassificationController
from mapie.risk_control.methods import get_r_hat_plus

warnings.simplefilter("ignore")
folder = sys.argv[1]
read = lambda name: np.fromfile(f"{folder}/{name}.f64")
score, label = read("score"), read("label").astype(int)
proba, labels = read("proba").reshape(-1, 20), read("labels").reshape(-1, 20).astype(int)
losses = read("losses").reshape(-1, 50)
given = np.column_stack([1 - score, score])


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


out = {
    "ltt-binary-1M": seconds(
        lambda: BinaryClassificationController(
            lambda x: x, ["precision", "recall"], [0.7, 0.6], confidence_level=0.9, list_predict_params=np.linspace(0, 0.99, 100)
        ).calibrate(given, label)
    ),
    "multilabel-crc-50k": seconds(
        lambda: MultiLabelClassificationController(lambda x: x, risk="recall", method="crc", target_level=0.8).calibrate(proba, labels)
    ),
    "wsr-20k": seconds(lambda: get_r_hat_plus(losses, np.linspace(0, 1, 50), "rcps", "wsr", 0.1, 0.25)),
}
print(json.dumps(out))
