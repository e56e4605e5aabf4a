"""Makes more_layers.json: what layers of torch and Keras make of small inputs, with gradients by the input, for weights that are given.

Environment: peers/modeling (torch 2.15, keras 3.15 on torch).
"""
import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "torch"
import keras
import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(0)
flat = lambda t: [round(float(v), 6) for v in t.detach().reshape(-1)]
entry = lambda t: {"shape": list(t.shape), "data": flat(t)}
layers = {}


def add(name, apply, x, weights=None):
    x = x.detach().clone().requires_grad_()
    y = apply(x)
    y.backward(torch.cos(torch.arange(y.numel(), dtype=torch.float32)).reshape(y.shape))
    parameters = {k: entry(v) for k, v in (weights or {}).items()}
    layers[name] = {"x": entry(x), "parameters": parameters, "y": entry(y), "g": flat(x.grad)}


# images
image = torch.randn(1, 4, 4, 6)
series = torch.randn(2, 3, 5)
volume = torch.randn(1, 2, 3, 3, 4)
add("pixelShuffle", nn.PixelShuffle(2), image)
add("pixelUnshuffle", nn.PixelUnshuffle(2), image)
add("channelShuffle", nn.ChannelShuffle(2), image)
for mode, name in [("nearest", "nearest"), ("nearest-exact", "nearestExact"), ("bilinear", "linear"), ("bicubic", "cubic"), ("area", "area")]:
    add(f"upsample {name}", lambda x: F.interpolate(x, size=(7, 9), mode=mode), image[:, :1])
add("upsample linear corners", nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True), image[:, :1])
add("upsample cubic corners", nn.Upsample(scale_factor=1.5, mode="bicubic", align_corners=True), image[:, :1])
add("upsample series", nn.Upsample(scale_factor=2, mode="linear"), series)
add("upsample volume", nn.Upsample(scale_factor=2, mode="trilinear"), volume[:, :1])
add("padding zeros", nn.ZeroPad2d((1, 2, 0, 1)), image[:, :1])
add("padding constant", nn.ConstantPad1d((1, 2), 3.5), series)
add("padding reflect", nn.ReflectionPad2d(2), image[:, :1])
add("padding replicate", nn.ReplicationPad3d(1), volume[:, :1])
add("padding circular", nn.CircularPad2d((1, 2, 3, 0)), image[:, :1])
add("cropping", keras.layers.Cropping2D(((1, 0), (2, 1)), data_format="channels_first"), image)
add("cropping volume", keras.layers.Cropping3D(1, data_format="channels_first"), volume)
add("unfold", nn.Unfold((2, 3), stride=2, padding=1, dilation=1), image[:, :2])
add("fold", nn.Fold((4, 6), (2, 3), stride=2, padding=1), nn.Unfold((2, 3), stride=2, padding=1)(image[:, :2]))
def around(x):
    y, indices = F.max_pool2d(x, 2, return_indices=True)
    return F.max_unpool2d(torch.sin(y), indices, 2, output_size=x.shape)
add("unpoolable", around, torch.randn(1, 2, 5, 6))
half = torch.full((1, 4, 2), 0.3)
add("fractionalMaxPool", nn.FractionalMaxPool2d(2, output_size=(3, 4), _random_samples=half), torch.randn(1, 4, 5, 7))

target = pathlib.Path(__file__).with_name("more_layers.json")
target.write_text(json.dumps({"source": f"torch {torch.__version__}, keras {keras.__version__}", "layers": layers}) + "\n")
print(target.stat().st_size)
