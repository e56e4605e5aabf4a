"""Seconds that onnx-ad takes to derive the gradient of the same chains of operators."""

import json
import time

import numpy as np
import onnx_ad
from onnx import TensorProto, helper, numpy_helper


def chain(nodes):
    made, y = [], "x"
    for i in range(nodes - 1):
        kind = ("Mul", "Add", "Tanh")[i % 3]
        made.append(helper.make_node(kind, {"Mul": [y, "w"], "Add": [y, "x"], "Tanh": [y]}[kind], [f"y{i}"]))
        y = f"y{i}"
    made.append(helper.make_node("ReduceSum", [y], ["loss"], keepdims=0))
    floats = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(made, "chain", [floats("x", [8, 16]), floats("w", [16])], [floats("loss", [])])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def seconds(nodes, rounds):
    model = chain(nodes)
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        onnx_ad.reverse(model, inputs=["x", "w"], outputs=["loss"]).SerializeToString()
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2]


print(json.dumps({"gradient of a graph": seconds(1000, 3), "gradient of a large graph": seconds(10_000, 1)}))
