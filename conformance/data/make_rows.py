"""Writes rows.json: what pydantic makes of JSON values, by field, in lax and strict mode.

A field is written as the schema writes it, so a test needs no translation. A case is [JSON text, lax result, strict
result]; a result is [value] or a list of errors {type, loc, msg}. Dates and moments are ISO text, moments in UTC.

Usage: dataqa environment, python make_rows.py > rows.json
"""
import json
import math
from datetime import date, datetime, timezone
from typing import Annotated, List, Literal, Optional, Union

import pydantic
from pydantic import AllowInfNan, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, create_model

assert pydantic.VERSION == "2.14.3", pydantic.VERSION
SCALARS = {"int": int, "float": float, "bool": bool, "string": str, "date": date, "timestamp": datetime}
LIMITS = {"min": "ge", "max": "le", "above": "gt", "below": "lt", "multipleOf": "multiple_of", "minLength": "min_length",
          "maxLength": "max_length", "pattern": "pattern"}


def annotation(field):
    kind = field["type"]
    if kind == "list":
        made = List[annotation(field["item"])]
    elif kind == "union":
        made = Union[tuple(annotation(option) for option in field["options"])]
    elif kind == "literal":
        made = Literal[tuple(field["values"])]
    elif kind == "object":
        made = create_model("Row", __config__=ConfigDict(extra=field.get("extra", "ignore")),
                            **{name: (annotation(f), ...) for name, f in field["fields"].items()})
    elif "values" in field:
        made = Literal[tuple(field["values"])]
    else:
        made = SCALARS[kind]
    limits = {LIMITS[word]: limit for word, limit in field.items() if word in LIMITS}
    if kind in ("date", "timestamp"):
        parse = date.fromisoformat if kind == "date" else lambda t: datetime.fromisoformat(t)
        limits = {word: parse(limit) for word, limit in limits.items()}
    extra = [Field(**limits)] if limits else []
    if kind == "float" and field.get("finite", True):
        extra.append(AllowInfNan(False))
    if extra:
        made = Annotated[tuple([made, *extra])]
    return Optional[made] if field.get("nullable") else made


def plain(value):
    if isinstance(value, BaseModel):
        return {k: plain(v) for k, v in dict(value).items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, datetime):
        moment = value.astimezone(timezone.utc).replace(tzinfo=None) if value.tzinfo else value
        text = moment.isoformat()
        return (text.rstrip("0") if "." in text else text) + "Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else {"int": str(value)}
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    return value


def result(adapter, text, strict):
    try:
        return [plain(adapter.validate_json(text, strict=strict))]
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        return [{"type": e["type"], "loc": list(e["loc"]), "msg": e["msg"].split(", ")[0]} for e in errors]


NUMBERS = """1 0 -1 1.0 1.5 -0.0 2 1e3 1e-3 12345678901234567890 -9223372036854775808 9007199254740993 1e400 true false null "1" " 1 " "1.0" "1.00"
"1." "1.5" "+1" "-1" "--1" "007" "1_000" "1__0" "_1" "1_" "1e3" "1E3" "x" "" " " "\\t1\\n" "1 2" "NaN" "nan" "inf" "-inf" "Infinity" "-Infinity" "+inf" "infinity" "0x10" "1,5" ".5" "5."
"12345678901234567890" "1e400" "\\u0661" [] {} [1]""".split("\n")
BOOLS = """true false 0 1 2 -1 1.0 0.0 0.5 1.5 null "0" "1" "t" "f" "true" "false" "TRUE" "False" "y" "n" "yes" "no" "YES" "on" "off" "Off" "2" "" " true" "true " "ja" [] {}"""
TEXTS = ['"a"', '""', '" "', '"1"', "1", "1.5", "true", "null", "[]", "{}", '["a"]', '"abc"', '"abcd"', '"\\ud83d\\ude00"', '"\\ud83d\\ude00\\ud83d\\ude00"', '"e\\u0301"', '"a\\u0000b"', '"a\\nb"', '"xay"', '"A"']
TIMES = ["2024-02-29", "2023-02-29", "2024-02-30", "2024-13-01", "2024-00-01", "2024-1-1", "20240229", "2024-02-29T00:00:00", "2024-02-29T00:00:00Z", "2024-02-29 00:00:00", "2024-02-29t12:30:45z",
         "2024-02-29_12:30", "2024-02-29T12:30", "2024-02-29T12:30Z", "2024-02-29T12", "2024-02-29T12:30:45.123456", "2024-02-29T12:30:45.123456789Z", "2024-02-29T12:30:45.5+02:00", "2024-02-29T12:30:45,25",
         "2024-02-29T12:30:45+0530", "2024-02-29T12:30:45-08:00", "2024-02-29T12:30:45+02", "2024-02-29T24:00:00", "2024-02-29T23:60:00", "2024-02-29T23:59:60", "2024-02-29T12:30:45+24:00", "2024-02-29T12:30:45+23:59",
         "2024-02-29T00:00:00+02:00", "2024-02-29T12:30:45 Z", "2024-02-29T12:30:45 +01:00", "0001-01-01", "0000-01-01", "9999-12-31T23:59:59.999999Z", "10000-01-01", "1969-12-31T23:59:59Z", "1900-01-01", "", " 2024-02-29", "2024-02-29 ", "x", "now",
         "1700000000", "1700000000.5", "1700000000000", "-1", "0", "20000000000", "20000000001", "86400", "172800", "1e9", "infinity", "NaN", "12:30", "2024-02-29T12:30:45.", "2024-02-29T12:30:45.123Z extra"]
