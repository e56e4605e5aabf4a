"""Seconds that ydata-profiling takes to read a table and to describe it (no page is rendered). It cannot merge, and so describes again."""

import json
import logging
import sys
import time
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
import pandas as pd  # noqa: E402
from ydata_profiling import ProfileReport  # noqa: E402

folder = sys.argv[1]


def describe(name, **options):
    start = time.perf_counter()
    ProfileReport(pd.read_parquet(f"{folder}/{name}.parquet"), progress_bar=False, **options).get_description()
    return time.perf_counter() - start


minimal = describe("large", minimal=True)
print(
    json.dumps(
        {
            "minimal profile of 1M x 20": minimal,
            "full profile of 100k x 20": describe("small"),
            "profile of a year of 365 days": minimal,
        }
    )
)
