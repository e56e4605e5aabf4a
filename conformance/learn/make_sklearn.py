"""Makes sklearn.json: preprocessing, hinge and pinball losses, and a logistic regression of scikit-learn 1.9.1.

usage: python make_sklearn.py   (scikit-learn, pandas and numpy as in the list of peers `modeling`)
"""
import json
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import hinge_loss, mean_pinball_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

rng = np.random.default_rng(8)
n = 50


def frame(n, kinds):
    out = pd.DataFrame({
        "income": np.where(rng.random(n) < 0.2, np.nan, np.round(rng.lognormal(3, 1, n), 2)),
        "age": np.where(rng.random(n) < 0.1, np.nan, rng.integers(18, 80, n).astype(float)),
        "same": np.full(n, 7.0),
        "kind": rng.choice(kinds, n).astype(object),
    })
    return out


train, test = frame(n, ["fixed", "open", "Ülm", "other kind"]), frame(20, ["fixed", "open", "new", "Ülm"])
transformer = ColumnTransformer([
    ("income", make_pipeline(FunctionTransformer(np.log1p), SimpleImputer(strategy="median", add_indicator=False), StandardScaler()), ["income"]),
    ("age", make_pipeline(SimpleImputer(strategy="mean"), StandardScaler()), ["age"]),
    ("same", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), ["same"]),
    ("raw", SimpleImputer(strategy="constant", fill_value=-1), ["age"]),
    ("kind", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["kind"]),
])
transformer.fit(train)
rows = lambda f: json.loads(f.to_json(orient="records", double_precision=15))

X = np.round(rng.normal(size=(120, 3)), 3)
y = (X @ [1.5, -2.0, 0.5] + 0.3 + rng.logistic(size=120) > 0).astype(int)
C = 2.0
model = LogisticRegression(C=C, tol=1e-10, max_iter=10000).fit(X, y)
q, t = np.round(rng.normal(size=30), 3), np.round(rng.normal(size=30), 3)
out = {
    "train": rows(train), "test": rows(test),
    "trainFeatures": transformer.transform(train).ravel().tolist(), "testFeatures": transformer.transform(test).ravel().tolist(),
    "logistic": {"x": X.ravel().tolist(), "y": y.tolist(), "decay": 1 / (C * 120), "weight": model.coef_.ravel().tolist(), "bias": model.intercept_.tolist()},
    "pinball": {"prediction": q.tolist(), "target": t.tolist(), "losses": {str(a): mean_pinball_loss(t, q, alpha=a) for a in [0.1, 0.5, 0.9]}},
    "hinge": {"prediction": q.tolist(), "target": (t > 0).astype(int).tolist(), "loss": hinge_loss(np.where(t > 0, 1, -1), q)},
}
Path(__file__).with_name("sklearn.json").write_text(json.dumps(out) + "\n")
