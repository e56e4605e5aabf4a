"""Makes layers.json: what torch's layers make of small inputs, with gradients by the input, for weights that are given.

Environment: peers/modeling (torch 2.15).
"""
import json
import pathlib

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(0)
points = torch.tensor([-7.0, -3.0, -1.5, -0.6, -0.2, 0.0, 0.1, 0.4, 0.7, 1.0, 2.5, 3.0, 6.0, 8.0])
flat = lambda t: [round(float(v), 6) for v in t.detach().reshape(-1)]
entry = lambda t: {"shape": list(t.shape), "data": flat(t)}

activations = {
    "relu": F.relu, "relu6": F.relu6, "gelu": F.gelu, "geluTanh": lambda x: F.gelu(x, approximate="tanh"), "tanh": torch.tanh,
    "hardtanh": F.hardtanh, "sigmoid": torch.sigmoid, "hardSigmoid": F.hardsigmoid, "logSigmoid": F.logsigmoid,
    "softplus": F.softplus, "softsign": F.softsign, "elu": F.elu, "selu": F.selu, "celu": F.celu, "leakyRelu": F.leaky_relu,
    "hardSwish": F.hardswish, "silu": F.silu, "mish": F.mish, "threshold": lambda x: F.threshold(x, 0.1, 0.0),
    "tanhshrink": F.tanhshrink, "softshrink": F.softshrink, "hardshrink": F.hardshrink,
    "softmax": lambda x: F.softmax(x, -1), "softmin": lambda x: F.softmin(x, -1), "logSoftmax": lambda x: F.log_softmax(x, -1),
    "glu": lambda x: F.glu(x, -1),
}
result = {"points": flat(points), "activations": {}, "layers": {}}
for name, function in activations.items():
    x = points.clone().requires_grad_()
    y = function(x)
    y.backward(torch.cos(torch.arange(y.numel(), dtype=torch.float32)).reshape(y.shape))
    result["activations"][name] = {"y": flat(y), "g": flat(x.grad)}


def gates(kind, rows):
    """Rows of torch's gates in ONNX's order."""
    order = {"rnn": [0], "gru": [1, 0, 2], "lstm": [0, 3, 1, 2]}[kind]
    parts = rows.chunk(len(order))
    return torch.cat([parts[i] for i in order])


def recurrent(kind, layer, k=0):
    suffixes = [""] + (["_reverse"] if layer.bidirectional else [])
    get = lambda name, s: gates(kind, getattr(layer, f"{name}_l{k}{s}").detach())
    return {
        "weight": torch.stack([get("weight_ih", s) for s in suffixes]),
        "recurrent": torch.stack([get("weight_hh", s) for s in suffixes]),
        "bias": torch.stack([torch.cat([get("bias_ih", s), get("bias_hh", s)]) for s in suffixes]),
    }


def add(name, layer, x, weights, apply=None):
    x = x.clone().requires_grad_()
    y = (apply or layer)(x)
    y.backward(torch.cos(torch.arange(y.numel(), dtype=torch.float32)).reshape(y.shape))
    result["layers"][name] = {"x": entry(x), "parameters": {k: entry(v) for k, v in weights.items()}, "y": entry(y), "g": flat(x.grad)}


plain = lambda layer: {"weight": layer.weight, **({"bias": layer.bias} if layer.bias is not None else {})}
image = torch.randn(1, 4, 5, 6)
series = torch.randn(2, 4, 7)
for name, layer, x in [
    ("conv", nn.Conv2d(4, 6, 3), image), ("conv same", nn.Conv2d(4, 6, (3, 2), padding="same"), image),
    ("conv stride groups", nn.Conv2d(4, 6, 3, stride=2, padding=1, groups=2, dilation=2), image),
    ("conv reflect", nn.Conv2d(4, 2, 3, padding=1, padding_mode="reflect"), image),
    ("conv replicate", nn.Conv2d(4, 2, 3, padding=1, padding_mode="replicate"), image),
    ("conv circular", nn.Conv2d(4, 2, 3, padding=1, padding_mode="circular"), image),
    ("conv1d", nn.Conv1d(4, 3, 3, padding=1), series),
    ("transposed", nn.ConvTranspose2d(4, 3, 3, stride=2, padding=1, output_padding=1), image),
]:
    add(name, layer, x, plain(layer))
for name, layer in [
    ("maxPool", nn.MaxPool2d(2)), ("avgPool", nn.AvgPool2d(3, stride=2, padding=1)), ("lpPool", nn.LPPool2d(2, 2)),
    ("adaptiveAvgPool", nn.AdaptiveAvgPool2d((3, 4))), ("adaptiveMaxPool", nn.AdaptiveMaxPool2d((2, 4))),
]:
    add(name, layer, image, {})
