"""Makes drift.json: Evidently's scores for columns of numbers and categories, as pinned in the list of peers `evidently`.

usage: python make_drift.py
"""
import json
import math
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from evidently.legacy.calculations.stattests import get_stattest
from evidently.legacy.core import ColumnType

warnings.simplefilter("ignore")
rng = np.random.default_rng(11)
NUMBERS = ["ks", "wasserstein", "kl_div", "psi", "jensenshannon", "anderson", "cramer_von_mises", "hellinger", "mannw", "ed", "es", "t_test"]
CATEGORIES = ["chisquare", "z", "jensenshannon", "kl_div", "psi", "hellinger", "fisher_exact", "g_test", "TVD"]


def number(x):
    x = float(x)
    return x if math.isfinite(x) else str(x)


def score(name, kind, a, b):
    test = get_stattest(a, b, kind, name)
    try:
        r = test(a.copy(), b.copy(), kind, None)
    except Exception as error:
        return {"error": type(error).__name__}
    return {"score": number(r.drift_score), "drifted": bool(r.drifted), "threshold": number(r.actual_threshold)}


def series(kind, n, shift):
    if kind == "normal":
        return np.round(rng.normal(shift, 1 + shift / 2, n), 5)
    if kind == "heavy":
        return np.round(rng.standard_cauchy(n) + shift, 4)
    if kind == "integer":
        return rng.poisson(40 + 10 * shift, n)
    if kind == "few":
        return rng.integers(0, 4 + int(shift > 0.2), n)
    return rng.integers(0, 12, n)


out = {"numbers": [], "categories": []}
for kind in ["normal", "heavy", "integer", "few", "dozen"]:
    for n, m, shift in [(30, 30, 0.5), (200, 300, 0.0), (200, 150, 0.3), (1200, 900, 0.1)]:
        a, b = pd.Series(series(kind, n, 0)), pd.Series(series(kind, m, shift))
        auto = get_stattest(a, b, ColumnType.Numerical, None)
        out["numbers"].append({
            "integer": bool(a.dtype.kind == "i"), "a": a.tolist(), "b": b.tolist(), "auto": auto.name,
            "scores": {name: score(name, ColumnType.Numerical, a, b) for name in NUMBERS},
        })
words = np.array(["red", "green", "blue", "black", "white"])
for k, n, m, shift in [(2, 40, 40, 0.1), (2, 300, 200, 0), (3, 100, 100, 0.2), (5, 400, 700, 0.05), (5, 1500, 1400, 0.3)]:
    p = np.ones(k) / k
    q = p + shift * np.linspace(-1, 1, k) / k
    a, b = pd.Series(rng.choice(words[:k], n, p=p)), pd.Series(rng.choice(words[:k], m, p=q / q.sum()))
    if k == 3:
        b = b[b != "blue"].reset_index(drop=True)
    auto = get_stattest(a, b, ColumnType.Categorical, None)
    out["categories"].append({
        "a": a.tolist(), "b": b.tolist(), "auto": auto.name,
        "scores": {name: score(name, ColumnType.Categorical, a, b) for name in CATEGORIES},
    })
Path(__file__).with_name("drift.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")
