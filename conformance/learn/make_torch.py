"""Makes torch.json: losses with gradients, optimizer trajectories of 8 steps, and schedules of torch 2.15.0.

usage: python make_torch.py   (torch and numpy as in the list of peers `modeling`)
"""
import json
from pathlib import Path

import torch
from torch import nn

torch.manual_seed(5)
F = lambda t: t.detach().double().reshape(-1).tolist()


def loss_case(name, ours, fn, prediction, target, weights=None):
    p = prediction.clone().requires_grad_(True)
    value = fn(p, target)
    value.backward()
    return {"name": name, "options": ours, "prediction": F(prediction), "shape": list(prediction.shape), "target": target.reshape(-1).tolist(),
            "targetShape": list(target.shape), "loss": value.item(), "gradient": F(p.grad)}


logits = torch.randn(6, 4)
classes = torch.tensor([0, 3, 1, 1, 2, 0])
weights = torch.tensor([0.5, 2.0, 1.0, 3.0])
z = torch.cat([torch.randn(5, 2) * 3, torch.tensor([[40.0, -40.0], [0.0, 90.0]])])
y = torch.randint(0, 2, (7, 2)).float()
p, t = torch.randn(7, 3), torch.randn(7, 3)
t[0, 0] = p[0, 0]
losses = [
    loss_case("crossEntropy", {}, nn.CrossEntropyLoss(), logits, classes),
    loss_case("crossEntropy", {"classWeights": weights.tolist()}, nn.CrossEntropyLoss(weight=weights), logits, classes),
    loss_case("crossEntropy", {"labelSmoothing": 0.1}, nn.CrossEntropyLoss(label_smoothing=0.1), logits, classes),
    loss_case("crossEntropy", {"labelSmoothing": 0.2, "classWeights": weights.tolist()}, nn.CrossEntropyLoss(weight=weights, label_smoothing=0.2), logits, classes),
    loss_case("crossEntropy", {}, nn.CrossEntropyLoss(), logits * 200, classes),
    loss_case("binaryCrossEntropyWithLogits", {}, nn.BCEWithLogitsLoss(), z, y),
    loss_case("binaryCrossEntropyWithLogits", {"positiveWeight": 2.5}, nn.BCEWithLogitsLoss(pos_weight=torch.tensor(2.5)), z, y),
    loss_case("mse", {}, nn.MSELoss(), p, t),
    loss_case("mae", {}, nn.L1Loss(), p, t),
    loss_case("huber", {}, nn.HuberLoss(), p, t),
    loss_case("huber", {"delta": 0.4}, nn.HuberLoss(delta=0.4), p, t),
]

# a small quadratic-plus-sine objective whose gradient is easy to state: L = sum(a p^2 / 2) + sum(sin p)
a = torch.tensor([1.0, 10.0, 0.1, 3.0])
start = torch.tensor([1.0, -2.0, 3.0, 0.5])


def trajectory(make, clip=None, schedule=None):
    q = start.clone().requires_grad_(True)
    optimizer = make([q])
    scheduler = schedule(optimizer) if schedule else None
    points = []
    for _ in range(8):
        optimizer.zero_grad()
        ((a * q * q / 2).sum() + torch.sin(q).sum()).backward()
        if clip:
            nn.utils.clip_grad_norm_([q], clip)
        optimizer.step()
        if scheduler:
            scheduler.step()
        points.append(F(q))
    return points


O = torch.optim
optimizers = [
    ("sgd", {"learningRate": 0.05}, lambda ps: O.SGD(ps, lr=0.05), None),
    ("sgd", {"learningRate": 0.05, "weightDecay": 0.1}, lambda ps: O.SGD(ps, lr=0.05, weight_decay=0.1), None),
    ("sgd", {"learningRate": 0.02, "momentum": 0.9}, lambda ps: O.SGD(ps, lr=0.02, momentum=0.9), None),
    ("sgd", {"learningRate": 0.02, "momentum": 0.9, "nesterov": True, "weightDecay": 0.01}, lambda ps: O.SGD(ps, lr=0.02, momentum=0.9, nesterov=True, weight_decay=0.01), None),
    ("sgd", {"learningRate": 0.02, "momentum": 0.8, "dampening": 0.5}, lambda ps: O.SGD(ps, lr=0.02, momentum=0.8, dampening=0.5), None),
    ("adam", {"learningRate": 0.1}, lambda ps: O.Adam(ps, lr=0.1), None),
    ("adam", {"learningRate": 0.1, "beta1": 0.8, "beta2": 0.95, "epsilon": 0.01, "weightDecay": 0.1}, lambda ps: O.Adam(ps, lr=0.1, betas=(0.8, 0.95), eps=0.01, weight_decay=0.1), None),
    ("adamW", {"learningRate": 0.1}, lambda ps: O.AdamW(ps, lr=0.1), None),
    ("adamW", {"learningRate": 0.1, "weightDecay": 0.3}, lambda ps: O.AdamW(ps, lr=0.1, weight_decay=0.3), None),
    ("sgd", {"learningRate": 0.05, "clip": 1.0}, lambda ps: O.SGD(ps, lr=0.05), 1.0),
    ("adam", {"learningRate": 0.1, "clip": 2.0}, lambda ps: O.Adam(ps, lr=0.1), 2.0),
]


def rates(make, steps=10):
    optimizer = O.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    scheduler = make(optimizer)
    out = []
    for _ in range(steps):
        out.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return out


S = O.lr_scheduler
out = {
    "losses": losses,
    "objective": {"a": a.tolist(), "start": start.tolist()},
    "optimizers": [{"name": n, "options": o, "points": trajectory(make, clip)} for n, o, make, clip in optimizers],
    "schedules": {
        "cosine": rates(lambda o: S.CosineAnnealingLR(o, 20, eta_min=0.01)),
        "exponential": rates(lambda o: S.ExponentialLR(o, 0.9)),
        "stepwise": rates(lambda o: S.StepLR(o, 3, gamma=0.5)),
        "oneCycle": rates(lambda o: S.OneCycleLR(o, 0.1, total_steps=12)),
    },
}

# a network trained for two epochs in given order: the whole of fit against torch
net = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 3))
X, Y = torch.randn(20, 5), torch.randint(0, 3, (20,))
first = [F(q.T if q.dim() == 2 else q) for q in net.parameters()]
optimizer = O.Adam(net.parameters(), lr=0.01)
steps = []
for _ in range(4):
    optimizer.zero_grad()
    loss = nn.CrossEntropyLoss()(net(X), Y)
    loss.backward()
    optimizer.step()
    steps.append(loss.item())
out["network"] = {"x": F(X), "y": Y.tolist(), "first": first, "last": [F(q.T if q.dim() == 2 else q) for q in net.parameters()], "losses": steps}
Path(__file__).with_name("torch.json").write_text(json.dumps(out) + "\n")
