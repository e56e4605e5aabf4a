"""Reference values for conformal classification.

Peers: MAPIE 1.6.0 (split and cross-conformal sets), TorchCP 1.2.1 (scores, predictors, criteria of efficiency; not SAPS of a true label,
nor Margin by the caller's tensor, nor kNN by cosine, nor WeightedPredictor, which are wrong), crepes 0.9.1 (p-values at once and online).
Environment: conformance/peers/install unc; run with that Python.
"""

import json
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
import torchcp_alone  # noqa: F401
from crepes import base as crepes
from crepes.extras import hinge, margin
from crepes.martingales import semi_online_p_values
from mapie.classification import CrossConformalClassifier, SplitConformalClassifier
from mapie.conformity_scores import (
    APSConformityScore,
    LACConformityScore,
    NaiveConformityScore,
    RAPSConformityScore,
    TopKConformityScore,
)
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, StratifiedShuffleSplit
from torchcp.classification.predictor import ClassConditionalPredictor, ClusteredPredictor, RC3PPredictor
from torchcp.classification.score import APS, KNN, LAC, RAPS, SAPS, TOPK, EntmaxScore, Margin
from torchcp.classification.utils import metrics as criteria

warnings.filterwarnings("ignore")
rng = np.random.default_rng(31)


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


def rows(n, classes, scale=1.5):
    logits = np.round(rng.normal(size=(n, classes)) * scale, 6)
    probabilities = softmax(logits, 1)
    labels = np.array([rng.choice(classes, p=softmax(row / 1.3)) for row in logits])
    return logits, probabilities, labels


def listed(x):
    return np.asarray(x, dtype=float).tolist()


def flat(x):
    return np.asarray(x, dtype=float).ravel().tolist()


def mapie_split():
    n, m, classes, levels, seed = 80, 15, 5, [0.8, 0.9], 7
    _, p, y = rows(n, classes)
    _, new, _ = rows(m, classes)
    model = Given().fit(p, y)
    results = []
    for name, score, last in [
        ("lac", LACConformityScore, True),
        ("aps", APSConformityScore, True),
        ("aps", APSConformityScore, False),
        ("aps", APSConformityScore, "randomized"),
        ("topK", TopKConformityScore, True),
        ("naive", NaiveConformityScore, True),
    ]:
        peer = SplitConformalClassifier(model, confidence_level=levels, conformity_score=score(), prefit=True, random_state=seed)
        peer.conformalize(p, y)
        _, sets = peer.predict_set(new, conformity_score_params={"include_last_label": last})
        results.append({"score": name, "last": last, "sets": [sets[:, :, i].astype(int).ravel().tolist() for i in range(2)]})
    return {
        "classes": classes, "levels": levels, "probabilities": flat(p), "labels": y.tolist(), "new": flat(new),
        "u": np.random.RandomState(seed).uniform(size=n).tolist(), "newU": np.random.RandomState(seed).uniform(size=m).tolist(),
        "results": results,
    }


def mapie_raps():
    n, m, classes, seed = 150, 15, 6, 5
    _, p, y = rows(n, classes)
    _, new, _ = rows(m, classes)
    model = Given().fit(p, y)
    # the peer forgets size_raps and takes the splitter's own tenth
    rest, part = next(StratifiedShuffleSplit(n_splits=1, random_state=seed).split(p, y))
    results = []
    for last in [True, False]:
        score = RAPSConformityScore()
        peer = SplitConformalClassifier(model, confidence_level=0.8, conformity_score=score, prefit=True, random_state=seed)
        peer.conformalize(p, y)
        _, sets = peer.predict_set(new, conformity_score_params={"include_last_label": last})
        results.append({
            "last": last, "penalty": float(score.lambda_star), "freeRanks": int(score.k_star[0]),
            "sets": sets[:, :, 0].astype(int).ravel().tolist(),
        })
    return {
        "classes": classes, "level": 0.8, "probabilities": flat(p), "labels": y.tolist(), "part": part.tolist(), "rest": rest.tolist(),
        "u": np.random.RandomState(seed).uniform(size=len(rest)).tolist(), "new": flat(new), "results": results,
    }


