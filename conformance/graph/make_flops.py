"""Makes flops.json: exported models with what torch.utils.flop_counter counts of a run, in all.

Environment: peers/modeling (torch 2.15, onnx 1.23).
"""
import base64
import io
import json
import logging
import pathlib
import warnings

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
torch.manual_seed(0)


class Attention(nn.Module):
    """Two heads of four features over all tokens, written as products so that every exporter shows them."""

    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(8, 24)
        self.out = nn.Linear(8, 8)

    def forward(self, x):
        batch, time, _ = x.shape
        q, k, v = (part.reshape(batch, time, 2, 4).transpose(1, 2) for part in self.qkv(x).chunk(3, dim=-1))
        y = torch.softmax(q @ k.transpose(-1, -2) / 2.0, dim=-1) @ v
        return self.out(y.transpose(1, 2).reshape(batch, time, 8))


class Fused(Attention):
    """The same by scaled_dot_product_attention."""

    def forward(self, x):
        batch, time, _ = x.shape
        q, k, v = (part.reshape(batch, time, 2, 4).transpose(1, 2) for part in self.qkv(x).chunk(3, dim=-1))
        y = nn.functional.scaled_dot_product_attention(q, k, v)
        return self.out(y.transpose(1, 2).reshape(batch, time, 8))


class Sum(nn.Module):
    def forward(self, x):
        return torch.einsum("bij,bkj->bik", x, x)


MODELS = {
    "linear": (nn.Linear(4, 7), (5, 4)),
    "linear over tokens": (nn.Linear(4, 7, bias=False), (2, 3, 4)),
    "mlp": (nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)), (5, 4)),
    "conv": (nn.Conv2d(3, 4, 3, padding=1), (2, 3, 8, 6)),
    "conv in groups, with strides and dilation": (nn.Conv2d(4, 6, (3, 2), stride=2, dilation=2, groups=2), (2, 4, 9, 8)),
    "conv of one axis": (nn.Conv1d(3, 5, 4), (2, 3, 11)),
    "transposed conv": (nn.ConvTranspose2d(4, 6, 3, stride=2, groups=2, output_padding=1), (2, 4, 5, 4)),
    "attention": (Attention(), (3, 5, 8)),
    "attention in one operator": (Fused(), (3, 5, 8)),
    "einsum": (Sum(), (2, 3, 4)),
}

result = {}
for name, (model, shape) in MODELS.items():
    model.eval()
    x = torch.randn(*shape)
    counter = FlopCounterMode(display=False)
    with counter:
        model(x)
    buffer = io.BytesIO()
    torch.onnx.export(model, (x,), buffer, dynamo=False, opset_version=17, input_names=["x"], output_names=["y"],
                      dynamic_axes={"x": {0: "batch"}, "y": {0: "batch"}})
    result[name] = {"model": base64.b64encode(buffer.getvalue()).decode(), "batch": shape[0], "flops": counter.get_total_flops()}

pathlib.Path(__file__).with_name("flops.json").write_text(json.dumps(result))
