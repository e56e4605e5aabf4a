"""Reference values for calibrators.

Peers: scikit-learn 1.9.1 (sigmoid, isotonic), betacal 1.1.0, venn-abers 1.5.4, MAPIE 1.6.0 (TopLabelCalibrator), torch 2.15
(vector and matrix scaling to convergence, binning as TorchCP's BinningScaler does it), scipy (converged optimum of Platt's loss).
Environment: conformance/peers/install unc; run with that Python.
"""

import json
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
from betacal import BetaCalibration
from mapie.calibration import TopLabelCalibrator
from scipy.optimize import minimize
from scipy.special import expit, log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.calibration import _SigmoidCalibration
from sklearn.isotonic import IsotonicRegression
from venn_abers import VennAbers
from venn_abers.venn_abers import predict_proba_prefitted_va

warnings.simplefilter("ignore")
rng = np.random.default_rng(11)
packages = ("scikit-learn", "betacal", "venn-abers", "mapie", "scipy", "numpy")
out = {"peers": {name: version(name) for name in packages}}

# binary: some ties, some weights
n = 240
s = np.round(rng.beta(1.2, 1.5, n), 2).clip(0.01, 0.99)
y = (rng.uniform(size=n) < s**1.7).astype(int)
w = np.round(rng.uniform(0.2, 2, n), 2)
t = np.linspace(0, 1, 41)
out["binary"] = {"scores": s.tolist(), "labels": y.tolist(), "weights": w.tolist(), "test": t.tolist()}


def platt(weights):
    prior1, prior0 = weights[y == 1].sum(), weights[y == 0].sum()
    target = np.where(y == 1, (prior1 + 1) / (prior1 + 2), 1 / (prior0 + 2))
    loss = lambda ab: np.sum(weights * (np.logaddexp(0, ab[0] * s + ab[1]) - (1 - target) * (ab[0] * s + ab[1])))
    best = minimize(loss, [0, 0], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-14, "maxiter": 20000}).x
    return expit(-(best[0] * t + best[1])).tolist()


out["platt"] = {
    "sklearn": _SigmoidCalibration().fit(s, y).predict(t).tolist(), "converged": platt(np.ones(n)), "weighted": platt(w),
    "sklearnWeighted": _SigmoidCalibration().fit(s, y, w).predict(t).tolist(),
}
out["isotonic"] = {
    "plain": IsotonicRegression(out_of_bounds="clip").fit(s, y).predict(t).tolist(),
    "weighted": IsotonicRegression(out_of_bounds="clip").fit(s, y, sample_weight=w).predict(t).tolist(),
}
inner = t[1:-1]
out["beta"] = {p: BetaCalibration(p).fit(s, y).predict(inner).tolist() for p in ("abm", "am")}
middle = (rng.uniform(size=n) < expit(1.5 * np.log(2 * s) - 0.7 * np.log(2 * (1 - s)))).astype(int)
out["betaMiddle"] = {"labels": middle.tolist(), "values": BetaCalibration("ab").fit(s, middle).predict(inner).tolist()}
# falling in the middle: one slope is zero
bent = (rng.uniform(size=n) < 0.2 + 0.6 * (s > 0.8)).astype(int)
out["betaBent"] = {"labels": bent.tolist(), "values": BetaCalibration("abm").fit(s, bent).predict(inner).tolist()}

# cells as TorchCP's BinningScaler: linear quantiles, right-closed
edges = np.quantile(s, np.linspace(0, 1, 9))
cell = np.searchsorted(edges[1:-1], s)
share = np.bincount(cell, weights=y, minlength=8) / np.bincount(cell, minlength=8)
out["histogram"] = share[np.searchsorted(edges[1:-1], t)].tolist()

# Venn-Abers
def two(p):
    return np.column_stack([1 - p, p])


