"""Makes exports.json: files of the peers' exporters that ask much of a reader, with outputs and gradients by the inputs.

Sequences carried by loops, an If around a squeeze, the functions of an imputer, distances whose root is taken at 0, support
vectors. The gradient is that of sum(cos(i) * y_i): torch's, and differences of scikit-learn's decision function in double
precision; for probabilities of three classes, which libsvm iterates to, of the minimum it stops before.
Environment: peers/modeling (torch 2.15, onnx 1.23, onnxruntime, scikit-learn 1.9, skl2onnx 1.20).
"""
import base64
import io
import json
import logging
import pathlib
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from skl2onnx import to_onnx
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern
from sklearn.impute import KNNImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC
from torch import nn

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
torch.manual_seed(0)
rng = np.random.default_rng(0)
X = rng.normal(size=(12, 3)).astype(np.float32)
label = (X[:, 0] > 0).astype(int)
target = X @ np.array([1.0, 2.0, 3.0])
# the first row is one that the models were fitted on
rows = np.concatenate([X[:1], rng.normal(size=(3, 3)).astype(np.float32)])


class Bag(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.EmbeddingBag(6, 3, mode="mean")

    def forward(self, index, offsets):
        return self.table(index, offsets)


def stripped(model):
    for graph in [model.graph, *model.functions]:
        graph.doc_string = ""
        del graph.metadata_props[:]
        for node in graph.node:
            node.doc_string = ""
            del node.metadata_props[:]
    for info in [*model.graph.value_info, *model.graph.input, *model.graph.output, *model.graph.initializer]:
        del info.metadata_props[:]
    del model.metadata_props[:]
    return model.SerializeToString()


def plain(array):
    return {"dtype": str(array.dtype), "shape": list(array.shape),
            "data": [None if array.dtype.kind == "f" and np.isnan(x) else x for x in array.ravel().tolist()]}


def weights(shape):
    return np.cos(np.arange(int(np.prod(shape)))).reshape(shape)


def by_torch(function, x):
    leaf = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    y = function(leaf)
    (gradient,) = torch.autograd.grad((y * torch.tensor(weights(y.shape))).sum(), leaf)
    return gradient.numpy()


def by_differences(function, x, step=1e-6):
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        ends = []
        for sign in (1, -1):
            moved = x.astype(np.float64)
            moved[i] += sign * step
            y = np.asarray(function(moved))
            ends.append((y * weights(y.shape)).sum())
        gradient[i] = (ends[0] - ends[1]) / (2 * step)
    return gradient


result = {}


def keep(name, data, feeds, output, gradient=None):
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    (y,) = session.run([output], feeds)
    result[name] = {"model": base64.b64encode(data).decode(), "feeds": {k: plain(v) for k, v in feeds.items()},
                    "output": output, "y": plain(y), "gradient": None if gradient is None else plain(gradient)}


def exported(model, args, **options):
    buffer = io.BytesIO()
    torch.onnx.export(model, args, buffer, dynamo=False, input_names=["x"], output_names=["y"], **options)
    return stripped(onnx.load_from_string(buffer.getvalue()))


index, offsets = torch.tensor([1, 2, 4, 5, 4, 3]), torch.tensor([0, 2, 5])
program = torch.onnx.export(Bag().eval(), (index, offsets), dynamo=True, verbose=False)
data = stripped(program.model_proto)
keep("a bag of embeddings", data, {"index": index.numpy(), "offsets": offsets.numpy()}, program.model_proto.graph.output[0].name)

response = nn.LocalResponseNorm(3).eval()
image = torch.randn(2, 4, 3, 3)
for name, options in {"of known size": {}, "of any batch": {"dynamic_axes": {"x": {0: "batch"}}}}.items():
    gradient = by_torch(response, image.numpy())
    keep(f"a local response {name}", exported(response, (image,), **options), {"x": image.numpy()}, "y", gradient)


def classical(name, model, x, output, gradient, **options):
    keep(name, to_onnx(model, x[:1], **options).SerializeToString(), {"X": x}, output, gradient)


holes, holed = X.copy(), rows.copy()
holes[0, 1] = holes[3, 2] = holed[1, 1] = holed[2, 0] = np.nan
pipeline = make_pipeline(KNNImputer(n_neighbors=2), LogisticRegression()).fit(holes, label)
imputed = torch.tensor(pipeline[0].transform(holed), dtype=torch.float64)


def probabilities(x):
    whole = torch.where(torch.isnan(x), imputed, torch.nan_to_num(x))
    score = whole @ torch.tensor(pipeline[1].coef_[0], dtype=torch.float64) + pipeline[1].intercept_[0]
    return torch.stack([torch.sigmoid(-score), torch.sigmoid(score)], 1)


classical("an imputer of neighbours", pipeline, holed, "probabilities", by_torch(probabilities, holed),
          options={id(pipeline): {"zipmap": False}})

outlier = LocalOutlierFactor(n_neighbors=3, novelty=True).fit(X)
reach = torch.tensor(outlier._distances_fit_X_[:, outlier.n_neighbors_ - 1], dtype=torch.float64)
density = torch.tensor(outlier._lrd, dtype=torch.float64)
fitted = torch.tensor(X, dtype=torch.float64)


def outlierness(x):
    distance, near = torch.cdist(x, fitted).topk(3, largest=False)
    own = 1 / (torch.maximum(distance, reach[near]).mean(1, keepdim=True) + 1e-10)
    return -(density[near] / own).mean(1, keepdim=True) - outlier.offset_


classical("a local outlier factor", outlier, rows, "scores", by_torch(outlierness, rows))

process = GaussianProcessRegressor(kernel=Matern(nu=1.5)).fit(X, target)


def mean(x):
    scaled = np.sqrt(3) * torch.cdist(x / process.kernel_.length_scale, fitted / process.kernel_.length_scale)
    return ((1 + scaled) * torch.exp(-scaled)) @ torch.tensor(process.alpha_, dtype=torch.float64).reshape(-1, 1)


classical("a process with the kernel of Matern", process, rows, "GPmean", by_torch(mean, rows))

labels = label + (X[:, 1] > 0.2)


def both(score):
    """Two classes have one decision, which the file gives with both signs."""
    return np.stack([-score, score], 1) if score.ndim == 1 else score


def coupling(model, classes):
    def probabilities(x):
        pairs = [(i, j) for i in range(classes) for j in range(i + 1, classes)]
        sign = -1 if classes == 2 else 1
        scores = sign * model.decision_function(x).reshape(len(x), -1)
        chance = np.zeros((len(x), classes, classes))
        for k, (i, j) in enumerate(pairs):
            chance[:, i, j] = 1 / (1 + np.exp(scores[:, k] * model.probA_[k] + model.probB_[k]))
            chance[:, j, i] = 1 - chance[:, i, j]
        if classes == 2:
            return np.stack([chance[:, 0, 1], chance[:, 1, 0]], 1)
        edged = np.ones((len(x), classes + 1, classes + 1))
        across = chance.transpose(0, 2, 1)
        edged[:, :classes, :classes] = np.einsum("nij,ij->nij", (across**2).sum(2, keepdims=True), np.eye(classes)) - chance * across
        edged[:, classes, classes] = 0
        return np.linalg.solve(edged, np.tile(np.eye(classes + 1)[classes][:, None], (len(x), 1, 1)))[:, :classes, 0]

    return probabilities


for kernel in ["linear", "poly", "rbf", "sigmoid"]:
    for name, classes in {"two classes": label, "three classes": labels}.items():
        for shape in ["ovr"] if name == "two classes" else ["ovr", "ovo"]:
            vectors = SVC(kernel=kernel, gamma=0.5, coef0=0.3, decision_function_shape=shape).fit(X, classes)
            scores = lambda x: both(vectors.decision_function(x))
            classical(f"support vectors, {kernel}, {name}, {shape}", vectors, rows, "probabilities",
                      by_differences(scores, rows), options={id(vectors): {"zipmap": False, "raw_scores": True}})
            assert np.abs(scores(rows) - np.reshape(result[f"support vectors, {kernel}, {name}, {shape}"]["y"]["data"],
                                                    scores(rows).shape)).max() < 1e-5

for name, classes in {"two classes": label, "three classes": labels}.items():
    vectors = SVC(gamma=0.5, probability=True, decision_function_shape="ovo", random_state=0).fit(X, classes)
    exact = coupling(vectors, classes.max() + 1)
    assert np.abs(exact(rows) - vectors.predict_proba(rows)).max() < 3e-3
    classical(f"probabilities of support vectors, {name}", vectors, rows, "probabilities", by_differences(exact, rows),
              options={id(vectors): {"zipmap": False}})

pathlib.Path(__file__).with_name("exports.json").write_text(json.dumps(result))
