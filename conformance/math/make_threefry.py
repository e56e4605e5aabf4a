"""Makes threefry.json: random bits of jax 0.10.2 (jax.random.key with impl threefry2x32; partitionable counters off).

usage: python make_threefry.py   (numpy and jax as in the list of peers `modeling`)
"""
import json
from pathlib import Path

import jax
import numpy as np
from jax.extend.random import threefry_2x32

rng = np.random.default_rng(1)
cases = []
for _ in range(40):
    key = rng.integers(0, 2**32, 2, dtype=np.uint32)
    counter = rng.integers(0, 2**32, 2, dtype=np.uint32)
    cases.append([key.tolist(), counter.tolist(), np.asarray(threefry_2x32(jax.numpy.asarray(key), jax.numpy.asarray(counter))).tolist()])
# Random123's published known answers (kat_vectors, threefry2x32 20)
known = [
    [[0, 0], [0, 0], [0x6B200159, 0x99BA4EFE]],
    [[0xFFFFFFFF, 0xFFFFFFFF], [0xFFFFFFFF, 0xFFFFFFFF], [0x1CB996FC, 0xBB002BE7]],
    [[0x13198A2E, 0x03707344], [0x243F6A88, 0x85A308D3], [0xC4923A9C, 0x483DF7A0]],
]
Path(__file__).with_name("threefry.json").write_text(json.dumps({"jax": cases, "random123": known}) + "\n")
