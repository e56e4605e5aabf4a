"""Answers with a model file as a stranger to ML Pod would: onnxruntime and numpy, nothing of ours.

Reads {"model": path, "requests": [{input: {"dtype", "shape", "data"}}]} and prints the answers, the inputs that may be
left out, and what the metadata proves of itself.
"""

import hashlib
import json
import sys

import numpy
import onnxruntime

TYPES = {"float32": numpy.float32, "float64": numpy.float64, "bool": numpy.bool_, "string": numpy.str_}


def array(tensor):
    data = tensor["data"] if tensor["dtype"] == "string" else [float(x) for x in tensor["data"]]
    return numpy.array(data, dtype=TYPES[tensor["dtype"]]).reshape(tensor["shape"])


def plain(values):
    flat = values.reshape(-1)
    data = [repr(float(x)) for x in flat] if flat.dtype.kind == "f" else [int(x) for x in flat]
    return {"shape": list(values.shape), "data": data}


def number(x):
    """A number as ECMAScript prints it (Number::toString), which RFC 8785 prescribes."""
    if isinstance(x, int):
        return str(x)
    if x == 0:
        return "0"
    digits, exponent = format_digits(abs(x))
    n, k = exponent + 1, len(digits)
    if k <= n <= 21:
        text = digits + "0" * (n - k)
    elif 0 < n <= 21:
        text = digits[:n] + "." + digits[n:]
    elif -6 < n <= 0:
        text = "0." + "0" * -n + digits
    else:
        text = digits[0] + ("." + digits[1:] if k > 1 else "") + "e" + ("+" if n > 0 else "-") + str(abs(n - 1))
    return ("-" if x < 0 else "") + text


def format_digits(x):
    """The shortest digits that are this double again, without point or trailing zeros, and the exponent of the first."""
    mantissa, _, exponent = repr(x).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = whole + fraction
    lead = len(digits) - len(digits.lstrip("0"))
    return digits.strip("0"), int(exponent or 0) + len(whole) - 1 - lead


def canonical(value):
    """RFC 8785 JSON."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    members = sorted(value.items(), key=lambda member: member[0].encode("utf-16-be"))
    return "{" + ",".join(canonical(key) + ":" + canonical(member) for key, member in members) + "}"


def sha256(data):
    return hashlib.sha256(data if isinstance(data, bytes) else data.encode()).hexdigest()


def body(file):
    """The ModelProto without its metadata: field 14 of the message left out, as protobuf's wire format parts fields."""
    METADATA, VARINT, FIXED64, BYTES, FIXED32 = 14, 0, 1, 2, 5
    kept, at = b"", 0

    def varint(at):
        value = shift = 0
        while True:
            byte = file[at]
            value |= (byte & 127) << shift
            at, shift = at + 1, shift + 7
            if byte < 128:
                return value, at

    while at < len(file):
        start = at
        tag, at = varint(at)
        if tag & 7 == VARINT:
            _, at = varint(at)
        elif tag & 7 == BYTES:
            size, at = varint(at)
            at += size
        else:
            at += {FIXED64: 8, FIXED32: 4}[tag & 7]
        if tag >> 3 != METADATA:
            kept += file[start:at]
    return kept


def main():
    asked = json.load(sys.stdin)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(asked["model"], options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    metadata = session.get_modelmeta().custom_metadata_map
    described = {key: json.loads(text) for key, text in metadata.items() if key != "mlpod.license"}
    seal = described["mlpod.evidence"]
    with open(asked["model"], "rb") as file:
        bytes_ = file.read()
    answers = []
    for feeds in asked["requests"]:
        values = session.run(names, {name: array(tensor) for name, tensor in feeds.items()})
        answers.append({name: plain(value) for name, value in zip(names, values)})
    json.dump(
        {
            "answers": answers,
            "required": [given.name for given in session.get_inputs()],
            "optional": [given.name for given in session.get_overridable_initializers()],
            "keys": sorted(metadata),
            "bodyHash": sha256(body(bytes_)),
            "sealedBodyHash": seal["bodyHash"],
            "evidence": {piece["claim"]["name"]: sha256(canonical(piece)) for piece in seal["evidence"]},
            "promises": {line["name"]: line["evidence"] for line in described["mlpod.promises"]},
            "runtime": onnxruntime.__version__,
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