TIMES = [json.dumps(t) for t in TIMES] + ["1700000000", "1700000000.5", "1700000000.123456", "1700000000000", "-1", "-1.5", "0", "86400", "86400.0", "86401", "172800000000", "20000000000", "20000000001", "-20000000001", "1e20", "253402300799", "253402300800", "253402300799000", "true", "false", "null", "[]", "{}"]


def words(lines):
    found, decoder = [], json.JSONDecoder(strict=False)
    text = " ".join(lines).strip()
    while text:
        # the text itself is kept: 1.0 is not 1
        _, end = decoder.raw_decode(text)
        found.append(text[:end])
        text = text[end:].strip()
    return found


NUM = words(NUMBERS)
FIELDS = [
    ({"type": "int", "nullable": False}, NUM),
    ({"type": "int", "nullable": True}, ["null", "1", '"x"', '"1"', "1.5"]),
    ({"type": "int", "nullable": False, "min": 0, "max": 10}, ["0", "10", "-1", "11", '"-1"', '"5"', "5.0", "5.5", "true", "12345678901234567890"]),
    ({"type": "int", "nullable": False, "above": 0, "below": 10}, ["0", "10", "1", "9"]),
    ({"type": "int", "nullable": False, "multipleOf": 3}, ["0", "3", "4", "-3", "-4", '"9"', "900719925474099300"]),
    ({"type": "int", "nullable": False, "multipleOf": 3, "min": 5}, ["1", "4", "3"]),
    ({"type": "int", "nullable": False, "min": -5, "below": 3}, ["-6", "3", "2"]),
    ({"type": "float", "nullable": False, "finite": False}, NUM),
    ({"type": "float", "nullable": False}, NUM),
    ({"type": "float", "nullable": True}, ["null", "1", "1.5", '"x"', '"NaN"']),
    ({"type": "float", "nullable": False, "min": 0, "max": 1}, ["0", "1", "1.0", "-0.1", "1.1", '"0.5"', '"2"', "true", '"NaN"']),
    ({"type": "float", "nullable": False, "above": 0, "below": 1}, ["0", "1", "0.5", '"1"']),
    ({"type": "float", "nullable": False, "multipleOf": 0.5}, ["0", "0.5", "0.75", "1", "-1.5", '"2.5"']),
    ({"type": "float", "nullable": False, "multipleOf": 0.1}, ["0.1", "0.2", "0.3", "0.7", "1.1", "0.15", "5"]),
    ({"type": "bool", "nullable": False}, words([BOOLS])),
    ({"type": "bool", "nullable": True}, ["null", "true", '"x"']),
    ({"type": "string", "nullable": False}, TEXTS),
    ({"type": "string", "nullable": True}, ["null", '"a"', "1"]),
    ({"type": "string", "nullable": False, "minLength": 1, "maxLength": 3}, TEXTS),
    ({"type": "string", "nullable": False, "minLength": 2}, TEXTS),
    ({"type": "string", "nullable": False, "maxLength": 1}, TEXTS),
    ({"type": "string", "nullable": False, "pattern": "a"}, TEXTS),
    ({"type": "string", "nullable": False, "pattern": "^[a-z]+$", "minLength": 2}, TEXTS),
    ({"type": "string", "nullable": False, "pattern": "^a.b$"}, TEXTS),
    ({"type": "string", "nullable": False, "values": ["a", "b"]}, ['"a"', '"b"', '"c"', '"A"', "1", "null"]),
    ({"type": "int", "nullable": False, "values": [1, 2]}, ["1", "2", "3", '"1"', "1.0", "true", "null"]),
    ({"type": "date", "nullable": False}, TIMES),
    ({"type": "date", "nullable": True}, ["null", '"2024-01-01"', '"x"']),
    ({"type": "date", "nullable": False, "min": "2000-01-01", "max": "2020-12-31"}, ['"1999-12-31"', '"2000-01-01"', '"2020-12-31"', '"2021-01-01"', "0"]),
    ({"type": "timestamp", "nullable": False}, TIMES),
    ({"type": "timestamp", "nullable": False, "min": "2000-01-01T00:00:00", "max": "2020-12-31T23:59:59.5"}, ['"1999-12-31T23:59:59.999999"', '"2000-01-01T00:00:00"', '"2020-12-31T23:59:59"', '"2020-12-31T23:59:59.6"', '"2021-01-01"']),
    ({"type": "literal", "nullable": False, "values": ["a", 1, True]}, ['"a"', "1", "true", '"1"', "0", "1.0", "null", '"true"']),
    ({"type": "literal", "nullable": False, "values": ["one"]}, ['"one"', '"two"', "null", "[]"]),
    ({"type": "list", "nullable": False, "item": {"type": "int", "nullable": False}}, ["[]", "[1]", '["1", "x", 2.5]', "null", "{}", '"a"', "1", "[[1]]", "[null]", '{"0": 1}']),
    ({"type": "list", "nullable": False, "minLength": 1, "maxLength": 2, "item": {"type": "string", "nullable": True}}, ["[]", '["a"]', '["a", null]', '["a", "b", "c"]', '[1]', "[1, 2, 3]"]),
    ({"type": "list", "nullable": True, "item": {"type": "list", "nullable": False, "item": {"type": "bool", "nullable": False}}}, ["null", "[[true]]", '[["x"], [0, 3]]', "[1]"]),
]
I, F, B, S, D, T = ({"type": k, "nullable": False} for k in ("int", "float", "bool", "string", "date", "timestamp"))
ANY = ["1", "1.5", "1.0", "true", "null", '"1"', '"a"', '"true"', '"2024-01-01"', '"2024-01-01T10:00:00"', "[]", "[1]", "{}", '{"a": 1}', '"1.5"', "1700000000"]
for options in [[I, S], [S, I], [I, F], [F, I], [I, B], [B, I], [F, S], [D, S], [T, S], [S, T], [D, T], [T, D], [I, D], [B, F], [F, B], [I, {"type": "list", "nullable": False, "item": I}],
                [{**I, "min": 5}, F], [{**S, "maxLength": 1}, I], [{"type": "literal", "nullable": False, "values": ["a"]}, I], [{"type": "literal", "nullable": False, "values": [1]}, S],
                [{"type": "list", "nullable": False, "item": I}, {"type": "list", "nullable": False, "item": S}], [I, {"type": "union", "nullable": False, "options": [B, S]}]]:
    FIELDS.append(({"type": "union", "nullable": False, "options": options}, ANY + (['["1"]', '["a"]', '[1, "a"]'] if options[-1]["type"] == "list" else [])))
