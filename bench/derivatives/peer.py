"""Seconds of derivatives of the cross-entropy of the MLP 784-512-256-10, batch 128, by torch.func with one thread."""

import json
import time

import torch
from torch.func import functional_call, grad, jvp, vmap

torch.set_num_threads(1)
torch.manual_seed(0)
x, y = torch.randn(128, 784), torch.randint(10, (128,))
model = torch.nn.Sequential(torch.nn.Linear(784, 512), torch.nn.ReLU(), torch.nn.Linear(512, 256), torch.nn.ReLU(), torch.nn.Linear(256, 10))
weights = {name: value.detach() for name, value in model.named_parameters()}
vectors = {name: torch.randn_like(value) for name, value in weights.items()}


def loss(weights, x, y):
    return torch.nn.functional.cross_entropy(functional_call(model, weights, (x,)), y)


def seconds(run, count):
    times = []
    for step in range(count):
        start = time.perf_counter()
        run()
        if step >= count // 5:
            times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2]


def single(weights, x, y):
    return loss(weights, x[None], y[None])


def norms():
    gradients = vmap(grad(single), in_dims=(None, 0, 0))(weights, x, y)
    return sum(value.flatten(1).square().sum(1) for value in gradients.values()).sqrt()


of_weights = lambda w: loss(w, x, y)
print(json.dumps({
    "gradient": seconds(lambda: grad(of_weights)(weights), 100),
    "hvp": seconds(lambda: jvp(grad(of_weights), (weights,), (vectors,)), 60),
    "jvp": seconds(lambda: jvp(of_weights, (weights,), (vectors,)), 100),
    "per-example norms": seconds(norms, 10),
}))
