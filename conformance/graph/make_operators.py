"""Operators one by one: values that the peers give, and PyTorch's derivatives: operators.json.

A case is a node, its inputs, and its outputs by ONNX's reference evaluator or, where that has none or errs, by ONNX Runtime
or PyTorch. `gradients` are PyTorch's of the sum of cos(i) * output[i] by each floating input, at ties, bounds and kinks too.
Environment: peers/modeling (torch 2.15, onnx 1.23, onnxruntime 1.32).
"""
import json
import pathlib

import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

inf, nan = float("inf"), float("nan")
rng = np.random.default_rng(0)
cases = {}


def f32(values):
    return np.array(values, dtype=np.float32)


def i64(values):
    return np.array(values, dtype=np.int64)


def drawn(*shape, low=-2.0, high=2.0):
    return np.round(rng.uniform(low, high, size=shape), 3).astype(np.float32)


def plain(array):
    if array is None:
        return None
    array = np.asarray(array)
    dtype = {"object": "string"}.get(str(array.dtype), str(array.dtype))
    if dtype.startswith("<U"):
        dtype = "string"
    def number(x):
        if isinstance(x, float) and (x != x or abs(x) == inf):
            return str(x).replace("inf", "Infinity").replace("nan", "NaN")
        return x
    # the shortest digits that give single precision back
    elements = [float(str(x)) for x in array.ravel()] if array.dtype == np.float32 else array.ravel().tolist()
    return {"dtype": dtype, "shape": list(array.shape), "data": [number(x) for x in elements]}


KINDS = {1: "float", 2: "int", 3: "string", 4: "tensor", 6: "floats", 7: "ints", 8: "strings"}


def attribute(name, value):
    proto = helper.make_attribute(name, value)
    if proto.type == 4:
        return {"kind": "tensor", "value": plain(onnx.numpy_helper.to_array(proto.t))}
    value = helper.get_attribute_value(proto)
    text = lambda x: x.decode() if isinstance(x, bytes) else "NaN" if x != x else float(str(np.float32(x))) if isinstance(x, float) else x
    return {"kind": KINDS[proto.type], "value": [text(x) for x in value] if isinstance(value, (list, tuple)) else text(value)}


def evaluated(op, domain, inputs, attributes, count, opset, by):
    names = [f"x{i}" if value is not None else "" for i, value in enumerate(inputs)]
    outputs = [f"y{i}" for i in range(count)]
    node = helper.make_node(op, names, outputs, domain=domain, **attributes)
    infos = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype) if value.dtype != object else TensorProto.STRING, value.shape)
        for name, value in zip(names, inputs) if name
    ]
    graph = helper.make_graph([node], "one", infos, [onnx.ValueInfoProto(name=name) for name in outputs])
    imports = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 3), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=imports, ir_version=10)
    feeds = {name: value for name, value in zip(names, inputs) if name}
    if by == "onnx":
        return ReferenceEvaluator(model).run(None, feeds)
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, feeds)


def case(name, op, inputs, attributes={}, *, domain="", count=1, opset=21, by="onnx", gradient=None, wrt=None, outputs=None, fixed=False):
    assert name not in cases, name
    attributes = {key: value for key, value in attributes.items() if value is not None}
    entry = {
        "type": op, "domain": domain,
        "attributes": {key: attribute(key, value) for key, value in attributes.items()},
        "inputs": [plain(value) for value in inputs],
    }
    floating = [value is not None and value.dtype in (np.float32, np.float64) and (wrt is None or i in wrt) for i, value in enumerate(inputs)]
    if gradient is not None:
        tensors = [None if value is None else torch.tensor(value, requires_grad=bool(floats)) for value, floats in zip(inputs, floating)]
        results = gradient(*tensors)
        results = [results] if isinstance(results, torch.Tensor) else list(results)
        loss = sum((torch.cos(torch.arange(y.numel(), dtype=y.dtype)).reshape(y.shape) * y).sum() for y in results)
        asked = [tensor for tensor, floats in zip(tensors, floating) if floats]
        found = iter(torch.autograd.grad(loss, asked, allow_unused=True))
        grads = [next(found) if floats else None for floats in floating]
        entry["gradients"] = [None if value is None else plain(value.numpy())["data"] for value in grads]
        if outputs is None and by == "torch":
            outputs = [y.detach().numpy() for y in results]
    if outputs is None:
        outputs = evaluated(op, domain, inputs, attributes, count, opset, by)
    if fixed:
        entry["fixed"] = True  # the runtime needs the sizes beforehand
    entry["outputs"] = [plain(value) for value in outputs]
    cases[name] = entry


