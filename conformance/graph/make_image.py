"""What PyTorch and ONNX say of the operators of images: image.json.

Environment: peers/modeling (torch 2.15, onnx 1.23, onnxruntime). Inputs and cotangents are drawn by a rule that the
tests know too, so that only results are kept:
- gradients: functions of torch in double precision, their value and the gradients of sum(value * cotangent), at ties,
  at overlaps and by each attribute;
- resnet: the loss of a small residual network in training, and its gradients by every parameter;
- nodes: ONNX's own cases of one node, as a model with inputs and outputs;
- older: nodes in forms that newer opsets changed, with what onnxruntime (or the reference of ONNX) computes.
"""
import base64
import json
import math
import pathlib
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper
from onnx.backend.test.case.node import collect_testcases
from onnx.reference import ReferenceEvaluator

warnings.simplefilter("ignore")


def drawn(shape, salt, low=-2.0, high=2.0, step=None):
    size = math.prod(shape)
    waves = [math.sin(12.9898 * (i + 1) + 78.233 * (salt + 1)) * 43758.5453 for i in range(size)]
    values = [low + (high - low) * (wave - math.floor(wave)) for wave in waves]
    if step is not None:
        values = [math.floor(value / step + 0.5) * step for value in values]
    return np.array(values).reshape(shape)


def cotangent(shape):
    return np.array([math.cos(0.7 * i) for i in range(math.prod(shape))]).reshape(shape)


def plain(values):
    return [float(f"{value:.7g}") for value in np.asarray(values, dtype=np.float64).reshape(-1)]


def conv(**options):
    return lambda x, w, *b: {3: F.conv1d, 4: F.conv2d, 5: F.conv3d}[x.dim()](x, w, *b, **options)


def transposed(**options):
    return lambda x, w, *b: {3: F.conv_transpose1d, 4: F.conv_transpose2d}[x.dim()](x, w, *b, **options)


def unpooled(x):
    values, indices = F.max_pool2d(x, 2, return_indices=True)
    return F.max_unpool2d(values, indices, 2)


def batch(x, scale, bias):
    return F.batch_norm(x, torch.zeros_like(scale), torch.ones_like(scale), scale, bias, training=True, eps=1e-3)


