"""Reference values for group rates and equalized odds.

Peer: fairlearn 0.15.0. Environment: conformance/peers/install fair; run with that Python.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from fairlearn.metrics import (
    MetricFrame, equalized_odds_difference, false_positive_rate, selection_rate, true_positive_rate,
)

rng = np.random.default_rng(21)
cases = []
for n, groups in [(60, 2), (200, 3), (500, 5)]:
    group = rng.integers(groups, size=n)
    outcome = (rng.random(n) < 0.4 + 0.1 * group / groups).astype(int)
    prediction = (rng.random(n) < 0.2 + 0.5 * outcome + 0.1 * group / groups).astype(int)
    names = np.array([f"g{g}" for g in group])
    frame = MetricFrame(
        metrics={"truePositiveRate": true_positive_rate, "falsePositiveRate": false_positive_rate, "selectionRate": selection_rate},
        y_true=outcome, y_pred=prediction, sensitive_features=names,
    )
    cases.append({
        "group": names.tolist(), "outcome": outcome.tolist(), "prediction": prediction.tolist(),
        "byGroup": {metric: frame.by_group[metric].to_dict() for metric in frame.by_group.columns},
        "difference": frame.difference(method="between_groups").to_dict(),
        "equalizedOdds": equalized_odds_difference(outcome, prediction, sensitive_features=names),
    })

Path(__file__).with_name("fairness.json").write_text(json.dumps({"peers": {"fairlearn": version("fairlearn")}, "cases": cases}))
