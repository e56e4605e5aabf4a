"""Reference values for intervals of streams and for conditional conformal cutoffs.

Peers: MAPIE 1.6.0 (ACI, EnbPI, BlockBootstrap, conditional conformal), TorchCP 1.2.1 (ACI with a look-back), puncc 0.9.3 (EnbPI).
Environment: conformance/peers/install unc; run with that Python.
"""

import json
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
import torchcp_alone  # noqa: F401
from deel.puncc.api.prediction import BasePredictor
from deel.puncc.regression import EnbPI
from mapie.conditional_conformal_prediction import (
    ConditionalSplitConformalClassifier,
    ConditionalSplitConformalRegressor,
)
from mapie.conformity_scores import AbsoluteConformityScore
from mapie.regression import TimeSeriesRegressor
from mapie.subsample import BlockBootstrap
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.linear_model import LinearRegression
from torch.utils.data import DataLoader, TensorDataset
from torchcp.regression.predictor import ACIPredictor
from torchcp.regression.score import ABS

warnings.filterwarnings("ignore")
rng = np.random.default_rng(5)


class Column(RegressorMixin, BaseEstimator):
    """A model whose prediction is its first input."""

    def fit(self, x, y):
        self.n_features_in_ = x.shape[1]
        self.fitted_ = True
        return self

    def predict(self, x):
        return np.asarray(x)[:, 0]


class Probabilities(ClassifierMixin, BaseEstimator):
    """A model whose probabilities are its first inputs."""

    def fit(self, x, y):
        self.classes_ = np.unique(y)
        self.n_features_in_ = x.shape[1]
        self.fitted_ = True
        return self

    def predict_proba(self, x):
        return np.asarray(x)[:, : len(self.classes_)]

    def predict(self, x):
        return self.classes_[np.argmax(self.predict_proba(x), axis=1)]


class Echo(torch.nn.Module):
    """A network whose output is its input."""

    def __init__(self):
        super().__init__()
        self.unused = torch.nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return x


def listed(x):
    # what JSON has no number for is a string
    return [str(v) if not np.isfinite(v) else float(v) for v in np.asarray(x, dtype=float).ravel()]


def stream(n, burst=3.0):
    """Numbers that single precision holds exactly."""
    prediction = np.round(64 * np.sin(np.arange(n) / 5)) / 64
    noise = rng.normal(size=n) * np.where(np.arange(n) > 0.8 * n, burst, 1)
    return prediction, prediction + np.round(256 * noise) / 256


aci = []
for symmetric in [True, False]:
    for level, gamma in [(0.9, 0.005), (0.8, 0.02)]:
        # MAPIE throws once a symmetric threshold would be infinite, so alpha is kept from 0
        prediction, y = stream(280, burst=1.4)
        n = 200
        mapie = TimeSeriesRegressor(
            Column().fit(prediction[:2, None], y[:2]),
            method="aci",
            cv="prefit",
            conformity_score=AbsoluteConformityScore(sym=symmetric),
        ).fit(prediction[:n, None], y[:n])
        lower, upper, alpha = [], [], []
        for t in range(n, len(y)):
            _, bounds = mapie.predict(prediction[t : t + 1, None], confidence_level=level, allow_infinite_bounds=True)
            mapie.adapt_conformal_inference(prediction[t : t + 1, None], y[t : t + 1], gamma=gamma, confidence_level=level)
            lower.append(bounds[0, 0, 0])
            upper.append(bounds[0, 1, 0])
            alpha.append(list(mapie.current_alpha.values())[0])
        aci.append(
            {
                "symmetric": symmetric,
                "level": level,
                "gamma": gamma,
                "history": n,
                "y": listed(y),
                "prediction": listed(prediction),
                "lower": listed(lower),
                "upper": listed(upper),
                "alpha": listed(alpha),
            }
        )

lookback = []
for length, gamma in [(20, 0.1), (30, 0.5)]:
    prediction, y = stream(120)
    n = 50
    x, t = torch.tensor(prediction[:, None]).float(), torch.tensor(y).float()
    score = ABS()
    predictor = ACIPredictor(score, Echo(), gamma, alpha=0.2)
    loader = DataLoader(TensorDataset(x[:n], t[:n]), batch_size=n)
    predictor.calibrate(loader, 0.2)
    predictor.alpha_t, predictor.train_dataloader, predictor.train_indicate = 0.2, loader, True
    back, truth = x[n - length : n], t[n - length : n]
    said = predictor.predict(back)
    lower, upper, alpha = [], [], []
    for i in range(n, len(y)):
        bounds = predictor.predict(x[i : i + 1], back, truth, said)
        lower.append(float(bounds[0, 0, 0]))
        upper.append(float(bounds[0, 0, 1]))
        alpha.append(float(predictor.alpha_t))
        said = torch.cat([said, bounds])[-length:]
        back, truth = torch.cat([back, x[i : i + 1]])[-length:], torch.cat([truth, t[i : i + 1]])[-length:]
    lookback.append(
        {
            "lookback": length,
            "gamma": gamma,
            "level": 0.8,
            "history": n,
            "y": listed(y),
            "prediction": listed(prediction),
            "lower": listed(lower),
            "upper": listed(upper),
            "alpha": listed(alpha),
        }
    )