IMAGE = (2, 2, 5, 6)
TIES = {"step": 1.0}
# name: function, shapes of its inputs, how they are drawn
GRADIENTS = {
    "conv": (conv(), [(2, 3, 5, 4), (4, 3, 2, 3), (4,)], {}),
    "conv strides pads dilations": (conv(stride=(2, 3), padding=(1, 2), dilation=(2, 1)), [(2, 2, 7, 6), (3, 2, 3, 2)], {}),
    "conv groups": (conv(groups=2, padding=1), [(2, 4, 4, 3), (6, 2, 3, 3), (6,)], {}),
    "conv depthwise": (conv(groups=3, stride=2), [(2, 3, 6, 5), (6, 1, 2, 2)], {}),
    "conv 1-D": (conv(stride=2, dilation=2), [(2, 2, 9), (3, 2, 3)], {}),
    "conv 3-D": (conv(padding=1, stride=2), [(1, 2, 3, 4, 3), (2, 2, 2, 3, 2)], {}),
    "convTranspose": (transposed(stride=2, padding=1, output_padding=1), [(2, 3, 3, 4), (3, 2, 3, 3), (2,)], {}),
    "convTranspose groups dilations": (transposed(groups=2, stride=3, dilation=2, output_padding=2), [(2, 4, 3), (4, 2, 2), (4,)], {}),
    "fold": (lambda x: F.fold(x, (4, 5), (2, 2), stride=(2, 1), padding=(0, 1)), [(2, 8, 12)], {}),
    "unfold": (lambda x: F.unfold(x, (2, 3), dilation=(2, 1), padding=1, stride=2), [IMAGE], {}),
    "maxPool ties, overlap": (lambda x: F.max_pool2d(x, 3, 2, 1), [(2, 2, 6, 7)], TIES),
    "maxPool ties, apart": (lambda x: F.max_pool2d(x, 2), [(2, 2, 6, 7)], TIES),
    "maxPool ceil dilation": (lambda x: F.max_pool2d(x, 2, 2, 1, (2, 1), True), [IMAGE], TIES),
    "maxUnpool": (unpooled, [(2, 2, 4, 6)], TIES),
    "averagePool pads": (lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False), [IMAGE], {}),
    "averagePool pads counted": (lambda x: F.avg_pool2d(x, 3, 2, 1), [IMAGE], {}),
    "averagePool ceil": (lambda x: F.avg_pool2d(x, 2, 2, 0, True, False), [(2, 2, 5, 5)], {}),
    "averagePool ceil counted": (lambda x: F.avg_pool2d(x, 3, 2, 1, True, True), [(1, 2, 6, 5)], {}),
    "lpPool": (lambda x: F.lp_pool2d(x, 2.0, (2, 3), 2), [IMAGE], {}),
    "globalAveragePool": (lambda x: F.adaptive_avg_pool2d(x, 1), [IMAGE], {}),
    "globalMaxPool ties": (lambda x: F.adaptive_max_pool2d(x, 1), [IMAGE], TIES),
    "batchNormalization": (lambda x, s, b, m, v: F.batch_norm(x, m.detach(), (v * v + 0.5).detach(), s, b), [(3, 2, 2, 3)] + [(2,)] * 4, {}),
    "batchNormalization training": (batch, [(3, 2, 2, 3), (2,), (2,)], {}),
    "batchNormalization training rows": (batch, [(5, 3), (3,), (3,)], {}),
    "layerNormalization": (lambda x, s, b: F.layer_norm(x, (3, 4), s, b, 1e-3), [(2, 3, 4), (3, 4), (3, 4)], {}),
    "rmsNormalization": (lambda x, s: F.rms_norm(x, (4,), s, 1e-3), [(2, 3, 4), (4,)], {}),
    "groupNormalization": (lambda x, s, b: F.group_norm(x, 2, s, b, 1e-3), [(2, 4, 3, 2), (4,), (4,)], {}),
    "instanceNormalization": (lambda x, s, b: F.instance_norm(x, None, None, s, b, eps=1e-3), [(2, 3, 3, 2), (3,), (3,)], {}),
    "lrn": (lambda x: F.local_response_norm(x, 3, 0.3, 0.6, 1.5), [(2, 5, 2, 2)], {}),
    "lpNormalization 1": (lambda x: F.normalize(x, p=1.0, dim=1), [(2, 3, 4)], {}),
    "lpNormalization 2": (lambda x: F.normalize(x, p=2.0, dim=-1), [(2, 3, 4)], {}),
    "resize nearest": (lambda x: F.interpolate(x, (8, 4), mode="nearest"), [IMAGE], {}),
    "resize nearest exact": (lambda x: F.interpolate(x, (8, 4), mode="nearest-exact"), [IMAGE], {}),
    "resize linear": (lambda x: F.interpolate(x, (8, 4), mode="bilinear"), [IMAGE], {}),
    "resize linear aligned": (lambda x: F.interpolate(x, (8, 4), mode="bilinear", align_corners=True), [IMAGE], {}),
    "resize linear antialias": (lambda x: F.interpolate(x, (3, 4), mode="bilinear", antialias=True), [(1, 2, 9, 6)], {}),
    "resize cubic": (lambda x: F.interpolate(x, (8, 4), mode="bicubic"), [IMAGE], {}),
    "resize cubic antialias": (lambda x: F.interpolate(x, (3, 4), mode="bicubic", antialias=True), [(1, 2, 9, 6)], {}),
    "resize volume": (lambda x: F.interpolate(x, scale_factor=2.0, mode="trilinear"), [(1, 2, 2, 3, 2)], {}),
    "affineGrid": (lambda t: F.affine_grid(t, (2, 1, 3, 4), align_corners=False), [(2, 2, 3)], {}),
    "affineGrid volume aligned": (lambda t: F.affine_grid(t, (1, 1, 2, 3, 2), align_corners=True), [(1, 3, 4)], {}),
    "depthToSpace": (lambda x: F.pixel_shuffle(x, 2), [(2, 8, 2, 3)], {}),
    **{
        f"gridSample {mode} {padding}{' aligned' if aligned else ''}": (
            lambda x, grid, mode=mode, padding=padding, aligned=aligned: F.grid_sample(x, grid * 0.7, mode, padding, aligned),
            [(1, 2, 4, 5), (1, 3, 4, 2)],
            {},
        )
        for mode in ("bilinear", "nearest", "bicubic")
        for padding in ("zeros", "border", "reflection")
        for aligned in (False, True)
    },
    "gridSample volume": (lambda x, grid: F.grid_sample(x, grid * 0.7, align_corners=False), [(1, 2, 3, 2, 4), (1, 2, 1, 3, 3)], {}),
}


