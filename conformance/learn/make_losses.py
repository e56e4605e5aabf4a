"""Makes losses.json: losses and their gradients of torch 2.15.0, Keras 3.15.1, Optax 0.2.8 and coral-pytorch 1.4.0, in double precision.

usage: python make_losses.py   (the list of peers `modeling`)
"""
import json
import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"
import jax

jax.config.update("jax_enable_x64", True)
import coral_pytorch.losses as coral
import keras
import numpy as np
import optax.losses as ol
import torch
from torch import nn
from torch.nn import functional as TF

keras.config.set_floatx("float64")
r = np.random.default_rng(11)
torch.manual_seed(11)
cases = []


def told(x):
    x = np.asarray(x.detach() if isinstance(x, torch.Tensor) else x)
    kind = "int64" if x.dtype.kind in "iu" else "float64"
    data = [int(v) for v in x.reshape(-1)] if kind == "int64" else [float(f"{v:.10g}") for v in x.reshape(-1)]
    return {"dtype": kind, "shape": list(x.shape), "data": data}


def record(peer, name, options, values, loss, gradients, reduction):
    cases.append({"peer": peer, "name": name, "options": options, "reduction": reduction,
                  "values": {k: told(v) for k, v in values.items()},
                  "loss": [float(f"{v:.10g}") for v in np.asarray(loss).reshape(-1)],
                  "gradients": {k: [float(f"{v:.9g}") for v in np.asarray(g).reshape(-1)] for k, g in gradients.items()}})


def of_torch(name, options, values, fn, wrt=("prediction",), reduction="mean", peer="torch"):
    """The loss of the values by fn(**values), and its gradients (of the sum, where it is several numbers) by those named."""
    tensors = {k: torch.tensor(v).requires_grad_(k in wrt) for k, v in values.items()}
    loss = fn(*tensors.values())
    if wrt:
        loss.sum().backward()
    record(peer, name, options, values, loss.detach().numpy(), {k: tensors[k].grad.numpy() for k in wrt}, reduction)


def of_jax(name, options, values, fn, wrt=("prediction",), reduction="mean"):
    keys = list(values)
    at = [keys.index(k) for k in wrt]
    args = [jax.numpy.asarray(values[k]) for k in keys]
    loss = fn(*args)
    gradients = jax.grad(lambda *a: fn(*a).sum(), argnums=tuple(at))(*args)
    record("optax", name, options, values, loss, dict(zip(wrt, gradients)), reduction)


def all_reductions(name, options, values, make, wrt=("prediction",)):
    for reduction in ("mean", "sum", "none"):
        of_torch(name, options, values, make(reduction=reduction), wrt, reduction)


def keras_loss(name, options, values, loss, swap=True):
    of_torch(name, options, values, lambda p, t: loss(t, p), peer="keras")


N = lambda *s: r.normal(size=s)
U = lambda *s: r.uniform(0.05, 0.95, s)
two = lambda p, t: {"prediction": p, "target": t}
pick = lambda n, *s: r.integers(0, n, s)

# torch.nn
p, t = 2 * N(4, 3), N(4, 3)
t[0, 0] = p[0, 0]
all_reductions("mae", {}, two(p, t), nn.L1Loss)
all_reductions("mse", {}, two(p, t), nn.MSELoss)
of_torch("smoothL1", {}, two(p, t), nn.SmoothL1Loss())
of_torch("smoothL1", {"beta": 0.5}, two(p, t), nn.SmoothL1Loss(beta=0.5))
of_torch("smoothL1", {"beta": 0}, two(p, t), nn.SmoothL1Loss(beta=0.0))
all_reductions("huber", {"delta": 0.7}, two(p, t), lambda reduction: nn.HuberLoss(delta=0.7, reduction=reduction))

