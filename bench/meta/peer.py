"""Seconds that pymfe takes for groups of meta-features."""

import json
import sys
import time
import warnings

import pandas as pd
from pymfe.mfe import MFE

warnings.simplefilter("ignore")
folder = sys.argv[1]


def seconds(groups):
    start = time.perf_counter()
    table = pd.read_csv(f"{folder}/table.csv")
    mfe = MFE(groups=groups, summary=["mean", "sd"], random_state=1, suppress_warnings=True)
    mfe.fit(table.drop(columns="y").to_numpy(), table["y"].to_numpy(), suppress_warnings=True)
    mfe.extract(suppress_warnings=True)
    return time.perf_counter() - start


print(json.dumps({"general and statistical": seconds(["general", "statistical"]), "information": seconds(["info-theory"])}))
