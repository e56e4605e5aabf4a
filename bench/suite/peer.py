"""Seconds that Great Expectations takes to read the table with pandas and to try the suite on it."""

import json
import resource
import sys
import time

import great_expectations as gx
import pandas as pd
from great_expectations.core.expectation_suite import ExpectationSuite
from great_expectations.expectations.registry import get_expectation_impl

folder = sys.argv[1]
with open(f"{folder}/suite.json") as file:
    stated = json.load(file)
context = gx.get_context(mode="ephemeral")
context.variables.progress_bars = {"globally": False}
suite = ExpectationSuite(name="bench", expectations=[get_expectation_impl(e["type"])(**e["kwargs"]) for e in stated["expectations"]])
definition = context.data_sources.add_pandas("p").add_dataframe_asset("a").add_batch_definition_whole_dataframe("b")
start = time.perf_counter()
result = definition.get_batch({"dataframe": pd.read_parquet(f"{folder}/table.parquet")}).validate(suite, result_format="BASIC")
seconds = time.perf_counter() - start
print(f"{result.statistics['successful_expectations']} hold, {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB", file=sys.stderr)
print(json.dumps({"20 expectations": seconds}))