def mapie_cross():
    n, m, classes, folds, seed = 60, 12, 3, 5, 3
    x = np.round(rng.normal(size=(n + m, 2)), 6)
    y = (x[:, 0] + rng.normal(size=n + m) > 0).astype(int) + (x[:, 1] + rng.normal(size=n + m) > 0.5)
    cv = KFold(folds)
    held, fold, news = np.zeros((n, classes)), np.zeros(n), []
    for k, (train, test) in enumerate(cv.split(x[:n])):
        model = LogisticRegression().fit(x[train], y[train])
        held[test] = model.predict_proba(x[test])
        fold[test] = k
        news.append(flat(model.predict_proba(x[n:])))
    results = []
    for name, score in [("lac", LACConformityScore), ("aps", APSConformityScore)]:
        for aggregate in ["crossval", "mean"]:
            peer = CrossConformalClassifier(
                LogisticRegression(), confidence_level=[0.7, 0.9], conformity_score=score(), cv=cv, random_state=seed
            )
            peer.fit_conformalize(x[:n], y[:n])
            _, sets = peer.predict_set(x[n:], agg_scores=aggregate)
            results.append({
                "score": name, "aggregate": aggregate,
                "sets": [sets[:, :, i].astype(int).ravel().tolist() for i in range(2)],
            })
    return {
        "classes": classes, "levels": [0.7, 0.9], "probabilities": flat(held), "labels": y[:n].tolist(), "folds": fold.tolist(),
        "new": news, "u": np.random.RandomState(seed).uniform(size=n).tolist(), "results": results,
    }


def torch_scores():
    n, classes = 12, 5
    logits, p, y = rows(n, classes)
    cases = [
        ({"name": "lac"}, "identity", LAC(score_type="identity"), True),
        ({"name": "lac"}, "softmax", LAC(score_type="softmax"), True),
        ({"name": "aps"}, "identity", APS(score_type="identity", randomized=False), True),
        ({"name": "raps", "penalty": 0.1, "freeRanks": 2}, "identity", RAPS("identity", False, 0.1, 2), True),
        ({"name": "topK"}, "identity", TOPK("identity", False), True),
        # the score of a true label is wrong in the peer
        ({"name": "saps", "weight": 0.3}, "identity", SAPS("identity", False, 0.3), False),
        ({"name": "margin"}, "softmax", Margin("softmax"), True),
        # -1, by which the peer hides the true label, is not below logarithms
        ({"name": "margin"}, "logSoftmax", Margin("log_softmax"), False),
        ({"name": "entmax", "gamma": 1}, "identity", EntmaxScore(1.0), True),
        ({"name": "entmax", "gamma": 1.5}, "identity", EntmaxScore(1.5), True),
        ({"name": "entmax", "gamma": 2}, "identity", EntmaxScore(2.0), True),
    ]
    results = []
    for score, transform, peer, own in cases:
        logit = transform != "identity" or score["name"] == "entmax"
        given = torch.tensor(logits if logit else p)
        found = {"score": score, "transform": transform, "logits": logit, "all": flat(peer(given.clone()))}
        if own:
            found["own"] = flat(peer(given.clone(), torch.tensor(y)))
        results.append(found)
    features, labels = np.round(rng.normal(size=(30, 3)), 6), np.arange(30) % 3
    fresh = np.round(rng.normal(size=(6, 3)), 6)
    neighbours = []
    for k, power in [(1, 2), (3, 2), (2, 1)]:
        peer = KNN(torch.tensor(features), torch.tensor(labels), 3, k=k, p=power)
        neighbours.append({"k": k, "distance": power, "scores": flat(peer(torch.tensor(fresh)))})
    names = np.arange(classes)
    crepes_scores = [
        {"score": name, "all": flat(peer(p)), "own": flat(peer(p, names, y))} for name, peer in [("lac", hinge), ("margin", margin)]
    ]
    return {
        "classes": classes, "logits": flat(logits), "probabilities": flat(p), "labels": y.tolist(), "results": results,
        "crepes": crepes_scores,
        "neighbours": {"features": flat(features), "labels": labels.tolist(), "rows": flat(fresh), "results": neighbours},
    }