# element by element
line = f32([-2.0, -1.0, -0.25, 0.0, 0.5, 1.5])
for name, function, x in [
    ("Tan", torch.tan, line), ("Asin", torch.asin, f32([-1, -0.5, 0, 0.3, 1])), ("Acos", torch.acos, f32([-1, -0.5, 0, 0.3, 1])),
    ("Atan", torch.atan, line), ("Sinh", torch.sinh, line), ("Cosh", torch.cosh, line), ("Asinh", torch.asinh, line),
    ("Acosh", torch.acosh, f32([1, 1.5, 30])), ("Atanh", torch.atanh, f32([-0.9, 0, 0.3])), ("Softsign", F.softsign, line),
    ("Celu", F.celu, line), ("Selu", F.selu, line), ("HardSwish", F.hardswish, f32([-4, -3, -1, 0, 1, 3, 4])),
    ("Mish", F.mish, line), ("Swish", F.silu, line),
]:
    case(name, name, [x], gradient=function, opset=24 if name == "Swish" else 21, by="torch" if name == "Swish" else "onnx")
case("Celu alpha", "Celu", [line], {"alpha": 1.5}, gradient=lambda x: F.celu(x, 1.5))
case("Swish alpha", "Swish", [line], {"alpha": 0.5}, gradient=lambda x: x * torch.sigmoid(0.5 * x), by="torch")
case("HardSigmoid", "HardSigmoid", [f32([-4, -3, -1, 0, 1, 3, 4])], {"alpha": 1 / 6, "beta": 0.5}, gradient=F.hardsigmoid)
case("HardSigmoid default", "HardSigmoid", [line])
case("ThresholdedRelu", "ThresholdedRelu", [f32([-1, 0, 1, 1.5])], gradient=lambda x: F.threshold(x, 1.0, 0.0))
case("Shrink soft", "Shrink", [f32([-1, -0.5, 0, 0.5, 2])], {"lambd": 0.5, "bias": 0.5}, gradient=lambda x: F.softshrink(x, 0.5))
case("Shrink hard", "Shrink", [f32([-1, -0.5, 0, 0.5, 2])], {"lambd": 0.5}, gradient=lambda x: F.hardshrink(x, 0.5))
case("PRelu", "PRelu", [line, f32([0.2])], gradient=F.prelu)
case("PRelu by channel", "PRelu", [f32([[[-1, 0], [1, -2], [0, 3]]]), f32([[0.1], [0.2], [0.3]])],
     gradient=lambda x, w: F.prelu(x, w.reshape(3)))
case("Max of three, with ties", "Max", [f32([1, 2, 2, 5]), f32([1, 3, 2, 5]), f32([1, 3, 1, 4])], gradient=lambda a, b, c: torch.maximum(torch.maximum(a, b), c))
case("Min of three, broadcast", "Min", [f32([[1, 2], [3, 0]]), f32([2, 2]), f32([[2], [1]])], gradient=lambda a, b, c: torch.minimum(torch.minimum(a, b), c))
case("Mean", "Mean", [f32([1, 2]), f32([[3], [4]]), f32([5])], by="ort", gradient=lambda a, b, c: (a + b + c) / 3)
case("Pow at 0", "Pow", [f32([0, 0, 0, 2, -2]), f32([0, 1, 2, 0, 3])], gradient=torch.pow)
case("Where with an infinite side", "Where", [np.array([True, False]), f32([1, inf]), f32([inf, 2])], gradient=torch.where)
case("Clip at a bound", "Clip", [f32([-2, -1, 0, 1, 2]), f32(-1), f32(1)], wrt=[0], gradient=lambda x, low, high: torch.clamp(x, -1.0, 1.0))
case("Dropout outside training", "Dropout", [line, f32(0.5), np.array(False)], count=2, wrt=[0], gradient=lambda x, r, t: x)
case("BitShift left", "BitShift", [np.array([1, 2, 200], dtype=np.uint8), np.array([1, 2, 3], dtype=np.uint8)], {"direction": "LEFT"})
case("BitwiseXor", "BitwiseXor", [i64([[1], [6]]), i64([3, 5])])
case("BitwiseNot", "BitwiseNot", [i64([0, 5])])
case("BitCast", "BitCast", [f32([0, 1, -2])], {"to": 6}, outputs=[f32([0, 1, -2]).view(np.int32)])
case("CastLike", "CastLike", [f32([1.5, -1.5]), i64([0])])

wide = np.array([-30, -5, -1, -1e-3, 0, 1e-9, 0.3, 2, 6, 40], dtype=np.float64)
unit = np.array([-1, -0.5, -1e-6, 0, 0.3, 1 - 1e-9, 1], dtype=np.float64)
for name, function, x in [("Erf", torch.erf, wide), ("Atan", torch.atan, np.append(wide, [-inf, inf, 1e200])), ("Asin", torch.asin, unit), ("Acos", torch.acos, unit),
                          ("Asinh", torch.asinh, wide), ("Sinh", torch.sinh, wide[1:-1]), ("Gelu", F.gelu, wide)]:
    case(f"{name} in double precision", name, [x], by="torch", gradient=function)