FIELDS.append(({"type": "union", "nullable": True, "options": [I, S]}, ["null", "1", '"1"', "[]"]))
OBJECT = {"type": "object", "nullable": False, "fields": {"id": I, "name": {**S, "minLength": 1}, "tags": {"type": "list", "nullable": False, "item": S}, "at": {"type": "object", "nullable": True, "fields": {"x": F, "y": F}}}}
ROWS = ['{"id": 1, "name": "a", "tags": [], "at": null}', '{"id": "1", "name": "a", "tags": ["x"], "at": {"x": 1, "y": "2"}}', '{}', '[]', '"a"', "null", "1",
        '{"id": 1, "name": "", "tags": [1, "a", null], "at": {"x": 1}}', '{"id": 1.5, "name": null, "tags": {}, "at": 3, "more": 1}', '{"id": 1, "name": "a", "tags": [], "at": {"x": 1, "y": 2, "z": 3}, "more": {"deep": [1]}, "and": 2}', '{"at": null, "tags": ["t"], "name": "n", "id": 9}']
for extra in ("ignore", "forbid", "allow"):
    FIELDS.append(({**OBJECT, "extra": extra}, ROWS))
A = {"type": "object", "nullable": False, "fields": {"kind": {"type": "literal", "nullable": False, "values": ["a"]}, "x": I}}
C = {"type": "object", "nullable": False, "fields": {"kind": {"type": "literal", "nullable": False, "values": ["b"]}, "x": I, "y": I}}
E = {"type": "object", "nullable": False, "fields": {"x": F}}
FIELDS.append(({"type": "union", "nullable": False, "options": [A, C]}, ['{"kind": "a", "x": 1}', '{"kind": "b", "x": 1, "y": 2}', '{"kind": "b", "x": 1}', '{"kind": "c"}', "1"]))
FIELDS.append(({"type": "union", "nullable": False, "options": [E, {**E, "fields": {"x": I, "y": I}}]}, ['{"x": 1}', '{"x": 1, "y": 2}', '{"x": "1", "y": "2"}', '{"x": 1.5, "y": 2}', '{"y": 2}']))
print('{"peer": "pydantic 2.14.3", "fields": [')
lines = []
for field, inputs in FIELDS:
    adapter = TypeAdapter(annotation(field))
    cases = [[text, result(adapter, text, False), result(adapter, text, True)] for text in inputs]
    lines.append(json.dumps({"field": field, "cases": cases}, separators=(",", ":"), allow_nan=False))
print(",\n".join(lines) + "\n]}")
