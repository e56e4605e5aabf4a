"""Makes safetensors.json: the bytes of a file written by safetensors 0.8.0, as base64.

usage: python make_safetensors.py   (pip install safetensors==0.8.0 numpy==2.4.6)
"""
import base64
import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save

tensors = {
    "layer.weight": np.array([[1.5, -2.0, 0.25], [3.0, 0.0, -0.5]], dtype=np.float32),
    "layer.bias": np.array([0.1, 0.2], dtype=np.float32),
    "steps": np.array(12, dtype=np.int64),
    "wide": np.array([1e-300], dtype=np.float64),
    "half": np.array([1.5, -2.0], dtype=np.float16),
    "mask": np.array([True, False, True]),
    "small": np.array([-1, 2], dtype=np.int8),
    "bytes": np.array([255, 1], dtype=np.uint8),
    "short": np.array([-300, 7], dtype=np.int16),
    "words": np.array([70000], dtype=np.uint32),
    "whole": np.array([-70000], dtype=np.int32),
    "empty": np.zeros((0, 3), dtype=np.float32),
}
data = save(tensors, metadata={"format": "np"})
Path(__file__).with_name("safetensors.json").write_text(json.dumps({"base64": base64.b64encode(data).decode()}) + "\n")