# reductions
case("ReduceProd with zeros", "ReduceProd", [f32([[1, 0, 3], [0, 2, 0], [2, 3, 4]]), i64([1])], {"keepdims": 0}, gradient=lambda x, _: x.prod(1))
case("ReduceProd of all", "ReduceProd", [f32([[1, -2, 3], [0.5, 2, 1.5]])], {"keepdims": 0}, gradient=torch.prod)
case("ReduceL1", "ReduceL1", [f32([[1, 0, -3], [0, 0, 0]]), i64([1])], {"keepdims": 0}, gradient=lambda x, _: torch.linalg.vector_norm(x, 1, dim=1))
case("ReduceL2 of zeros", "ReduceL2", [f32([[3, 0, -4], [0, 0, 0]]), i64([1])], gradient=lambda x, _: torch.linalg.vector_norm(x, 2, dim=1, keepdim=True))
case("ReduceLogSum", "ReduceLogSum", [f32([[1, 2, 3], [4, 5, 6]]), i64([-1])], {"keepdims": 0}, gradient=lambda x, _: x.sum(1).log())
case("ReduceMax with ties", "ReduceMax", [f32([[1, 3, 3], [2, 2, 2]]), i64([1])], {"keepdims": 0}, gradient=lambda x, _: x.amax(1))
case("Hardmax", "Hardmax", [f32([[1, 3, 3], [2, 2, 2]])])
case("Hardmax of the first axis", "Hardmax", [f32([[1, 3, 3], [2, 2, 2]])], {"axis": 0})
case("Softmax of the first axis", "Softmax", [drawn(2, 3)], {"axis": 0}, gradient=lambda x: torch.softmax(x, 0))
for exclusive in (0, 1):
    for reverse in (0, 1):
        x = f32([[1, -2, 0.5, 3], [0.5, 0, 2, 0], [1, 2, 0, 4]])
        shift = lambda y: torch.cat([torch.ones(3, 1), y[:, :-1]], 1) if exclusive else y
        turn = lambda y: y.flip(1) if reverse else y
        case(f"CumProd exclusive {exclusive} reverse {reverse}", "CumProd", [x, i64(1)], {"exclusive": exclusive, "reverse": reverse},
             opset=26, by="torch", gradient=lambda x, _: turn(torch.cumprod(shift(turn(x)), 1)))
        case(f"CumSum exclusive {exclusive} reverse {reverse}", "CumSum", [x, i64(1)], {"exclusive": exclusive, "reverse": reverse})

# matrices
for equation, shapes in [
    ("ij,jk->ik", [(2, 3), (3, 2)]), ("ij,jk", [(2, 3), (3, 2)]), ("ba", [(2, 3)]), ("ij->", [(2, 3)]), ("ii->i", [(3, 3)]), ("ii", [(3, 3)]),
    ("iij,jk->ik", [(2, 2, 3), (3, 2)]), ("...ij,...jk->...ik", [(2, 1, 2, 3), (3, 3, 2)]), ("...i,...i", [(2, 3), (3,)]),
    ("i...->...", [(3, 2)]), ("...", [(2, 3)]), ("bij,b->ji", [(2, 2, 3), (2,)]), ("a,b,c->cab", [(2,), (3,), (2,)]), ("Ab,b->A", [(2, 3), (3,)]),
]:
    values = [drawn(*shape) for shape in shapes]
    case(f"Einsum {equation} {shapes}", "Einsum", values, {"equation": equation}, outputs=[np.einsum(equation, *values)],
         gradient=lambda *x: torch.einsum(equation, *x))
case("Det", "Det", [drawn(2, 3, 3)], gradient=torch.linalg.det)
case("Det of one number", "Det", [drawn(1, 1)], gradient=torch.linalg.det)
case("Inverse", "Inverse", [drawn(2, 3, 3) + 3 * np.eye(3, dtype=np.float32)], domain="com.microsoft", by="torch", gradient=torch.linalg.inv)
case("EyeLike", "EyeLike", [drawn(2, 3)], {"k": 1})
case("EyeLike below, of whole numbers", "EyeLike", [drawn(3, 2)], {"k": -1, "dtype": 7})
case("MatMul of a vector", "MatMul", [drawn(3), drawn(2, 3, 2)], gradient=torch.matmul)

# picking and placing
case("Compress", "Compress", [drawn(2, 3), np.array([True, False, True])], {"axis": 1}, gradient=lambda x, c: x[:, c])
case("Compress in a row, by a short list", "Compress", [drawn(2, 3), np.array([False, True, True])])
case("Unique", "Unique", [f32([2, 1, 1, 3, 4, 3])], count=4)
case("Unique in the order met", "Unique", [f32([2, 1, 1, 3, 4, 3])], {"sorted": 0}, count=4)
case("Unique rows", "Unique", [f32([[1, 0, 0], [1, 0, 0], [2, 3, 4]])], {"axis": 0}, count=4)
case("ReverseSequence", "ReverseSequence", [drawn(4, 3), i64([4, 1, 2])])
case("ReverseSequence, examples first", "ReverseSequence", [drawn(3, 4), i64([4, 1, 2])], {"batch_axis": 0, "time_axis": 1})
case("TensorScatter", "TensorScatter", [drawn(2, 1, 4, 2), drawn(2, 1, 2, 2), i64([1, 2])], opset=24)
case("TensorScatter circular", "TensorScatter", [drawn(2, 1, 4, 2), drawn(2, 1, 2, 2), i64([1, 3])], {"mode": "circular"}, opset=24)
case("ScatterElements mul", "ScatterElements", [f32([[1, 2, 3], [4, 5, 6]]), i64([[0, 0, 2]]), f32([[2, 0, -1]])], {"axis": 1, "reduction": "mul"})
case("ScatterElements amax", "ScatterElements", [f32([1, 2, 3]), i64([0, 0, 1]), f32([3, 1, 2])], {"reduction": "max"},
     gradient=lambda x, i, u: x.scatter_reduce(0, i, u, "amax"))
