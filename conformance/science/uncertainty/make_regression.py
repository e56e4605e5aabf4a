"""Reference values for conformal intervals of regression.

Peers: MAPIE 1.6.0 (split, cross, jackknife+-after-bootstrap, CQR), TorchCP 1.2.1 (CQRM, CQRFM), crepes 0.9.1 (predictive systems,
difficulty). Environment: conformance/peers/install unc; run with that Python.
"""

import json
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
import torchcp_alone  # noqa: F401
from crepes import ConformalPredictiveSystem
from crepes.extras import DifficultyEstimator
from mapie.conformity_scores import AbsoluteConformityScore, GammaConformityScore, ResidualNormalisedScore
from mapie.regression import (
    ConformalizedQuantileRegressor,
    CrossConformalRegressor,
    JackknifeAfterBootstrapRegressor,
    SplitConformalRegressor,
)
from mapie.subsample import Subsample
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold
from torchcp.regression.score import CQRFM, CQRM

warnings.filterwarnings("ignore")
rng = np.random.default_rng(11)


class Column(RegressorMixin, BaseEstimator):
    """A model whose prediction is one of its inputs."""

    def __init__(self, column=0):
        self.column = column

    def fit(self, x, y):
        self.n_features_in_ = x.shape[1]
        self.fitted_ = True
        return self

    def predict(self, x):
        return np.asarray(x)[:, self.column]


def rows(n):
    x = rng.uniform(0, 1, n)
    y = np.exp(1 + x + 0.3 * (0.3 + x) * rng.normal(size=n))
    prediction = np.round(np.exp(1.05 + x), 6)
    sigma = np.round(0.5 + x, 6)
    lower, upper = np.round(0.7 * prediction, 6), np.round(1.2 * prediction, 6)
    return np.round(y, 6), np.column_stack([prediction, sigma, lower, upper])


def listed(x):
    return np.asarray(x, dtype=float).tolist()


def parts(x):
    return dict(zip(["prediction", "sigma", "lower", "upper"], [listed(c) for c in x.T])) | {"median": listed(x[:, 0])}


split = []
for n in [22, 60, 120]:
    y, x = rows(n)
    _, new = rows(4)
    levels = [0.5, 0.8, 0.9]
    case = {"n": n, "y": listed(y), "parts": parts(x), "new": parts(new), "levels": levels, "results": []}

    def add(score, symmetric, lower, upper, **more):
        case["results"].append({"score": score, "symmetric": symmetric, "lower": listed(lower), "upper": listed(upper), **more})

    dummy = Column().fit(x, y)
    for name, score in [("absolute", AbsoluteConformityScore), ("gamma", GammaConformityScore)]:
        for symmetric in [True, False]:
            for narrowest in [True, False] if not symmetric else [False]:
                model = SplitConformalRegressor(dummy, confidence_level=levels, conformity_score=score(sym=symmetric), prefit=True)
                model.conformalize(x, y)
                _, out = model.predict_interval(new, minimize_interval_width=narrowest, allow_infinite_bounds=True)
                add(name, symmetric, out[:, 0, :], out[:, 1, :], narrowest=narrowest)
    for symmetric in [True, False]:
        score = ResidualNormalisedScore(sym=symmetric, residual_estimator=Column(1).fit(x, y), prefit=True)
        model = SplitConformalRegressor(dummy, confidence_level=levels, conformity_score=score, prefit=True)
        model.conformalize(x, y)
        _, out = model.predict_interval(new, allow_infinite_bounds=True)
        add("normalised", symmetric, out[:, 0, :], out[:, 1, :], narrowest=False)
    for symmetric in [True, False]:
        lowers, uppers = [], []
        for level in levels:
            models = [Column(2).fit(x, y), Column(3).fit(x, y), dummy]
            model = ConformalizedQuantileRegressor(models, confidence_level=level, prefit=True)
            model.conformalize(x, y)
            _, out = model.predict_interval(new, symmetric_correction=symmetric, allow_infinite_bounds=True)
            lowers.append(out[:, 0, 0])
            uppers.append(out[:, 1, 0])
        add("cqr", symmetric, np.column_stack(lowers), np.column_stack(uppers), narrowest=False)
    for name, score in [("cqrm", CQRM()), ("cqrfm", CQRFM())]:
        said = torch.tensor(x[:, [2, 0, 3]])
        scores = score(said, torch.tensor(y)).flatten().numpy()
        ks = [int(np.ceil((n + 1) * level - 1e-9)) for level in levels]
        qs = [torch.tensor([np.sort(scores)[k - 1] if k <= n else np.inf]) for k in ks]
        out = np.concatenate([score.generate_intervals(torch.tensor(new[:, [2, 0, 3]]), q).numpy() for q in qs], axis=1)
        add(name, True, out[..., 0], out[..., 1], narrowest=False)
    split.append(case)