n = 60
x = rng.normal(size=(n + 40, 2))
y = x @ [1.0, -1.0] + rng.normal(size=n + 40)
blocks = BlockBootstrap(n_resamplings=25, length=7, overlapping=True, random_state=3)
mapie = TimeSeriesRegressor(LinearRegression(), method="enbpi", cv=blocks, agg_function="mean").fit(x[:n], y[:n])
inBag = np.zeros((25, n))
said = np.zeros((25, n))
for b, ((rows, _), model) in enumerate(zip(blocks.split(x[:n]), mapie.estimator_.estimators_)):
    for row in rows:
        inBag[b, row] += 1
    said[b] = model.predict(x[:n])
enbpi = {
    "history": listed(mapie.conformity_scores_),
    "y": listed(y),
    "n": n,
    "level": 0.8,
    "batch": 10,
    "inBag": listed(inBag),
    "answers": listed(said),
    "prediction": [],
    "lower": [],
    "upper": [],
}
for t in range(n, n + 40, 10):
    point, bounds = mapie.predict(x[t : t + 10], ensemble=True, confidence_level=0.8)
    mapie.update(x[t : t + 10], y[t : t + 10], ensemble=True)
    enbpi["prediction"] += listed(point)
    enbpi["lower"] += listed(bounds[:, 0, 0])
    enbpi["upper"] += listed(bounds[:, 1, 0])

puncc = EnbPI(BasePredictor(LinearRegression()), B=20, agg_func_loo=np.mean, random_state=0)
puncc.fit(x[:n], y[:n])
history = listed(puncc.residuals)
point, low, high = puncc.predict(x[n:], alpha=0.2, y_true=y[n:], s=10)
linear = {"history": history, "prediction": listed(point), "lower": listed(low), "upper": listed(high), "level": 0.8, "batch": 10}

resamples = []
for size, options in [
    (10, {"length": 3}),
    (10, {"n_blocks": 4}),
    (11, {"length": 4, "overlapping": True}),
    (9, {"n_blocks": 2, "overlapping": True}),
]:
    drawn = list(BlockBootstrap(n_resamplings=4, random_state=1, **options).split(np.arange(size)))
    resamples.append(
        {
            "n": size,
            "length": options.get("length"),
            "blocks": options.get("n_blocks"),
            "overlapping": options.get("overlapping", False),
            "rows": [[int(i) for i in rows] for rows, _ in drawn],
            "leftOut": [sorted(int(i) for i in left) for _, left in drawn],
        }
    )

conditional = []
maps = {
    "ones": lambda z: np.ones((len(z), 1)),
    "linear": lambda z: np.column_stack([np.ones(len(z)), z[:, 1:]]),
    "groups": lambda z: np.column_stack([np.ones(len(z)), z[:, 1] > 0, z[:, 2] > 0.3, z[:, 1] + z[:, 2] > 0]).astype(float),
    "dependent": lambda z: np.column_stack([np.ones(len(z)), z[:, 1] > 0, z[:, 1] <= 0, z[:, 2]]).astype(float),
}
for n, level in [(60, 0.8), (150, 0.9)]:
    for name, phi in maps.items():
        z = np.round(rng.normal(size=(n + 25, 3)), 6)
        z[:, 0] = 0
        y = np.round((1 + np.abs(z[:, 1])) * rng.normal(size=n + 25), 6)
        mapie = ConditionalSplitConformalRegressor(
            phi, Column().fit(z[:2], y[:2]), confidence_level=level, prefit=True, exact=True
        )
        mapie.conformalize(z[:n], y[:n])
        _, bounds = mapie.predict_interval(z[n:])
        conditional.append(
            {
                "name": name,
                "level": level,
                "scores": listed(np.abs(y[:n])),
                "features": listed(phi(z[:n])),
                "new": listed(phi(z[n:])),
                "cutoffs": listed(bounds[:, 1, 0]),
            }
        )

n = 90
z = np.column_stack([np.round(rng.dirichlet([1, 1, 1], n + 20), 4), np.round(rng.normal(size=n + 20), 4)])
z[:, 2] = 1 - z[:, 0] - z[:, 1]
y = np.array([rng.choice(3, p=row[:3] / row[:3].sum()) for row in z])
phi = lambda v: np.column_stack([np.ones(len(v)), v[:, 3]])  # noqa: E731
mapie = ConditionalSplitConformalClassifier(
    phi, Probabilities().fit(z, y), confidence_level=0.8, prefit=True, exact=True, conformity_score="lac"
)
mapie.conformalize(z[:n], y[:n])
_, sets = mapie.predict_set(z[n:])
classes = {
    "level": 0.8,
    "probabilities": listed(z[:, :3]),
    "labels": [int(v) for v in y],
    "n": n,
    "features": listed(phi(z)),
    "sets": [int(v) for v in sets[:, :, 0].ravel()],
}

peers = {name: version(package) for name, package in [("MAPIE", "mapie"), ("TorchCP", "torchcp"), ("puncc", "puncc")]}
Path(__file__).with_name("online.json").write_text(
    json.dumps(
        {
            "peers": peers,
            "aci": aci,
            "lookback": lookback,
            "enbpi": enbpi,
            "linear": linear,
            "resamples": resamples,
            "conditional": conditional,
            "classes": classes,
        }
    )
)
