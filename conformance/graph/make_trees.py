"""Makes trees.json: ensembles of decision trees that scikit-learn, LightGBM and XGBoost fit, as exported, with their answers.

Environment: peers/modeling (scikit-learn 1.9, LightGBM 4.7, XGBoost 3.2, skl2onnx 1.20, onnxmltools 1.16, onnxruntime).
"""
import base64
import json
import pathlib
import warnings

import numpy as np
import onnx
import onnxmltools
import onnxruntime
from lightgbm import LGBMClassifier, LGBMRegressor
from onnx import TensorProto, helper
from onnxmltools.convert.common.data_types import FloatTensorType
from skl2onnx import to_onnx
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from xgboost import XGBClassifier, XGBRegressor

warnings.filterwarnings("ignore")
rng = np.random.default_rng(0)
n, d = 300, 4
x = rng.normal(size=(n, d)).astype(np.float32)
y = (np.sin(2 * x[:, 0]) + x[:, 1] * x[:, 2] + 0.1 * rng.normal(size=n)).astype(np.float32)
two = (y > 0).astype(int)
three = np.digitize(y, [-0.5, 0.5])
missing = x.copy()
missing[rng.random((n, d)) < 0.1] = np.nan
typed = [("x", FloatTensorType([None, d]))]
small = {"n_estimators": 5, "max_depth": 3, "random_state": 0}
lgb = lambda model: onnxmltools.convert_lightgbm(model, initial_types=typed, zipmap=False)
xgb = lambda model: onnxmltools.convert_xgboost(model, initial_types=typed)
plain = lambda model, **more: to_onnx(model, x[:1], options=more.get("options"))
no_maps = lambda model: {id(model): {"zipmap": False}}
forest = RandomForestClassifier(**small).fit(x, three)
cases = {
    "gradient boosting": plain(GradientBoostingRegressor(**small).fit(x, y)),
    "random forest": plain(forest, options=no_maps(forest)),
    "lightgbm regressor": lgb(LGBMRegressor(verbose=-1, num_leaves=6, **small).fit(x, y)),
    "lightgbm two classes": lgb(LGBMClassifier(verbose=-1, num_leaves=6, **small).fit(x, two)),
    "lightgbm three classes": lgb(LGBMClassifier(verbose=-1, num_leaves=6, **small).fit(x, three)),
    "lightgbm with missing values": lgb(LGBMRegressor(verbose=-1, num_leaves=6, **small).fit(missing, y)),
    "xgboost regressor": xgb(XGBRegressor(**small).fit(x, y)),
    "xgboost two classes": xgb(XGBClassifier(**small).fit(x, two)),
    "xgboost three classes": xgb(XGBClassifier(**small).fit(x, three)),
}


def ensemble():
    """The form of ai.onnx.ml 5: two trees of one question each, of which one asks the other way round."""
    tensor = lambda name, kind, values: helper.make_tensor(name, kind, [len(values)], values)
    node = helper.make_node(
        "TreeEnsemble", ["x"], ["y"], name="trees", domain="ai.onnx.ml", n_targets=2, aggregate_function=0, post_transform=0,
        tree_roots=[0, 1], nodes_featureids=[0, 2], nodes_splits=tensor("splits", TensorProto.FLOAT, [0.25, -0.5]),
        nodes_modes=tensor("modes", TensorProto.UINT8, [0, 3]), nodes_truenodeids=[0, 2], nodes_trueleafs=[1, 1],
        nodes_falsenodeids=[1, 3], nodes_falseleafs=[1, 1], leaf_targetids=[0, 1, 0, 1],
        leaf_weights=tensor("weights", TensorProto.FLOAT, [1.5, -2.0, 3.0, 4.0]),
    )
    graph = helper.make_graph(
        [node], "trees", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", d])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2])],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 5)], ir_version=10)


cases["tree ensemble"] = ensemble()
result = {}
for name, model in cases.items():
    rows = (missing if "missing" in name else x)[:20]
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    scores = session.run(None, {session.get_inputs()[0].name: rows})[-1]
    result[name] = {
        "model": base64.b64encode(model.SerializeToString()).decode(),
        "x": [None if np.isnan(v) else float(v) for v in rows.ravel()],
        "scores": np.asarray(scores, dtype=np.float64).ravel().tolist(),
    }
target = pathlib.Path(__file__).with_name("trees.json")
target.write_text(json.dumps({"source": "scikit-learn 1.9.1, LightGBM 4.7.0, XGBoost 3.2.0, run by onnxruntime", "features": d, "models": result}) + "\n")
print(target.stat().st_size)
