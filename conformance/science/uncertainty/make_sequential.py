"""Reference values for martingales, confidence sequences and tests of exchangeability.

Peers: crepes 0.9.1 (martingales, semi_online_p_values), MAPIE 1.6.0 (OnlineMartingaleTest, SequentialMonteCarloTest, RiskMonitoring,
conjugate_mixture_empirical_bernstein_bound).
Environment: conformance/peers/install unc; run with that Python.
"""

import json
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
from crepes.martingales import (
    CompositeMartingale,
    EpsilonBettingFunction,
    SimpleJumper,
    SleeperDrifter,
    SleeperStayer,
    StepBettingFunction,
)
from mapie.exchangeability_testing import OnlineMartingaleTest, RiskMonitoring, SequentialMonteCarloTest
from mapie.exchangeability_testing.bounds import (
    GammaExponentialMixtureBound,
    conjugate_mixture_empirical_bernstein_bound,
)
from mapie.exchangeability_testing.permutations import MaxSplitMeanDifferenceTestStatistic

warnings.simplefilter("ignore")
rng = np.random.default_rng(5)
out = {"peers": {name: version(name) for name in ("crepes", "mapie", "numpy")}}
p = np.round(np.concatenate([rng.uniform(size=200), rng.uniform(size=250) ** 1.7]), 4)
out["p"] = p.tolist()
every = slice(None, None, 9)
log = lambda s: np.log(np.asarray(s))[every].tolist()
out["logs"] = {
    "jumper": log(SimpleJumper().apply(p)),
    "jumperThree": log(SimpleJumper(J=0.05, bf=EpsilonBettingFunction([-1, 0, 1])).apply(p)),
    "stayer": log(SleeperStayer().apply(p)),
    "stayerOne": log(SleeperStayer(R=0.01, bf=StepBettingFunction(Gs=[0.3, 0.6], A=[0.5])).apply(p)),
    "drifter": log(SleeperDrifter(R=0.1, M=50, drift=True).apply(p)),
    "still": log(SleeperDrifter(R=0.2, M=100, drift=False).apply(p)),
    "composite": log(CompositeMartingale([SimpleJumper(), SleeperStayer()]).apply(p)),
}
test = OnlineMartingaleTest(jump_size=0.01)
jumper = []
for value in p:
    jumper.append(test.update_simple_jumper_martingale(float(value)))
out["logs"]["mapieJumper"] = log(jumper)
test = OnlineMartingaleTest(test_method="plugin_martingale")
plugin = []
for value in p:
    plugin.append(test.update_plugin_martingale(float(value)))
    test.pvalue_history.append(float(value))
out["logs"]["plugin"] = log(plugin)

losses = np.round(rng.beta(1, 5, 120), 3)
losses[::17] = 1
out["losses"] = losses.tolist()
out["sequence"] = {
    side: conjugate_mixture_empirical_bernstein_bound(losses, v_opt=1, alpha=0.1, bound_side=side)[::7].tolist()
    for side in ("lower", "upper")
}
bound = GammaExponentialMixtureBound(v_opt=1, c=1, alpha_opt=0.05)
variances = [0.0, 0.3, 2.0, 25.0, 400.0, 10000.0]
out["boundary"] = {"v": variances, "s": [bound(v, 0.05) for v in variances]}

# Monte Carlo wealth, the statistics of permutations given
scores = np.round(rng.normal(size=40), 3)
out["split"] = {"scores": scores.tolist(), "value": MaxSplitMeanDifferenceTestStatistic()(scores)}
out["permutations"] = []
for strategy in ("binomial", "binomial_mixture", "aggressive"):
    for share in (0.01, 0.2):
        reached = (rng.uniform(size=300) < share).tolist()
        peer = SequentialMonteCarloTest(strategy, num_permutations=300, burn_in=300)
        given = iter([0.5] + [1.0 if r else 0.0 for r in reached])
        peer.test_statistic = lambda _: next(given)
        peer._compute_non_conformity_scores = lambda x, y: np.zeros(3)
        peer.run(None, None)
        out["permutations"].append({
            "strategy": strategy, "reached": [int(r) for r in reached], "p": peer.p_values[1::20].tolist(),
        })

# risk monitoring
label = rng.integers(0, 2, 300)
guess = np.where(rng.uniform(size=300) < 0.1, 1 - label, label)
later = rng.integers(0, 2, 200)
worse = np.where(rng.uniform(size=200) < 0.45, 1 - later, later)
monitor = RiskMonitoring("accuracy", reference_data=(label, guess))
monitor.update(later, worse)
out["monitor"] = {
    "reference": (label != guess).astype(int).tolist(), "stream": (later != worse).astype(int).tolist(),
    "threshold": monitor.threshold, "lower": monitor.online_risk_lower_bound_latest, "harmful": monitor.harmful_shift_detected,
}
Path(__file__).with_name("sequential.json").write_text(json.dumps(out, allow_nan=False))