case("ScatterElements prod", "ScatterElements", [f32([1, 2, 3]), i64([0, 0, 1]), f32([3, 0, 2])], {"reduction": "mul"},
     gradient=lambda x, i, u: x.scatter_reduce(0, i, u, "prod"))
case("ScatterElements sum", "ScatterElements", [f32([1, 2, 3]), i64([0, 0, -2]), f32([3, 0, 2])], {"reduction": "add"},
     gradient=lambda x, i, u: x.scatter_reduce(0, i % 3, u, "sum"))
case("ScatterND min", "ScatterND", [f32([[1, 2], [3, 4]]), i64([[0], [0]]), f32([[0, 5], [1, 1]])], {"reduction": "min"})
case("GatherND in batches", "GatherND", [drawn(2, 2, 3), i64([[1], [0]])], {"batch_dims": 1}, gradient=lambda x, i: torch.stack([x[0, 1], x[1, 0]]))
case("TopK with ties", "TopK", [f32([[1, 3, 3, 2], [2, 2, 2, 2]]), i64([2])], count=2, gradient=lambda x, k: torch.sort(x, dim=1, descending=True, stable=True)[0][:, :2])
case("TopK smallest", "TopK", [f32([[1, 3, 3, 2], [2, 2, 2, 2]]), i64([3])], {"axis": 0 + 1, "largest": 0}, count=2)
case("OneHot with negative indices", "OneHot", [i64([0, -1, 3, 1]), i64(3), f32([0.5, 2])], {"axis": 0}, by="ort")
# sizes and borders
for mode in ("edge", "reflect", "wrap"):
    pad = {"edge": "replicate", "reflect": "reflect", "wrap": "circular"}[mode]
    case(f"Pad {mode}", "Pad", [drawn(1, 3, 4), i64([0, 0, 2, 0, 0, 1])], {"mode": mode}, gradient=lambda x, p: F.pad(x, (2, 1), mode=pad))
    case(f"Pad {mode} of an axis", "Pad", [drawn(3, 4), i64([1, 2]), None, i64([-1])], {"mode": mode}, by="ort")
    case(f"Pad {mode}, cut at one end", "Pad", [drawn(2, 5), i64([0, -1, 0, 2])], {"mode": mode}, by="ort")
case("Pad cut at both ends", "Pad", [drawn(3, 5), i64([-1, 0, 0, -2]), f32(7)], by="ort", wrt=[0], gradient=lambda x, p, v: F.pad(x, (0, -2, -1, 0)))
case("Pad with a value of an axis", "Pad", [drawn(2, 3), i64([1, 1]), f32(7), i64([-2])], gradient=lambda x, p, v, a: torch.cat([v.expand(1, 3), x, v.expand(1, 3)]))
case("Slice backwards past the ends", "Slice", [drawn(2, 5), i64([9]), i64([-9]), i64([-1]), i64([-2])], gradient=lambda x, *_: x.flip(1)[:, ::2])
case("Slice to the least number", "Slice", [drawn(5), i64([-1]), i64([-(2**63) + 1]), i64([0]), i64([-1])], gradient=lambda x, *_: x.flip(0))
case("Split unevenly", "Split", [drawn(2, 7)], {"axis": 1, "num_outputs": 3}, count=3, gradient=lambda x: list(x.split([3, 3, 1], 1)))
case("Split with an empty part", "Split", [drawn(2, 3), i64([0, 3])], {"axis": 1}, count=2, gradient=lambda x, _: list(x.split([0, 3], 1)))
case("Tile", "Tile", [drawn(2, 3), i64([2, 0 + 3])], gradient=lambda x, _: x.repeat(2, 3))
case("Concat of one", "Concat", [drawn(2, 3)], {"axis": -1}, gradient=lambda x: x + 0)
case("Trilu below", "Trilu", [drawn(2, 3, 4), i64(-1)], {"upper": 0}, gradient=lambda x, k: torch.tril(x, -1))

# attention; the reference keeps the products of mode 0 after the cap, where the text of ONNX has them before
def attended(mask=None, causal=False, scale=None, heads=None, groups=None):
    def split(x, n):
        return x if x.ndim == 4 else x.reshape(x.shape[0], x.shape[1], n, -1).transpose(1, 2)
    def run(q, k, v, *rest):
        y = F.scaled_dot_product_attention(split(q, heads), split(k, groups), split(v, groups), attn_mask=rest[0] if rest else None,
                                           is_causal=causal, scale=scale, enable_gqa=True)
        return y if q.ndim == 4 else y.transpose(1, 2).flatten(2)
    return run
