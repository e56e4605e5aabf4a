"""Seconds that MAPIE, crepes and TorchCP take for prediction sets and p-values, of columns in memory."""

import json
import pathlib
import sys
import time
import warnings

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "conformance/science/uncertainty"))
import numpy as np
import torch
import torchcp_alone  # noqa: F401
from crepes import ConformalClassifier
from crepes.extras import hinge
from mapie.classification import SplitConformalClassifier
from sklearn.base import BaseEstimator, ClassifierMixin
from torchcp.classification.predictor import SplitPredictor
from torchcp.classification.score import EntmaxScore

warnings.simplefilter("ignore")
torch.set_num_threads(1)
folder = sys.argv[1]


def read(name):
    return np.fromfile(f"{folder}/{name}.f64")


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


class Given(ClassifierMixin, BaseEstimator):
    def fit(self, x, y):
        self.classes_ = np.arange(x.shape[1])
        self.n_features_in_ = x.shape[1]
        return self

    def predict_proba(self, x):
        return np.asarray(x)

    def predict(self, x):
        return np.asarray(x).argmax(1)


wide, wide_label = read("wide").reshape(-1, 100), read("wideLabel").astype(int)
narrow, narrow_label = read("narrow").reshape(-1, 10), read("narrowLabel").astype(int)
logits = torch.tensor(np.log(wide[:10_000]))
n, many, few, short = 100_000, 200_000, 20_000, 5000


def mapie(p, y, score, levels, rows):
    model = Given().fit(p, y)
    peer = SplitConformalClassifier(model, confidence_level=levels, conformity_score=score, prefit=True, random_state=1)
    peer.conformalize(p[:rows], y[:rows])
    return peer.predict_set(p[rows : 2 * rows])


def p_values():
    classes = np.arange(10)
    peer = ConformalClassifier()
    peer.fit(hinge(narrow[:few], classes, narrow_label[:few]))
    # in parts: a twentieth of the new rows, since rows cost the same
    peer.predict_p(hinge(narrow[few : few + few // 20]))


def entmax():
    peer = SplitPredictor(EntmaxScore(1.5), alpha=0.1)
    y = torch.tensor(wide_label[:short])
    peer.calculate_threshold(logits[:short], y, 0.1)
    peer.predict_with_logits(logits[short:])


print(
    json.dumps(
        {
            "aps-100k-100": seconds(lambda: mapie(wide, wide_label, "aps", [0.8, 0.9], n)),
            "lac-sets-200k": seconds(lambda: mapie(narrow, narrow_label, "lac", 0.9, many)),
            "pvalues-20k": 20 * seconds(p_values),
            "entmax-5k-100": seconds(entmax),
        }
    )
)
