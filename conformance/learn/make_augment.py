"""Makes augment.json: what Keras' random image layers make of small images where nothing is left to chance, on torch.

Environment: peers/modeling (keras 3.15 on torch 2.15).
"""
import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np

keras.config.set_image_data_format("channels_first")
L = keras.layers
rng = np.random.default_rng(0)
num = lambda t: {"shape": list(t.shape), "data": [float(f"{float(v):.6g}") for v in np.asarray(t.detach().cpu() if hasattr(t, "detach") else t).ravel()]}
image = np.round(rng.uniform(size=(2, 3, 5, 6)), 3).astype("float32")
image[1, 0] = 0.25
cases = {}
for name, layer in {
    "rotation": L.RandomRotation((0.1, 0.1)), "rotation constant": L.RandomRotation((0.07, 0.07), fill_mode="constant", fill_value=0.5),
    "rotation nearest": L.RandomRotation((-0.2, -0.2), fill_mode="nearest", interpolation="nearest"), "rotation wrap": L.RandomRotation((0.1, 0.1), fill_mode="wrap"),
    "translation": L.RandomTranslation((0.3, 0.3), (-0.2, -0.2)), "zoom": L.RandomZoom((-0.3, -0.3)), "zoom two": L.RandomZoom((0.2, 0.2), (-0.1, -0.1), fill_mode="constant"),
    "brightness": L.RandomBrightness((0.3, 0.3), value_range=(0, 1)), "contrast": L.RandomContrast((-0.4, 0.4), value_range=(0, 1)),
    "saturation": L.RandomSaturation((0.6, 0.6), value_range=(0, 1)), "color degeneration": L.RandomColorDegeneration((0.3, 0.3), value_range=(0, 1)),
    "grayscale": L.RandomGrayscale(1.0), "invert": L.RandomInvert((1.0, 1.0), value_range=(0, 1)), "posterization": L.RandomPosterization((3, 3), value_range=(0, 1)),
    "solarization": L.Solarization(addition_factor=0.0, threshold_factor=0.0, value_range=(0, 1)), "sharpness": L.RandomSharpness((0.9, 0.9), value_range=(0, 1)),
    "blur": L.RandomGaussianBlur((1.0, 1.0), kernel_size=3, sigma=(0.8, 0.8), value_range=(0, 1)),
}.items():
    cases[name] = num(layer(image, training=True))
# Keras counts the values of a whole batch: one image at a time
cases["equalization"] = num(np.concatenate([L.Equalization(value_range=(0, 1))(one[None]).cpu().numpy() for one in image]))
clahe = L.ContrastLimitedAdaptiveHistogramEqualization
# on torch Keras cuts the limit to a whole number of pixels: 128 times the mean is 3 pixels of a tile of 6
cases["local equalization"] = num(clahe(value_range=(0, 1), tile_grid_size=(2, 3), clip_limit=128)(image))
cases["local equalization without a limit"] = num(clahe(value_range=(0, 1), tile_grid_size=(2, 4), clip_limit=0)(image))
hue = L.RandomHue((0.2, 0.2), value_range=(0, 1))
cases["hue"] = num(hue.transform_images(hue.backend.convert_to_tensor(image), {"factor": hue.backend.convert_to_tensor(np.array([0.1, 0.1], "float32"))}))
auto = L.AutoContrast(value_range=(0, 1), data_format="channels_last")
last = image.transpose(0, 2, 3, 1)
cases["auto contrast"] = num(np.ascontiguousarray(np.asarray(auto(last).cpu()).transpose(0, 3, 1, 2)))
target = pathlib.Path(__file__).with_name("augment.json")
target.write_text(json.dumps({"source": f"keras {keras.__version__} on torch", "x": num(image), "cases": cases}) + "\n")
print(target.stat().st_size)
