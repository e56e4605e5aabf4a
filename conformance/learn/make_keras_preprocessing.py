"""Makes keras_preprocessing.json: what Keras' preprocessing layers make of small inputs.

Environment: pip install tensorflow-cpu==2.20.0 keras==3.15.1 (Keras' layers of strings and hashes need TensorFlow).
"""
import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
import tensorflow as tf

L = keras.layers
rng = np.random.default_rng(0)
num = lambda t: {"shape": list(np.shape(t)), "data": [int(v) if np.asarray(t).dtype.kind in "iu" else float(f"{float(v):.8g}") for v in np.asarray(t).ravel()]}
out = {"source": f"keras {keras.__version__}, tensorflow {tf.__version__}"}

x = np.round(rng.normal(size=(7, 3)) * 3 + 1, 3).astype("float32")
norm = L.Normalization(axis=-1)
norm.adapt(x)
whole = L.Normalization(axis=None)
whole.adapt(x)
back = L.Normalization(axis=-1, mean=[1.0, 2.0, 3.0], variance=[4.0, 0.0, 1.0], invert=True)
out["normalization"] = {"x": num(x), "y": num(norm(x)), "mean": num(norm.mean), "variance": num(norm.variance), "all": num(whole(x)), "back": num(back(x))}
out["rescaling"] = {"x": num(x), "y": num(L.Rescaling(1 / 127.5, offset=-1)(x))}

bins = [-1.5, 0.0, 2.0]
d = np.array([[-2.0, -1.5, 0.0], [1.9, 2.0, 7.0]], dtype="float32")
out["discretization"] = {"boundaries": bins, "x": num(d), **{m: num(L.Discretization(bins, output_mode=k)(d)) for m, k in [("int", "int"), ("oneHot", "one_hot"), ("multiHot", "multi_hot"), ("count", "count")]}}
fits = []
for n, count in [(5, 4), (60, 7), (450, 10)]:
    data = np.round(rng.normal(size=n), 4).astype("float32")
    layer = L.Discretization(num_bins=count)
    layer.adapt(data)
    fits.append({"x": num(data), "bins": count, "boundaries": [float(v) for v in layer.bin_boundaries]})
out["discretization"]["fits"] = fits

c = np.array([[3, 0, 1], [1, 1, 2]])
w = np.array([[0.5, 2, 1], [1, 3, -1]], dtype="float32")
out["categoryEncoding"] = {"x": num(c), "w": num(w), "oneHot": num(L.CategoryEncoding(4, output_mode="one_hot")(c)), "oneHot single": num(L.CategoryEncoding(4, output_mode="one_hot")(c[:, :1])),
    "multiHot": num(L.CategoryEncoding(4, output_mode="multi_hot")(c)), "count": num(L.CategoryEncoding(4, output_mode="count")(c)), "weighted": num(L.CategoryEncoding(4, output_mode="count")(c, count_weights=w))}

words = np.array([["a", "c", "z"], ["", "b", "a"]])
vocabulary = ["a", "b", "c"]
idf = [0.5, 1.0, 2.0, 3.0]
modes = [("int", "int"), ("oneHot", "one_hot"), ("multiHot", "multi_hot"), ("count", "count")]
out["stringLookup"] = {"words": words.ravel().tolist(), "vocabulary": vocabulary, "weights": idf, "cases": []}
for mask in (None, ""):
    for ours, theirs in modes + [("tfIdf", "tf_idf")]:
        layer = L.StringLookup(vocabulary=vocabulary, mask_token=mask, output_mode=theirs, **({"idf_weights": idf[1:]} if ours == "tfIdf" else {}))
        if ours == "tfIdf":
            layer = L.StringLookup(vocabulary=vocabulary, mask_token=mask, output_mode=theirs, idf_weights=idf[1:])
            weights = [float(v) for v in np.asarray(layer.idf_weights_const)]
        out["stringLookup"]["cases"].append({"mask": mask, "output": ours, "y": num(layer(words)), **({"weights": weights} if ours == "tfIdf" else {})})
known = np.array([["a", "c"], ["b", "a"]])
out["stringLookup"]["none unknown"] = num(L.StringLookup(vocabulary=vocabulary, num_oov_indices=0)(known))
inverse = L.StringLookup(vocabulary=vocabulary, invert=True, mask_token="")
out["stringLookup"]["inverse"] = [v.decode() for v in np.asarray(inverse(np.array([0, 1, 2, 3, 4, 9]))).ravel()]

