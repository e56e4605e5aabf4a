"""Reference values for conformal scores of a graph's nodes.

Peer: TorchCP 1.2.1 (DAPS, SNAPS). Environment: conformance/peers/install unc; run with that Python.
"""

import json
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
import torchcp_alone  # noqa: F401
from torchcp.graph.score import DAPS, SNAPS

rng = np.random.default_rng(51)
nodes, classes, count = 20, 3, 60
torch.set_default_dtype(torch.float64)
pairs = np.array([(a, b) for a in range(nodes - 1) for b in range(nodes) if a != b])
edges = pairs[rng.choice(len(pairs), count, replace=False)].T
weights = np.round(rng.uniform(0.5, 2, count), 4)
features = np.round(rng.normal(size=(nodes, 4)), 4)
scores = np.round(rng.uniform(size=(nodes, classes)), 4)
data = SimpleNamespace(
    num_nodes=nodes, edge_index=torch.tensor(edges), edge_weight=torch.tensor(weights), x=torch.tensor(features)
)
given = torch.tensor(scores)


def flat(x):
    return np.asarray(x, dtype=float).ravel().tolist()


daps = [{"diffusion": c, "scores": flat(DAPS(data, lambda s: s, neigh_coef=c)(given))} for c in [0, 0.5, 1]]
# the peer gives a node itself a place among its neighbours, before those that are unlike it: few enough neighbours here
snaps = [
    {"similarity": xi, "neighbours": mu, "k": k, "scores": flat(SNAPS(data, lambda s: s, xi=xi, mu=mu, features=data.x, k=k)(given))}
    for xi, mu, k in [(1 / 3, 1 / 3, 4), (0.5, 0.1, 3)]
]
values = {
    "peers": {name: version(name) for name in ("torchcp", "torch", "numpy")}, "nodes": nodes, "classes": classes,
    "from": edges[0].tolist(), "to": edges[1].tolist(), "weights": flat(weights), "features": flat(features), "scores": flat(scores),
    "daps": daps, "snaps": snaps,
}
Path(__file__).with_name("graph_scores.json").write_text(json.dumps(values))
