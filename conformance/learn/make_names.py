"""Makes names.json: the names of every module of torch.nn and every class of keras.layers.

Environment: peers/modeling (torch 2.15, keras 3.15 on torch).
"""
import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "torch"
import keras
import torch

classes = lambda module, base=object: sorted(n for n in dir(module) if isinstance(getattr(module, n), type) and issubclass(getattr(module, n), base))
names = {"torch": [f"torch.nn.{n}" for n in classes(torch.nn, torch.nn.Module)], "keras": [f"keras.layers.{n}" for n in classes(keras.layers)]}
target = pathlib.Path(__file__).with_name("names.json")
target.write_text(json.dumps({"source": f"torch {torch.__version__}, keras {keras.__version__}", **names}) + "\n")
print(target.stat().st_size)
