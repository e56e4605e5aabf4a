"""Makes privacy.json: the epsilon of private training, with mpmath at 40 digits. Renyi's divergence of one step is integrated, not
summed by the formula that is held to it; epsilon is the least over the whole orders that are listed.

Environment: peers/modeling (mpmath 1.3).
"""
import json
import pathlib

import mpmath as mp

mp.mp.dps = 40
ORDERS = [*range(2, 129), 160, 192, 256, 384, 512, 768, 1024]


def divergence(a, q, s):
    q, s = mp.mpf(q), mp.mpf(s)
    if q == 1:
        return a / (2 * s * s)
    # E_{z ~ N(0, s^2)} ((1 - q) + q exp((2 z - 1) / (2 s^2)))^a, whose mass lies between 0 and a
    density = lambda z: mp.npdf(z, 0, s) * ((1 - q) + q * mp.exp((2 * z - 1) / (2 * s * s))) ** a
    points = [-20 * s, -5 * s, 0] + [a * mp.mpf(i) / 6 for i in range(1, 7)] + [a + 5 * s, a + 20 * s]
    return mp.log(mp.quad(density, points)) / (a - 1)


def summed(a, q, s):
    q, s = mp.mpf(q), mp.mpf(s)
    total = mp.fsum(mp.binomial(a, k) * (1 - q) ** (a - k) * q ** k * mp.exp(mp.mpf(k * k - k) / (2 * s * s)) for k in range(a + 1))
    return mp.log(total) / (a - 1)


def epsilon(steps, q, s, delta):
    delta, found = mp.mpf(delta), []
    for a in ORDERS:
        d = a / (2 * mp.mpf(s) ** 2) if q == 1 else summed(a, q, s)
        found.append((steps * d + mp.log1p(-mp.mpf(1) / a) - (mp.log(delta) + mp.log(a)) / (a - 1), a))
    return min(found)


divergences = []
for a, q, s in [(2, 0.01, 1.1), (8, 0.01, 1.1), (32, 0.001, 0.8), (20, 0.2, 2.0), (64, 0.004, 5.0), (5, 1, 3.0)]:
    exact = divergence(a, q, s)
    if q != 1:
        assert abs(exact / summed(a, q, s) - 1) < mp.mpf(10) ** -12, (a, q, s)
    divergences.append({"order": a, "rate": q, "noise": s, "value": float(exact)})
cases = []
for steps, q, s, delta in [(1000, 0.01, 1.1, 1e-5), (14063, 256 / 60000, 1.1, 1e-5), (1, 1, 4.0, 1e-6), (500, 0.1, 0.7, 1e-4), (100, 0.001, 10.0, 1e-5), (10, 0.5, 30.0, 1e-3)]:
    value, order = epsilon(steps, q, s, delta)
    cases.append({"steps": steps, "rate": q, "noise": s, "delta": delta, "epsilon": float(max(value, 0)), "order": order})
target = pathlib.Path(__file__).with_name("privacy.json")
target.write_text(json.dumps({"source": f"mpmath {mp.__version__}", "divergences": divergences, "cases": cases}) + "\n")
print(cases, divergences)
