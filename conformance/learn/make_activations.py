"""Makes activations.json: activations of torch and Keras with settings, and their slopes.

Environment: peers/modeling (torch 2.15, keras 3.15 on torch).
"""
import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "torch"
import keras
import torch
from torch.nn import functional as F

points = torch.tensor([-7.0, -3.0, -1.6, -0.6, -0.2, 0.05, 0.1, 0.4, 0.7, 1.2, 2.5, 3.5, 6.5, 8.0])
flat = lambda t: [round(float(v), 6) for v in t.detach().reshape(-1)]
K = keras.activations
cases = []
for name, settings, function in [
    ("relu", {"most": 3}, lambda x: K.relu(x, max_value=3)), ("relu", {"slope": 0.2, "below": 1}, lambda x: keras.layers.ReLU(negative_slope=0.2, threshold=1.0)(x)),
    ("relu", {"most": 3, "slope": 0.1}, lambda x: keras.layers.ReLU(max_value=3.0, negative_slope=0.1)(x)),
    ("hardtanh", {"low": -2, "high": 0.5}, lambda x: F.hardtanh(x, -2, 0.5)), ("softplus", {"beta": 2}, lambda x: F.softplus(x, 2)), ("elu", {"alpha": 0.5}, lambda x: F.elu(x, 0.5)),
    ("celu", {"alpha": 2}, lambda x: F.celu(x, 2)), ("leakyRelu", {"slope": 0.3}, lambda x: F.leaky_relu(x, 0.3)), ("threshold", {"limit": 0.5, "value": -2}, lambda x: F.threshold(x, 0.5, -2)),
    ("threshold", {"limit": -1, "value": 0}, lambda x: F.threshold(x, -1, 0)), ("threshold", {"limit": 1}, lambda x: F.threshold(x, 1, 0)),
    ("softshrink", {"limit": 1}, lambda x: F.softshrink(x, 1)), ("hardshrink", {"limit": 1}, lambda x: F.hardshrink(x, 1)),
    ("sparsePlus", {}, K.sparse_plus), ("sparseSigmoid", {}, K.sparse_sigmoid), ("squareplus", {}, K.squareplus),
]:
    x = points.clone().requires_grad_()
    y = function(x)
    y.backward(torch.cos(torch.arange(y.numel(), dtype=torch.float32)).reshape(y.shape))
    cases.append({"name": name, "settings": settings, "y": flat(y), "g": flat(x.grad)})
matrix = torch.linspace(-2, 3, 24).sin().reshape(2, 4, 3)
axes = [{"name": n, "axis": a, "y": flat(f(matrix, a))} for n, f in [("softmax", F.softmax), ("logSoftmax", F.log_softmax), ("softmin", F.softmin), ("glu", F.glu)] for a in (1,)]
gains = {n: torch.nn.init.calculate_gain(t) for n, t in [("linear", "linear"), ("sigmoid", "sigmoid"), ("tanh", "tanh"), ("relu", "relu"), ("selu", "selu"), ("leakyRelu", "leaky_relu")]}
pairs = torch.linspace(0, 5, 24).cos().reshape(2, 3, 4), torch.linspace(1, 9, 24).sin().reshape(2, 3, 4)
merged = {"a": flat(pairs[0]), "b": flat(pairs[1]), "distance": flat(F.pairwise_distance(*pairs)), "distance 1": flat(F.pairwise_distance(*pairs, p=1)), "cosine": flat(F.cosine_similarity(*pairs))}
target = pathlib.Path(__file__).with_name("activations.json")
target.write_text(json.dumps({"source": f"torch {torch.__version__}, keras {keras.__version__}", "points": flat(points), "cases": cases, "matrix": flat(matrix), "axes": axes, "gains": gains, "merged": merged}) + "\n")
print(target.stat().st_size)