# cross-conformal: what the models say is kept, so that nothing has to be fitted again
cross = []
for n, folds in [(30, 5), (24, 24)]:
    x = np.round(rng.normal(size=(n, 2)), 6)
    y = np.round(10 + x @ [1.0, -2.0] + rng.normal(size=n), 6)
    new = np.round(rng.normal(size=(4, 2)), 6)
    cv = KFold(folds)
    fold = np.empty(n, int)
    out_of_fold = np.empty(n)
    by_fold = np.empty((4, folds))
    for k, (train, test) in enumerate(cv.split(x)):
        model = LinearRegression().fit(x[train], y[train])
        fold[test] = k
        out_of_fold[test] = model.predict(x[test])
        by_fold[:, k] = model.predict(new)
    full = LinearRegression().fit(x, y).predict(new)
    case = {
        "y": listed(y),
        "prediction": listed(out_of_fold),
        "folds": fold.tolist(),
        "newFolds": listed(by_fold),
        "newFull": listed(full),
        "levels": [0.8, 0.9],
        "results": [],
    }
    for method in ["base", "plus", "minmax"]:
        for symmetric in [True, False]:
            for name, score in [("absolute", AbsoluteConformityScore), ("gamma", GammaConformityScore)]:
                model = CrossConformalRegressor(
                    LinearRegression(), confidence_level=[0.8, 0.9], conformity_score=score(sym=symmetric), method=method, cv=cv
                )
                model.fit_conformalize(x, y)
                point, out = model.predict_interval(new, aggregate_predictions="mean", allow_infinite_bounds=True)
                case["results"].append(
                    {
                        "score": name,
                        "method": method,
                        "symmetric": symmetric,
                        "point": listed(point),
                        "lower": listed(out[:, 0, :]),
                        "upper": listed(out[:, 1, :]),
                    }
                )
    cross.append(case)

# jackknife+ after bootstrap
n = 40
x = np.round(rng.normal(size=(n, 2)), 6)
y = np.round(x @ [1.0, -2.0] + rng.normal(size=n), 6)
new = np.round(rng.normal(size=(4, 2)), 6)
resampling = Subsample(n_resamplings=12, random_state=3)
mask = np.zeros((12, n), int)
train_answers = np.empty((12, n))
new_answers = np.empty((12, 4))
for b, (train, _) in enumerate(resampling.split(x)):
    mask[b, np.unique(train)] = 1
    model = LinearRegression().fit(x[train], y[train])
    train_answers[b] = model.predict(x)
    new_answers[b] = model.predict(new)
bootstrap = {
    "y": listed(y),
    "inBag": mask.tolist(),
    "answers": listed(train_answers),
    "newAnswers": listed(new_answers),
    "levels": [0.8, 0.9],
    "results": [],
}
for method in ["plus", "minmax"]:
    for aggregate in ["mean", "median"]:
        model = JackknifeAfterBootstrapRegressor(
            LinearRegression(),
            confidence_level=[0.8, 0.9],
            method=method,
            resampling=Subsample(n_resamplings=12, random_state=3),
            aggregation_method=aggregate,
        )
        model.fit_conformalize(x, y)
        point, out = model.predict_interval(new, allow_infinite_bounds=True)
        bootstrap["results"].append(
            {
                "method": method,
                "aggregate": aggregate,
                "point": listed(point),
                "lower": listed(out[:, 0, :]),
                "upper": listed(out[:, 1, :]),
            }
        )

# predictive systems and difficulty
systems = []
for normalised in [False, True]:
    for mondrian in [False, True]:
        n = 50
        residuals = np.round(rng.normal(size=n), 6)
        sigma = np.round(rng.uniform(0.5, 2, n), 6)
        bins = rng.integers(0, 2, n)
        new_sigma = np.round(rng.uniform(0.5, 2, 5), 6)
        new_bins = rng.integers(0, 2, 5)
        y_hat = np.round(rng.normal(size=5), 6)
        y = np.round(y_hat + rng.normal(size=5), 6)
        cps = ConformalPredictiveSystem()
        cps.fit(residuals=residuals, sigmas=sigma if normalised else None, bins=bins if mondrian else None)
        kw = {"sigmas": new_sigma if normalised else None, "bins": new_bins if mondrian else None}
        systems.append(
            {
                "residuals": listed(residuals),
                "sigma": listed(sigma) if normalised else None,
                "groups": [str(b) for b in bins] if mondrian else None,
                "prediction": listed(y_hat),
                "y": listed(y),
                "newSigma": listed(new_sigma) if normalised else None,
                "newGroups": [str(b) for b in new_bins] if mondrian else None,
                "pValues": listed(cps.predict_p(y_hat, y=y, smoothing=False, **kw)),
                "lowerPercentiles": listed(cps.predict_percentiles(y_hat, lower_percentiles=[2.5, 10, 50], y_min=-np.inf, **kw)),
                "higherPercentiles": listed(cps.predict_percentiles(y_hat, higher_percentiles=[50, 90, 97.5], y_max=np.inf, **kw)),
                "intervals": listed(cps.predict_int(y_hat, confidence=0.75, **kw)),
                "crps": None if normalised else float(cps.evaluate(y_hat, y=y, metrics=["CRPS"], **kw)["CRPS"]),
            }
        )

features = np.round(rng.normal(size=(60, 3)) * [1, 10, 100], 6)
labels = np.round(rng.normal(size=60), 6)
residuals = np.round(rng.normal(size=60), 6)
new = np.round(rng.normal(size=(6, 3)) * [1, 10, 100], 6)
difficulty = {"features": listed(features), "labels": listed(labels), "residuals": listed(residuals), "new": listed(new), "results": []}
for kind, kw in [("distance", {}), ("labels", {"y": labels}), ("residuals", {"residuals": residuals})]:
    for scaler in [False, True]:
        estimator = DifficultyEstimator()
        estimator.fit(X=features, k=7, beta=0.01, scaler=scaler, **kw)
        difficulty["results"].append({"kind": kind, "scaler": scaler, "difficulty": listed(estimator.apply(new))})

Path(__file__).with_name("regression.json").write_text(
    json.dumps(
        {
            "peers": {name: version(name) for name in ["mapie", "torchcp", "crepes", "scikit-learn", "numpy"]},
            "split": split,
            "cross": cross,
            "bootstrap": bootstrap,
            "systems": systems,
            "difficulty": difficulty,
        }
    ).replace("Infinity", '"Infinity"').replace('-"Infinity"', '"-Infinity"')
    + "\n"
)
