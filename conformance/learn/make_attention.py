"""Makes attention.json: attention and transformer blocks of torch and Keras on small inputs, with gradients by the first input, for weights that are given.

Environment: peers/modeling (torch 2.15, keras 3.15 on torch).
"""
import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "torch"
import keras
import torch
from torch import nn

torch.manual_seed(0)
flat = lambda t: [round(float(v), 6) for v in t.detach().cpu().reshape(-1)]
entry = lambda t: {"shape": list(t.shape), "data": flat(t)}
layers = {}


def add(name, apply, x, others=None, weights=None):
    x = x.detach().clone().requires_grad_()
    y = apply(x)
    y.backward(torch.cos(torch.arange(y.numel(), dtype=torch.float32)).reshape(y.shape))
    layers[name] = {
        "x": entry(x), "others": {k: entry(v) for k, v in (others or {}).items()},
        "parameters": {k: entry(v) for k, v in (weights or {}).items()}, "y": entry(y), "g": flat(x.grad),
    }


def heads(layer, prefix=""):
    if layer.in_proj_weight is not None:
        q, k, v = layer.in_proj_weight.detach().chunk(3)
    else:
        q, k, v = layer.q_proj_weight, layer.k_proj_weight, layer.v_proj_weight
    named = {"query": q, "key": k, "value": v, "output": layer.out_proj.weight}
    out = {f"{prefix}{n}.weight": w.T for n, w in named.items()}
    if layer.in_proj_bias is not None:
        biases = [*layer.in_proj_bias.detach().chunk(3), layer.out_proj.bias]
        out |= {f"{prefix}{n}.bias": b for n, b in zip(named, biases)}
    if layer.bias_k is not None:
        out |= {f"{prefix}key_added": layer.bias_k.reshape(-1), f"{prefix}value_added": layer.bias_v.reshape(-1)}
    return out


def shaken(layer):
    for p in layer.parameters():
        nn.init.normal_(p, std=0.5)
    return layer


words, memory, values = torch.randn(2, 4, 6), torch.randn(2, 5, 3), torch.randn(2, 5, 7)
hidden = torch.zeros(2, 1, 4, 5, dtype=torch.bool)
hidden[0, :, :, 3:] = True
torch_mask = hidden.expand(2, 2, 4, 5).reshape(4, 4, 5)
other = shaken(nn.MultiheadAttention(6, 2, kdim=3, vdim=7, batch_first=True))
add("other widths", lambda x: other(x, memory, values)[0], words, {"keys": memory, "values": values}, heads(other))
add("masked", lambda x: other(x, memory, values, attn_mask=torch_mask)[0], words, {"keys": memory, "values": values, "mask": hidden.float()}, heads(other))
for name, options in [("bias_kv", {"add_bias_kv": True}), ("zero_attn", {"add_zero_attn": True}), ("both", {"add_bias_kv": True, "add_zero_attn": True})]:
    layer = shaken(nn.MultiheadAttention(6, 2, batch_first=True, **options))
    add(f"added {name}", lambda x: layer(x, x, x)[0], words, {}, heads(layer))
    causal = torch.triu(torch.ones(4, 4, dtype=torch.bool), 1)
    add(f"added {name} causal", lambda x: layer(x, x, x, attn_mask=causal)[0], words, {}, heads(layer))
add("weights", lambda x: other(x, memory, values, attn_mask=torch_mask, average_attn_weights=False)[1], words, {"keys": memory, "values": values, "mask": hidden.float()}, heads(other))
plain = shaken(nn.MultiheadAttention(6, 2, batch_first=True, bias=False))
add("no bias", lambda x: plain(x, x, x)[0], words, {}, heads(plain))


def block(layer, decoder):
    weights = heads(layer.self_attn, "attention.") | (heads(layer.multihead_attn, "cross.") if decoder else {})
    for name in ("linear1", "linear2"):
        weights[f"{name}.weight"] = getattr(layer, name).weight.T
        if getattr(layer, name).bias is not None:
            weights[f"{name}.bias"] = getattr(layer, name).bias
    for name in ("norm1", "norm2") + (("norm3",) if decoder else ()):
        weights |= {f"{name}.weight": getattr(layer, name).weight, f"{name}.bias": getattr(layer, name).bias}
    return weights