def gradient_case(function, shapes, options):
    inputs = [torch.tensor(drawn(shape, i, **options), requires_grad=True) for i, shape in enumerate(shapes)]
    value = function(*inputs)
    gradients = torch.autograd.grad((value * torch.tensor(cotangent(value.shape))).sum(), inputs, allow_unused=True)
    return {
        "shapes": shapes,
        **({"step": options["step"]} if "step" in options else {}),
        "shape": list(value.shape),
        "value": plain(value.detach()),
        "gradients": [None if gradient is None else plain(gradient) for gradient in gradients],
    }


PARAMETERS = {
    "stem": (4, 3, 3, 3), "stem.scale": (4,), "stem.bias": (4,),
    "a": (4, 4, 3, 3), "a.scale": (4,), "a.bias": (4,),
    "b": (6, 4, 3, 3), "b.scale": (6,), "b.bias": (6,),
    "skip": (6, 4, 1, 1), "skip.scale": (6,), "skip.bias": (6,),
    "head": (5, 6), "head.bias": (5,),
}


def resnet():
    p = {name: torch.tensor(drawn(shape, i + 1, -0.8, 0.8), requires_grad=True) for i, (name, shape) in enumerate(PARAMETERS.items())}
    x = torch.tensor(drawn((4, 3, 8, 7), 0, -1.0, 1.0))
    labels = torch.tensor([0, 3, 1, 4])

    def step(x, name, **options):
        y = F.conv2d(x, p[name], **options)
        zeros, ones = torch.zeros(y.shape[1], dtype=y.dtype), torch.ones(y.shape[1], dtype=y.dtype)
        return F.batch_norm(y, zeros, ones, p[f"{name}.scale"], p[f"{name}.bias"], training=True)

    stem = F.max_pool2d(torch.relu(step(x, "stem", padding=1)), 3, 2, 1)
    inner = torch.relu(step(stem, "a", padding=1))
    outer = torch.relu(step(inner, "b", padding=1, stride=2) + step(stem, "skip", stride=2))
    logits = F.adaptive_avg_pool2d(outer, 1).flatten(1) @ p["head"].T + p["head.bias"]
    loss = F.cross_entropy(logits, labels)
    gradients = torch.autograd.grad(loss, list(p.values()))
    return {
        "loss": loss.item(),
        "parameters": PARAMETERS,
        "gradients": {name: plain(gradient) for name, gradient in zip(p, gradients)},
    }


OPERATORS = set(
    """Conv ConvTranspose DeformConv Col2Im MaxPool AveragePool LpPool GlobalAveragePool GlobalMaxPool GlobalLpPool MaxUnpool
    RoiAlign MaxRoiPool BatchNormalization LayerNormalization RMSNormalization GroupNormalization InstanceNormalization LRN
    LpNormalization MeanVarianceNormalization Resize Upsample GridSample AffineGrid DepthToSpace SpaceToDepth
    CenterCropPad""".split()
)
LARGEST = 90


def stored(array):
    if array is None or (isinstance(array, str) and array == ""):
        return None
    array = np.asarray(array)
    data = array.reshape(-1).tolist() if array.dtype.kind in "iub" else plain(array)
    return {"dtype": str(array.dtype), "shape": list(array.shape), "data": data}


def nodes():
    found = {}
    for case in collect_testcases(None):
        graph = case.model.graph if case.model is not None else None
        if graph is None or len(graph.node) != 1 or graph.node[0].op_type not in OPERATORS:
            continue
        inputs, outputs = case.data_sets[0]
        if sum(np.size(value) for value in [*inputs, *outputs]) > LARGEST:
            continue
        # SpaceToDepth has had a mode since opset 28, which no runtime has yet.
        if graph.node[0].op_type == "SpaceToDepth" and any(a.name == "mode" for a in graph.node[0].attribute):
            continue
        model = onnx.ModelProto()
        model.CopyFrom(case.model)
        model.opset_import[0].version = min(model.opset_import[0].version, 26)
        model.producer_name = ""
        found[case.name.removeprefix("test_")] = {
            "model": base64.b64encode(model.SerializeToString()).decode(),
            "inputs": {value.name: stored(array) for value, array in zip(graph.input, inputs)},
            "outputs": {value.name: stored(array) for value, array in zip(graph.output, outputs)},
        }
    return found


