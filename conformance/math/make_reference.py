"""Makes reference.json: values of mpmath (50 digits), scipy, scikit-learn, statsmodels and numpy, as pinned in requirements.txt.

usage: python make_reference.py
"""
import json
from pathlib import Path

import mpmath as mp
import numpy as np
from scipy import optimize, special, stats
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import (
    confint_proportions_2indep,
    proportion_confint,
)

mp.mp.dps = 50
rng = np.random.default_rng(20240701)


def number(x):
    return float(x)


def beta_tails(a, b, x):
    if a > 100 and a == int(a) and b == int(b):  # a finite binomial sum, where mpmath's series does not converge
        x, n = mp.mpf(x), a + b - 1
        upper = mp.fsum(mp.binomial(n, j) * x**j * (1 - x) ** (n - j) for j in range(a))
        lower = mp.fsum(mp.binomial(n, j) * x**j * (1 - x) ** (n - j) for j in range(a, n + 1))
        return number(lower), number(upper)
    a, b, x = mp.mpf(a), mp.mpf(b), mp.mpf(x)
    return number(mp.betainc(a, b, 0, x, regularized=True)), number(mp.betainc(a, b, x, 1, regularized=True))


out = {}
out["gammaln"] = [[x, number(mp.loggamma(mp.mpf(x)))] for x in [1e-8, 0.1, 0.5, 1.5, 3.3, 9.99, 10.0, 55.5, 1e4, 1e8]]
out["beta"] = [
    [a, b, x, *beta_tails(a, b, x)]
    for a, b in [(0.5, 0.5), (0.01, 3), (1, 1), (3, 8), (20.5, 0.5), (150, 90), (9001, 1000)]
    for x in [1e-6, 0.03, 0.25, 0.5, 0.61, 0.9, 0.9999]
]
out["betaLarge"] = [[a, b, x, number(stats.beta.cdf(x, a, b)), number(stats.beta.sf(x, a, b))]
                    for a, b, x in [(1e6, 1e6, 0.5001), (5e5, 2e6, 0.2003), (1e5, 10, 0.9999)]]
