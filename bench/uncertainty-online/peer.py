"""Seconds that MAPIE takes for intervals of a stream and for conditional cutoffs, of columns in memory."""

import json
import sys
import time
import warnings

import numpy as np
from mapie.conditional_conformal_prediction import ConditionalSplitConformalRegressor
from mapie.regression import TimeSeriesRegressor
from sklearn.base import BaseEstimator, RegressorMixin

warnings.simplefilter("ignore")
folder = sys.argv[1]


def read(name):
    return np.fromfile(f"{folder}/{name}.f64")


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


class Given(RegressorMixin, BaseEstimator):
    def fit(self, x, y):
        self.n_features_in_ = x.shape[1]
        self.fitted_ = True
        return self

    def predict(self, x):
        return np.asarray(x)[:, 0]


class Nothing(Given):
    def predict(self, x):
        return np.zeros(len(x))


prediction, y = read("prediction"), read("y")
features, scores = read("features").reshape(-1, 5), read("scores")
known, n = 1000, 2000


def aci():
    model = Given().fit(prediction[:2, None], y[:2])
    mapie = TimeSeriesRegressor(model, method="aci", cv="prefit").fit(prediction[:known, None], y[:known])
    mapie.adapt_conformal_inference(prediction[known:, None], y[known:], gamma=0.005, confidence_level=0.9)


def conditional():
    model = Nothing().fit(features[:2], scores[:2])
    mapie = ConditionalSplitConformalRegressor(lambda x: x, model, confidence_level=0.9, prefit=True)
    mapie.conformalize(features[:n], scores[:n])
    mapie.predict_interval(features[n:])


print(json.dumps({"aci-20k": seconds(aci), "condconf-2k": seconds(conditional)}))
