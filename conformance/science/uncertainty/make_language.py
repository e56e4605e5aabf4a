"""Reference values for sets of sampled answers.

Peer: TorchCP 1.2.1 (ConformalLM, its set scores, Pareto front and fixed sequence of binomial tests).
Environment: conformance/peers/install unc; run with that Python. Packages that the peer imports and these parts do not use
are stood in for.
"""

import json
import sys
import types
from importlib.metadata import version
from pathlib import Path

for name in ("torchcp.graph", "torchcp.classification", "torchcp.regression", "transformers"):
    stand_in = types.ModuleType(name)
    stand_in.set_seed = stand_in.StoppingCriteriaList = None
    stand_in.StoppingCriteria = object
    sys.modules[name] = stand_in

import numpy as np
import torch
from torchcp.llm import ConformalLM
from torchcp.llm.utils import scoring

rng = np.random.default_rng(3)
torch.set_default_dtype(torch.float64)


def rows(n, k):
    quality = np.round(rng.beta(1, 3, size=(n, k)) * 0.98 + 0.01, 3)
    right = (rng.uniform(size=(n, k)) < quality).astype(float)
    similarity = np.round(rng.uniform(size=(n, k, k)), 3)
    return quality, right, similarity


quality, right, similarity = rows(60, 6)
tune, tune_right, tune_similarity = rows(60, 6)
out = {"peers": {name: version(name) for name in ("torchcp", "torch", "numpy")}, "samples": 6}
out |= {"quality": quality.ravel().tolist(), "right": right.ravel().tolist(), "similarity": similarity.ravel().tolist()}
out |= {"tune": tune.ravel().tolist(), "tuneRight": tune_right.ravel().tolist()}
q = torch.tensor(quality)
out["scores"] = {
    name: getattr(scoring, name if name != "firstK" else "first_k")(q[:4]).ravel().tolist() if name != "geometric"
    else scoring.geometric(q[:4]).ravel().tolist()
    for name in ("geometric", "marginal", "firstK", "max", "sum")
}
out["masks"] = []
for config in ([0.8, 0.1, 0.5], [0.5, 0.2, 1.0], [0.9, 0.0, 2.0]):
    lm = ConformalLM(set_score_function_name="geo", rejection=True)
    lm.scaling(None, None)
    sets = lm.predict_with_config(torch.tensor(config), q, torch.tensor(similarity))
    out["masks"].append({"config": config, "sets": sets.int().ravel().tolist()})
lm = ConformalLM(set_score_function_name="geo", alpha=0.1, epsilons=torch.tensor([0.1, 0.3, 0.5, 0.7, 0.9]))
lm.scaling(None, None)
# one similarity for all, so that the product of settings is over stopping scores alone
same = torch.zeros(60, 6, 6)
lm.tuning(torch.tensor(tune), same, torch.tensor(tune_right))
front = lm.candidate_configs[:, 2].tolist()
lm.calibrate_configs(q, same, torch.tensor(right))
out["front"] = [str(v) if np.isinf(v) else v for v in front]
out["best"] = [None if np.isnan(v) else str(v) if np.isinf(v) else v for v in lm.best_valid_configs[:, 2].tolist()]
Path(__file__).with_name("language.json").write_text(json.dumps(out, allow_nan=False))
