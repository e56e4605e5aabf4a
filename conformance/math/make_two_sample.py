"""Makes two-sample.json: scipy's two-sample tests and laws, as pinned in requirements.txt.

usage: python make_two_sample.py
"""
import json
import math
import warnings
from pathlib import Path

import numpy as np
from scipy import special, stats
from scipy.spatial import distance

warnings.simplefilter("ignore")
rng = np.random.default_rng(7)


def number(x):
    x = float(x)
    return x if math.isfinite(x) else str(x)


def sample(kind, n, shift):
    x = {"normal": rng.normal(shift, 1, n), "integer": rng.poisson(3 + shift, n).astype(float), "heavy": rng.standard_cauchy(n) + shift}[kind]
    return np.round(x, 6)


cases = []
for kind in ["normal", "integer", "heavy"]:
    for n, m, shift in [(5, 5, 0.4), (6, 9, 1.5), (20, 20, 0.5), (19, 7, 0), (8, 300, 0.2), (150, 260, 0.3), (400, 400, 0)]:
        a, b = sample(kind, n, 0), sample(kind, m, shift)
        case = {"a": a.tolist(), "b": b.tolist()}
        for name, test in {
            "ks": lambda: stats.ks_2samp(a, b),
            "ksAsymptotic": lambda: stats.ks_2samp(a, b, method="asymp"),
            "cvm": lambda: stats.cramervonmises_2samp(a, b),
            "mwTwoSided": lambda: stats.mannwhitneyu(a, b),
            "mwLess": lambda: stats.mannwhitneyu(a, b, alternative="less"),
            "mwGreater": lambda: stats.mannwhitneyu(a, b, alternative="greater"),
            "es": lambda: stats.epps_singleton_2samp(a, b),
            "t": lambda: stats.ttest_ind(a, b),
            "welch": lambda: stats.ttest_ind(a, b, equal_var=False),
            "ad": lambda: stats.anderson_ksamp([a, b]),
        }.items():
            r = test()
            case[name] = [number(r.statistic), number(r.pvalue)]
        case["bws"] = number(stats.bws_test(a, b, method=stats.PermutationMethod(n_resamples=1)).statistic)
        case["wasserstein"] = number(stats.wasserstein_distance(a, b))
        case["energy"] = number(stats.energy_distance(a, b))
        cases.append(case)
out = {"samples": cases}
big = []
for n, m, shift in [(10_001, 9_000, 0.02), (30_000, 20_000, 0.01), (1_000_000, 400_000, 0.002)]:
    a, b = np.round((np.arange(n) + 0.5) / n, 12), np.round((np.arange(m) + 0.5) / m * (1 - shift), 12)
    big.append([n, m, shift, *[number(v) for v in stats.ks_2samp(a, b)[:2]]])
out["ksLarge"] = big
out["kstwo"] = [[x, n, number(stats.kstwo.sf(x, n))] for n in [1, 2, 5, 17, 100, 140, 141, 1000, 50_000, 1_000_000]
                for x in [0.3 / n, 0.8 / n, 0.2 / n**0.5, 0.6 / n**0.5, 1.0 / n**0.5, 1.6 / n**0.5, 3.0 / n**0.5, 0.45, 0.7, 0.99] if x < 1]
tables = [[[3, 1], [1, 3]], [[12, 5], [2, 9]], [[100, 250], [130, 200]], [[0, 7], [5, 9]], [[2000, 1800], [1900, 2050]], [[7, 7], [7, 7]]]
out["fisher"] = [[t, number(stats.fisher_exact(t).statistic), number(stats.fisher_exact(t).pvalue)] for t in tables]
counts = [([30, 50, 20], [28, 55, 17]), ([5, 5, 5, 85], [10, 10, 10, 70]), ([400, 300, 300, 1], [380, 330, 290, 1])]
out["counts"] = []
for a, b in counts:
    a, b = np.array(a), np.array(b)
    expected = a * b.sum() / a.sum()
    p, q = a / a.sum(), b / b.sum()
    out["counts"].append({
        "a": a.tolist(), "b": b.tolist(),
        "chisquare": [number(v) for v in stats.chisquare(b, expected)],
        "g": [number(v) for v in stats.power_divergence(b, expected, lambda_="log-likelihood")],
        "homogeneity": [number(v) for v in stats.chi2_contingency([a, b], correction=False)[:2]],
        "kl": number(special.rel_entr(p, q).sum()),
        "js": number(distance.jensenshannon(p, q)),
        "js2": number(distance.jensenshannon(p, q, base=2)),
    })
out["hypergeometric"] = [[k, N, K, n, number(stats.hypergeom.pmf(k, N, K, n))] for k, N, K, n in [(3, 20, 7, 12), (0, 9, 4, 3), (500, 4000, 1900, 1000), (12, 100000, 50, 30000)]]
out["binomialPmf"] = [[k, n, p, number(stats.binom.pmf(k, n, p))] for k, n, p in [(0, 10, 0.3), (10, 10, 0.3), (4, 10, 0.3), (499_000, 10**6, 0.5), (3, 10**5, 1e-5)]]
Path(__file__).with_name("two-sample.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")
