"""Reference values for split conformal sets and temperature scaling.

Peers: MAPIE 1.6.0 (SplitConformalClassifier, LAC), scipy 1.17.1 (scalar minimiser of the negative log likelihood).
Environment: conformance/peers/install unc; run with that Python.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from mapie.classification import SplitConformalClassifier
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin


class Given(ClassifierMixin, BaseEstimator):
    """A classifier whose probabilities are its inputs."""

    def fit(self, x, y):
        self.classes_ = np.arange(x.shape[1])
        self.fitted_ = True
        return self

    def predict_proba(self, x):
        return np.asarray(x)

    def predict(self, x):
        return np.asarray(x).argmax(1)


rng = np.random.default_rng(20)
cases = []
for n, classes, level in [(30, 2, 0.9), (99, 3, 0.9), (298, 2, 0.95), (60, 4, 0.8), (25, 3, 0.95)]:
    logits = rng.normal(size=(n, classes)).astype(np.float32) * 2
    labels = np.array([rng.choice(classes, p=softmax(row / 1.7)) for row in logits.astype(float)])
    test = rng.normal(size=(12, classes)).astype(np.float32) * 2
    # probabilities rounded, so that sums are 1 to the last bit that JSON keeps
    probabilities = softmax(logits.astype(float), 1)
    test_probabilities = softmax(test.astype(float), 1)
    model = Given().fit(probabilities, labels)
    peer = SplitConformalClassifier(model, confidence_level=level, conformity_score="lac", prefit=True)
    peer.conformalize(probabilities, labels)
    _, sets = peer.predict_set(test_probabilities)
    nll = lambda beta: -log_softmax(beta * logits.astype(float), 1)[np.arange(n), labels].mean()
    best = minimize_scalar(nll, bounds=(1e-6, 100), method="bounded", options={"xatol": 1e-12})
    cases.append({
        "level": level, "classes": classes, "labels": labels.tolist(), "logits": logits.astype(float).ravel().tolist(),
        "probabilities": probabilities.ravel().tolist(), "test": test_probabilities.ravel().tolist(),
        "sets": sets[:, :, 0].astype(int).ravel().tolist(), "temperature": 1 / best.x,
    })

peers = {name: version(name) for name in ("mapie", "scipy", "numpy")}
Path(__file__).with_name("uncertainty.json").write_text(json.dumps({"peers": peers, "cases": cases}))
