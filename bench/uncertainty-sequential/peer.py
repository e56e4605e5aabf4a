"""Seconds that crepes and MAPIE take to bet along arrays in memory."""

import json
import sys
import time

import numpy as np
from crepes.martingales import SimpleJumper, semi_online_p_values
from mapie.exchangeability_testing import OnlineMartingaleTest

folder = sys.argv[1]
score, p = np.fromfile(f"{folder}/score.f64"), np.fromfile(f"{folder}/p.f64")


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def plugin():
    test = OnlineMartingaleTest(test_method="plugin_martingale")
    for value in p:
        test.update_plugin_martingale(float(value))
        test.pvalue_history.append(float(value))


print(json.dumps({
    "martingale-50k": seconds(lambda: SimpleJumper().apply(semi_online_p_values(score, seed=1))),
    "plugin-5k": seconds(plugin),
}))
