"""Reference values for conformal anomaly detection.

Peers: puncc 0.9.3 (SplitCAD), scipy (false discovery control by Benjamini and Hochberg).
Environment: conformance/peers/install unc; run with that Python.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from deel.puncc.anomaly_detection import SplitCAD
from deel.puncc.api.prediction import BasePredictor
from scipy.stats import false_discovery_control

rng = np.random.default_rng(61)


class Given(BasePredictor):
    """A detector whose scores are its inputs."""

    def __init__(self):
        super().__init__(model=None, is_trained=True)

    def predict(self, X, **kwargs):
        return np.asarray(X)[:, 0]


calibration, new = np.round(rng.normal(size=99), 3), np.round(rng.normal(size=40) * 2, 3)
results = []
for alpha in [0.02, 0.1, 0.25]:
    peer = SplitCAD(Given(), train=False)
    peer.fit(z_fit=calibration[:1, None], z_calib=calibration[:, None])
    results.append({"alpha": alpha, "found": np.asarray(peer.predict(new[:, None], alpha=alpha)).astype(int).tolist()})
p = (np.sum(calibration[None] >= new[:, None], 1) + 1) / (len(calibration) + 1)
values = {
    "peers": {name: version(name) for name in ("puncc", "scipy", "numpy")}, "calibration": calibration.tolist(), "scores": new.tolist(),
    "results": results, "pValues": p.tolist(), "adjusted": false_discovery_control(p).tolist(),
}
Path(__file__).with_name("anomaly.json").write_text(json.dumps(values))