n = np.array([[12, 7, -3], [8, 0, 12]])
out["integerLookup"] = {"x": num(n), "vocabulary": [12, 8, 5], "cases": []}
for options in [{}, {"mask_token": 0}, {"num_oov_indices": 3}, {"num_oov_indices": 2, "mask_token": 0}, {"num_oov_indices": 2, "output_mode": "multi_hot"}, {"mask_token": 0, "output_mode": "count"}]:
    layer = L.IntegerLookup(vocabulary=[12, 8, 5], **options)
    out["integerLookup"]["cases"].append({"options": options, "y": num(layer(n))})

texts = ["", "a", "abc", "straße", "hello, world", "seventeen letters", "x" * 32, "ab" * 20, "y" * 64, "abc" * 22, "0123456789" * 13, "z" * 192, "né" * 90, "12", "-7"]
hashed = tf.strings.to_hash_bucket_fast(texts, 2**31 - 1)
out["hashing"] = {
    "texts": texts, "bins": 2**31 - 1, "y": num(hashed),
    "keras": num(L.Hashing(7)(np.array([["A"], ["B"], ["C"], [""]]))), "masked": num(L.Hashing(5, mask_value="")(np.array([["A"], ["B"], ["C"], [""]]))),
    "numbers": num(L.Hashing(11)(np.array([[5], [-12], [123456789]]))), "floats": num(L.Hashing(11)(np.array([[5.7], [-12.2]]))),
}
a, b, k = ["x", "y", "z", "x"], ["1", "2", "2", "2"], np.array([3, -4, 5, 2**40])
out["hashing"] |= {"a": a, "b": b, "k": k.tolist(), "crossing": num(L.HashedCrossing(1000)((np.array(a), np.array(b)))), "crossing numbers": num(L.HashedCrossing(1000)((np.array(a), np.array(k))))}
three = tf.sparse.to_dense(tf.sparse.cross_hashed([tf.constant(v)[:, None] for v in (a, k, b)], 1000))
out["hashing"]["crossing three"] = num(np.ravel(three))

corpus = ["The quick brown fox!", "the lazy, lazy dog.", "A fox -- and the dog;  the end"]
asked = ["the fox and   the cat", "lazy end", "dog"]
out["texts"] = {"corpus": corpus, "asked": asked, "cases": []}
for ours, options in [
    ({"output": "int"}, {}), ({"output": "int", "length": 3}, {"output_sequence_length": 3}), ({"output": "int", "length": 8}, {"output_sequence_length": 8}),
    ({"output": "multiHot"}, {"output_mode": "multi_hot"}), ({"output": "count"}, {"output_mode": "count"}), ({"output": "tfIdf"}, {"output_mode": "tf_idf"}),
    ({"output": "count", "most": 4}, {"output_mode": "count", "max_tokens": 5}),
]:
    layer = L.TextVectorization(**options)
    layer.adapt(corpus)
    y = layer(np.array(asked))
    entry = {"options": ours, "y": num(y), "vocabulary": [v for v in layer.get_vocabulary() if v not in ("", "[UNK]")]}
    if ours["output"] == "tfIdf":
        entry["weights"] = [float(v) for v in np.asarray(layer._lookup_layer.idf_weights_const)]
    out["texts"]["cases"].append(entry)
out["texts"]["tokens"] = []
for ours, options in [({}, {}), ({"ngrams": 2}, {"ngrams": 2}), ({"split": "character"}, {"split": "character"}), ({"standardize": "lower"}, {"standardize": "lower"}), ({"standardize": "stripPunctuation"}, {"standardize": "strip_punctuation"}), ({"standardize": "none", "split": "none"}, {"standardize": None, "split": None})]:
    layer = L.TextVectorization(**options)
    made = layer._preprocess(tf.constant([corpus[2]]))
    made = made[0] if made.shape.rank > 1 else made
    out["texts"]["tokens"].append({"options": ours, "tokens": [v.decode() for v in np.ravel(np.asarray(made))]})

target = pathlib.Path(__file__).with_name("keras_preprocessing.json")
target.write_text(json.dumps(out, ensure_ascii=False) + "\n")
print(target.stat().st_size)