norm = nn.BatchNorm2d(4)
nn.init.normal_(norm.weight), nn.init.normal_(norm.bias)
before = {"weight": norm.weight.detach().clone(), "bias": norm.bias.detach().clone(), "running_mean": norm.running_mean.clone(), "running_var": norm.running_var.clone()}
add("batchNorm training", norm, image, before)
result["layers"]["batchNorm training"]["after"] = {"running_mean": entry(norm.running_mean), "running_var": entry(norm.running_var)}
norm.eval()
add("batchNorm", norm, image, {**before, "running_mean": norm.running_mean.clone(), "running_var": norm.running_var.clone()})
for name, layer, x in [("layerNorm", nn.LayerNorm(6), image), ("groupNorm", nn.GroupNorm(2, 4), image), ("rmsNorm", nn.RMSNorm(6), image), ("instanceNorm", nn.InstanceNorm2d(4, affine=True), image)]:
    nn.init.normal_(layer.weight)
    if getattr(layer, "bias", None) is not None:
        nn.init.normal_(layer.bias)
    add(name, layer, x, {"weight": layer.weight, **({"bias": layer.bias} if getattr(layer, "bias", None) is not None else {})})
add("localResponseNorm", nn.LocalResponseNorm(3), image, {})
words = torch.randn(2, 5, 6)
for name, kind, layer in [
    ("rnn", "rnn", nn.RNN(6, 4, batch_first=True)), ("rnn relu", "rnn", nn.RNN(6, 4, batch_first=True, nonlinearity="relu")),
    ("gru", "gru", nn.GRU(6, 4, batch_first=True)), ("gru both ways", "gru", nn.GRU(6, 4, batch_first=True, bidirectional=True)),
    ("lstm", "lstm", nn.LSTM(6, 4, batch_first=True)),
]:
    add(name, layer, words, recurrent(kind, layer), lambda x, layer=layer: layer(x)[0])
two = nn.GRU(6, 4, 2, batch_first=True)
add("gru of two", two, words, {f"{k}.{n}": v for k in range(2) for n, v in recurrent("gru", two, k).items()}, lambda x: two(x)[0])
add("gru last", two, words, {f"{k}.{n}": v for k in range(2) for n, v in recurrent("gru", two, k).items()}, lambda x: two(x)[1][-1])
lengths = torch.tensor([5, 3])
packed = nn.LSTM(6, 4, batch_first=True, bidirectional=True)
def pack(x):
    y, _ = packed(nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True))
    return nn.utils.rnn.pad_packed_sequence(y, batch_first=True)[0]
add("lstm of lengths", packed, words, recurrent("lstm", packed), pack)


def heads(layer, prefix=""):
    q, k, v = layer.in_proj_weight.detach().chunk(3)
    bq, bk, bv = layer.in_proj_bias.detach().chunk(3)
    named = {"query": (q, bq), "key": (k, bk), "value": (v, bv), "output": (layer.out_proj.weight, layer.out_proj.bias)}
    return {f"{prefix}{n}.{p}": t for n, (w, b) in named.items() for p, t in (("weight", w.T), ("bias", b))}


attention = nn.MultiheadAttention(6, 2, batch_first=True)
nn.init.normal_(attention.in_proj_bias), nn.init.normal_(attention.out_proj.bias)
add("attention", attention, words, heads(attention), lambda x: attention(x, x, x)[0])
causal = torch.triu(torch.ones(5, 5, dtype=torch.bool), 1)
add("attention causal", attention, words, heads(attention), lambda x: attention(x, x, x, attn_mask=causal)[0])
for first in (True, False):
    block = nn.TransformerEncoderLayer(6, 2, 8, dropout=0.0, activation="gelu", batch_first=True, norm_first=first)
    weights = heads(block.self_attn, "attention.")
    for name in ("linear1", "linear2"):
        weights |= {f"{name}.weight": getattr(block, name).weight.T, f"{name}.bias": getattr(block, name).bias}
    for name in ("norm1", "norm2"):
        weights |= {f"{name}.weight": getattr(block, name).weight, f"{name}.bias": getattr(block, name).bias}
    add(f"transformer {'norm first' if first else 'norm last'}", block, words, weights)
linear = nn.Linear(6, 3)
add("dense of sequences", linear, words, {"weight": linear.weight.T, "bias": linear.bias})
target = pathlib.Path(__file__).with_name("layers.json")
target.write_text(json.dumps({"source": f"torch {torch.__version__}", **result}) + "\n")
print(target.stat().st_size)
