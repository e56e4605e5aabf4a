"""Seconds that pydantic takes for a million dictionaries through a model, errors collected; reading the file beside it."""

import json
import sys
import time
from datetime import date
from typing import Annotated, Literal

import pandas as pd
from pydantic import AllowInfNan, BaseModel, Field, ValidationError


class Row(BaseModel):
    id: Annotated[int, Field(ge=1)]
    email: Annotated[str, Field(pattern="@")]
    name: Annotated[str, Field(min_length=1, max_length=40)]
    age: Annotated[int, Field(ge=0, le=120)]
    score: Annotated[float, Field(ge=0, le=1)]
    balance: Annotated[float, AllowInfNan(False)]
    active: bool
    kind: Literal["a", "b", "c"]
    day: date


def read(rows, strict):
    start = time.perf_counter()
    kept, failed = [], []
    validate = Row.__pydantic_validator__.validate_python
    for i, row in enumerate(rows):
        try:
            kept.append(validate(row, strict=strict))
        except ValidationError as error:
            failed.append((i, error.errors()))
    seconds = time.perf_counter() - start
    assert len(failed) == 1000, len(failed)
    return seconds


start = time.perf_counter()
rows = pd.read_parquet(f"{sys.argv[1]}/rows.parquet").to_dict("records")
reading = time.perf_counter() - start
lax = min(read(rows, None) for _ in range(2))
days = [{**row, "day": date.fromisoformat(row["day"])} for row in rows]
strict = min(read(days, True) for _ in range(2))
print(json.dumps({"objects": lax, "objects, strict": strict, "Parquet": reading + lax}))
