"""Reference values for the metrics of conformal sets and intervals.

Peers: MAPIE 1.6.0, TorchCP 1.2.1, covmetrics 0.1.2. Environment: conformance/peers/install unc; run with that Python.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
import torchcp_alone  # noqa: F401
from covmetrics.slab_metrics import wsc_all_numpy
from mapie.metrics.classification import classification_coverage_score, classification_mean_width_score, classification_ssc
from mapie.metrics.conditional import coverage_gap
from mapie.metrics.regression import hsic, regression_coverage_score, regression_mean_width_score, regression_ssc
from mapie.metrics.uncertainty import auarc, auroc
from torchcp.classification.utils import metrics as torchcp_metrics

rng = np.random.default_rng(5)


def listed(x):
    return [None if np.isnan(v) else float(v) for v in np.ravel(x)]


intervals = []
for n in [30, 101]:
    y = np.round(rng.normal(size=n), 6)
    centre = np.round(rng.normal(scale=0.3, size=n), 6)
    width = np.round(rng.uniform(0.2, 2, n), 6)
    lower, upper = centre - width, centre + width
    both = np.stack([lower, upper], axis=1)[:, :, None]
    groups = rng.integers(0, 4, n)
    x = np.round(rng.normal(size=(n, 3)), 6)
    cover = ((lower <= y) & (y <= upper)).astype(float)
    directions = rng.normal(size=(7, 3))
    directions = np.round(directions / np.linalg.norm(directions, axis=1, keepdims=True), 6)
    intervals.append(
        {
            "y": listed(y),
            "lower": listed(lower),
            "upper": listed(upper),
            "groups": groups.tolist(),
            "x": listed(x),
            "directions": listed(directions),
            "coverage": float(regression_coverage_score(y, both)[0]),
            "width": float(regression_mean_width_score(both)[0]),
            "ssc": listed(regression_ssc(y, both, num_bins=4)),
            "hsic": [float(hsic(y, both, kernel_sizes=k)[0]) for k in [(1, 1), (0.05, 2)]],
            "gap": [float(coverage_gap(y, groups, 0.8, y_intervals=both[:, :, 0], weighted=w)) for w in [False, True]],
            "slab": [float(np.min(wsc_all_numpy(x, cover, delta, directions)[0])) for delta in [0.1, 0.25]],
            "auroc": float(auroc(cover.astype(int), -width)),
            "auarc": float(auarc(cover.astype(int), -width)),
        }
    )

sets = []
for n, classes in [(60, 5), (200, 8)]:
    logits = np.round(rng.normal(scale=2, size=(n, classes)), 6)
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    labels = np.array([rng.choice(classes, p=row) for row in p])
    marks = (p > rng.uniform(0.02, 0.4, (n, 1))).astype(int)
    t_sets, t_labels = torch.tensor(marks), torch.tensor(labels)
    strata = [[0, 1], [2, 3], [4, 10]]
    sets.append(
        {
            "probabilities": listed(p),
            "labels": labels.tolist(),
            "sets": marks.ravel().tolist(),
            "strata": strata,
            "coverage": float(classification_coverage_score(labels, marks[:, :, None].astype(bool))[0]),
            "size": float(classification_mean_width_score(marks[:, :, None])[0]),
            "ssc": listed(classification_ssc(labels, marks[:, :, None].astype(bool))),
            "covGap": torchcp_metrics.CovGap(t_sets, t_labels, 0.1, classes),
            "macro": torchcp_metrics.coverage_rate(t_sets, t_labels, "macro", classes),
            "vioClasses": torchcp_metrics.VioClasses(t_sets, t_labels, 0.1, classes),
            "sscv": torchcp_metrics.SSCV(t_sets, t_labels, 0.1, strata),
            "diffViolation": torchcp_metrics.DiffViolation(torch.tensor(logits), t_sets, t_labels, 0.1, strata)[0],
            "singletonHits": torchcp_metrics.singleton_hit_ratio(t_sets, t_labels),
        }
    )

Path(__file__).with_name("metrics.json").write_text(
    json.dumps({"peers": {p: version(p) for p in ["mapie", "torchcp", "covmetrics"]}, "intervals": intervals, "sets": sets}) + "\n"
)
