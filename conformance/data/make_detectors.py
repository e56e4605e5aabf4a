"""Makes detectors.json: at which values the detectors of Frouros warn and alarm, as pinned in the list of peers `evidently`.

usage: python make_detectors.py
"""
import json
import warnings
from pathlib import Path

import numpy as np
from frouros.detectors.concept_drift import (
    ADWIN, ADWINConfig, BOCD, CUSUM, CUSUMConfig, DDM, ECDDWT, EDDM, HDDMA, HDDMW, HDDMWConfig, PageHinkley, PageHinkleyConfig, RDDM, GeometricMovingAverage,
)
from frouros.detectors.concept_drift.streaming.change_detection.geometric_moving_average import GeometricMovingAverageConfig

warnings.simplefilter("ignore")
rng = np.random.default_rng(5)


def bits(*parts):
    return np.concatenate([(rng.random(n) < p).astype(int) for n, p in parts])


def run(detector, values, resets):
    found = []
    for value in values:
        detector.update(value=value)
        status = detector.status
        found.append(2 if status["drift"] else 1 if status.get("warning") else 0)
        if status["drift"] and resets:
            detector.reset()
    return "".join(map(str, found))


streams = {
    "stable": bits((1500, 0.2)),
    "jump": bits((700, 0.1), (500, 0.5), (400, 0.15)),
    "slow": bits(*[(100, 0.1 + 0.03 * k) for k in range(12)]),
    "better": bits((600, 0.5), (600, 0.1)),
}
numbers = {
    "steps": np.round(np.concatenate([rng.normal(0, 1, 400), rng.normal(3, 1, 400), rng.normal(-1, 1, 400)]), 4),
    "flat": np.round(rng.normal(1, 0.5, 800), 4),
}
errors = {"ddm": DDM, "eddm": EDDM, "rddm": RDDM, "ecdd": ECDDWT, "hddmA": HDDMA, "hddmW": HDDMW}
plain = {
    "pageHinkley": lambda: PageHinkley(PageHinkleyConfig(lambda_=20.0)),
    "cusum": lambda: CUSUM(CUSUMConfig(lambda_=20.0)),
    "gma": lambda: GeometricMovingAverage(GeometricMovingAverageConfig(lambda_=0.5)),
    "bocd": BOCD,
}
out = {"streams": {k: "".join(map(str, v)) for k, v in streams.items()}, "numbers": {k: v.tolist() for k, v in numbers.items()}, "errors": {}, "plain": {}, "adwin": {}}
own = {"rddm", "hddmA", "hddmW"}
for name, make in errors.items():
    out["errors"][name] = {k: run(make(), v.tolist(), name not in own) for k, v in streams.items()}
for name, make in plain.items():
    out["plain"][name] = {k: run(make(), v.tolist(), True) for k, v in numbers.items()}
for k, v in streams.items():  # its window, since its drift is never taken back
    d, widths = ADWIN(ADWINConfig()), []
    for value in v.tolist():
        d.update(value=value)
        widths.append(int(d.width))
    out["adwin"][k] = widths[31::32]
Path(__file__).with_name("detectors.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")
