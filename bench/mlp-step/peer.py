"""Seconds of one training step of the MLP 784-512-256-10, batch 128, in PyTorch eager mode with one thread."""

import json
import time

import torch

torch.set_num_threads(1)
torch.manual_seed(0)
x, y = torch.randn(128, 784), torch.randint(10, (128,))


def seconds(make):
    model = torch.nn.Sequential(torch.nn.Linear(784, 512), torch.nn.ReLU(), torch.nn.Linear(512, 256), torch.nn.ReLU(), torch.nn.Linear(256, 10))
    optimizer = make(model.parameters())
    loss = torch.nn.CrossEntropyLoss()
    times = []
    for step in range(230):
        start = time.perf_counter()
        optimizer.zero_grad()
        loss(model(x), y).backward()
        optimizer.step()
        if step >= 30:
            times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2]


print(json.dumps({
    "mlp step, sgd": seconds(lambda p: torch.optim.SGD(p, lr=0.01)),
    "mlp step, adam": seconds(lambda p: torch.optim.Adam(p, lr=1e-3)),
}))