def venn(p, label, test, precision=None):
    va = VennAbers()
    va.fit(two(p), label, precision=precision)
    merged, bracket = va.predict_proba(two(test))
    return {"merged": merged[:, 1].tolist(), "low": bracket[:, 0].tolist(), "high": bracket[:, 1].tolist()}


fine = rng.beta(1, 1, 150)
fine_y = (rng.uniform(size=150) < fine).astype(int)
out["venn"] = {
    "ties": venn(s, y, t), "rounded": venn(fine, fine_y, t, 1), "fine": venn(fine, fine_y, t),
    "fineScores": fine.tolist(), "fineLabels": fine_y.tolist(),
}


class Given(ClassifierMixin, BaseEstimator):
    def fit(self, x, y):
        self.classes_ = np.arange(x.shape[1])
        self.fitted_ = True
        return self

    def predict_proba(self, X):
        return np.asarray(X)

    def predict(self, X):
        return np.asarray(X).argmax(1)


k = 3
logits = rng.normal(size=(300, k)) * 1.5
label = np.array([rng.choice(k, p=softmax(row * 0.7 + [0.3, 0, -0.2])) for row in logits])
proba = softmax(logits, 1)
test = softmax(rng.normal(size=(20, k)) * 1.5, 1)
out["classes"] = {"logits": logits.ravel().tolist(), "labels": label.tolist(), "test": test.ravel().tolist()}
for name in ("one_vs_one", "one_vs_all"):
    p, _ = predict_proba_prefitted_va(proba, label, test, va_tpe=name)
    out["classes"][name] = p.ravel().tolist()


def fitted(parameters, size):
    """softmax(parameters(w)) of the least log loss."""
    loss = lambda v: -log_softmax(parameters(v, logits), 1)[np.arange(300), label].mean()
    start = np.zeros(size)
    start[:k] = 1
    best = minimize(loss, start, method="BFGS", options={"gtol": 1e-9, "maxiter": 5000}).x
    return softmax(parameters(best, np.log(test)), 1).ravel().tolist()


out["vector"] = fitted(lambda v, z: z * v[:k] + v[k:], 2 * k)
for name in ("sigmoid", "isotonic"):
    peer = TopLabelCalibrator(Given().fit(proba, label), calibrator=name, cv="prefit").fit(proba, label)
    out[f"top_{name}"] = peer.predict_proba(test).ravel().tolist()
# the peer's columns are places among the labels of the batch: only the numbers themselves are compared
for name in ("sigmoid", "isotonic"):
    rows = np.array(out[f"top_{name}"]).reshape(-1, k)
    out[f"top_{name}"] = np.nanmax(rows, 1).tolist()

# numbers: the parts of VennAbersRegressor after its split
from venn_abers.venn_abers import VennAbersCV


class Line(RegressorMixin, BaseEstimator):
    def fit(self, x, y):
        self.fitted_ = True
        return self

    def predict(self, x):
        return np.asarray(x)[:, 0]


x = rng.permutation(np.linspace(0, 1, 90))[:, None]
target = x[:, 0] ** 2 + rng.normal(size=90) * 0.1
cv = VennAbersCV(Line(), inductive=True, cal_size=60, random_state=1, shuffle=True, setting="regression", m_parameter=2)
cv.fit(x, target)
from sklearn.model_selection import train_test_split

_, x_cal, _, y_cal = train_test_split(x, target, test_size=60, random_state=1, shuffle=True)
grid = np.linspace(-0.1, 1.1, 31)[:, None]
mid, ranges = cv.predict_interval(grid)
out["numbers"] = {
    "predictions": x_cal[:, 0].tolist(), "labels": y_cal.tolist(), "test": grid[:, 0].tolist(),
    "lower": ranges[0][:, 0].tolist(), "upper": ranges[0][:, 1].tolist(), "middle": mid[0].tolist(),
}
Path(__file__).with_name("calibrators.json").write_text(json.dumps(out, allow_nan=False))
