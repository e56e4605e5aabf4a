"""Makes expectations.json: results of Great Expectations 1.24.1 (pandas engine) and a summary by pandas.

usage: python make_expectations.py   (great_expectations and pandas as in the list of peers `gx`)
"""
import json
from pathlib import Path

import great_expectations as gx
import great_expectations.expectations as gxe
import numpy as np
import pandas as pd

rng = np.random.default_rng(3)
n = 60
price = np.round(rng.gamma(2, 30, n), 2)
frame = pd.DataFrame(
    {
        "id": np.arange(1, n + 1),
        "price": np.where(rng.random(n) < 0.1, np.nan, price),
        "cost": np.where(rng.random(n) < 0.1, np.nan, np.round(price * rng.uniform(0.5, 1.1, n), 2)),
        "code": [None if rng.random() < 0.15 else f"{rng.choice(list('ABC'))}{rng.integers(0, 30):02d}" for _ in range(n)],
        "country": rng.choice(["DE", "IN", "US"], n, p=[0.5, 0.3, 0.2]),
    }
)
context = gx.get_context(mode="ephemeral")
batch = (
    context.data_sources.add_pandas("p").add_dataframe_asset("a").add_batch_definition_whole_dataframe("b").get_batch({"dataframe": frame})
)

P, C = "price", "code"
cases = [
    ({"type": "between", "column": P, "min": 10, "max": 90}, gxe.ExpectColumnValuesToBeBetween(column=P, min_value=10, max_value=90)),
    ({"type": "between", "column": P, "min": 10, "mostly": 0.5, "strictMin": True}, gxe.ExpectColumnValuesToBeBetween(column=P, min_value=10, mostly=0.5, strict_min=True)),
    ({"type": "inSet", "column": "country", "values": ["DE", "IN"]}, gxe.ExpectColumnValuesToBeInSet(column="country", value_set=["DE", "IN"])),
    ({"type": "inSet", "column": "country", "values": ["DE", "IN"], "mostly": 0.6}, gxe.ExpectColumnValuesToBeInSet(column="country", value_set=["DE", "IN"], mostly=0.6)),
    ({"type": "notInSet", "column": "country", "values": ["US"]}, gxe.ExpectColumnValuesToNotBeInSet(column="country", value_set=["US"])),
    ({"type": "null", "column": C, "mostly": 0.1}, gxe.ExpectColumnValuesToBeNull(column=C, mostly=0.1)),
    ({"type": "notNull", "column": P}, gxe.ExpectColumnValuesToNotBeNull(column=P)),
    ({"type": "notNull", "column": P, "mostly": 0.8}, gxe.ExpectColumnValuesToNotBeNull(column=P, mostly=0.8)),
    ({"type": "unique", "column": C}, gxe.ExpectColumnValuesToBeUnique(column=C)),
    ({"type": "unique", "column": "id"}, gxe.ExpectColumnValuesToBeUnique(column="id")),
    ({"type": "lengthBetween", "column": C, "min": 3, "max": 3}, gxe.ExpectColumnValueLengthsToBeBetween(column=C, min_value=3, max_value=3)),
    ({"type": "matchRegex", "column": C, "pattern": "^[AB]"}, gxe.ExpectColumnValuesToMatchRegex(column=C, regex="^[AB]")),
    ({"type": "notMatchRegex", "column": C, "pattern": "1"}, gxe.ExpectColumnValuesToNotMatchRegex(column=C, regex="1")),
    ({"type": "columnPairGreater", "columns": [P, "cost"]}, gxe.ExpectColumnPairValuesAToBeGreaterThanB(column_A=P, column_B="cost")),
    ({"type": "columnPairEqual", "columns": [P, "cost"]}, gxe.ExpectColumnPairValuesToBeEqual(column_A=P, column_B="cost")),
    ({"type": "compoundUnique", "columns": [C, "country"]}, gxe.ExpectCompoundColumnsToBeUnique(column_list=[C, "country"])),
    ({"type": "multicolumnSumEqual", "columns": [P, "cost"], "total": 100}, gxe.ExpectMulticolumnSumToEqual(column_list=[P, "cost"], sum_total=100)),
    ({"type": "minBetween", "column": P, "min": 0}, gxe.ExpectColumnMinToBeBetween(column=P, min_value=0)),
    ({"type": "maxBetween", "column": P, "max": 50}, gxe.ExpectColumnMaxToBeBetween(column=P, max_value=50)),
    ({"type": "meanBetween", "column": P, "min": 40, "max": 80}, gxe.ExpectColumnMeanToBeBetween(column=P, min_value=40, max_value=80)),
    ({"type": "medianBetween", "column": P, "max": 10}, gxe.ExpectColumnMedianToBeBetween(column=P, max_value=10)),
    ({"type": "stdevBetween", "column": P, "min": 1}, gxe.ExpectColumnStdevToBeBetween(column=P, min_value=1)),
    ({"type": "sumBetween", "column": P, "min": 1}, gxe.ExpectColumnSumToBeBetween(column=P, min_value=1)),
    ({"type": "uniqueCountBetween", "column": "country", "max": 2}, gxe.ExpectColumnUniqueValueCountToBeBetween(column="country", max_value=2)),
    ({"type": "proportionUniqueBetween", "column": C, "min": 0.1}, gxe.ExpectColumnProportionOfUniqueValuesToBeBetween(column=C, min_value=0.1)),
    ({"type": "proportionNonNullBetween", "column": P, "min": 0.5}, gxe.ExpectColumnProportionOfNonNullValuesToBeBetween(column=P, min_value=0.5)),
    ({"type": "distinctInSet", "column": "country", "values": ["DE", "IN"]}, gxe.ExpectColumnDistinctValuesToBeInSet(column="country", value_set=["DE", "IN"])),
    ({"type": "distinctContainSet", "column": "country", "values": ["DE", "XX"]}, gxe.ExpectColumnDistinctValuesToContainSet(column="country", value_set=["DE", "XX"])),
    ({"type": "distinctEqualSet", "column": "country", "values": ["DE", "IN", "US"]}, gxe.ExpectColumnDistinctValuesToEqualSet(column="country", value_set=["DE", "IN", "US"])),
    ({"type": "rowCountBetween", "min": 60, "max": 60}, gxe.ExpectTableRowCountToBeBetween(min_value=60, max_value=60)),
]
KEEP = {"element_count", "missing_count", "unexpected_count", "observed_value"}
DISTINCT = {"distinctInSet", "distinctContainSet", "distinctEqualSet"}
out = []
for ours, theirs in cases:
    result = batch.validate(theirs)
    kept = {k: v for k, v in result.result.items() if k in KEEP and isinstance(v, (int, float))}
    if ours["type"] in DISTINCT:
        kept = {}
    out.append({"ours": ours, "theirs": {"success": bool(result.success)} | kept})

rows = json.loads(frame.to_json(orient="records", double_precision=15))
p = frame.price
summary = {
    "rows": n, "missing": int(p.isna().sum()), "distinct": int(p.nunique()), "min": p.min(), "max": p.max(), "mean": p.mean(), "sd": p.std(),
    "quantiles": p.quantile([0.05, 0.25, 0.5, 0.75, 0.95]).tolist(), "top": {k: int(v) for k, v in frame.country.value_counts().items()},
}
Path(__file__).with_name("expectations.json").write_text(json.dumps({"rows": rows, "cases": out, "summary": summary}) + "\n")