logits, labels = 2 * N(5, 4), np.array([0, 3, 1, 1, 2])
w = [0.5, 2.0, 1.0, 3.0]
W = torch.tensor(w, dtype=torch.float64)
holes = np.array([0, -100, 1, 3, -100])
shares = r.dirichlet(np.ones(4), 5)
dense, masks = 2 * N(2, 3, 2, 2), pick(3, 2, 2, 2)
masks[0, 0, 0] = 255
w3, W3 = w[:3], W[:3]
CE = nn.CrossEntropyLoss
all_reductions("crossEntropy", {"classWeights": w, "ignoreIndex": -100, "labelSmoothing": 0.2}, two(logits, holes),
               lambda reduction: CE(weight=W, label_smoothing=0.2, reduction=reduction))
of_torch("crossEntropy", {}, two(logits * 300, labels), CE())
of_torch("crossEntropy", {"ignoreIndex": -100}, two(logits, holes), CE())
of_torch("crossEntropy", {"soft": True}, two(logits, shares), CE())
of_torch("crossEntropy", {"soft": True, "labelSmoothing": 0.1, "classWeights": w}, two(logits, shares), CE(label_smoothing=0.1, weight=W))
of_torch("crossEntropy", {"ignoreIndex": 255, "classWeights": w3}, two(dense, masks), CE(ignore_index=255, weight=W3))
of_torch("crossEntropy", {"ignoreIndex": 255, "classWeights": w3, "labelSmoothing": 0.3}, two(dense, masks), CE(ignore_index=255, weight=W3, label_smoothing=0.3))
logs = np.log(r.dirichlet(np.ones(4), 5))
all_reductions("nll", {"classWeights": w}, two(logs, labels), lambda reduction: nn.NLLLoss(weight=W, reduction=reduction))
of_torch("nll", {"classWeights": w, "ignoreIndex": -100}, two(logs, holes), nn.NLLLoss(weight=W))

q, y = U(4, 3), pick(2, 4, 3).astype(float)
y[0] = [0.3, 0.9, 0.5]
all_reductions("binaryCrossEntropy", {}, two(q, y), nn.BCELoss)
of_torch("binaryCrossEntropy", {}, two(np.array([[0.0, 1.0, 0.0]]), np.array([[0.0, 1.0, 1.0]])), nn.BCELoss(), ())
of_torch("binaryCrossEntropy", {"columnWeights": w3}, two(q, y), nn.BCELoss(weight=W3))
z = np.vstack([3 * N(3, 3), [[40, -40, 90]]])
all_reductions("binaryCrossEntropyWithLogits", {"positiveWeight": w3, "columnWeights": [1, 0.5, 2]}, two(z, y),
               lambda reduction: nn.BCEWithLogitsLoss(pos_weight=W3, weight=torch.tensor([1, 0.5, 2.0]), reduction=reduction))
of_torch("binaryCrossEntropyWithLogits", {}, two(z * 20, y), nn.BCEWithLogitsLoss())
y2 = r.dirichlet(np.ones(3), 4)
y2[0, 0] = 0
x2 = np.log(r.dirichlet(np.ones(3), 4))
all_reductions("klDivergence", {}, two(x2, y2), nn.KLDivLoss)
of_torch("klDivergence", {"batchMean": True}, two(x2, y2), nn.KLDivLoss(reduction="batchmean"))
of_torch("klDivergence", {"logarithm": True}, two(x2, np.log(U(4, 3))), nn.KLDivLoss(log_target=True))
counts = r.poisson(2.0, (4, 3)).astype(float)
all_reductions("poissonNll", {"full": True}, two(N(4, 3), counts), lambda reduction: nn.PoissonNLLLoss(full=True, reduction=reduction))
of_torch("poissonNll", {"logarithm": False}, two(U(4, 3), counts), nn.PoissonNLLLoss(log_input=False))
gauss = {"mean": p, "variance": np.vstack([U(3, 3), [[1e-9, 0.2, 1]]]), "target": t}
G = lambda **k: lambda m, v, y: nn.GaussianNLLLoss(**k)(m, y, v)
of_torch("gaussianNll", {"epsilon": 1e-3}, gauss, G(eps=1e-3), ("mean", "variance"))
of_torch("gaussianNll", {"full": True}, {**gauss, "variance": U(4, 1)}, G(full=True), ("mean", "variance"), "mean")
s = np.sign(N(4, 3))
all_reductions("hingeEmbedding", {"margin": 0.8}, two(p, s), lambda reduction: nn.HingeEmbeddingLoss(margin=0.8, reduction=reduction))
all_reductions("softMargin", {}, two(p, s), nn.SoftMarginLoss)
first, second, s4 = N(4), N(4), np.sign(N(4))
of_torch("marginRanking", {"margin": 0.5}, {"first": first, "second": second, "target": s4}, nn.MarginRankingLoss(margin=0.5), ("first", "second"))
of_torch("multiMargin", {}, two(logits, labels), nn.MultiMarginLoss())
all_reductions("multiMargin", {"power": 2, "margin": 0.6, "classWeights": w}, two(logits, labels),
               lambda reduction: nn.MultiMarginLoss(p=2, margin=0.6, weight=W, reduction=reduction))
