"""Makes estimate.json: performance estimated by NannyML without labels, as pinned in the list of peers `evidently`.

usage: python make_estimate.py
"""
import json
import sys
import warnings
from pathlib import Path
from unittest.mock import MagicMock

import numpy as np
import pandas as pd

for name in ["category_encoders", "segment", "segment.analytics", "matplotlib", "matplotlib.colors", "matplotlib.ticker", "seaborn", "lightgbm", "flaml"]:
    sys.modules[name] = MagicMock()  # its plots and its models of errors are not used here
from nannyml.performance_estimation.confidence_based import CBPE
from sklearn.isotonic import IsotonicRegression

warnings.simplefilter("ignore")
rng = np.random.default_rng(3)


def rows(n, shift):
    p = 1 / (1 + np.exp(-(rng.normal(shift, 1.5, n))))
    return pd.DataFrame({"p": np.round(p**2, 9), "y": (rng.random(n) < p).astype(int)}).assign(yhat=lambda d: (d.p > 0.4).astype(int))


reference, current = rows(1500, 0), rows(1000, 0.8)
metrics = ["roc_auc", "f1", "precision", "recall", "specificity", "accuracy", "average_precision"]
estimator = CBPE(y_pred_proba="p", y_pred="yhat", y_true="y", problem_type="classification_binary", metrics=metrics, chunk_size=250)
estimator.fit(reference)
result = estimator.estimate(current.drop(columns="y")).filter(period="analysis").to_df()
out = {"reference": reference.to_dict("list"), "current": current.to_dict("list"), "metrics": {}, "isotonic": []}
for m in metrics:
    out["metrics"][m] = {
        "estimated": result[(m, "value")].tolist(),
        "lower": float(result[(m, "lower_threshold")].iloc[0]),
        "upper": float(result[(m, "upper_threshold")].iloc[0]),
        "alert": [bool(a) for a in result[(m, "alert")]],
    }
for n in [3, 20, 200]:
    x = np.round(rng.random(n), 2)
    y = np.round(x + rng.normal(0, 0.4, n), 3)
    w = rng.integers(1, 4, n)
    q = np.linspace(-0.1, 1.1, 40)
    plain = IsotonicRegression(out_of_bounds="clip").fit(x, y).predict(q)
    weighted = IsotonicRegression(out_of_bounds="clip").fit(x, y, sample_weight=w).predict(q)
    out["isotonic"].append({"x": x.tolist(), "y": y.tolist(), "w": w.tolist(), "q": q.tolist(), "plain": plain.tolist(), "weighted": weighted.tolist()})
Path(__file__).with_name("estimate.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")