four = [drawn(2, 2, 3, 4), drawn(2, 2, 5, 4), drawn(2, 2, 5, 3)]
same = [drawn(1, 2, 3, 2), drawn(1, 2, 3, 2), drawn(1, 2, 3, 2)]
allowed = np.array([[1, 0, 1, 1, 0], [0, 1, 0, 0, 0], [1, 1, 1, 1, 1]], dtype=bool)
on = dict(opset=24)
case("Attention", "Attention", four, gradient=attended(), **on)
case("Attention causal", "Attention", same, {"is_causal": 1}, gradient=attended(causal=True), **on)
case("Attention causal, fewer queries", "Attention", four, {"is_causal": 1}, **on)
case("Attention scaled", "Attention", four, {"scale": 0.3}, gradient=attended(scale=0.3), **on)
case("Attention capped", "Attention", four, {"softcap": 2.0}, **on)
case("Attention masked", "Attention", [*four, allowed], gradient=attended(), **on)
case("Attention masked by a shorter mask", "Attention", [*four, np.ascontiguousarray(allowed[:, :4])], fixed=True, **on)
case("Attention with scores added", "Attention", [*four, drawn(2, 1, 3, 5)], gradient=attended(), **on)
case("Attention masked and causal", "Attention", [*four, np.ascontiguousarray(allowed[:, ::-1])], {"is_causal": 1}, **on)
case("Attention of shared keys", "Attention", [drawn(1, 4, 2, 3), drawn(1, 2, 3, 3), drawn(1, 2, 3, 2)], gradient=attended(), **on)
case("Attention of three axes", "Attention", [drawn(1, 2, 12), drawn(1, 3, 6), drawn(1, 3, 4)], {"q_num_heads": 4, "kv_num_heads": 2},
     gradient=attended(heads=4, groups=2), **on)
case("Attention with a past", "Attention", [*same, None, drawn(1, 2, 2, 2), drawn(1, 2, 2, 2)], {"is_causal": 1}, count=3, **on)
for mode in range(4):
    case(f"Attention, products of mode {mode}", "Attention", [*same, None, drawn(1, 2, 2, 2), drawn(1, 2, 2, 2)],
         {"softcap": 3.0 if mode else None, "qk_matmul_output_mode": mode}, count=4, **on)
case("Attention to keys without padding", "Attention", [*four, None, None, None, i64([5, 2])], **on)
case("Attention within a window", "Attention", same, {"left_window_size": 1, "right_window_size": 0}, opset=25)
case("Attention within a window, with a past", "Attention", [*same, None, drawn(1, 2, 2, 2), drawn(1, 2, 2, 2)],
     {"left_window_size": 1, "is_causal": 1}, count=3, opset=25)
case("RotaryEmbedding", "RotaryEmbedding", [drawn(1, 2, 3, 4), drawn(1, 3, 2), drawn(1, 3, 2)], **on)
case("RotaryEmbedding by position", "RotaryEmbedding", [drawn(2, 2, 2, 4), drawn(5, 2), drawn(5, 2), i64([[0, 4], [2, 1]])], **on)
case("RotaryEmbedding of neighbours, in part", "RotaryEmbedding", [drawn(2, 2, 12), drawn(2, 2, 2), drawn(2, 2, 2)],
     {"interleaved": 1, "num_heads": 2, "rotary_embedding_dim": 4}, **on)

# losses
scores, wanted, weights = drawn(4, 3), i64([2, 0, 2, 1]), f32([0.5, 2, 1.5])
for reduction in ("none", "mean", "sum"):
    for ignored in (None, 2):
        for weighted in (False, True):
            given = [scores, wanted] + ([weights] if weighted else [])
            at = {"ignore_index": -100 if ignored is None else ignored}
            how = f"{reduction}{'' if ignored is None else ', one ignored'}{', weighted' if weighted else ''}"
            case(f"SoftmaxCrossEntropyLoss {how}", "SoftmaxCrossEntropyLoss", given, {"reduction": reduction, "ignore_index": ignored}, wrt=[0],
                 gradient=lambda x, y, w=None: F.cross_entropy(x, y, w, reduction=reduction, **at))
            case(f"NegativeLogLikelihoodLoss {how}", "NegativeLogLikelihoodLoss", given, {"reduction": reduction, "ignore_index": ignored}, wrt=[0],
                 gradient=lambda x, y, w=None: F.nll_loss(x, y, w, reduction=reduction, **at))
case("SoftmaxCrossEntropyLoss and logarithms", "SoftmaxCrossEntropyLoss", [drawn(2, 3, 2), i64([[0, 2], [1, 1]])], count=2,
     gradient=lambda x, y: [F.cross_entropy(x, y), F.log_softmax(x, 1)])

