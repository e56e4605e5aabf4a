"""Reference values for the Mahalanobis detector.

Peer: pytorch-ood 0.4.0 (its scatter is not divided by n, and its jitter is absolute: see `scale`).
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

Path(__file__).with_name("ood.json").write_text(json.dumps({"peers": {"pytorch-ood": version("pytorch-ood")}, "cases": cases}))
