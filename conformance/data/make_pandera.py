"""Makes pandera.json: what pandera 0.35.0 says of small tables, case by case: failures of lazy validation, and the rows that drop_invalid_rows keeps.

A case has our words for the schema, a table by columns with the types it is read as, and what pandera found.

usage: python make_pandera.py
"""
import json
import re
import warnings
from pathlib import Path

import pandas as pd
import pandera.pandas as pa
from pandera import Check
from pandera import __version__

warnings.simplefilter("ignore")
assert __version__ == "0.35.0", __version__
DTYPES = {"int": "Int64", "float": "float64", "string": "string", "bool": "boolean", "timestamp": "datetime64[ns]"}
CHECKS = {
    "min": lambda v: Check.ge(v), "max": lambda v: Check.le(v), "above": lambda v: Check.gt(v), "below": lambda v: Check.lt(v),
    "values": lambda v: Check.isin(v), "pattern": lambda v: Check.str_contains(v),
    "minLength": lambda v: Check.str_length(min_value=v), "maxLength": lambda v: Check.str_length(max_value=v),
}
# our names of rules by their names of checks
RULES = [("greater_than_or_equal_to", "min"), ("less_than_or_equal_to", "max"), ("greater_than", "above"), ("less_than", "below"),
         ("isin", "values"), ("str_contains", "pattern"), ("str_length", "length"),
         ("not_nullable", "nullable"), ("field_uniqueness", "unique"), ("multiple_fields_uniqueness", "unique"), ("coerce_dtype", "type"),
         ("dtype", "type"), ("column_in_dataframe", "missing"), ("no_regex_column_match", "missing"), ("column_in_schema", "extra"), ("column_ordered", "ordered")]


def column(spec, regex=False):
    checks = [make(spec[k]) for k, make in CHECKS.items() if k in spec]
    return pa.Column(DTYPES[spec["type"]], checks, nullable=spec.get("nullable", False), unique=spec.get("unique", False), regex=regex)


def frame(types, data):
    return pd.DataFrame({k: pd.Series(v, dtype=DTYPES[types[k]]) for k, v in data.items()})


def schema(case, drop):
    return pa.DataFrameSchema(
        {n: column(s) for n, s in case["columns"].items()} | {n: column(s, True) for n, s in case.get("patterns", {}).items()},
        unique=case.get("sets") or None, ordered=case.get("ordered", False), coerce=case.get("coerce", False),
        strict={"forbid": True, "allow": False}.get(case.get("extra"), "filter"), drop_invalid_rows=drop,
    )


def rule(check):
    for theirs, ours in RULES:
        if re.match(theirs, str(check)):
            return ours
    raise ValueError(f"no rule of ours is called {check}")


def run(case):
    data = frame(case["types"], case["data"])
    out = {"failures": [], "valid": None, "kept": None}
    try:
        out["kept"] = list(schema(case, False).validate(data, lazy=True).columns)
    except pa.errors.SchemaErrors as error:
        for _, f in error.failure_cases.iterrows():
            sets = rule(f["check"]) == "unique" and f["schema_context"] == "DataFrameSchema"
            out["failures"].append({
                "column": ", ".join(case["sets"]) if sets else None if rule(f["check"]) in ("missing", "extra", "ordered") else str(f["column"]),
                "rule": rule(f["check"]), "row": None if pd.isna(f["index"]) else int(f["index"]),
            })
    seen = []
    out["failures"] = [f for f in out["failures"] if not (f in seen or seen.append(f))]
    if not any(f["row"] is None for f in out["failures"]):
        out["valid"] = [int(i) for i in schema(case, True).validate(data, lazy=True).index]
    return {**case, "found": out}


num = {"x": "float", "n": "int", "t": "string", "b": "bool"}
N, X = [1, 5, None, -3, 5], [0.5, 2.0, 3.5, None, -1.0]
T = ["ab", "abc", None, "x1", "é"]
one = lambda name, spec, values, type_=None, **more: {
    "name": name, "columns": {"v": spec}, "types": {"v": type_ or spec["type"]}, "data": {"v": values}, **more}
