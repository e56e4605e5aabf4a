"""Makes structured.json: discriminants, landmarks, polynomial features and Gaussian processes of scikit-learn on small data.

Environment: peers/modeling (scikit-learn 1.9).
"""
import json
import pathlib

import numpy as np
import sklearn
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern
from sklearn.kernel_approximation import Nystroem
from sklearn.preprocessing import PolynomialFeatures

rng = np.random.default_rng(0)
flat = lambda a: [float(f"{v:.9g}") for v in np.asarray(a, dtype=float).ravel()]
entry = lambda a: {"shape": list(np.shape(a)), "data": flat(a)}
out = {"source": f"scikit-learn {sklearn.__version__}"}

centres = np.array([[0, 0, 0], [2, 0, 1], [0, 3, -1.0]])
y = np.repeat([1, 4, 7], [12, 9, 15])
X = np.round(centres[np.searchsorted([1, 4, 7], y)] + rng.normal(size=(36, 3)) @ np.array([[1, 0.5, 0], [0, 1, 0.3], [0, 0, 0.7]]), 4)
new = np.round(rng.normal(size=(6, 3)) * 2, 4)
out["classes"] = {"x": entry(X), "y": [int(v) for v in y], "new": entry(new), "cases": []}
for kind, options in [
    ("linear", {}), ("linear", {"shrinkage": 0.3}), ("linear", {"priors": [0.2, 0.5, 0.3], "shrinkage": 0.1}),
    ("quadratic", {}), ("quadratic", {"regularization": 0.2}), ("quadratic", {"shrinkage": 0.3}), ("quadratic", {"priors": [0.2, 0.5, 0.3]}),
]:
    for rows in ([1, 4, 7], [1, 7]):
        if "priors" in options and len(rows) == 2:
            continue
        keep = np.isin(y, rows)
        if kind == "linear":
            model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=options.get("shrinkage"), priors=options.get("priors"))
        elif "shrinkage" in options:
            model = QuadraticDiscriminantAnalysis(solver="eigen", shrinkage=options["shrinkage"], priors=options.get("priors"))
        else:
            model = QuadraticDiscriminantAnalysis(reg_param=options.get("regularization", 0.0), priors=options.get("priors"))
        model.fit(X[keep], y[keep])
        out["classes"]["cases"].append({
            "kind": kind, "options": options, "rows": rows, "decision": entry(model.decision_function(new)), "probabilities": entry(model.predict_proba(new)),
        })

landmarks = np.round(rng.normal(size=(5, 3)), 4)
out["nystroem"] = {"landmarks": entry(landmarks), "x": entry(new), "cases": []}
for kernel, options in [("rbf", {"gamma": 0.4}), ("laplacian", {"gamma": 0.3}), ("polynomial", {"gamma": 0.5, "degree": 2, "coef0": 1.5}), ("rbf", {}), ("sigmoid", {"gamma": 0.2, "coef0": -0.5})]:
    model = Nystroem(kernel=kernel, n_components=5, random_state=0, **options).fit(landmarks)
    model.components_ = landmarks  # the order of landmarks is random: theirs is ours
    from sklearn.metrics.pairwise import pairwise_kernels
    u, s, v = np.linalg.svd(pairwise_kernels(landmarks, metric=kernel, filter_params=True, **options))
    model.normalization_ = np.dot(u / np.sqrt(np.maximum(s, 1e-12)), v)
    out["nystroem"]["cases"].append({"kernel": kernel, "options": options, "y": entry(model.transform(new))})

small = np.round(rng.normal(size=(2, 3)), 4)
out["polynomial"] = {"x": entry(small), "cases": []}
for degree, options in [(2, {}), (3, {}), (3, {"interactionOnly": True}), (2, {"bias": False}), (3, {"lowest": 2}), (4, {"lowest": 2, "interactionOnly": True, "bias": False})]:
    model = PolynomialFeatures((options["lowest"], degree) if "lowest" in options else degree, interaction_only=options.get("interactionOnly", False), include_bias=options.get("bias", True))
    out["polynomial"]["cases"].append({"degree": degree, "options": options, "y": entry(model.fit_transform(small))})

P = np.round(rng.uniform(-2, 2, size=(12, 2)), 4)
t = np.round(np.stack([np.sin(P[:, 0]) + P[:, 1] ** 2, P[:, 0] * P[:, 1]], 1), 4)
q = np.round(rng.uniform(-3, 3, size=(5, 2)), 4)
q[0] = P[0]
out["processes"] = {"points": entry(P), "targets": entry(t), "x": entry(q), "cases": []}
for kernel, base, lengths, variance, noise in [
    ("rbf", RBF, 1.0, 1.0, 1e-10), ("rbf", RBF, [0.7, 1.4], 2.0, 0.01), ("matern12", Matern, 0.8, 1.5, 0.05),
    ("matern32", Matern, 0.8, 1.5, 1e-6), ("matern52", Matern, [1.2, 0.9], 0.5, 0.1),
]:
    nu = {"matern12": 0.5, "matern32": 1.5, "matern52": 2.5}.get(kernel)
    k = ConstantKernel(variance) * (base(lengths) if nu is None else base(lengths, nu=nu))
    model = GaussianProcessRegressor(k, alpha=noise, optimizer=None).fit(P, t)
    mean, std = model.predict(q, return_std=True)
    out["processes"]["cases"].append({
        "options": {"kernel": kernel, "lengthScale": lengths, "variance": variance, "noise": noise},
        "mean": entry(mean), "variance": flat(std[:, 0] ** 2), "evidence": float(model.log_marginal_likelihood_value_),
    })

from sklearn.gaussian_process.kernels import WhiteKernel
noisy = np.round(t[:, :1] + rng.normal(size=(12, 1)) * 0.3, 4)
k = ConstantKernel(1.0) * RBF([1.0, 1.0]) + WhiteKernel(0.1)
model = GaussianProcessRegressor(k, n_restarts_optimizer=10, random_state=0).fit(P, noisy)
fitted = model.kernel_
out["learned"] = {"targets": entry(noisy), "evidence": float(model.log_marginal_likelihood_value_), "lengthScale": flat(fitted.k1.k2.length_scale), "variance": float(fitted.k1.k1.constant_value), "noise": float(fitted.k2.noise_level)}

target = pathlib.Path(__file__).with_name("structured.json")
target.write_text(json.dumps(out) + "\n")
print(target.stat().st_size)
