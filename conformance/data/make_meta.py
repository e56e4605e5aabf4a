"""Makes meta.json: meta-features of three small tables by pymfe, as pinned in the list of peers `pymfe`.

usage: python make_meta.py
"""
import json
import math
import warnings
from pathlib import Path

import numpy as np
from pymfe.mfe import MFE

warnings.simplefilter("ignore")
rng = np.random.default_rng(17)
SUMMARIES = ["mean", "sd", "var", "count", "histogram", "iq_range", "kurtosis", "skewness", "max", "median", "min", "quantiles", "range", "sum", "powersum", "pnorm"]
GROUPS = ["general", "statistical", "info-theory", "model-based", "landmarking", "relative", "clustering", "complexity", "itemset", "concept"]


def number(x):
    x = float(x)
    return x if math.isfinite(x) else str(x)


n = 60
numbers = np.round(rng.normal(size=(n, 4)) @ np.array([[1, 0.8, 0, 0], [0, 1, 0, 0], [0, 0, 2, 0.5], [0, 0, 0, 1]]), 4)
classes = np.array(["a", "b", "c"])[(numbers[:, 0] + 0.4 * rng.normal(size=n) > 0.6).astype(int) + (numbers[:, 2] > 1)]
letters = np.array(["p", "q", "r"])[rng.integers(0, 3, n)]
yes = np.array(["no", "yes"])[(rng.random(n) < 0.3).astype(int)]
tables = {
    "numbers": (numbers, classes),
    "mixed": (np.array([[*map(float, row[:2]), letter, flag] for row, letter, flag in zip(numbers, letters, yes)], dtype=object), np.where(numbers[:, 1] > 0, "x", "y")),
    "categories": (np.array([[a, b] for a, b in zip(letters, yes)], dtype=object), np.where(rng.random(n) < 0.5, "x", "y")),
}
out = {}
for name, (x, y) in tables.items():
    out[name] = {"columns": [x[:, j].tolist() for j in range(x.shape[1])], "target": y.tolist(), "features": {}}
    for group in GROUPS:
        summary = SUMMARIES if group in ("general", "statistical", "info-theory") else ["mean", "sd", "count", "max"]
        mfe = MFE(groups=[group] if group != "relative" else ["landmarking", "relative"], summary=summary, random_state=1, suppress_warnings=True)
        try:
            mfe.fit(x, y, transform_num=True, transform_cat="gray", suppress_warnings=True)
            names, values = mfe.extract(suppress_warnings=True)
        except Exception as error:
            out[name]["features"][group] = {"error": str(error)[:80]}
            continue
        out[name]["features"][group] = {k: number(v) for k, v in zip(names, values) if v is not None}
Path(__file__).with_name("meta.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")
