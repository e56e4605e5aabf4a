"""Reference values for losses of conformal training.

Peer: TorchCP 1.2.1, where it is right: the soft quantile is asked for at the level (its losses ask for alpha of scores that are sorted
downward), the coverage and size parts of ConfTr, ConfTS, SCPO, CD (whose sign is turned), R2CCP (whose entropy is turned), the ordinal head.
Environment: conformance/peers/install unc; run with that Python.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
import torchcp_alone  # noqa: F401
from torchcp.classification.loss import CDLoss, ConfTrLoss, ConfTSLoss, SCPOLoss
from torchcp.classification.predictor import SplitPredictor
from torchcp.classification.score import APS, LAC
from torchcp.classification.trainer.model_zoo import OrdinalClassifier
from torchcp.regression.loss import R2ccpLoss

rng = np.random.default_rng(41)
n, classes, level = 24, 4, 0.8
alpha = 1 - level
logits = np.round(rng.normal(size=(n, classes)) * 1.5, 4)
labels = rng.integers(0, classes, n)
z, y = torch.tensor(logits, dtype=torch.float32), torch.tensor(labels)
scores = {"lac": LAC("softmax"), "aps": APS("softmax", randomized=False)}


def flat(x):
    return np.asarray(x, dtype=float).ravel().tolist()


def gradient(make):
    leaf = z.clone().requires_grad_(True)
    value = make(leaf)
    value.backward()
    return {"value": float(value), "gradient": flat(leaf.grad)}


def calibrated(loss, score, logits, fraction):
    cut = int(fraction * n)
    tau = loss._soft_quantile(score(logits[:cut], y[:cut]), level)
    return loss.compute_loss(score(logits[cut:]), y[cut:], tau)


results = []
for name, score in scores.items():
    predictor = SplitPredictor(score)
    for fraction in [0.5, 0.3]:
        for kind, transform in [("valid", "square"), ("valid", "abs"), ("coverage", "square")]:
            loss = ConfTrLoss(predictor, alpha, fraction, epsilon=0.1, loss_type=kind, loss_transform=transform)
            found = gradient(lambda leaf: calibrated(loss, score, leaf, fraction))
            results.append({"loss": "confTr", "score": name, "fraction": fraction, "kind": kind, "transform": transform, **found})
        loss = ConfTSLoss(predictor, alpha, fraction)
        results.append({"loss": "confTs", "score": name, "fraction": fraction, **gradient(lambda leaf: calibrated(loss, score, leaf, fraction))})
    loss = CDLoss(predictor, epsilon=0.1)
    results.append({"loss": "cd", "score": name, **gradient(lambda leaf: loss(leaf, y))})
for form in ["log", "neg_inv"]:
    loss = SCPOLoss(SplitPredictor(LAC("identity")), alpha, loss_transform=form)
    results.append({"loss": "scpo", "form": form, **gradient(lambda leaf: loss(leaf, y))})

numbers = np.round(rng.uniform(size=15), 4)
soft = ConfTSLoss(SplitPredictor(LAC("softmax")), alpha)
quantiles = [{"level": q, "value": float(soft._soft_quantile(torch.tensor(numbers, dtype=torch.float32), q))} for q in [0.2, 0.5, 0.8, 0.9]]
midpoints, target = np.linspace(-1, 1, classes), np.round(rng.uniform(-1, 1, (n, 1)), 4)
r2ccp = []
for power, entropy in [(0.5, 0.2), (2, 0.5)]:
    # the peer adds what is to be subtracted
    loss = R2ccpLoss(power, -entropy, torch.tensor(midpoints, dtype=torch.float32))
    found = gradient(lambda leaf: loss(torch.softmax(leaf, 1), torch.tensor(target, dtype=torch.float32)))
    r2ccp.append({"power": power, "entropy": entropy, **found})
ordinal = [{"shape": shape, "logits": flat(OrdinalClassifier(torch.nn.Identity(), phi=shape, varphi=shape)(z).detach())} for shape in ["abs", "square"]]
values = {
    "peers": {name: version(name) for name in ("torchcp", "torch", "numpy")}, "classes": classes, "level": level, "logits": flat(logits),
    "labels": labels.tolist(), "results": results, "numbers": flat(numbers), "quantiles": quantiles, "midpoints": flat(midpoints),
    "target": flat(target), "r2ccp": r2ccp, "ordinal": ordinal,
}
Path(__file__).with_name("conformal_losses.json").write_text(json.dumps(values))
