"""Makes lbfgs.json: minimizations by torch.optim.LBFGS 2.15.0 in double precision, iteration by iteration.

usage: python make_lbfgs.py   (the list of peers `modeling`)
"""
import json
from pathlib import Path

import torch

torch.set_default_dtype(torch.float64)


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def wavy(x):
    return (torch.arange(1, x.numel() + 1) * x * x / 2).sum() + torch.sin(3 * x).sum()


FUNCTIONS = {"rosenbrock": (rosenbrock, [-1.2, 1.0, 0.5, -0.3]), "wavy": (wavy, [2.0, -1.5, 0.7, 3.0, -2.0])}
cases = []
for name, (f, start) in FUNCTIONS.items():
    for options, more in (
        ({"lineSearch": "strongWolfe"}, {"line_search_fn": "strong_wolfe"}),
        ({"lineSearch": "strongWolfe", "history": 3, "learningRate": 0.5}, {"line_search_fn": "strong_wolfe", "history_size": 3, "lr": 0.5}),
        ({"lineSearch": "none", "learningRate": 0.05}, {"lr": 0.05}),
    ):
        points = {}
        for iterations in (1, 2, 5, 20, 60):
            x = torch.tensor(start, requires_grad=True)
            optimizer = torch.optim.LBFGS([x], max_iter=iterations, **more)
            optimizer.step(lambda: (optimizer.zero_grad(), loss := f(x), loss.backward(), loss)[-1])
            points[iterations] = {"x": [float(f"{v:.12g}") for v in x.tolist()], "evaluations": optimizer.state[x]["func_evals"]}
        cases.append({"function": name, "start": start, "options": options, "points": points})
Path(__file__).with_name("lbfgs.json").write_text(json.dumps(cases) + "\n")
