"""Reference values for calibration errors, tests of calibration and scores of intervals.

Peer: MAPIE 1.6.0 (metrics.calibration, metrics.regression), numpy (ECE as Guo et al. compute it), scikit-learn 1.9.1 (brier, pinball).
Environment: conformance/peers/install unc; run with that Python.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from mapie.metrics import calibration as m
from mapie.metrics.regression import coverage_width_based, regression_mwi_score
from sklearn.metrics import brier_score_loss, log_loss, mean_pinball_loss

rng = np.random.default_rng(17)
out = {"peers": {name: version(name) for name in ("mapie", "scikit-learn", "numpy")}}
n, k = 400, 3
score = rng.beta(1, 1, n)
label = (rng.uniform(size=n) < score**1.4).astype(int)
logits = rng.normal(size=(n, k)) * 2
proba = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
truth = np.array([rng.choice(k, p=row) for row in (proba + 0.2) / 1.6])
right = (proba.argmax(1) == truth).astype(int)
out |= {"scores": score.tolist(), "labels": label.tolist(), "probabilities": proba.ravel().tolist(), "classes": truth.tolist()}
strategies = {"mapieUniform": "uniform", "mapieQuantile": "quantile", "mapieArraySplit": "array split"}
out["ece"] = {
    ours: {
        "binary": m.expected_calibration_error(label, score, num_bins=20, split_strategy=peer),
        "confidence": m.expected_calibration_error(right, proba, num_bins=20, split_strategy=peer),
        "classwise": m.expected_calibration_error(
            right, proba, num_bins=20, split_strategy=peer, classwise=True, class_labels=truth),
        "topLabel": m.top_label_ece(truth, proba, num_bins=20, split_strategy=peer),
    }
    for ours, peer in strategies.items()
}


def guo(p, hit, bins=15):
    total, edges = 0.0, np.linspace(0, 1, bins + 1)
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (p > low) & (p <= high)
        if inside.any():
            total += inside.mean() * abs(p[inside].mean() - hit[inside].mean())
    return total


out["guo"] = {"binary": guo(score, label), "confidence": guo(proba.max(1), right)}
out["tests"] = {
    name: [getattr(m, f"{peer}_statistic")(label, score), getattr(m, f"{peer}_p_value")(label, score)]
    for name, peer in {"ks": "kolmogorov_smirnov", "kuiper": "kuiper", "spiegelhalter": "spiegelhalter"}.items()
}
out["cdf"] = {
    "x": [0.4, 0.9, 1.3, 2.1, 3.0],
    "ks": [float(m.kolmogorov_smirnov_cdf(x)) for x in (0.4, 0.9, 1.3, 2.1, 3.0)],
    "kuiper": [float(m.kuiper_cdf(x)) for x in (0.4, 0.9, 1.3, 2.1, 3.0)],
}
y = rng.normal(size=50)
lower, upper = np.sort(rng.normal(size=(2, 50)), axis=0)
out["intervals"] = {
    "y": y.tolist(), "lower": lower.tolist(), "upper": upper.tolist(),
    "mwi": float(regression_mwi_score(y, np.stack([lower, upper], 1)[:, :, None], 0.9)),
    "cwc": float(coverage_width_based(y, lower, upper, eta=2.0, confidence_level=0.9)),
    "pinball": float(mean_pinball_loss(y, lower, alpha=0.2)),
}
out["brier"] = float(brier_score_loss(label, score))
out["logLoss"] = float(log_loss(truth, proba))
Path(__file__).with_name("calibration_metrics.json").write_text(json.dumps(out, allow_nan=False, default=float))
