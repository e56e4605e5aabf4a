"""Models exported by the peers, with inputs, outputs and input gradients: models.json.

Environment: peers/modeling (torch 2.15, onnx 1.23, scikit-learn 1.9, skl2onnx 1.20).
"""
import base64
import io
import json
import pathlib
import warnings

import numpy as np
import onnx
import torch
from skl2onnx import to_onnx
from sklearn.linear_model import LogisticRegression
from torch import nn

warnings.filterwarnings("ignore")
torch.manual_seed(0)


class Attention(nn.Module):
    """One encoder block: attention over four tokens of eight features, then a small network."""

    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(8, 24)
        self.out = nn.Linear(8, 8)
        self.up = nn.Linear(8, 16)
        self.down = nn.Linear(16, 8)
        self.norm = nn.LayerNorm(8)

    def forward(self, x):
        batch, time, _ = x.shape
        q, k, v = (part.reshape(batch, time, 2, 4).transpose(1, 2) for part in self.qkv(x).chunk(3, dim=-1))
        weights = torch.softmax(q @ k.transpose(-1, -2) / 2.0, dim=-1)
        y = x + self.out((weights @ v).transpose(1, 2).reshape(batch, time, 8))
        return self.norm(y + self.down(nn.functional.gelu(self.up(y)))).mean(dim=1)


MODELS = {
    "mlp": (nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 3), nn.Softmax(dim=-1)), (5, 4)),
    "cnn": (nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(48, 3)), (2, 1, 8, 8)),
    "attention": (Attention(), (3, 4, 8)),
}


def flat(tensor):
    return [float(value) for value in np.asarray(tensor.detach() if isinstance(tensor, torch.Tensor) else tensor).ravel()]


def entry(data, x, y, gradient=None):
    return {
        "model": base64.b64encode(data).decode(),
        "x": {"shape": list(x.shape), "data": flat(x)},
        "y": {"shape": list(y.shape), "data": flat(y)},
        "gradient": None if gradient is None else flat(gradient),
    }


def exported(model, x, dynamo):
    buffer = io.BytesIO()
    if dynamo:
        batch = torch.export.Dim("batch", min=1)
        program = torch.onnx.export(model, (x,), dynamo=True, dynamic_shapes=({0: batch},), input_names=["x"], output_names=["y"])
        return program.model_proto.SerializeToString()
    torch.onnx.export(model, (x,), buffer, dynamo=False, opset_version=17, input_names=["x"], output_names=["y"],
                      dynamic_axes={"x": {0: "batch"}, "y": {0: "batch"}})
    return buffer.getvalue()


def stripped(data):
    """Source locations and stack traces of the exporter are no part of the model."""
    model = onnx.load_from_string(data)
    model.doc_string = ""
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    for info in [*model.graph.value_info, *model.graph.input, *model.graph.output]:
        del info.metadata_props[:]
    for tensor in model.graph.initializer:
        del tensor.metadata_props[:]
    return model.SerializeToString()


result = {"torch": torch.__version__, "models": {}}
for name, (model, shape) in MODELS.items():
    model.eval()
    x = torch.randn(*shape, requires_grad=True)
    y = model(x)
    weights = torch.cos(torch.arange(y.numel(), dtype=torch.float32)).reshape(y.shape)
    (gradient,) = torch.autograd.grad((y * weights).sum(), x)
    for dynamo in (False, True):
        data = stripped(exported(model, x.detach(), dynamo))
        result["models"][f"{name} {'dynamo' if dynamo else 'torchscript'}"] = entry(data, x, y, gradient)

rng = np.random.default_rng(0)
features = rng.normal(size=(60, 4)).astype(np.float32)
labels = (features[:, 0] > 0).astype(int) + (features[:, 1] > 0.5)
logistic = LogisticRegression().fit(features, labels)
data = to_onnx(logistic, features[:1], options={"zipmap": False}).SerializeToString()
result["models"]["scikit-learn logistic"] = entry(data, features[:5], logistic.predict_proba(features[:5]))

pathlib.Path(__file__).with_name("models.json").write_text(json.dumps(result))
