"""Writes ONNX's own backend tests of single nodes as lines of JSON: the model, what it is fed, and what must come out.

Usage: backend.py OUTPUT
"""
import base64
import json
import sys
import warnings

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

warnings.filterwarnings("ignore")


def plain(value):
    """A tensor, or None for sequences, optionals and element types that JavaScript has no arrays for."""
    if isinstance(value, onnx.TensorProto):
        value = numpy_helper.to_array(value)
    if not isinstance(value, (np.ndarray, np.generic)):
        return None
    value = np.asarray(value)
    if value.dtype == object or value.dtype.kind in "US":
        return {"dtype": "string", "shape": list(value.shape), "data": [v.decode() if isinstance(v, bytes) else str(v) for v in value.ravel()]}
    if value.dtype.name not in ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool"):
        return None
    return {"dtype": value.dtype.name, "shape": list(value.shape), "bytes": base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()}


with open(sys.argv[1], "w") as out:
    for case in collect_testcases(None):
        model = case.model
        if model is None or not case.data_sets:
            continue
        inputs, outputs = case.data_sets[0]
        names = [value.name for value in model.graph.input]
        line = {
            "name": case.name,
            "model": base64.b64encode(model.SerializeToString()).decode(),
            "types": sorted({node.op_type for node in model.graph.node}),
            "inputs": {name: plain(value) for name, value in zip(names, inputs)},
            "outputs": {value.name: plain(result) for value, result in zip(model.graph.output, outputs)},
            "rtol": case.rtol,
            "atol": case.atol,
        }
        out.write(json.dumps(line) + "\n")
