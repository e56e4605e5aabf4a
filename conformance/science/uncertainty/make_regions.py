"""Reference values for boxes and ellipsoids.

Peers: puncc 0.9.3 (intersection over union, assignment, mean area and coverage; its box sets are wrong and not used), MAPIE 1.6.0
(multivariate residual score). Environment: conformance/peers/install unc; run with that Python.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from deel.puncc.api.utils import hungarian_assignment
from deel.puncc.metrics import iou, object_detection_mean_area, object_detection_mean_coverage
from mapie.experimental import MultivariateResidualNormalisedScore

rng = np.random.default_rng(2)


def boxes(n):
    low = rng.integers(0, 60, (n, 2))
    return np.column_stack([low, low + rng.integers(5, 50, (n, 2))]).astype(float)


def listed(x):
    return np.asarray(x, dtype=float).ravel().tolist()


images = []
for n, m in [(4, 4), (6, 3), (5, 8)]:
    truth = boxes(n)
    predicted = np.vstack([truth + rng.integers(-3, 4, truth.shape), boxes(4)])[rng.permutation(n + 4)[:m]]
    predicted[:, 2:] = np.maximum(predicted[:, 2:], predicted[:, :2] + 1)
    matched, _, kept = hungarian_assignment(predicted, truth)
    images.append(
        {
            "truth": listed(truth),
            "predicted": listed(predicted),
            "iou": listed(iou(truth, predicted)),
            "matched": listed(matched),
            "kept": [bool(k) for k in kept],
        }
    )
truth = boxes(30)
outer = truth + np.array([-1, -1, 1, 1]) * rng.integers(-1, 6, truth.shape)
metrics = {
    "truth": listed(truth),
    "outer": listed(outer),
    "coverage": float(object_detection_mean_coverage(outer, truth)),
    "area": float(object_detection_mean_area(outer)),
}

root = rng.normal(size=(12, 3, 3))
covariance = root @ root.transpose(0, 2, 1) + 0.3 * np.eye(3)
y, prediction = rng.normal(size=(12, 3)), rng.normal(size=(12, 3))
ellipsoid = {
    "y": listed(y),
    "prediction": listed(prediction),
    "covariance": listed(covariance),
    "scores": listed(MultivariateResidualNormalisedScore._get_standardized_score(y, prediction, covariance)),
}

peers = {"puncc": version("puncc"), "MAPIE": version("mapie")}
Path(__file__).with_name("regions.json").write_text(
    json.dumps({"peers": peers, "images": images, "metrics": metrics, "ellipsoid": ellipsoid})
)