listed = np.array([[3, 0, -1, 1], [1, -1, 0, 0], [-1, 2, 2, 2], [0, 1, 2, 3], [2, 3, 1, -1]])
all_reductions("multiLabelMargin", {}, two(logits, listed), nn.MultiLabelMarginLoss)
all_reductions("multiLabelSoftMargin", {"columnWeights": w}, two(logits, pick(2, 5, 4).astype(float)),
               lambda reduction: nn.MultiLabelSoftMarginLoss(weight=W, reduction=reduction))
of_torch("cosineEmbedding", {"margin": 0.1}, {"first": N(4, 3), "second": N(4, 3), "target": np.array([1.0, -1, -1, 1])},
         nn.CosineEmbeddingLoss(margin=0.1), ("first", "second"))
triplet = {"anchor": N(4, 3), "positive": N(4, 3), "negative": N(4, 3)}
for options in ({}, {"swap": True, "margin": 2}, {"order": 1}, {"order": 3, "margin": 0.5}):
    of_torch("tripletMargin", options, triplet, nn.TripletMarginLoss(p=options.get("order", 2), **{k: v for k, v in options.items() if k != "order"}), tuple(triplet))
of_torch("tripletMarginWithDistance", {"swap": True}, triplet, nn.TripletMarginWithDistanceLoss(swap=True), tuple(triplet))

scores = 2 * N(4, 6, 5)
spelled = {"logits": scores, "target": np.array([[1, 2, 2], [3, 1, 4], [4, 0, 0], [1, 1, 1]]),
           "inputLengths": np.array([6, 5, 3, 4]), "targetLengths": np.array([3, 2, 1, 3])}


def ctc(reduction, zero_infinity=False, blank=0):
    loss = nn.CTCLoss(reduction=reduction, zero_infinity=zero_infinity, blank=blank)
    return lambda x, y, n, m: loss(torch.log_softmax(x, -1).transpose(0, 1), y, n, m)


possible = {k: v[:3] for k, v in spelled.items()}
of_torch("ctc", {}, possible, ctc("mean"), ("logits",))
of_torch("ctc", {"byLength": False}, possible, ctc("none"), ("logits",), "none")
of_torch("ctc", {"zeroInfinity": True, "byLength": False}, spelled, ctc("sum", True), ("logits",), "sum")
other = {**spelled, "target": np.array([[1, 2, 2], [3, 1, 0], [0, 0, 0], [1, 0, 1]]), "inputLengths": np.array([6, 6, 6, 6]), "targetLengths": np.array([3, 2, 0, 3])}
of_torch("ctc", {"blank": 4}, other, ctc("mean", blank=4), ("logits",))
direct = nn.CTCLoss()
of_torch("ctc", {}, {**possible, "logits": torch.log_softmax(torch.tensor(possible["logits"]), -1).numpy()},
         lambda x, y, n, m: direct(x.transpose(0, 1), y, n, m), ("logits",))

hidden, weight, bias = N(7, 3), N(3, 4), N(4)
seven = np.array([0, 3, 1, -100, 2, 2, 0])
for options, more in (({"rowsAtOnce": 3, "ignoreIndex": -100}, {}), ({"ignoreIndex": -100, "labelSmoothing": 0.1, "classWeights": w, "rowsAtOnce": 2}, {"label_smoothing": 0.1, "weight": W})):
    of_torch("linearCrossEntropy", options, {"hidden": hidden, "weight": weight, "bias": bias, "target": seven},
             lambda h, m, b, y: TF.cross_entropy(h @ m + b, y, **more), ("hidden", "weight", "bias"))