# few bits
u8, i8 = lambda values: np.array(values, dtype=np.uint8), lambda values: np.array(values, dtype=np.int8)
case("QuantizeLinear", "QuantizeLinear", [f32([-300, -0.5, 0.5, 1.5, 2.5, 300]), f32(1), u8(3)])
case("QuantizeLinear by column", "QuantizeLinear", [drawn(2, 3), f32([0.1, 0.2, 0.3]), i8([0, 1, -1])], {"axis": -1})
case("QuantizeLinear by blocks", "QuantizeLinear", [drawn(2, 4), f32([[0.1, 0.2], [0.3, 0.4]]), i8([[0, 1], [2, 3]])], {"axis": 1, "block_size": 2})
case("QuantizeLinear to int16", "QuantizeLinear", [drawn(4), f32(0.001)], {"output_dtype": 5})
case("DequantizeLinear", "DequantizeLinear", [u8([[0, 3], [128, 255]]), f32([2, 0.5]), u8([128, 1])], {"axis": 0}, by="torch",
     gradient=lambda q, s, z: (q.float() - z[:, None].float()) * s[:, None])
case("DequantizeLinear of int32", "DequantizeLinear", [np.array([5, -7], dtype=np.int32), f32(0.5)])
case("DynamicQuantizeLinear", "DynamicQuantizeLinear", [f32([0, 2, -3, -2.5, 1.34, 0.5])], count=3)
case("MatMulInteger", "MatMulInteger", [u8([[11, 7, 3], [10, 6, 2]]), u8([[1, 4], [2, 5], [3, 6]]), u8(12), u8(0)])
case("ConvInteger", "ConvInteger", [u8(np.arange(2, 18).reshape(1, 1, 4, 4)), u8([[[[1, 1], [1, 2]]]]), u8(1)], {"pads": [1, 1, 1, 1], "strides": [2, 1]}, by="ort")
case("QLinearMatMul", "QLinearMatMul", [u8([[208, 236, 0], [3, 214, 255]]), f32(0.0066), u8(113), u8([[152, 51], [60, 26], [0, 127]]), f32(0.00705), u8(114), f32(0.0107), u8(118)])
case("QLinearConv", "QLinearConv", [u8([[[[255, 174], [25, 80]]]]), f32(0.00369), u8(132), u8([[[[0]]]]), f32(0.00172), u8(255), f32(0.00162), u8(123)])

# signals
def complex_of(x):
    return torch.complex(x[..., 0], x[..., 1]) if x.shape[-1] == 2 else x[..., 0]
def dft(axis=-1, n=None, inverse=False, onesided=False):
    name = ("i" if inverse else "") + ("r" if onesided else "") + "fft"
    def run(x, *_):
        y = getattr(torch.fft, name)(complex_of(x), n=n, dim=axis)
        return y.unsqueeze(-1) if not torch.is_complex(y) else torch.view_as_real(y)
    return run
case("DFT", "DFT", [drawn(2, 5, 1)], by="torch", gradient=dft())
case("DFT of complex numbers", "DFT", [drawn(2, 4, 2)], by="torch", gradient=dft())
case("DFT inverse", "DFT", [drawn(2, 5, 2)], {"inverse": 1}, by="torch", gradient=dft(inverse=True))
case("DFT of one side", "DFT", [drawn(2, 6, 1)], {"onesided": 1}, by="torch", gradient=dft(onesided=True))
case("DFT of one side, odd", "DFT", [drawn(2, 5, 1)], {"onesided": 1}, by="torch", gradient=dft(onesided=True))
case("DFT filled up", "DFT", [drawn(2, 5, 1), i64(8)], by="torch", gradient=dft(n=8))
case("DFT cut", "DFT", [drawn(2, 5, 2), i64(3)], by="torch", gradient=dft(n=3))
case("DFT of the first axis", "DFT", [drawn(4, 2, 1), None, i64(0)], by="torch", gradient=dft(0))
case("DFT of one side, filled up", "DFT", [drawn(4, 2, 1), i64(7), i64(-3)], {"onesided": 1}, by="torch", gradient=dft(0, n=7, onesided=True))
case("DFT inverse of one side", "DFT", [drawn(2, 4, 2)], {"inverse": 1, "onesided": 1}, by="torch", gradient=dft(inverse=True, onesided=True))
case("DFT inverse of one side, odd", "DFT", [drawn(2, 3, 2), i64(5)], {"inverse": 1, "onesided": 1}, by="torch", gradient=dft(n=5, inverse=True, onesided=True))
window = np.hanning(5)[:-1].astype(np.float32)
def stft(onesided=True):
    def run(x, step, w, *_):
        w = torch.ones(4) if w is None else w
        y = torch.stft(complex_of(x), 4, hop_length=2, win_length=4, window=w, center=False, onesided=onesided, return_complex=True)
        return torch.view_as_real(y.transpose(1, 2))
    return run
case("STFT", "STFT", [drawn(2, 9, 1), i64(2), window], by="torch", gradient=stft())
case("STFT of both sides", "STFT", [drawn(1, 8, 1), i64(2), None, i64(4)], {"onesided": 0}, by="torch", gradient=stft(False))
case("STFT of complex numbers", "STFT", [drawn(1, 8, 2), i64(2), window], {"onesided": 0}, by="torch", gradient=stft(False))
for name in ("HannWindow", "HammingWindow", "BlackmanWindow"):
    case(name, name, [i64(6)])
    case(f"{name} symmetric", name, [i64(6)], {"periodic": 0})