def older_case(opset, node, inputs, constants=None, reference=False):
    types = {"float32": TensorProto.FLOAT, "int64": TensorProto.INT64}
    graph = helper.make_graph(
        [node],
        "older",
        [helper.make_tensor_value_info(name, types[str(array.dtype)], array.shape) for name, array in inputs.items()],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [onnx.numpy_helper.from_array(array, name) for name, array in (constants or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    data = model.SerializeToString()
    run = ReferenceEvaluator(model) if reference else onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    (y,) = run.run(["y"], inputs)
    return {
        "model": base64.b64encode(data).decode(),
        "inputs": {name: stored(array) for name, array in inputs.items()},
        "outputs": {"y": stored(y)},
    }


def floats(*shape, salt=0):
    return drawn(shape, salt).astype(np.float32)


def f32(*values):
    return np.array(values, dtype=np.float32)


def older():
    x = {"x": floats(1, 2, 3, 4)}
    up, down = f32(1, 1, 2, 1.5), f32(1, 1, 0.6, 0.5)
    vectors = {name: np.abs(floats(2, salt=i)) + 0.1 for i, name in enumerate("sbmv")}
    make = helper.make_node
    rois = {"r": f32([0.4, 0.3, 2.6, 1.9], [1.0, 0.0, 3.1, 2.4]), "i": np.array([0, 0], dtype=np.int64)}
    return {
        "Upsample 7": older_case(7, make("Upsample", ["x"], ["y"], scales=[1.0, 1.0, 2.0, 3.0], mode="nearest"), x),
        "Upsample 9 linear": older_case(9, make("Upsample", ["x", "s"], ["y"], mode="linear"), x, {"s": f32(1, 1, 2, 2)}),
        "Resize 10 up": older_case(10, make("Resize", ["x", "s"], ["y"]), x, {"s": up}),
        "Resize 10 down": older_case(10, make("Resize", ["x", "s"], ["y"]), x, {"s": down}),
        "Resize 11": older_case(11, make("Resize", ["x", "roi", "s"], ["y"], mode="cubic"), x, {"roi": f32(), "s": up}),
        "Resize 11 tf_half_pixel_for_nn": older_case(
            11,
            make("Resize", ["x", "roi", "s"], ["y"], coordinate_transformation_mode="tf_half_pixel_for_nn", nearest_mode="floor"),
            x,
            {"roi": f32(), "s": up},
        ),
        "Resize 13 sizes": older_case(
            13, make("Resize", ["x", "", "", "z"], ["y"], mode="linear"), x, {"z": np.array([1, 2, 5, 3], dtype=np.int64)}
        ),
        "GridSample 16": older_case(
            16, make("GridSample", ["x", "g"], ["y"], mode="bicubic", padding_mode="border"), {**x, "g": floats(1, 2, 3, 2, salt=1)}
        ),
        "RoiAlign 10": older_case(
            10, make("RoiAlign", ["x", "r", "i"], ["y"], output_height=2, output_width=2, sampling_ratio=2), {**x, **rois}
        ),
        "BatchNormalization 9": older_case(9, make("BatchNormalization", ["x", *"sbmv"], ["y"]), {**x, **vectors}),
        "GroupNormalization 18": older_case(
            18,
            make("GroupNormalization", ["x", "s", "b"], ["y"], num_groups=2),
            {"x": floats(1, 4, 2, 3), "s": floats(2, salt=1), "b": floats(2, salt=2)},
            reference=True,
        ),
    }


result = {
    "torch": torch.__version__,
    "onnx": onnx.__version__,
    "onnxruntime": onnxruntime.__version__,
    "gradients": {name: gradient_case(*case) for name, case in GRADIENTS.items()},
    "resnet": resnet(),
    "nodes": nodes(),
    "older": older(),
}
path = pathlib.Path(__file__).with_name("image.json")
# One case a line.
lines = []
for key, value in result.items():
    if isinstance(value, dict) and key != "resnet":
        inner = ",\n".join(f"  {json.dumps(name)}: {json.dumps(case, separators=(',', ':'))}" for name, case in value.items())
        lines.append(f" {json.dumps(key)}: {{\n{inner}\n }}")
    else:
        lines.append(f" {json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}")
path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