adaptive = nn.AdaptiveLogSoftmaxWithLoss(6, 9, [3, 5], div_value=2.0, head_bias=True).double()
found = {"hidden": N(6, 6), "target": np.array([0, 8, 4, 2, 3, 7])}
V = lambda x: x.detach().numpy().T
parts = {"head": V(adaptive.head.weight), "headBias": V(adaptive.head.bias),
         **{f"{side}{i}": V(layer.weight) for i, tail in enumerate(adaptive.tail) for side, layer in zip(("down", "up"), tail)}}


def adaptively(h, y, head, head_bias, *tails):
    values = {"head.weight": head.T, "head.bias": head_bias, **{f"tail.{i // 2}.{i % 2}.weight": x.T for i, x in enumerate(tails)}}
    return torch.func.functional_call(adaptive, values, (h, y)).loss


of_torch("adaptiveLogSoftmax", {"cutoffs": [3, 5]}, {**found, **parts}, adaptively, ("hidden", *parts))
of_torch("adaptiveLogSoftmax", {"cutoffs": [3, 5]}, {**found, "target": np.array([0, 1, 2, 2, 3, 4]), **parts}, adaptively, ("hidden",))

# Keras
K = keras.losses
pos = U(4, 3) * 3
for name, make in (("mape", K.MeanAbsolutePercentageError), ("msle", K.MeanSquaredLogarithmicError), ("logCosh", K.LogCosh), ("cosineSimilarity", K.CosineSimilarity)):
    keras_loss(name, {}, two(2 * N(4, 3) if name == "cosineSimilarity" else pos + 0.1, pos[::-1].copy()), make())
keras_loss("huber", {"delta": 0.5}, two(p, t), K.Huber(delta=0.5))
bits = pick(2, 4, 3).astype(float)
bits[0] = [0, 1, 0]
for name, make in (("hinge", K.Hinge), ("squaredHinge", K.SquaredHinge)):
    keras_loss(name, {}, two(p, bits), make())
    keras_loss(name, {"signed": True}, two(p, 2 * bits - 1), make())
one = np.eye(4)[labels]
keras_loss("categoricalHinge", {}, two(logits, one), K.CategoricalHinge())
keras_loss("binaryCrossEntropy", {"clip": "probability"}, two(np.vstack([q[:3], [[0, 1, 0]]]), np.vstack([y[:3], [[0, 1, 1]]])), K.BinaryCrossentropy())
keras_loss("klDivergenceOfProbabilities", {}, two(r.dirichlet(np.ones(3), 4), y2), K.KLDivergence())
keras_loss("poissonNll", {"logarithm": False, "epsilon": 1e-7}, two(U(4, 3), counts), K.Poisson())
keras_loss("binaryFocal", {}, two(q, bits), K.BinaryFocalCrossentropy())
keras_loss("binaryFocal", {"gamma": 1.5, "balanced": True, "alpha": 0.3, "labelSmoothing": 0.1}, two(q, bits),
           K.BinaryFocalCrossentropy(gamma=1.5, apply_class_balancing=True, alpha=0.3, label_smoothing=0.1))
