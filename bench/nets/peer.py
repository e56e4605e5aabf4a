"""Seconds of one training step of the same networks in PyTorch with one thread, eager and compiled."""

import json
import time

import torch
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(0)


class Gru(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru, self.head = nn.GRU(64, 128, batch_first=True), nn.Linear(128, 10)

    def forward(self, x):
        return self.head(self.gru(x)[0][:, -1])


class Mean(nn.Module):
    def forward(self, x):
        return x.mean(1)


block = lambda: nn.TransformerEncoderLayer(128, 4, 512, dropout=0.0, batch_first=True, norm_first=True)
wide = lambda: nn.Sequential(nn.Linear(784, 2048), nn.ReLU(), nn.Linear(2048, 2048), nn.ReLU(), nn.Linear(2048, 10))
cnn = lambda: nn.Sequential(
    nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(3136, 128), nn.ReLU(), nn.Linear(128, 10),
)
sgd = lambda p: torch.optim.SGD(p, lr=1e-3)
works = {
    "wide mlp": (wide, (784,), 128, sgd),
    "cnn": (cnn, (1, 28, 28), 64, sgd),
    "gru": (Gru, (50, 64), 32, sgd),
    "transformer": (lambda: nn.Sequential(block(), block(), Mean(), nn.Linear(128, 10)), (64, 128), 32, lambda p: torch.optim.Adam(p, lr=1e-3)),
}


def seconds(make, shape, batch, optimize, compiled):
    model = make()
    optimizer = optimize(model.parameters())
    run = torch.compile(model) if compiled else model
    loss = nn.CrossEntropyLoss()
    x, y = torch.randn(batch, *shape), torch.randint(10, (batch,))
    times = []
    for step in range(60):
        start = time.perf_counter()
        optimizer.zero_grad()
        loss(run(x), y).backward()
        optimizer.step()
        if step >= 12:
            times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2]


print(json.dumps({name + (", compiled" if compiled else ""): seconds(*work, compiled) for compiled in (False, True) for name, work in works.items()}))
