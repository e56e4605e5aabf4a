"""Seconds that MAPIE and crepes take for conformal intervals and their metrics, of columns in memory."""

import json
import sys
import time
import warnings

import numpy as np
from crepes import ConformalPredictiveSystem, ConformalRegressor
from mapie.metrics.conditional import worst_slab_coverage
from mapie.metrics.regression import hsic
from mapie.regression import ConformalizedQuantileRegressor, CrossConformalRegressor, SplitConformalRegressor
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold

warnings.simplefilter("ignore")
folder = sys.argv[1]


def read(name):
    return np.fromfile(f"{folder}/{name}.f64")


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


class Given(RegressorMixin, BaseEstimator):
    """A model whose prediction is a column of its input."""

    def __init__(self, column=0):
        self.column = column

    def fit(self, x, y):
        self.n_features_in_ = x.shape[1]
        return self

    def predict(self, x):
        return np.asarray(x)[:, self.column]


n = 1_000_000
prediction, y, group = read("prediction"), read("y"), read("group")
x, label = read("x").reshape(-1, 4), read("label")
model = Given().fit(prediction[:2, None], y[:2])


def split():
    mapie = SplitConformalRegressor(model, confidence_level=[0.5, 0.8, 0.9, 0.95, 0.99], prefit=True)
    mapie.conformalize(prediction[:n, None], y[:n])
    mapie.predict_interval(prediction[n:, None])


def mondrian():
    regressor = ConformalRegressor()
    regressor.fit(y[:n] - prediction[:n], bins=group[:n])
    regressor.predict_int(prediction[n:], bins=group[n:], confidence=0.9)


def quantiles():
    truth, x = read("truth"), np.stack([read("low"), read("high")], axis=1)
    models = [Given(column).fit(x[:2], truth[:2]) for column in [0, 1, 0]]
    ConformalizedQuantileRegressor(models, confidence_level=0.9, prefit=True).conformalize(x, truth)


def cross():
    m = 20_000
    mapie = CrossConformalRegressor(LinearRegression(fit_intercept=False), confidence_level=0.9, method="plus", cv=KFold(10))
    mapie.fit_conformalize(x[:m], label[:m])
    # in parts, so that its matrix of rows by scores fits in memory
    for i in range(m, 2 * m, 2000):
        mapie.predict_interval(x[i : i + 2000])


def crps():
    m = 20_000
    system = ConformalPredictiveSystem()
    system.fit(y[:m] - prediction[:m])
    # in parts, for the same reason
    for i in range(m, 2 * m, 2000):
        system.evaluate(prediction[i : i + 2000], y=y[i : i + 2000], metrics=["CRPS"])


few = 4000
width = 1 + np.abs(x.ravel()[:few])
intervals = np.stack([prediction[:few] - width, prediction[:few] + width], axis=1)
print(
    json.dumps(
        {
            "split-reg-1M": seconds(split),
            "mondrian-1M-1000": seconds(mondrian),
            "cqr-10M": seconds(quantiles),
            "cvplus-20k": seconds(cross),
            "cps-crps-20k": seconds(crps),
            "hsic-4k": seconds(lambda: hsic(y[:few], intervals[:, :, None])),
            "wsc-4k": seconds(
                lambda: worst_slab_coverage(x[:few], y[:few], y_intervals=intervals, delta=0.1, n_directions=100)
            ),
        }
    )
)
