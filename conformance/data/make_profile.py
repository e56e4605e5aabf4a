"""Reference values of profiles: ydata-profiling 4.18.4 on a mixed table, correlations of pandas, scipy and phik.

usage: conformance environment `dataqa`: python make_profile.py   writes profile.json beside this file
"""

import json
import logging
import pathlib
import unicodedata
import warnings

import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
from ydata_profiling import ProfileReport  # noqa: E402
from statsmodels.tsa.stattools import acf, adfuller, kpss  # noqa: E402
from ydata_profiling.config import Settings  # noqa: E402

N = 400


def table():
    rng = np.random.default_rng(7)
    normal = rng.normal(10, 3, N)
    price = np.round(rng.exponential(50, N), 1)
    price[rng.choice(N, 30, replace=False)] = 0
    count = rng.poisson(4, N)
    related = normal * 2 + rng.normal(0, 4, N)
    holes = rng.normal(0, 1, N)
    holes[rng.choice(N, 37, replace=False)] = np.nan
    ends = np.round(rng.normal(0, 5, N), 2)
    ends[:6] = [np.inf, -np.inf, np.inf, np.inf, np.inf, np.inf]
    kind = rng.choice(list("abcd"), N, p=[0.5, 0.3, 0.15, 0.05])
    side = np.where(rng.random(N) < 0.7, np.where(kind == "a", "left", "right"), rng.choice(["left", "right", "top"], N))
    names = np.array(["Ana Silva", "Bo-7", "Çelik ÖZ", "d'Arc, J.", "42 Äpfel!", "Ελένη", "x", "Ana  Ruiz"], dtype=object)
    text = np.array([f"{n} {i % 97}" for i, n in enumerate(rng.choice(names, N))], dtype=object)
    gaps = rng.choice(["yes", "no"], N).astype(object)
    gaps[rng.choice(N, 21, replace=False)] = None
    start = np.datetime64("1965-03-01T00:00:00")
    when = start + rng.integers(0, 4_000_000_000 // 2, N).astype("timedelta64[s]")
    t = pd.DataFrame(
        {
            "normal": normal,
            "price": price,
            "count": count,
            "related": related,
            "holes": holes,
            "ends": ends,
            "rising": np.arange(N) // 2,
            "few": rng.integers(0, 4, N),
            "kind": kind,
            "side": side,
            "text": text,
            "gaps": gaps,
            "flag": rng.random(N) < 0.2,
            "when": when,
        }
    )
    t.iloc[300:310] = t.iloc[290:300].values
    for c, dtype in {"count": int, "rising": int, "few": int, "flag": bool}.items():
        t[c] = t[c].astype(dtype)
    for c in ("normal", "price", "related", "holes", "ends"):
        t[c] = t[c].astype(float)
    # nanoseconds: of coarser times the peer makes a histogram of wrong numbers
    t["when"] = pd.to_datetime(t["when"]).astype("datetime64[ns]")
    return t


def plain(value):
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, np.ndarray):
        return [plain(v) for v in value.tolist()]
    if isinstance(value, pd.Series):
        return [[plain(k), plain(v)] for k, v in value.items()]
    if isinstance(value, (np.bool_, bool)):
        return bool(value)
    if isinstance(value, (np.integer, int)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    if isinstance(value, (pd.Timedelta,)) or hasattr(value, "total_seconds"):
        return value.total_seconds()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)


KEEP = """type n count n_missing p_missing n_distinct p_distinct is_unique n_unique p_unique n_negative p_negative n_zeros p_zeros
n_infinite p_infinite mean std variance min max range sum kurtosis skewness mad cv 5% 25% 50% 75% 95% iqr monotonic histogram chi_squared
imbalance min_length mean_length median_length max_length n_characters n_characters_distinct character_counts n_category
category_alias_counts word_counts""".split()


def matrix(frame):
    return None if frame is None else {"columns": [str(c) for c in frame.columns], "values": plain(frame.values)}


t = table()
config = Settings()
config.progress_bar = False
report = ProfileReport(t, config=config, progress_bar=False)
d = report.get_description()
variables = {}
for name, v in d.variables.items():
    kept = {k: v[k] for k in KEEP if k in v}
    for k in ("word_counts", "character_counts"):
        if k in kept:
            kept[k] = kept[k].sort_index().head(40)
    variables[name] = plain(kept)
# infinite numbers make the peer give up its automatic correlation, and Pearson's NaN
for name in ("pearson", "spearman", "kendall", "phi_k", "cramers", "auto"):
    config.correlations[name].calculate = True
without = ProfileReport(t.drop(columns="ends"), config=config, progress_bar=False).get_description()
finite = t.replace([np.inf, -np.inf], np.nan)["ends"].dropna()
present = {c: t[c].dropna() for c in ("text", "gaps")}
categories = {
    c: plain(pd.Series([unicodedata.category(x) for v in s for x in v]).value_counts().sort_index()) for c, s in present.items()
}
rng = np.random.default_rng(3)
noise = rng.normal(0, 1, 240)
autoregressive = np.zeros(240)
for i in range(1, 240):
    autoregressive[i] = 0.7 * autoregressive[i - 1] + noise[i]
series = {}
for name, x in {
    "autoregressive": autoregressive,
    "walk": np.cumsum(noise),
    "season": 3 * np.sin(np.arange(240) * 2 * np.pi / 12) + noise,
    "trend": np.arange(240) * 0.05 + noise,
}.items():
    x = np.round(x, 6)
    adf, level = adfuller(x), kpss(x, nlags="auto")
    series[name] = {"x": x.tolist(), "adf": [float(adf[0]), float(adf[1]), int(adf[2])], "kpss": [float(level[0]), float(level[1]), int(level[2])], "acf": acf(x, nlags=24).tolist()}
missing = t.isna()
missing = missing.loc[:, missing.var() > 0].corr()
rows = json.loads(t.to_json(orient="records", double_precision=15, date_format="iso", date_unit="s"))
for row, (_, original) in zip(rows, t.iterrows()):
    for c in ("normal", "price", "related", "holes", "ends"):
        value = float(original[c])
        row[c] = value if np.isfinite(value) else str(value)
out = {
    "peer": "ydata-profiling 4.18.4, pandas " + pd.__version__ + ", numpy " + np.__version__,
    "columns": {c: [row[c] for row in rows] for c in t.columns},
    "table": plain({k: v for k, v in d.table.items() if k not in ("memory_size", "record_size")}),
    "variables": variables,
    "correlations": {k: matrix(v) for k, v in without.correlations.items()},
    "finite": plain({"mean": finite.mean(), "std": finite.std(), "kurtosis": finite.kurt(), "skewness": finite.skew(), "min": finite.min(), "max": finite.max()}),
    "categories": categories,
    "series": series,
    "missing": matrix(missing),
    "alerts": sorted({f"{a.alert_type.name} {a.column_name}" for a in [*d.alerts, *without.alerts]}),
}
pathlib.Path(__file__).with_suffix(".json").with_name("profile.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")