i, f, s, b = ({"type": t} for t in ("int", "float", "string", "bool"))
nul = {"nullable": True}
cases = [
    one("int with nothing wrong", i, [1, 2, 3]),
    one("null in int", i, N),
    one("nullable int", {**i, **nul}, N),
    one("min", {**i, **nul, "min": 1}, N),
    one("max", {**i, **nul, "max": 4}, N),
    one("above", {**i, **nul, "above": 1}, N),
    one("below", {**i, **nul, "below": 5}, N),
    one("min and max and null", {**i, "min": 0, "max": 4}, N),
    one("float min at the limit", {**f, **nul, "min": 0.5}, X),
    one("float above at the limit", {**f, **nul, "above": 0.5}, X),
    one("float max", {**f, "max": 3.0}, X),
    one("float below", {**f, **nul, "below": 2.0}, X),
    one("values of int", {**i, **nul, "values": [1, 5]}, N),
    one("values of text", {**s, **nul, "values": ["ab", "x1"]}, T),
    one("values of text and null", {**s, "values": ["ab", "x1"]}, T),
    one("pattern anywhere", {**s, **nul, "pattern": "b"}, T),
    one("pattern at the beginning", {**s, **nul, "pattern": "^a"}, T),
    one("pattern of digits", {**s, **nul, "pattern": "[0-9]$"}, T),
    one("least length", {**s, **nul, "minLength": 2}, T),
    one("greatest length", {**s, **nul, "maxLength": 2}, T),
    one("both lengths", {**s, "minLength": 2, "maxLength": 2}, T),
    one("several rules broken by a row", {**s, "minLength": 3, "pattern": "z", "values": ["zzz"]}, ["a", "zzz", "zz"]),
    one("unique int", {**i, "unique": True}, [1, 2, 1, 3, 2, 1]),
    one("unique text", {**s, "unique": True}, ["a", "b", "a"]),
    one("unique without repetition", {**s, "unique": True}, ["a", "b", "c"]),
    one("unique float and a limit", {**f, "unique": True, "min": 0}, [1.0, -1.0, -1.0]),
    one("bool", b, [True, False, None]),
    one("nullable bool", {**b, **nul}, [True, False, None]),
    one("no rows", {**i, "min": 3, "unique": True}, []),
    one("wrong type", i, ["1", "2"], "string"),
    one("int for text", s, [1, 2], "int"),
    one("coerce text to int", {**i}, ["1", "2", "x"], "string", coerce=True),
    one("coerce text to int with a limit", {**i, "min": 2}, ["1", "2", "3"], "string", coerce=True),
    one("coerce text to float", f, ["1.5", "-2", "1e3"], "string", coerce=True),
    one("coerce text to float, one is none", f, ["1.5", "abc", "2"], "string", coerce=True),
    one("coerce int to float", {**f, "above": 1}, [1, 2, 3], "int", coerce=True),
    one("coerce whole floats to int", i, [1.0, 2.0], "float", coerce=True),
    one("coerce nullable text to int", {**i, **nul}, ["1", None, "3"], "string", coerce=True),
    {"name": "several columns", "columns": {"n": {**i, "min": 0}, "t": {**s, "maxLength": 2}, "x": {**f, **nul}},
     "types": num, "data": {"n": [1, -1, 3], "t": ["a", "bbb", "ccc"], "x": [1.0, None, 2.0]}},
    {"name": "a set that repeats", "columns": {"n": i, "t": s}, "sets": ["n", "t"], "types": num,
     "data": {"n": [1, 1, 2, 1], "t": ["a", "b", "a", "a"]}},
    {"name": "a set without repetition", "columns": {"n": i, "t": s}, "sets": ["n", "t"], "types": num,
     "data": {"n": [1, 1, 2], "t": ["a", "b", "a"]}},
    {"name": "columns beyond the schema are left out", "columns": {"n": i}, "types": num, "data": {"x": [1.0], "n": [1], "t": ["a"]}},
    {"name": "columns beyond the schema are allowed", "columns": {"n": i}, "extra": "allow", "types": num, "data": {"n": [1], "t": ["a"]}},
    {"name": "columns beyond the schema are forbidden", "columns": {"n": i}, "extra": "forbid", "types": num, "data": {"n": [1], "t": ["a"]}},
    {"name": "a column is missing", "columns": {"n": i, "t": s}, "types": num, "data": {"n": [1]}},
    {"name": "in order", "columns": {"n": i, "t": s}, "ordered": True, "types": num, "data": {"n": [1], "t": ["a"]}},
    {"name": "out of order", "columns": {"n": i, "t": s}, "ordered": True, "types": num, "data": {"t": ["a"], "n": [1]}},
    {"name": "columns by a pattern", "columns": {"n": i}, "patterns": {"^x_[0-9]+$": {**f, "min": 0}},
     "types": {"n": "int", "x_1": "float", "x_2": "float", "y": "float"},
     "data": {"n": [1, 2], "x_1": [1.0, -1.0], "x_2": [0.0, 3.0], "y": [-1.0, -1.0]}},
    {"name": "no column of a pattern", "columns": {"n": i}, "patterns": {"^z": f}, "types": num, "data": {"n": [1]}},
    {"name": "columns by a pattern, all well", "columns": {}, "patterns": {".*_id$": {**i, "unique": True}},
     "types": {"a_id": "int", "b_id": "int"}, "data": {"a_id": [1, 2], "b_id": [2, 1]}},
]
Path(__file__).with_name("pandera.json").write_text(json.dumps({"version": __version__, "cases": [run(c) for c in cases]}, ensure_ascii=False) + "\n")
print(len(cases))