case("MelWeightMatrix", "MelWeightMatrix", [i64(4), i64(16), i64(8000), f32(0), f32(4000)], wrt=[])

# strings
words = np.array(["a b", "", "c d e"], dtype=object)
case("StringConcat", "StringConcat", [np.array([["a"], ["b"]], dtype=object), np.array(["x", "y"], dtype=object)])
case("StringNormalizer", "StringNormalizer", [np.array(["Monday", "tuesday", "Wednesday"], dtype=object)],
     {"case_change_action": "UPPER", "is_case_sensitive": 1, "locale": "C", "stopwords": ["Monday"]}, outputs=[np.array(["TUESDAY", "WEDNESDAY"], dtype=object)])
case("StringSplit", "StringSplit", [words], count=2)
case("StringSplit at a letter", "StringSplit", [words[[0, 2]]], {"delimiter": " ", "maxsplit": 1}, count=2)
case("RegexFullMatch", "RegexFullMatch", [words], {"pattern": "[a-d ]+"}, by="ort")
case("TfIdfVectorizer", "TfIdfVectorizer", [np.array([[1, 1, 3, 3, 3, 7], [8, 6, 7, 5, 6, 8]], dtype=np.int32)],
     {"mode": "TF", "min_gram_length": 2, "max_gram_length": 2, "max_skip_count": 0, "ngram_counts": [0, 4], "ngram_indexes": [0, 1, 2, 3, 4, 5, 6],
      "pool_int64s": [2, 3, 5, 4, 5, 6, 7, 8, 6, 7]})
# the runtime's fused operators
own = dict(domain="com.microsoft", by="ort")
for trans in ((0, 0), (1, 0), (0, 1), (1, 1)):
    a, b = drawn(2, *((3, 2) if trans[0] else (2, 3))), drawn(2, *((4, 3) if trans[1] else (3, 4)))
    case(f"FusedMatMul {trans}", "FusedMatMul", [a, b], {"alpha": 0.5, "transA": trans[0], "transB": trans[1]},
         gradient=lambda a, b: 0.5 * (a.mT if trans[0] else a) @ (b.mT if trans[1] else b), **own)
case("FusedMatMul of batches in the middle", "FusedMatMul", [drawn(2, 3, 4), drawn(3, 4, 2)], {"transBatchA": 1}, gradient=lambda a, b: a.permute(1, 0, 2) @ b, **own)
case("FastGelu", "FastGelu", [drawn(2, 3), drawn(3)], gradient=lambda x, b: F.gelu(x + b, approximate="tanh"), **own)
case("FastGelu without bias", "FastGelu", [drawn(2, 3)], gradient=lambda x: F.gelu(x, approximate="tanh"), **own)
case("BiasGelu", "BiasGelu", [drawn(2, 3), drawn(3)], gradient=lambda x, b: F.gelu(x + b), **own)
case("QuickGelu", "QuickGelu", [drawn(2, 3)], gradient=lambda x: x * torch.sigmoid(1.702 * x), **own)
case("QuickGelu alpha", "QuickGelu", [drawn(2, 3)], {"alpha": 1.0}, gradient=F.silu, **own)
rows = [drawn(1, 2, 4), drawn(1, 2, 4), drawn(4), drawn(4), drawn(4)]
case("SkipLayerNormalization", "SkipLayerNormalization", rows, {"epsilon": 1e-5},
     gradient=lambda x, s, w, b, c: F.layer_norm(x + s + c, (4,), w, b, 1e-5), **own)
case("SkipLayerNormalization and its sum", "SkipLayerNormalization", rows[:3] + [None, rows[4]], {"epsilon": 1e-5}, count=4, **own)
case("SkipSimplifiedLayerNormalization", "SkipSimplifiedLayerNormalization", rows[:4], {"epsilon": 1e-5},
     gradient=lambda x, s, w, c: F.rms_norm(x + s + c, (4,), w, 1e-5), **own)
case("SimplifiedLayerNormalization", "SimplifiedLayerNormalization", [rows[0], rows[2]], {"epsilon": 1e-5}, by="ort",
     gradient=lambda x, w: F.rms_norm(x, (4,), w, 1e-5))
# features and estimators of ai.onnx.ml
learning = dict(domain="ai.onnx.ml", by="ort")
table = f32([[1, -4], [0, 0], [-2, -3]])
case("Scaler", "Scaler", [table], {"offset": [1.0, 0.5], "scale": [2.0, 3.0]}, gradient=lambda x: (x - torch.tensor([1, 0.5])) * torch.tensor([2, 3]), **learning)
case("Scaler of whole numbers", "Scaler", [i64([[1, 2], [3, 4]])], {"offset": [1.0], "scale": [2.0]}, **learning)
for norm in ("MAX", "L1", "L2"):
    case(f"Normalizer {norm}", "Normalizer", [table], {"norm": norm}, **learning)
