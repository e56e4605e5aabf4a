"""Makes evidently_names.json: every public name of Evidently's metrics, presets, descriptors and tests, as pinned in the list of peers `evidently`,
and what presets measure and test there.

usage: python make_evidently_names.py
"""
import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

warnings.simplefilter("ignore")
import evidently
import evidently.descriptors
import evidently.metrics
import evidently.presets
import evidently.tests
from evidently import BinaryClassification, DataDefinition, Dataset, Regression, Report
from evidently.legacy import metrics as legacy_metrics
from evidently.legacy import test_preset, tests as legacy_tests


def names(module):
    return sorted({n for n in getattr(module, "__all__", dir(module)) if not n.startswith("_") and n != "annotations"})


out = {
    "version": evidently.__version__,
    "metrics": names(evidently.metrics),
    "presets": names(evidently.presets) + ["TestSummaryInfoPreset"],
    "descriptors": names(evidently.descriptors),
    "tests": [n for n in names(evidently.tests) if n in {"Reference", "eq", "gt", "gte", "is_in", "lt", "lte", "not_eq", "not_in"}],
    "legacyMetrics": names(legacy_metrics),
    "legacyTests": [n for n in names(legacy_tests) if n.startswith("Test")],
    "legacyTestPresets": [n for n in names(test_preset) if n.endswith("TestPreset")],
}

rng = np.random.default_rng(4)
n = 60
table = lambda shift: pd.DataFrame({
    "x": np.round(rng.normal(10 + shift, 1, n), 3),
    "k": rng.choice(["a", "b", "c"], n),
    "y": rng.integers(0, 2, n),
    "p": np.round(rng.random(n), 4),
    "t": np.round(rng.gamma(3, 2, n), 3),
})
reference, current = table(0), table(2)
for frame in (reference, current):
    frame["guess"] = np.round(frame["t"] + rng.normal(0, 1, n), 3)
reference.loc[:2, "x"] = np.nan
current.loc[:8, "x"] = np.nan
out["tables"] = {"reference": reference.astype(object).where(reference.notna(), None).to_dict("list"),
                 "current": current.astype(object).where(current.notna(), None).to_dict("list")}

definition = DataDefinition(
    numerical_columns=["x", "t", "guess"], categorical_columns=["k"],
    classification=[BinaryClassification(target="y", prediction_probas="p", pos_label=1)],
    regression=[Regression(target="t", prediction="guess")],
)


def run(preset, with_reference):
    report = Report([preset], include_tests=True)
    side = lambda frame: Dataset.from_pandas(frame, data_definition=definition)
    snapshot = report.run(side(current), side(reference) if with_reference else None)
    snap = snapshot.dict()
    plain = lambda v: None if isinstance(v, float) and np.isnan(v) else v.item() if isinstance(v, np.generic) else v
    metrics = {m["metric_name"]: plain(m["value"]) if not isinstance(m["value"], dict) else {str(k): plain(v) for k, v in m["value"].items()} for m in snap["metrics"]}
    return {"metrics": metrics, "tests": [{"name": t["name"], "status": str(getattr(t["status"], "value", t["status"]))} for t in snap["tests"]]}


P = evidently.presets
out["runs"] = {
    f"{name}{' beside' if with_reference else ' alone'}": run(make(), with_reference)
    for name, make in {
        "DataSummaryPreset": lambda: P.DataSummaryPreset(columns=["x", "k"]),
        "ClassificationQuality": lambda: P.ClassificationQuality(),
        "ClassificationQualityByLabel": lambda: P.ClassificationQualityByLabel(),
        "RegressionQuality": lambda: P.RegressionQuality(),
        "RegressionDummyQuality": lambda: P.RegressionDummyQuality(),
    }.items()
    for with_reference in (False, True)
}
out["runs"]["DataDriftPreset beside"] = run(P.DataDriftPreset(columns=["x", "k"]), True)

Path(__file__).with_name("evidently_names.json").write_text(json.dumps(out, allow_nan=False) + "\n")
