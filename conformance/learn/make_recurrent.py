"""Makes recurrent.json: what recurrent layers of torch and Keras make of small sequences, in double precision, with the gradients by
the input, the first states and the weights (in our layout) of sum cos(i) y_i + sum sin(i) s_i over what they give and end with.

Environment: peers/modeling (torch 2.15, keras 3.15 on torch).
"""
import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np
import torch
from torch import nn

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
torch.set_default_device("cpu")
keras.config.set_floatx("float64")
entry = lambda t: {"shape": list(t.shape), "data": [round(float(v), 6) for v in np.asarray(t.detach() if torch.is_tensor(t) else t).reshape(-1)]}
cases = {}
wave = lambda f, t: (f(torch.arange(t.numel(), dtype=torch.float64)).reshape(t.shape) * t).sum()


def add(name, apply, x, leaves, layout, states=()):
    """`apply(x, states)` gives y and the last states; `layout` makes our parameters of the arrays of the leaves."""
    x = x.detach().clone().requires_grad_()
    states = [s.detach().clone().requires_grad_() for s in states]
    y, ends = apply(x, states)
    loss = wave(torch.cos, y) + sum(wave(torch.sin, s) for s in ends)
    slopes = torch.autograd.grad(loss, [x, *states, *leaves])
    k = 1 + len(states)
    ours = layout([v.detach().numpy() for v in leaves])
    theirs = layout([g.numpy() for g in slopes[k:]])
    cases[name] = {
        "x": entry(x),
        "states": [entry(s) for s in states],
        "parameters": {n: entry(v) for n, v in ours.items()},
        "y": entry(y),
        "ends": [entry(s) for s in ends],
        "g": entry(slopes[0])["data"],
        "gStates": [entry(g)["data"] for g in slopes[1:k]],
        "gParameters": {n: entry(v)["data"] for n, v in theirs.items()},
    }


ORDER = {"RNN": [0], "GRU": [1, 0, 2], "LSTM": [0, 3, 1, 2]}


def rows(kind, w):
    gates = len(ORDER[kind])
    return np.concatenate([np.split(w, gates)[i] for i in ORDER[kind]])


def of_torch(kind, module, prefix="", direction=False):
    """Names of ours for one cell's arrays in torch's order: w_ih, w_hh, b_ih, b_hh and a projection."""
    def layout(arrays):
        w, r, b, c, *p = arrays
        made = {"weight": rows(kind, w), "recurrent": rows(kind, r), "bias": np.concatenate([rows(kind, b), rows(kind, c)])}
        if p:
            made["projection"] = p[0]
        return {prefix + n: (v[None] if direction else v) for n, v in made.items()}
    return layout


def several(parts, sizes):
    def layout(arrays):
        made, at = {}, 0
        for part, size in zip(parts, sizes):
            made.update(part(arrays[at:at + size]))
            at += size
        return made
    return layout


x = torch.randn(2, 5, 3)
one = torch.randn(2, 3)
h, c = torch.randn(2, 4), torch.randn(2, 4)

for kind, module in {"rnn": nn.RNNCell(3, 4), "gru": nn.GRUCell(3, 4)}.items():
    add(f"{kind}Cell", lambda x, s: (lambda y: (y, [y]))(module(x, s[0])), one, list(module.parameters()), of_torch(kind.upper(), module), [h])
module = nn.LSTMCell(3, 4)
add("lstmCell", lambda x, s: (lambda r: (r[0], list(r)))(module(x, tuple(s))), one, list(module.parameters()), of_torch("LSTM", module), [h, c])


def whole(kind, module, sequence=True, lengths=None):
    def apply(x, states):
        given = None if not states else states[0] if kind != "LSTM" else tuple(states)
        seq = x if lengths is None else nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        y, ends = module(seq, given)
        if lengths is not None:
            y, _ = nn.utils.rnn.pad_packed_sequence(y, batch_first=True, total_length=x.shape[1])
        return y, (list(ends) if states and kind == "LSTM" else [ends] if states else [])
    return apply


for kind, cls in {"RNN": nn.RNN, "GRU": nn.GRU, "LSTM": nn.LSTM}.items():
    module = cls(3, 4, batch_first=True)
    first = [h[None], c[None]][: 2 if kind == "LSTM" else 1]
    add(f"{kind} over cells", whole(kind, module), x, list(module.parameters()), of_torch(kind, module))
    add(f"{kind} over cells of lengths", whole(kind, module, lengths=torch.tensor([3, 5])), x, list(module.parameters()), of_torch(kind, module))
    module = cls(3, 4, batch_first=True, bidirectional=True)
    both = several([of_torch(kind, module, "forward."), of_torch(kind, module, "backward.")], [4, 4])
    add(f"{kind} both ways of lengths", whole(kind, module, lengths=torch.tensor([3, 5])), x, list(module.parameters()), both)
    # the fused layers, with states in and out
    module = cls(3, 4, 2, batch_first=True)
    layers = several([of_torch(kind, module, f"{i}.", True) for i in (0, 1)], [4, 4])
    start = [torch.randn(2, 2, 4) for _ in first]
    add(f"{kind} with states", whole(kind, module), x, list(module.parameters()), layers, start)
    stack = several([of_torch(kind, module, f"{i}.") for i in (0, 1)], [4, 4])
    add(f"{kind} of stacked cells", whole(kind, module), x, list(module.parameters()), stack)