seen = torch.randn(2, 5, 6)
causal = torch.triu(torch.ones(4, 4, dtype=torch.bool), 1)
for first in (True, False):
    for activation in ("relu", "gelu"):
        layer = shaken(nn.TransformerDecoderLayer(6, 2, 8, dropout=0.0, activation=activation, batch_first=True, norm_first=first))
        name = f"decoder {'norm first' if first else 'norm last'} {activation}"
        add(name, lambda x: layer(x, seen, tgt_mask=causal), words, {"memory": seen}, block(layer, True))
layer = shaken(nn.TransformerDecoderLayer(6, 2, 8, dropout=0.0, batch_first=True))
add("decoder not causal", lambda x: layer(x, seen, memory_mask=hidden[0, 0]), words, {"memory": seen, "mask": hidden[:1].float()}, block(layer, True))
encoder = shaken(nn.TransformerEncoderLayer(6, 2, 8, dropout=0.0, batch_first=True, norm_first=True, layer_norm_eps=0.1)).train()
add("encoder epsilon", encoder, words, {}, block(encoder, False))

q, v, k = torch.randn(2, 3, 4), torch.randn(2, 5, 2), torch.randn(2, 5, 4)
kept = torch.tensor([[True] * 5, [True, True, False, True, False]])


def keras_layer(name, layer, weights=None, **call):
    apply = lambda x: layer([x, v, k], **call)
    apply(q)
    values = {}
    for w in layer.weights:
        w.assign(torch.randn(tuple(w.shape)) * 0.7 + 0.5)
        values[w.name] = w.value
    others = {"keys": k, "values": v} | ({"mask": kept.float()} if "mask" in call else {})
    add(name, apply, q, others, values)


keras_layer("dot", keras.layers.Attention())
keras_layer("dot scaled", keras.layers.Attention(use_scale=True), mask=[None, kept])
keras_layer("concat", keras.layers.Attention(use_scale=True, score_mode="concat"), use_causal_mask=True)
keras_layer("additive", keras.layers.AdditiveAttention(), mask=[None, kept])
keras_layer("additive causal", keras.layers.AdditiveAttention(use_scale=False), use_causal_mask=True)

grouped = keras.layers.GroupQueryAttention(3, 4, 2)
grouped(words, words)
for w in grouped.weights:
    w.assign(torch.randn(tuple(w.shape)) * 0.5)
named = {}
for ours, theirs in [("query", grouped._query_dense), ("key", grouped._key_dense), ("value", grouped._value_dense), ("output", grouped._output_dense)]:
    kernel = theirs.kernel.value.detach()
    named[f"{ours}.weight"] = kernel.reshape(-1, 6) if ours == "output" else kernel.reshape(6, -1)
    named[f"{ours}.bias"] = theirs.bias.value.detach().reshape(-1)
add("grouped", lambda x: grouped(x, x, use_causal_mask=True), words, {}, named)
many = keras.layers.MultiHeadAttention(2, 3, value_dim=5, output_shape=4)
many(words, words)
for w in many.weights:
    w.assign(torch.randn(tuple(w.shape)) * 0.5)
named = {}
for ours, theirs in [("query", many._query_dense), ("key", many._key_dense), ("value", many._value_dense), ("output", many._output_dense)]:
    kernel = theirs.kernel.value.detach()
    named[f"{ours}.weight"] = kernel.reshape(-1, 4) if ours == "output" else kernel.reshape(6, -1)
    named[f"{ours}.bias"] = theirs.bias.value.detach().reshape(-1)
add("sizes of its own", lambda x: many(x, x), words, {}, named)

whole = shaken(nn.Transformer(6, 2, 2, 1, 8, dropout=0.0, batch_first=True))
weights = {}
for i, layer in enumerate(whole.encoder.layers):
    weights |= {f"encoder.{i}.{k}": v for k, v in block(layer, False).items()}
for i, layer in enumerate(whole.decoder.layers):
    weights |= {f"decoder.{i}.{k}": v for k, v in block(layer, True).items()}
for part in ("encoder", "decoder"):
    weights |= {f"{part}.norm.weight": getattr(whole, part).norm.weight, f"{part}.norm.bias": getattr(whole, part).norm.bias}
add("transformer", lambda x: whole(seen, x, tgt_mask=causal), words, {"source": seen}, weights)

target = pathlib.Path(__file__).with_name("attention.json")
target.write_text(json.dumps({"source": f"torch {torch.__version__}, keras {keras.__version__}", "layers": layers}) + "\n")
print(target.stat().st_size)