out["betaQuantile"] = [
    [p, a, b, number(special.betaincinv(a, b, p))]
    for a, b in [(0.5, 0.5), (3, 8), (1, 100), (150, 90), (9001, 1000), (0.1, 0.2)]
    for p in [1e-10, 0.005, 0.025, 0.5, 0.8, 0.975, 0.9999]
]
out["normal"] = [[x, number(mp.ncdf(mp.mpf(x)))] for x in [-37.0, -12.5, -6.0, -5.5, -3.0, -1.0, -0.67, -0.1, 0.0, 0.3, 0.7, 1.96, 5.0, 8.0]]
out["normalQuantile"] = [[p, number(mp.sqrt(2) * mp.erfinv(2 * mp.mpf(p) - 1))] for p in [1e-40, 1e-16, 1e-5, 0.01, 0.0749, 0.075, 0.3, 0.5, 0.7, 0.975, 0.99999]]
out["t"] = [[t, v, number(stats.t.cdf(t, v))] for v in [1, 2.5, 5, 30, 1e3, 1e7] for t in [-40.0, -3.0, -0.7, -1e-4, 0.2, 2.1]]
out["tQuantile"] = [[p, v, number(stats.t.ppf(p, v))] for v in [1, 2.5, 5, 30, 1e3, 1e7] for p in [1e-9, 0.01, 0.2, 0.3, 0.4999, 0.9, 0.995]]
out["chiSquare"] = [
    [x, k, number(mp.gammainc(mp.mpf(k) / 2, 0, mp.mpf(x) / 2, regularized=True)), number(mp.gammainc(mp.mpf(k) / 2, mp.mpf(x) / 2, mp.inf, regularized=True))]
    for k in [1, 2, 7.5, 100, 5000] for x in [0.01, 3.84, 12.0, 90.0, 130.0, 5100.0]
]
out["binomial"] = [[k, n, p, number(stats.binom.cdf(k, n, p)), number(stats.binom.sf(k - 1, n, p))]
                   for n in [1, 12, 250, 10000] for p in [0.001, 0.1, 0.5, 0.97] for k in [0, n // 3, int(n * p), n]]
out["kolmogorov"] = [[x, number(special.kolmogorov(x))] for x in [0.1, 0.3, 0.6, 0.81, 0.83, 1.2, 2.0, 4.0]]

counts = [(0, 10), (3, 10), (10, 10), (90, 100), (1, 500), (499, 500), (20, 33)]
out["clopperPearson"] = [[k, n, c, *map(number, proportion_confint(k, n, 1 - c, "beta"))] for k, n in counts for c in [0.9, 0.95, 0.999]]
out["wilson"] = [[k, n, c, *map(number, proportion_confint(k, n, 1 - c, "wilson"))] for k, n in counts for c in [0.9, 0.95]]

pairs = [((56, 70), (48, 80)), ((9, 10), (3, 10)), ((0, 10), (0, 10)), ((170, 197), (1500, 1681)), ((5, 56), (0, 29))]


def score(x1, n1, x2, n2, delta, correction):
    """Score statistic, its constrained likelihood maximised by root finding: the closed form of statsmodels 0.15.0 has a
    slip (`count0 * diff` for `nobs0 * diff`), so that its statistic is off by 0.5 % and its intervals may find no bracket."""
    low, high = max(0.0, -delta) + 1e-15, min(1.0, 1 - delta) - 1e-15

    def slope(p):
        return x1 / (p + delta) - (n1 - x1) / (1 - p - delta) + x2 / p - (n2 - x2) / (1 - p)

    p2 = low if slope(low) < 0 else high if slope(high) > 0 else optimize.brentq(slope, low, high, xtol=1e-16, rtol=1e-15)
    p1 = p2 + delta
    v = (p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2) * ((n1 + n2) / (n1 + n2 - 1) if correction else 1)
    return (x1 / n1 - x2 / n2 - delta) / np.sqrt(v)


out["difference"] = []
out["differenceInterval"] = []
for (x1, n1), (x2, n2) in pairs:
    for delta in [-0.1, 0.05, 0.2]:
        for correction, name in [(True, "miettinenNurminen"), (False, "farringtonManning")]:
            statistic = score(x1, n1, x2, n2, delta, correction)
            out["difference"].append([x1, n1, x2, n2, delta, name, number(statistic), number(stats.norm.sf(statistic))])
    z, gap = stats.norm.ppf(0.975), x1 / n1 - x2 / n2
    ends = [
        optimize.brentq(lambda d: score(x1, n1, x2, n2, d, True) - target, a, b, xtol=1e-15)
        for target, a, b in [(z, -1 + 1e-9, gap - 1e-9), (-z, gap + 1e-9, 1 - 1e-9)] if abs(gap) < 1
    ]
    out["differenceInterval"].append([x1, n1, x2, n2, *map(number, ends)])
out["newcombe"] = [
    [x1, n1, x2, n2, *map(number, confint_proportions_2indep(x1, n1, x2, n2, method="newcomb", compare="diff", alpha=0.05))]
    for (x1, n1), (x2, n2) in pairs
]
p = [0.01, 0.04, 0.03, 0.005, 0.5, 0.04]
out["holm"] = {"p": p, "holm": multipletests(p, method="holm")[1].tolist(), "bonferroni": multipletests(p, method="bonferroni")[1].tolist()}

labels = rng.integers(0, 2, 60)
scores = np.round(np.clip(0.35 * labels + rng.uniform(0, 0.65, 60), 0.01, 0.99), 2)
weights = np.round(rng.uniform(0.2, 3, 60), 3)
positive, negative = scores[labels == 1], scores[labels == 0]
kernel = (positive[:, None] > negative[None, :]) + 0.5 * (positive[:, None] == negative[None, :])
delong = np.sqrt(kernel.mean(1).var(ddof=1) / len(positive) + kernel.mean(0).var(ddof=1) / len(negative))
losses = -np.log(np.where(labels == 1, scores, 1 - scores))
out["scores"] = {
    "scores": scores.tolist(), "labels": labels.tolist(), "weights": weights.tolist(),
    "auc": number(roc_auc_score(labels, scores)), "aucStandardError": number(delong),
    "logLoss": number(log_loss(labels, scores)), "logLossStandardError": number(stats.sem(losses)),
    "logLossWeighted": number(log_loss(labels, scores, sample_weight=weights)),
    "brier": number(brier_score_loss(labels, scores)),
    "brierWeighted": number(brier_score_loss(labels, scores, sample_weight=weights)),
    "midranks": stats.rankdata(scores).tolist(),
}
x = np.round(rng.normal(3, 2, 41), 4)
q = [0, 0.1, 0.25, 0.37, 0.5, 0.9, 1]
out["quantiles"] = {"x": x.tolist(), "q": q} | {m: np.quantile(x, q, method=m).tolist() for m in ["linear", "lower", "higher"]}
ks = stats.ks_2samp(x[:20], x[20:] + 0.8)
out["ks"] = {"first": x[:20].tolist(), "second": (x[20:] + 0.8).tolist(), "statistic": number(ks.statistic)}
out["moments"] = {"n": 41, "mean": number(x.mean()), "variance": number(x.var(ddof=1)),
                  "skewness": number(stats.skew(x)), "kurtosis": number(stats.kurtosis(x))}
b = rng.normal(size=(9, 5))
a = b.T @ b
out["dense"] = {"a": a.ravel().tolist(), "cholesky": np.linalg.cholesky(a).ravel().tolist(), "inverse": np.linalg.inv(a).ravel().tolist(),
                "eigenvalues": np.linalg.eigvalsh(a)[::-1].tolist(), "logDeterminant": number(np.linalg.slogdet(a)[1]),
                "b": b.ravel().tolist(), "singularValues": np.linalg.svd(b)[1].tolist()}

Path(__file__).with_name("reference.json").write_text(json.dumps(out) + "\n")