def torch_predictors():
    n, m, classes, alpha = 400, 15, 8, 0.2
    # two kinds of classes, whose scores differ; the last class is rare
    y = np.r_[np.arange(n - 3) % (classes - 1), [classes - 1] * 3]
    logits = np.round(rng.normal(size=(n, classes)), 6)
    logits[np.arange(n), y] += np.where(y % 2 == 0, 3, 0.5)
    p, new = softmax(logits, 1), softmax(np.round(rng.normal(size=(m, classes)) * 1.5, 6), 1)
    given, labels, fresh = torch.tensor(p), torch.tensor(y), torch.tensor(new)
    results = []
    for name, peer in [
        ("class", ClassConditionalPredictor(LAC("identity"), alpha=alpha)),
        ("ranks", RC3PPredictor(LAC("identity"), alpha=alpha)),
        ("cluster", ClusteredPredictor(LAC("identity"), alpha=alpha, ratio_clustering=0.5, num_clusters=2, split="doubledip")),
    ]:
        peer.num_classes = classes
        peer.calculate_threshold(given, labels, alpha)
        q = peer.class_thresholds if name == "ranks" else peer.q_hat
        found = {"method": name, "thresholds": ["inf" if np.isinf(t) else float(t) for t in q], "sets": peer.predict_with_logits(fresh).int().flatten().tolist()}
        if name == "ranks":
            found["ranks"] = [int(k) for k in peer.class_rank_limits]
        if name == "cluster":
            found["clusters"] = [int(c) for c in peer.cluster_assignments]
        results.append(found)
    return {"classes": classes, "alpha": alpha, "probabilities": flat(p), "labels": y.tolist(), "new": flat(new), "results": results}


def p_values():
    n, m, classes, seed = 60, 12, 3, 11
    cal = np.round(rng.uniform(size=n), 1)
    scores = np.round(rng.uniform(size=(m, classes)), 1)
    bins, new_bins = np.arange(n) % 2, np.arange(m) % 2
    cal_labels, labels = np.arange(n) % 3, rng.integers(0, classes, m)
    np.random.seed(seed)
    theta = np.random.rand(m, classes)
    np.random.seed(seed)
    theta_one = np.random.rand(m)
    plain = crepes.p_values_batch(cal, scores, smoothing=False)
    by_class = np.column_stack([crepes.p_values_batch(cal[cal_labels == c], scores[:, c], smoothing=False) for c in range(classes)])
    names = np.arange(classes)
    online = crepes.p_values_online_classification(scores, names, labels, alphas_cal=cal, smoothing=True, seed=seed)
    online_class = crepes.p_values_online_class_cond(
        scores, names, labels, alphas_cal=cal, y_cal=cal_labels, smoothing=False
    )
    tc, ts, ty = torch.tensor(cal), torch.tensor(scores), torch.tensor(labels)
    alpha = 0.3
    efficiency = {}
    for name, args in {"S": (), "N": (alpha,), "U": (), "F": (), "M": (alpha,), "E": (alpha,), "OU": (ty,), "OF": (ty,), "OM": (ty, alpha), "OE": (ty, alpha)}.items():
        efficiency[name] = float(getattr(criteria, f"pvalue_criterion_{name}")(tc, ts, *args))
    stream = np.round(rng.uniform(size=40), 1)
    np.random.seed(seed)
    stream_theta = np.random.rand(40)
    return {
        "classes": classes, "calibration": listed(cal), "scores": flat(scores), "groups": [f"{b}" for b in bins],
        "newGroups": [f"{b}" for b in new_bins], "calibrationLabels": cal_labels.tolist(), "labels": labels.tolist(), "u": flat(theta),
        "plain": flat(plain), "smoothed": flat(crepes.p_values_batch(cal, scores, seed=seed)),
        "grouped": flat(crepes.p_values_batch(cal, scores, bins_cal=bins, bins_test=new_bins, smoothing=False)),
        "byClass": flat(by_class), "online": flat(online), "onlineByClass": flat(online_class),
        "alpha": alpha, "efficiency": efficiency,
        "stream": {"scores": listed(stream), "u": listed(stream_theta), "pValues": listed(semi_online_p_values(stream, seed=seed))},
    }


peers = {name: version(name) for name in ("mapie", "torchcp", "crepes", "torch", "scikit-learn", "numpy")}
values = {
    "peers": peers, "split": mapie_split(), "raps": mapie_raps(), "cross": mapie_cross(), "scores": torch_scores(),
    "predictors": torch_predictors(), "pValues": p_values(),
}
Path(__file__).with_name("classification.json").write_text(json.dumps(values))