for name, options in {"LSTM projected": {}, "LSTM projected of two both ways": {"num_layers": 2, "bidirectional": True}}.items():
    module = nn.LSTM(3, 4, batch_first=True, proj_size=2, **options)
    prefixes = [""] if not options else [f"{i}.{d}." for i in (0, 1) for d in ("forward", "backward")]
    add(name, lambda x, s: (module(x)[0], []), x, list(module.parameters()), several([of_torch("LSTM", module, p) for p in prefixes], [5] * len(prefixes)))


# Keras: columns by gate; the GRU has z, r, h, the LSTM i, f, c, o
def of_keras(order, units, split):
    def layout(arrays):
        w, r, b = arrays
        turn = lambda a: np.concatenate([a.T.reshape(len(order), units, -1)[i] for i in order])
        b = b.reshape(-1)
        bias = np.concatenate([b.reshape(len(order), units)[i] for i in order]) if b.size == len(order) * units else None
        return {"weight": turn(w), "recurrent": turn(r), "bias": np.concatenate([bias, np.zeros_like(bias)])}
    return layout


def keras_case(name, layer, x, layout, apply=None):
    layer(x)
    for v in layer.trainable_weights:
        v.assign(0.5 * torch.randn(*v.shape))
    leaves = [v.value for v in layer.trainable_weights]
    add(name, apply or (lambda x, s: (layer(x), [])), x, leaves, layout)


keras_case("GRU reset before", keras.layers.GRU(4, reset_after=False, return_sequences=True), x, of_keras([0, 1, 2], 4, 1))
keras_case("GRU reset before last", keras.layers.GRU(4, reset_after=False), x, of_keras([0, 1, 2], 4, 1))


def of_conv(arrays):
    w, r, b = arrays
    back = lambda a: np.moveaxis(a, [-1, -2], [0, 1])
    return {"weight": back(w), "recurrent": back(r), "bias": b}


series, images, volumes = torch.randn(2, 3, 2, 6), torch.randn(2, 3, 2, 5, 4), torch.randn(1, 2, 1, 3, 4, 3)
first = {"data_format": "channels_first", "return_sequences": True}
keras_case("convLstm 1d", keras.layers.ConvLSTM1D(3, 3, **first), series, of_conv)
keras_case("convLstm 1d dilated", keras.layers.ConvLSTM1D(2, 2, padding="same", dilation_rate=2, **first), series, of_conv)
keras_case("convLstm 2d", keras.layers.ConvLSTM2D(2, (2, 3), padding="same", **first), images, of_conv)
keras_case("convLstm 2d stride last", keras.layers.ConvLSTM2D(2, 3, strides=2, data_format="channels_first"), images, of_conv)
keras_case("convLstm 3d", keras.layers.ConvLSTM3D(2, 2, padding="same", **first), volumes, of_conv)


# spectral norm: one step of training from given vectors, and what is kept
def spectral(name, module, x, dim, layout):
    module = nn.utils.parametrizations.spectral_norm(module, dim=dim).double()
    norm = module.parametrizations.weight[0]
    before = [norm._u.clone(), norm._v.clone()]
    module.eval()
    plain = module(x)
    module.train()
    leaves = [module.parametrizations.weight.original, module.bias]
    add(name, lambda x, s: (module(x), []), x, leaves, layout)
    found = cases[name]
    found["parameters"] |= {"weight_u": entry(before[0]), "weight_v": entry(before[1])}
    found["after"] = {"weight_u": entry(norm._u), "weight_v": entry(norm._v)}
    found["trained"] = entry(plain)


spectral("spectralNorm dense", nn.Linear(3, 4), x, 0, lambda a: {"weight": a[0].T, "bias": a[1]})
spectral("spectralNorm conv", nn.Conv2d(2, 3, 2), images[0], 0, lambda a: {"weight": a[0], "bias": a[1]})

target = pathlib.Path(__file__).with_name("recurrent.json")
target.write_text(json.dumps({"source": f"torch {torch.__version__}, keras {keras.__version__}", "cases": cases}) + "\n")
print(target.stat().st_size, list(cases))