keras_loss("categoricalFocal", {}, two(U(5, 4), one), K.CategoricalFocalCrossentropy())
keras_loss("categoricalFocal", {"gamma": 3, "alpha": 0.5, "labelSmoothing": 0.2}, two(U(5, 4), one), K.CategoricalFocalCrossentropy(gamma=3, alpha=0.5, label_smoothing=0.2))
keras_loss("categoricalGeneralizedCrossEntropy", {"q": 0.7}, two(U(5, 4), labels), K.CategoricalGeneralizedCrossEntropy(q=0.7))
images, truth = U(2, 2, 3), pick(2, 2, 2, 3).astype(float)
keras_loss("dice", {}, two(images, truth), K.Dice())
keras_loss("dice", {"over": "row"}, two(images, truth), K.Dice(axis=(1, 2)))
keras_loss("tversky", {"missed": 0.3, "wrong": 0.8}, two(images, truth), K.Tversky(alpha=0.3, beta=0.8))
keras_loss("tversky", {"over": "class"}, two(images, truth), K.Tversky(axis=2))
unit = N(6, 3)
unit /= np.linalg.norm(unit, axis=1, keepdims=True)
kin = np.array([0, 1, 0, 2, 1, 0])
keras_loss("circle", {}, two(unit, kin), K.Circle())
keras_loss("circle", {"gamma": 5, "margin": 0.2}, two(unit, kin), K.Circle(gamma=5, margin=0.2))
padded = np.array([[1, 2, 2], [3, 1, 0], [4, 0, 0]])
of_torch("ctc", {"byLength": False}, {"logits": scores[:3], "target": padded, "inputLengths": np.array([6, 6, 6]), "targetLengths": np.array([3, 2, 1])},
         lambda x, t, n, m: K.CTC()(t, x), ("logits",), peer="keras")

# Optax
mean = lambda fn: lambda *a: fn(*a).mean()
for options in ({}, {"epsilon": -0.5}):
    of_jax("poly", options, two(logits, shares), mean(lambda x, y: ol.poly_loss_cross_entropy(x, y, **options)))
of_jax("binarySparsemax", {}, two(p, bits), ol.sparsemax_loss, reduction="none")
of_jax("multiclassHinge", {}, two(logits, labels), ol.multiclass_hinge_loss, reduction="none")
of_jax("multiclassPerceptron", {}, two(logits, labels), ol.multiclass_perceptron_loss, reduction="none")
of_jax("multiclassSparsemax", {}, two(logits, labels), ol.multiclass_sparsemax_loss, reduction="none")
of_jax("safeSoftmaxCrossEntropy", {}, two(logits, one), ol.safe_softmax_cross_entropy, reduction="none")
of_jax("generalizedKl", {}, two(x2, y2 * 1.5), ol.generalized_kl_divergence, reduction="none")
of_jax("ntxent", {}, two(N(6, 3), kin), ol.ntxent)
of_jax("ntxent", {"temperature": 0.5}, two(N(6, 3), kin), lambda x, y: ol.ntxent(x, y, 0.5))
relevance = pick(3, 4, 5).astype(float)
relevance[1, 3:] = -1
relevance[2] = -1
of_jax("rankingSoftmax", {}, two(N(4, 5), relevance), lambda x, y: ol.ranking_softmax_loss(x, y, where=y >= 0))
of_jax("sigmoidFocal", {}, two(z, y), mean(ol.sigmoid_focal_loss))
of_jax("sigmoidFocal", {"alpha": 0.25, "gamma": 1.5}, two(z, y), mean(lambda x, y: ol.sigmoid_focal_loss(x, y, alpha=0.25, gamma=1.5)))
of_jax("dice", {"over": "class", "smooth": 1, "epsilon": 0}, two(images[:, :1], truth[:, :1]),
       mean(lambda x, y: ol.dice_loss(jax.numpy.moveaxis(jax.numpy.log(x / (1 - x)), 1, -1), jax.numpy.moveaxis(y, 1, -1))))

# coral-pytorch
ordered, classes = 2 * N(5, 3), np.array([0, 3, 1, 2, 3])
levels = lambda y: (y[:, None] > torch.arange(3)).double()
for reduction in ("mean", "sum"):
    of_torch("coral", {}, two(ordered, classes), lambda x, y: coral.coral_loss(x, levels(y), reduction=reduction), reduction=reduction, peer="coral")
of_torch("coral", {"columnWeights": w3}, two(ordered, classes), lambda x, y: coral.coral_loss(x, levels(y), importance_weights=W3), peer="coral")
of_torch("corn", {}, two(ordered, classes), lambda x, y: coral.corn_loss(x, y, 4), peer="coral")
of_torch("corn", {}, two(ordered, np.array([0, 1, 0, 0, 1])), lambda x, y: coral.corn_loss(x, y, 4), peer="coral")

Path(__file__).with_name("losses.json").write_text("[" + ",\n".join(json.dumps(case) for case in cases) + "]\n")
