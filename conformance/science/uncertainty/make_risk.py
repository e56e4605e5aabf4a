"""Reference values for risk control.

Peer: MAPIE 1.6.0 (BinaryClassificationController, MultiClassificationLTTController, MultiLabelClassificationController,
SemanticSegmentationController, control_fwer, compute_hoeffding_bentkus_p_value, get_r_hat_plus), scipy's binomial law.
Environment: conformance/peers/install unc; run with that Python.
"""

import json
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
from mapie.risk_control import (
    BinaryClassificationController,
    MultiClassificationLTTController,
    MultiLabelClassificationController,
    SemanticSegmentationController,
)
from mapie.risk_control.fwer_control import FWERFixedSequenceTesting, control_fwer
from mapie.risk_control.methods import compute_hoeffding_bentkus_p_value, get_r_hat_plus
from mapie.risk_control.risks import build_precision_ovr, build_recall_ovr

warnings.simplefilter("ignore")
rng = np.random.default_rng(7)
out = {"peers": {name: version(name) for name in ("mapie", "scipy", "numpy")}}

# p-values: sums that are whole, so that the peer's ceiling of n * mean is not touched by rounding when it is exact
rows = []
for n in (10, 50, 333, 2000):
    for alpha in (0.05, 0.1, 0.3):
        for share in (0, 0.3, 0.7, 0.95, 1.2):
            total = int(share * alpha * n)
            mean = np.array([total / n])
            if np.ceil(n * mean[0]) != total:
                continue
            for binary in (False, True):
                p = compute_hoeffding_bentkus_p_value(mean, n, alpha, binary)[0, 0]
                rows.append([n, total, alpha, int(binary), float(p)])
out["hoeffdingBentkus"] = rows

# bounds for one column of losses
losses = np.round(rng.beta(1, 6, size=(80, 3)), 4)
out["bounds"] = {
    "losses": losses.T.tolist(),
    "delta": 0.1,
    "values": {
        bound: get_r_hat_plus(losses, np.arange(3.0), "rcps", bound, 0.1, 0.25)[1].tolist()
        for bound in ("hoeffding", "bernstein")
    },
    "crc": get_r_hat_plus(losses, np.arange(3.0), "crc", None, None, 0.25)[1].tolist(),
}

# tests of families
families = []
for m in (1, 5, 12, 40):
    p = np.round(rng.beta(0.3, 3, size=m), 5)
    case = {"p": p.tolist()}
    for name in ("bonferroni", "bonferroni_holm", "fixed_sequence"):
        case[name] = control_fwer(p, 0.1, name).tolist()
    for starts in (2, 3, 50):
        case[f"starts{starts}"] = sorted(set(control_fwer(p, 0.1, FWERFixedSequenceTesting(n_starts=starts)).tolist()))
    families.append(case)
out["families"] = families

# binary
n = 600
score = np.round(rng.beta(1, 1, n), 4)
label = (rng.uniform(size=n) < score**1.3).astype(int)
given = np.column_stack([1 - score, score])
grid = np.linspace(0.02, 0.9, 45)
binary = {"scores": score.tolist(), "labels": label.tolist(), "lambdas": grid.tolist(), "cases": []}
for risk, target, fwer in [
    ("precision", 0.6, "bonferroni_holm"),
    ("recall", 0.7, "bonferroni_holm"),
    ("recall", 0.8, "fixed_sequence"),
    ("accuracy", 0.6, "bonferroni"),
    ("fpr", 0.35, "bonferroni_holm"),
    ("fpr", 0.35, "fixed_sequence"),
    (["precision", "recall"], [0.6, 0.6], "bonferroni_holm"),
    (["precision", "recall"], [0.55, 0.5], "split_fixed_sequence"),
]:
    control = BinaryClassificationController(
        lambda x: x, risk, target, confidence_level=0.9, list_predict_params=grid, fwer_method=fwer
    )
    order = None
    half = n // 2
    if fwer == "split_fixed_sequence":
        control.learn_fixed_sequence_order(given[:half], label[:half])
        order = [int(np.flatnonzero(grid == v)[0]) for v in control._learned_fixed_sequence]
        control.calibrate(given[half:], label[half:])
    else:
        control.calibrate(given, label)
    binary["cases"].append({
        "risk": risk, "target": target, "fwer": fwer, "order": order,
        "valid": sorted(float(v) for v in control.valid_predict_params), "best": control.best_predict_param,
        "p": control.p_values[:, 0].tolist(),
    })
out["binary"] = binary

# several classes
logits = rng.normal(size=(400, 3)) * 2
proba = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
proba = np.round(proba, 6)
proba[:, 2] = 1 - proba[:, 0] - proba[:, 1]
truth = np.array([rng.choice(3, p=row / row.sum()) for row in np.abs(proba)])
grid = np.linspace(0.34, 0.95, 30)
control = MultiClassificationLTTController(
    lambda x: x, build_precision_ovr([0, 1, 2]), [0.55, 0.55, 0.55], confidence_level=0.9, list_predict_params=grid,
)
control.calibrate(proba, truth)
recall = MultiClassificationLTTController(
    lambda x: x, build_recall_ovr([0, 2]), [0.5, 0.5], confidence_level=0.9, list_predict_params=grid,
)
recall.calibrate(proba, truth)
out["multiclass"] = {
    "probabilities": proba.ravel().tolist(), "labels": truth.tolist(), "lambdas": grid.tolist(),
    "precision": {"valid": control.valid_predict_params.tolist(), "best": control.best_predict_param,
                  "p": control.p_values[:, 0].tolist()},
    "recall": {"valid": recall.valid_predict_params.tolist(), "best": recall.best_predict_param,
               "p": recall.p_values[:, 0].tolist()},
}

# sets of labels
n, k = 300, 5
proba = np.round(rng.beta(1, 2, size=(n, k)), 3)
labels = (rng.uniform(size=(n, k)) < proba).astype(int)
labels[labels.sum(1) == 0, 0] = 1
sets = {"probabilities": proba.ravel().tolist(), "labels": labels.ravel().tolist(), "cases": []}
for risk, method, bound, confidence in [
    ("recall", "crc", None, None),
    ("recall", "rcps", "hoeffding", 0.9),
    ("recall", "rcps", "bernstein", 0.9),
    ("precision", "ltt", None, 0.9),
]:
    for target in (0.4, 0.6, 0.8):
        control = MultiLabelClassificationController(
            lambda x: x, risk=risk, method=method, target_level=target, confidence_level=confidence, rcps_bound=bound
        )
        control.calibrate(proba, labels)
        sets["cases"].append({
            "risk": risk, "method": method, "bound": bound, "target": target,
            "mean": control.r_hat[::9].tolist(),
            "best": None if np.isnan(control.best_predict_param[0]) else float(control.best_predict_param[0]),
        })
out["multilabel"] = sets

# masks: logits of 6 x 7 pixels
pixels = np.round(rng.normal(size=(40, 6, 7)) * 2, 3)
mask = (rng.uniform(size=pixels.shape) < 1 / (1 + np.exp(-pixels))).astype(int)
control = SemanticSegmentationController(lambda x: x, risk="recall", method="crc", target_level=0.8)
control.calibrate(pixels, mask)
out["masks"] = {"logits": pixels.ravel().tolist(), "masks": mask.ravel().tolist(), "best": float(control.best_predict_param[0])}

Path(__file__).with_name("risk.json").write_text(json.dumps(out, allow_nan=False))
