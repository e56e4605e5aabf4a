"""Derivatives that PyTorch gives at ties, bounds and kinks: subgradients.json.

Environment: peers/torch (torch 2.15). A case is a function, its inputs and the gradient of its sum by each of them.
"""
import json
import pathlib

import torch
import torch.nn.functional as F

inf = float("inf")

CASES = {
    "abs": (torch.abs, [[-1.0, 0.0, 2.0]]),
    "sign": (torch.sign, [[-1.0, 0.0, 2.0]]),
    "floor": (torch.floor, [[-1.5, 0.0, 2.0]]),
    "ceil": (torch.ceil, [[-1.5, 0.0, 2.0]]),
    "round": (torch.round, [[-1.5, 0.5, 2.0]]),
    "sqrt": (torch.sqrt, [[0.0, 4.0]]),
    "relu": (torch.relu, [[-1.0, 0.0, 2.0]]),
    "leakyRelu": (lambda x: F.leaky_relu(x, 0.2), [[-1.0, 0.0, 2.0]]),
    "elu": (lambda x: F.elu(x, 1.5), [[-1.0, 0.0, 2.0]]),
    "clip": (lambda x: torch.clamp(x, -1.0, 1.0), [[-2.0, -1.0, 0.5, 1.0, 3.0]]),
    "max": (torch.maximum, [[1.0, 2.0, 3.0], [2.0, 2.0, 2.0]]),
    "min": (torch.minimum, [[1.0, 2.0, 3.0], [2.0, 2.0, 2.0]]),
    "reduceMax": (lambda x: torch.amax(x), [[1.0, 3.0, 3.0, 2.0]]),
    "reduceMin": (lambda x: torch.amin(x), [[1.0, 3.0, 1.0, 2.0]]),
    "reduceL2": (lambda x: torch.linalg.vector_norm(x), [[0.0, 0.0, 0.0]]),
    "pow at 0": (lambda x: x ** 0.0, [[0.0, 2.0]]),
    "pow base": (lambda a, b: a**b, [[0.0, 0.0, 2.0], [0.0, 2.0, 3.0]]),
    "where with an infinite side": (lambda x: torch.where(x > 0, x, torch.zeros_like(x)), [[-1.0, 0.0, 2.0]]),
    "logSumExp": (lambda x: torch.logsumexp(x, 0), [[1.0, -inf, 3.0]]),
    "softplus": (F.softplus, [[-50.0, 0.0, 50.0]]),
    "gelu": (F.gelu, [[-1.0, 0.0, 2.0]]),
    "gelu tanh": (lambda x: F.gelu(x, approximate="tanh"), [[-1.0, 0.0, 2.0]]),
    "logSoftmax": (lambda x: (F.log_softmax(x, 0) * torch.tensor([1.0, 0.0, -2.0])).sum(), [[100.0, 0.0, -100.0]]),
    "mod": (torch.fmod, [[5.5, -5.5], [2.0, 2.0]]),
}


def plain(values):
    return [value if value == value and abs(value) != inf else str(value).replace("inf", "Infinity").replace("nan", "NaN") for value in values]


cases = {}
for name, (function, inputs) in CASES.items():
    tensors = [torch.tensor(values, requires_grad=True) for values in inputs]
    result = function(*tensors)
    gradients = torch.autograd.grad(result.sum(), tensors, allow_unused=True)
    cases[name] = {
        "inputs": [plain(values) for values in inputs],
        "value": plain(result.detach().reshape(-1).tolist()),
        "gradients": [None if gradient is None else plain(gradient.tolist()) for gradient in gradients],
    }

result = {"torch": torch.__version__, "cases": cases}
pathlib.Path(__file__).with_name("subgradients.json").write_text(json.dumps(result, indent=1))
