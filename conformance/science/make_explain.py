"""Reference values for integrated gradients.

Peer: captum 0.9.0 (IntegratedGradients). Environment: conformance/peers/install explain; run with that Python.
"""

import json
from importlib.metadata import version
from pathlib import Path

import torch
from captum.attr import IntegratedGradients

torch.manual_seed(23)
cases = []
for d, hidden, rows in [(4, 6, 5), (7, 12, 8)]:
    model = torch.nn.Sequential(torch.nn.Linear(d, hidden), torch.nn.Tanh(), torch.nn.Linear(hidden, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, 1))
    x, baseline = torch.randn(rows, d) * 1.5, torch.randn(1, d) * 0.3
    explainer = IntegratedGradients(model)
    attributions = {
        method: explainer.attribute(x, baseline, target=0, n_steps=steps, method=method).detach().flatten().tolist()
        for method, steps in [("gausslegendre", 16), ("riemann_middle", 20), ("riemann_trapezoid", 20)]
    }
    cases.append({
        "d": d, "hidden": hidden, "x": x.flatten().tolist(), "baseline": baseline.flatten().tolist(),
        "weights": [p.detach().t().flatten().tolist() if p.dim() == 2 else p.detach().tolist() for p in model.parameters()],
        "outputs": model(x).detach().flatten().tolist(), "baselineOutput": model(baseline).item(), "attributions": attributions,
    })

peers = {name: version(name) for name in ("captum", "torch")}
Path(__file__).with_name("explain.json").write_text(json.dumps({"peers": peers, "cases": cases}))
