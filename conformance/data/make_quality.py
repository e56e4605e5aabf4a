"""Makes quality.json: Evidently's metrics of regression, classification and tables, as pinned in the list of peers `evidently`.

usage: python make_quality.py
"""
import json
import math
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from evidently.legacy.metric_preset import ClassificationPreset
from evidently.legacy.metrics import (
    ClassificationDummyMetric, ClassificationQualityByClass, ClassificationQualityMetric, DatasetSummaryMetric,
    RegressionDummyMetric, RegressionQualityMetric,
)
from evidently.legacy.pipeline.column_mapping import ColumnMapping
from evidently.legacy.report import Report

warnings.simplefilter("ignore")
rng = np.random.default_rng(9)


def clean(x):
    if isinstance(x, dict):
        return {str(k): clean(v) for k, v in x.items()}
    if isinstance(x, (list, tuple, np.ndarray)):
        return [clean(v) for v in x]
    if isinstance(x, (float, np.floating)):
        return float(x) if math.isfinite(x) else str(float(x))
    return x.item() if isinstance(x, np.generic) else x


def result(metric, data, mapping):
    report = Report(metrics=[metric])
    report.run(reference_data=None, current_data=data.copy(), column_mapping=mapping)
    return clean(report.as_dict()["metrics"][0]["result"])


out = {}
n = 120
y = np.round(rng.gamma(3, 2, n), 3)
y[:3] = 0
regression = pd.DataFrame({"y": y, "p": np.round(y + rng.normal(0.3, 1, n), 3)})
mapping = ColumnMapping(target="y", prediction="p", numerical_features=[])
quality = result(RegressionQualityMetric(), regression, mapping)
out["regression"] = {
    "data": regression.to_dict("list"),
    "quality": {k: v for k, v in quality["current"].items() if not isinstance(v, (list, dict))},
    "underperformance": None,
    "dummy": {k: v for k, v in result(RegressionDummyMetric(), regression, mapping).items() if not isinstance(v, (list, dict))},
}
score = np.round(rng.random(n), 4)
binary = pd.DataFrame({"y": (rng.random(n) < score).astype(int), "p": score})
mapping = ColumnMapping(target="y", prediction="p", pos_label=1)
out["binary"] = {
    "data": binary.to_dict("list"),
    "quality": {k: v for k, v in result(ClassificationQualityMetric(), binary, mapping)["current"].items() if not isinstance(v, (list, dict))},
}
labels = np.array(["a", "b", "c"])
truth = labels[rng.integers(0, 3, n)]
guess = np.where(rng.random(n) < 0.6, truth, labels[rng.integers(0, 3, n)])
many = pd.DataFrame({"y": truth, "yhat": guess})
mapping = ColumnMapping(target="y", prediction="yhat")
out["many"] = {
    "data": many.to_dict("list"),
    "quality": {k: v for k, v in result(ClassificationQualityMetric(), many, mapping)["current"].items() if not isinstance(v, (list, dict))},
    "byClass": result(ClassificationQualityByClass(), many, mapping)["current"]["metrics"] if "metrics" in result(ClassificationQualityByClass(), many, mapping)["current"] else result(ClassificationQualityByClass(), many, mapping)["current"],
}
table = pd.DataFrame({"x": [1.0, 2, 2, None, 5, 5], "same": [1.0, 2, 2, None, 5, 5], "one": [7] * 6, "none": [None] * 6, "s": ["a", "b", "b", None, "c", "c"], "t": ["a", "b", "b", None, "c", "d"]})
table["none"] = table["none"].astype(float)
summary = result(DatasetSummaryMetric(), table, ColumnMapping())
out["table"] = {k: v for k, v in summary["current"].items() if k.startswith("number_of")}
Path(__file__).with_name("quality.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")
