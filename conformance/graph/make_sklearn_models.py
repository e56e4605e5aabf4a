"""Makes sklearn_models.json: what skl2onnx writes of pipelines with strings, of networks and of classes named by strings.

Files of skl2onnx say nothing of the types of values between nodes.
Environment: peers/modeling (onnxruntime, scikit-learn 1.9, skl2onnx 1.20).
"""
import base64
import json
import pathlib
import warnings

import numpy as np
import onnxruntime
import pandas as pd
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

warnings.filterwarnings("ignore")
rng = np.random.default_rng(0)
n = 80
frame = pd.DataFrame({"a": rng.normal(size=n), "b": rng.normal(size=n), "kind": rng.choice(["x", "y", "z"], n)})
label = (frame["a"] + frame["b"] > 0).astype(int).to_numpy()
names = np.array(["no", "yes"])[label]
numbers = frame[["a", "b"]].to_numpy(dtype=np.float32)
typed = [("a", FloatTensorType([None, 1])), ("b", FloatTensorType([None, 1])), ("kind", StringTensorType([None, 1]))]
rows = {
    "a": np.array([[0.1], [np.nan], [-2]], dtype=np.float32),
    "b": np.array([[1], [2], [0.5]], dtype=np.float32),
    "kind": np.array([["x"], ["new"], ["z"]], dtype=object),
}
prepared = lambda: ColumnTransformer([
    ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), ["a", "b"]),
    ("kinds", OneHotEncoder(handle_unknown="ignore"), ["kind"]),
])
network = lambda: MLPClassifier((6,), max_iter=300, random_state=0)
cases = {
    "pipeline": (make_pipeline(prepared(), LogisticRegression()).fit(frame, label), typed, rows, False),
    "pipeline into a network": (make_pipeline(prepared(), network()).fit(frame, names), typed, rows, False),
    "network": (network().fit(numbers, label), None, {"X": numbers[:5]}, False),
    "classes named by strings": (LogisticRegression().fit(numbers, names), None, {"X": numbers[:5]}, False),
    "probabilities as maps": (LogisticRegression().fit(numbers, names), None, {"X": numbers[:5]}, True),
    "forest": (RandomForestClassifier(3, max_depth=3, random_state=0).fit(numbers, names), None, {"X": numbers[:5]}, False),
}


def plain(value):
    if isinstance(value, list):
        return None  # a sequence of maps
    missing = lambda x: None if isinstance(x, float) and np.isnan(x) else x
    return {"dtype": {"object": "string"}.get(str(value.dtype), str(value.dtype)), "shape": list(value.shape),
            "data": [missing(x) for x in value.ravel().tolist()]}


result = {}
for name, (model, types, feeds, maps) in cases.items():
    example = None if types else numbers[:1]
    data = to_onnx(model, example, initial_types=types, options={"zipmap": maps}).SerializeToString()
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    outputs = dict(zip([output.name for output in session.get_outputs()], session.run(None, feeds)))
    result[name] = {"model": base64.b64encode(data).decode(), "feeds": {k: plain(v) for k, v in feeds.items()},
                    "outputs": {k: plain(v) for k, v in outputs.items()}}
pathlib.Path(__file__).with_name("sklearn_models.json").write_text(json.dumps(result))