case("Normalizer of one row", "Normalizer", [f32([3, -4])], {"norm": "L2"}, gradient=lambda x: F.normalize(x, dim=0), **learning)
case("Binarizer", "Binarizer", [table], {"threshold": -1.0}, **learning)
case("Imputer", "Imputer", [f32([[1, nan], [nan, 0]])], {"imputed_value_floats": [5.0, 6.0], "replaced_value_float": nan},
     gradient=lambda x: torch.where(torch.isnan(x), torch.tensor([5.0, 6.0]), x), **learning)
case("Imputer of zeros", "Imputer", [f32([[1, 2], [0, 0]])], {"imputed_value_floats": [5.0], "replaced_value_float": 0.0}, **learning)
case("Imputer of whole numbers", "Imputer", [i64([[1, -1], [-1, 0]])], {"imputed_value_int64s": [7, 8], "replaced_value_int64": -1}, **learning)
case("FeatureVectorizer", "FeatureVectorizer", [table, f32([[1], [2], [3]])], {"inputdimensions": [2, 1]}, gradient=lambda a, b: torch.cat([a, b], 1), **learning)
case("FeatureVectorizer cut and filled", "FeatureVectorizer", [table, f32([[1], [2], [3]])], {"inputdimensions": [1, 3]}, fixed=True, **learning)
case("ArrayFeatureExtractor", "ArrayFeatureExtractor", [table, i64([1, 0, 1])], gradient=lambda x, i: x[:, i], **learning)
case("ArrayFeatureExtractor of a list", "ArrayFeatureExtractor", [f32([1, 2, 3]), i64([2])], **learning)
case("OneHotEncoder", "OneHotEncoder", [i64([3, 1, 9])], {"cats_int64s": [1, 2, 3], "zeros": 1}, **learning)
case("CategoryMapper", "CategoryMapper", [np.array(["b", "a", "z"], dtype=object)], {"cats_strings": ["a", "b"], "cats_int64s": [5, 6], "default_int64": -1}, **learning)
x = f32([[1, 2], [-3, 0.5], [0, 0]])
W, b = [0.5, -1.0, 1.0, 0.0, 0.0, 2.0], [0.25, 0.0, -0.5]
after = {"NONE": lambda s: s, "LOGISTIC": torch.sigmoid, "SOFTMAX": lambda s: torch.softmax(s, 1), "SOFTMAX_ZERO": None}
for post, f in after.items():
    tensors = torch.tensor(W).reshape(3, 2), torch.tensor(b)
    gradient = f and (lambda x: f(x @ tensors[0].T + tensors[1]))
    case(f"LinearRegressor {post}", "LinearRegressor", [x], {"coefficients": W, "intercepts": b, "targets": 3, "post_transform": post}, gradient=gradient, **learning)
    case(f"LinearClassifier {post}", "LinearClassifier", [x], {"coefficients": W, "intercepts": b, "classlabels_ints": [4, 5, 6], "post_transform": post}, count=2, gradient=gradient, **learning)
    case(f"LinearClassifier of one row {post}", "LinearClassifier", [x], {"coefficients": W[:2], "intercepts": b[:1], "classlabels_strings": ["no", "yes"], "post_transform": post}, count=2, **learning)
case("LinearRegressor of one target", "LinearRegressor", [x], {"coefficients": W[:2], "post_transform": "LOGISTIC"}, **learning)
for kernel, values in (("LINEAR", [0.0, 0, 0]), ("RBF", [0.5, 0, 0]), ("POLY", [0.5, 1, 2]), ("SIGMOID", [0.5, 0.1, 0])):
    vectors, weights = torch.tensor([[1.0, 0], [0, 1], [2, 2]]), torch.tensor([1.0, -0.5, 0.25])
    def svr(x):
        k = x @ vectors.T
        k = {"LINEAR": k, "RBF": torch.exp(-0.5 * ((x[:, None] - vectors) ** 2).sum(2)), "POLY": (0.5 * k + 1) ** 2, "SIGMOID": torch.tanh(0.5 * k + 0.1)}[kernel]
        return (k @ weights + 0.1)[:, None]
    case(f"SVMRegressor {kernel}", "SVMRegressor", [x], {"kernel_type": kernel, "kernel_params": [float(v) for v in values], "support_vectors": vectors.flatten().tolist(),
         "coefficients": weights.tolist(), "n_supports": 3, "rho": [0.1]}, gradient=svr, **learning)
case("SVMRegressor of one class", "SVMRegressor", [x], {"kernel_type": "RBF", "kernel_params": [0.5, 0.0, 0.0], "support_vectors": [1.0, 0, 0, 1, 2, 2],
     "coefficients": [1.0, -0.5, 0.25], "n_supports": 3, "rho": [-0.2], "one_class": 1}, **learning)

result = {"torch": torch.__version__, "onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__, "cases": cases}
lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(entry)}" for name, entry in cases.items())
text = json.dumps({key: value for key, value in result.items() if key != "cases"})[:-1] + f', "cases": {{\n{lines}\n}}}}\n'
pathlib.Path(__file__).with_name("operators.json").write_text(text)
print(len(cases), "cases", len(text), "bytes")
