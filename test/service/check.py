"""Checks model files as ONNX's own reference does, shapes and types of every node included; prints what it refuses.

Reads [path, ...] and prints {path: why}.
"""

import json
import sys

import onnx


def refusal(path):
    try:
        onnx.checker.check_model(onnx.load(path), full_check=True)
    except Exception as error:
        return str(error) or repr(error)
    return None


refusals = {path: refusal(path) for path in json.load(sys.stdin)}
json.dump({path: why for path, why in refusals.items() if why is not None}, sys.stdout)
