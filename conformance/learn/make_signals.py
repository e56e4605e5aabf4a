"""Makes signals.json: Keras' spectrograms, resizing and crops of small signals and images, on torch.

Environment: peers/modeling (keras 3.15 on torch 2.15).
"""
import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np

L = keras.layers
rng = np.random.default_rng(0)
num = lambda t: {"shape": list(t.shape), "data": [float(f"{float(v):.7g}") for v in np.asarray(t.detach().cpu() if hasattr(t, "detach") else t).ravel()]}
out = {"source": f"keras {keras.__version__} on torch"}
signal = np.round(rng.normal(size=(2, 2, 60)), 4).astype("float32")
out["stft"] = {"x": num(signal), "cases": []}
for ours, theirs in [
    ({}, {}), ({"mode": "magnitude", "length": 32}, {"mode": "magnitude", "fft_length": 32}), ({"mode": "psd", "periodic": True}, {"mode": "psd", "periodic": True}),
    ({"mode": "real", "window": "hamming"}, {"mode": "real", "window": "hamming"}), ({"mode": "imaginary", "scaling": "spectrum"}, {"mode": "imag", "scaling": "spectrum"}),
    ({"mode": "angle", "window": "none"}, {"mode": "angle", "window": None, "scaling": None}), ({"mode": "complex", "padding": "same", "step": 5}, {"mode": "stft", "padding": "same", "frame_step": 5}),
    ({"mode": "magnitude", "window": "blackman", "scaling": "none"}, {"mode": "magnitude", "window": ("blackman"), "scaling": None}),
]:
    layer = L.STFTSpectrogram(frame_length=16, data_format="channels_first", **theirs)
    out["stft"]["cases"].append({"options": {"frame": 16, "scaling": "none", **ours} if ours.get("window") == "none" else {"frame": 16, **ours}, "y": num(layer(signal))})
sound = np.round(np.sin(np.arange(300) ** 1.3 / 9) + rng.normal(size=300) * 0.1, 4).astype("float32")[None]
out["mel"] = {"x": num(sound), "cases": []}
for ours, theirs in [
    ({}, {}), ({"decibels": False}, {"power_to_db": False}), ({"frame": 40, "exponent": 1, "decibels": False}, {"sequence_length": 40, "mag_exp": 1.0, "power_to_db": False}),
    ({"low": 100, "high": 3000, "rate": 8000, "range": 20, "reference": 0.5, "window": "hamming"}, {"min_freq": 100.0, "max_freq": 3000.0, "sampling_rate": 8000, "top_db": 20.0, "ref_power": 0.5, "window": "hamming"}),
]:
    layer = L.MelSpectrogram(fft_length=64, sequence_stride=32, num_mel_bins=8, **theirs)
    out["mel"]["cases"].append({"options": {"length": 64, "step": 32, "bands": 8, **ours}, "y": num(layer(sound))})
image = np.round(rng.uniform(size=(2, 2, 5, 8)), 4).astype("float32")
out["images"] = {"x": num(image), "resizing": [], "crops": []}
for height, width, ours, theirs in [
    (7, 6, {}, {}), (3, 4, {"mode": "nearest"}, {"interpolation": "nearest"}), (7, 11, {"mode": "cubic"}, {"interpolation": "bicubic"}), (3, 4, {"antialias": True}, {"antialias": True}),
    (3, 4, {"antialias": True, "mode": "cubic"}, {"antialias": True, "interpolation": "bicubic"}),
    (6, 6, {"aspect": "crop"}, {"crop_to_aspect_ratio": True}), (6, 6, {"aspect": "pad", "fill": 0.5}, {"pad_to_aspect_ratio": True, "fill_value": 0.5}), (4, 9, {"aspect": "pad"}, {"pad_to_aspect_ratio": True}),
]:
    out["images"]["resizing"].append({"height": height, "width": width, "options": ours, "y": num(L.Resizing(height, width, data_format="channels_first", **theirs)(image))})
for height, width in [(3, 4), (4, 5), (5, 8), (6, 4), (7, 9)]:
    out["images"]["crops"].append({"height": height, "width": width, "y": num(L.CenterCrop(height, width, data_format="channels_first")(image))})
target = pathlib.Path(__file__).with_name("signals.json")
target.write_text(json.dumps(out) + "\n")
print(target.stat().st_size)
