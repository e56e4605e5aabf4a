"""Reference values for the Mahalanobis detector.

Peers: pytorch-ood 0.4.0 (its scatter is not divided by n, and its jitter is absolute), and for features that nearly depend on
each other numpy in double precision, by the definition (ridge relative to the mean variance).
Environment: conformance/peers/install oodsec; run with that Python.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from pytorch_ood.detector import Mahalanobis

rng = np.random.default_rng(22)
cases = []
for n, d, classes in [(80, 3, 2), (200, 6, 3)]:
    labels = rng.integers(classes, size=n)
    mix = rng.normal(size=(d, d))
    features = (rng.normal(size=(n, d)) @ mix + 2 * labels[:, None]).astype(np.float32)
    test = (rng.normal(size=(10, d)) @ mix * 2).astype(np.float32)
    detector = Mahalanobis(torch.nn.Identity())
    detector.fit_features(torch.tensor(features), torch.tensor(labels))
    scores = detector.predict_features(torch.tensor(test)).numpy().astype(float)
    cases.append({"features": features.astype(float).ravel().tolist(), "labels": labels.tolist(), "test": test.astype(float).ravel().tolist(),
                  "scoresTimesRows": (scores * n).tolist()})

near = []
for exponent in (1, 3, 5, 8):
    n, d = 60, 5
    features = rng.normal(size=(n, d)) * [1, 10, 0.1, 1, 3] + [0, 100, 0, -5, 0]
    features[:, 3] = features[:, 0] + 10.0 ** -exponent * rng.normal(size=n)
    labels = rng.integers(3, size=n)
    means = np.array([features[labels == c].mean(0) for c in range(3)])
    centred = features - means[labels]
    covariance = centred.T @ centred / n
    precision = np.linalg.inv(covariance + 1e-6 * np.trace(covariance) / d * np.eye(d))
    test = rng.normal(size=(8, d)) * features.std(0) + features.mean(0)
    scores = [0.5 * min((z - m) @ precision @ (z - m) for m in means) for z in test]
    near.append({"features": features.ravel().tolist(), "labels": labels.tolist(), "test": test.ravel().tolist(), "scores": scores})

Path(__file__).with_name("ood.json").write_text(json.dumps({"peers": {"pytorch-ood": version("pytorch-ood"), "numpy": np.__version__}, "cases": cases, "near": near}))
