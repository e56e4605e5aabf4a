"""Makes ranking.json: Evidently's metrics of rankings, as pinned in the list of peers `evidently`.

usage: python make_ranking.py
"""
import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from evidently.legacy.metrics import (
    DiversityMetric, FBetaTopKMetric, HitRateKMetric, MAPKMetric, MARKMetric, MRRKMetric, NDCGKMetric, NoveltyMetric, PersonalizationMetric, PopularityBias,
    PrecisionTopKMetric, RecallTopKMetric,
)
from evidently.legacy.pipeline.column_mapping import ColumnMapping
from evidently.legacy.report import Report

warnings.simplefilter("ignore")
rng = np.random.default_rng(21)
users, items, k = 12, 15, 5
rows = []
features = np.round(rng.normal(size=(items, 3)), 3)
for u in range(users):
    for i in rng.choice(items, 10, replace=False):
        rows.append({"u": f"u{u}", "i": f"i{i}", "r": int(rng.choice([0, 0, 0, 1, 2])) if u else 0, "s": float(np.round(rng.random(), 4)), **{f"f{j}": features[i, j] for j in range(3)}})
# sorted by rank: of unsorted rows the peer takes the relevance of the last row for that of the last rank
table = pd.DataFrame(rows).sort_values(["u", "s"], ascending=[True, False])
train = pd.DataFrame([{"u": f"u{u}", "i": f"i{i}", **{f"f{j}": features[i, j] for j in range(3)}} for u in range(users) for i in rng.choice(items, 4, replace=False)])
mapping = ColumnMapping(target="r", prediction="s", user_id="u", item_id="i", recommendations_type="score", numerical_features=["f0", "f1", "f2"])


def value(metric):
    report = Report(metrics=[metric])
    report.run(reference_data=None, current_data=table.copy(), column_mapping=mapping, additional_data={"current_train_data": train})
    return report.as_dict()["metrics"][0]["result"]


out = {"rows": table.to_dict("list"), "train": train[["u", "i"]].to_dict("list"), "k": k}
for name, metric in {
    "ndcg": NDCGKMetric(k=k), "mrr": MRRKMetric(k=k), "hitRate": HitRateKMetric(k=k), "precision": PrecisionTopKMetric(k=k),
    "recall": RecallTopKMetric(k=k), "fBeta": FBetaTopKMetric(k=k, beta=2.0), "map": MAPKMetric(k=k), "mar": MARKMetric(k=k),
}.items():
    current = value(metric)["current"]
    out[name] = float(pd.Series(current).iloc[k - 1] if not isinstance(current, dict) else list(current.values())[k - 1])
out["personalization"] = float(value(PersonalizationMetric(k=k))["current_value"])
bias = value(PopularityBias(k=k, normalize_arp=False))
out["popularity"] = {"mean": float(bias["current_apr"]), "coverage": float(bias["current_coverage"]), "gini": float(bias["current_gini"])}
out["novelty"] = float(value(NoveltyMetric(k=k))["current_value"])
out["diversity"] = float(value(DiversityMetric(k=k, item_features=["f0", "f1", "f2"]))["current_value"])
Path(__file__).with_name("ranking.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")
