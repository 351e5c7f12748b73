"""Benign tables: error rates, curves, matrices, coefficients, centroids, spectra, all over many people."""

from __future__ import annotations

import json
import math

import numpy as np

from tests.leaks import carry
from tests.leaks.registry import Make, Submission, benign

REGIONS = ("north", "south", "east", "west", "coast")
PHONES = [
    "aa",
    "ae",
    "ah",
    "ao",
    "eh",
    "er",
    "ih",
    "iy",
    "uh",
    "uw",
    "b",
    "d",
    "f",
    "g",
    "k",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "t",
    "v",
    "z",
]


def rates(make: Make) -> list[dict[str, object]]:
    """Return error rates by region, rounded, over at least ten speakers each."""
    return [
        {
            "region": r,
            "n_speakers": make.pick.randrange(12, 140),
            "wer": round(make.pick.uniform(0.1, 0.3), 2),
        }
        for r in REGIONS[: make.pick.randrange(3, 6)]
    ]


@benign(
    "error rate by region", ("csv", "markdown", "latex", "records", "workbook", "notebook", "html", "parquet")
)
def by_region(make: Make, how: str) -> Submission:
    """Return the table in one of the usual carriers."""
    return Submission(carry.table(rates(make), how))


@benign("loss curve as JSON", ("steps", "history", "csv", "lines", "board"))
def losses(make: Make, how: str) -> Submission:
    """Return the loss of some thousand steps."""
    count = 5000 if how in ("steps", "lines") else make.pick.randrange(60, 200)
    values = [round(4 * math.exp(-n / count * 4) + 0.6 + make.pick.gauss(0, 0.05), 4) for n in range(count)]
    if how == "csv":
        return Submission(
            {
                "loss.csv": carry.delimited(
                    [
                        {"epoch": n, "train_loss": v, "dev_loss": round(v * 1.1, 4)}
                        for n, v in enumerate(values)
                    ]
                )
            }
        )
    if how == "lines":
        return Submission(
            {
                "loss.jsonl": (
                    "".join(json.dumps({"step": n, "loss": v}) + "\n" for n, v in enumerate(values)).encode()
                )
            }
        )
    if how == "board":
        board = [[1.7e9 + 30.0 * n, 100 * n, v] for n, v in enumerate(values * 3)]
        return Submission({"run-loss.json": json.dumps(board).encode()})
    whole = (
        {"loss": values}
        if how == "steps"
        else {"history": {"loss": values, "val_loss": [round(v * 1.1, 4) for v in values]}, "epochs": count}
    )
    return Submission({"loss.json": json.dumps(whole).encode()})


@benign("phone confusions", ("csv", "markdown", "json"))
def confusions(make: Make, how: str) -> Submission:
    """Return how often phones are taken for others, in per cent."""
    table = []
    for a in PHONES:
        weights = [make.pick.random() ** 6 + (9 if a == b else 0) for b in PHONES]
        table.append(
            {
                "phone": a,
                **{b: round(100 * w / sum(weights), 1) for b, w in zip(PHONES, weights, strict=True)},
            }
        )
    return Submission(carry.table(table, {"json": "records"}.get(how, how)))


@benign("duration histogram", ("csv", "json", "markdown"))
def durations(make: Make, how: str) -> Submission:
    """Return how many speakers' means fall into each bin, tails merged."""
    bins = ["under 2 s", *(f"{n}–{n + 1} s" for n in range(2, 9)), "9 s and over"]
    table = [
        {"seconds": b, "speakers": make.pick.randrange(14, 120), "recordings": make.pick.randrange(400, 3000)}
        for b in bins
    ]
    return Submission(carry.table(table, {"json": "records"}.get(how, how)))


@benign("ROC points", ("csv", "json", "long"))
def roc(make: Make, how: str) -> Submission:
    """Return the points of a detection curve."""
    count = 600 if how == "long" else 120
    table = [
        {
            "fpr": round(n / count, 4),
            "tpr": round((n / count) ** 0.3, 4),
            "threshold": round(2 - 4 * n / count, 3),
        }
        for n in range(count + 1)
    ]
    return Submission(carry.table(table, "columns" if how == "json" else "csv"))


@benign("regression", ("summary", "csv", "latex", "json"))
def regression(make: Make, how: str) -> Submission:
    """Return coefficients of few terms with 480 degrees of freedom."""
    terms = ["(Intercept)", "age", "sex[T.m]", "region[T.south]", "region[T.coast]", "age:sex[T.m]"]
    table = [
        {
            "term": t,
            "estimate": round(make.pick.gauss(0, 2), 3),
            "std_error": round(make.pick.uniform(0.05, 0.5), 3),
            "p": round(make.pick.random(), 3),
        }
        for t in terms
    ]
    if how == "summary":
        head = (
            "                            OLS Regression Results\n"
            + "=" * 78
            + "\nDep. Variable:                     f0   R-squared:                       0.412\nNo."
            " Observations:                 486   F-statistic:                     67.25\nDf Residuals:    "
            "                 480   Prob (F-statistic):           1.66e-53\n" + "=" * 78 + "\n"
        )
        body = "".join(
            f"{r['term']:<22}{r['estimate']:>10}{r['std_error']:>10}"
            f"{make.pick.gauss(0, 3):>10.3f}{r['p']:>10}\n"
            for r in table
        )
        return Submission(
            {
                "ols.txt": (
                    (head + "                        coef   std err         t     P>|t|\n" + body).encode()
                )
            }
        )
    return Submission(carry.table(table, {"json": "records"}.get(how, how)))


@benign("mixed-effects coefficients", 3)
def mixed(make: Make, how: str) -> Submission:
    """Return the fixed effects and variances of a mixed model."""
    text = f"""Linear mixed model fit by REML
Formula: f0 ~ region + sex + (1 | speaker) + (1 | item)

Random effects:
 Groups   Name        Variance Std.Dev.
 speaker  (Intercept) {make.pick.uniform(90, 400):.2f}   {make.pick.uniform(9, 20):.2f}
 item     (Intercept) {make.pick.uniform(3, 9):.2f}     {make.pick.uniform(1, 3):.2f}
 Residual             {make.pick.uniform(90, 200):.2f}   {make.pick.uniform(9, 14):.2f}
Number of obs: 4820, groups: speaker, 241; item, 40

Fixed effects:
             Estimate Std. Error t value
(Intercept)  {make.pick.uniform(180, 220):.3f}    2.114   91.2
regionsouth   {make.pick.uniform(-4, 4):.3f}    1.902    0.7
sexm        -{make.pick.uniform(80, 99):.3f}    1.755  -51.9
"""
    return Submission({"lmer.txt": text.encode()})


@benign("centroids of many speakers", ("csv", "npy", "json"))
def centroids(make: Make, how: str) -> Submission:
    """Return the mean vectors of regions of at least ten speakers each."""
    values = make.chance.normal(size=(4, 32)) * 0.1
    table = [
        {
            "region": r,
            "n_speakers": make.pick.randrange(12, 60),
            **{f"d{n}": round(float(v), 3) for n, v in enumerate(row)},
        }
        for r, row in zip(REGIONS, values, strict=False)
    ]
    if how == "npy":
        return Submission({"centroids.npy": carry.npy(values.astype(np.float32))})
    return Submission(carry.table(table, "records" if how == "json" else "csv"))


@benign("mean F0 by sex", ("csv", "markdown", "json", "latex"))
def pitch(make: Make, how: str) -> Submission:
    """Return means and deviations over many speakers."""
    table = [
        {
            "sex": s,
            "n_speakers": make.pick.randrange(40, 200),
            "mean_f0": round(m + make.pick.gauss(0, 4), 1),
            "sd_f0": round(make.pick.uniform(15, 25), 1),
        }
        for s, m in (("f", 205), ("m", 118))
    ]
    return Submission(carry.table(table, {"json": "records"}.get(how, how)))


@benign("long-term average spectrum", ("csv", "json"))
def spectrum(make: Make, how: str) -> Submission:
    """Return the mean level of each band over many speakers."""
    table = [
        {
            "frequency_hz": n * 62.5,
            "level_db": round(-20 - 9 * math.log2(1 + n / 8) + make.pick.gauss(0, 0.4), 2),
        }
        for n in range(129)
    ]
    return Submission(carry.table(table, "columns" if how == "json" else "csv"))


@benign("hyperparameters and scores", ("csv", "json", "markdown", "notebook"))
def sweep(make: Make, how: str) -> Submission:
    """Return a sweep over learning rates and seeds."""
    table = [
        {"lr": lr, "layers": layers, "seed": seed, "dev_wer": round(make.pick.uniform(0.15, 0.3), 3)}
        for lr in (1e-3, 3e-4, 1e-4)
        for layers in (6, 12)
        for seed in (1, 2, 3)
    ]
    return Submission(carry.table(table, {"json": "records"}.get(how, how)))


@benign("vowel formants by group", ("csv", "latex"))
def formants(make: Make, how: str) -> Submission:
    """Return formant means of vowels over many speakers."""
    table = [
        {
            "vowel": v,
            "sex": s,
            "speakers": make.pick.randrange(30, 90),
            "f1": make.pick.randrange(280, 800),
            "f2": make.pick.randrange(900, 2600),
        }
        for v in ("i", "e", "a", "o", "u")
        for s in "fm"
    ]
    return Submission(carry.table(table, how))


@benign("three-sheet workbook", 4)
def workbook(make: Make, how: str) -> Submission:
    """Return a workbook of three plain sheets of aggregates."""
    pitch_ = [
        {"sex": s, "n_speakers": make.pick.randrange(40, 90), "mean_f0": make.pick.randrange(100, 220)}
        for s in "fm"
    ]
    notes = [{"note": "Rates are averages over speakers."}, {"note": "Groups hold at least ten speakers."}]
    return Submission({"tables.xlsx": carry.workbook({"WER": rates(make), "F0": pitch_, "notes": notes})})


@benign("genuine ACRO folder", 3)
def acro(make: Make, how: str) -> Submission:
    """Return a folder as ACRO finalises it: results, tables, checksums."""
    import hashlib

    table = carry.delimited(
        [{"region": r["region"], "mean": r["wer"], "count": r["n_speakers"]} for r in rates(make)]
    )
    sdc = {
        "summary": {
            "suppressed": False,
            "negative": 0,
            "missing": 0,
            "threshold": 0,
            "p-ratio": 0,
            "nk-rule": 0,
            "all-values-are-same": 0,
        },
        "cells": {
            "negative": [],
            "missing": [],
            "threshold": [],
            "p-ratio": [],
            "nk-rule": [],
            "all-values-are-same": [],
        },
    }
    entry = {
        "uid": "output_0",
        "status": "pass",
        "type": "table",
        "properties": {"method": "pivot_table"},
        "files": [{"name": "output_0_0.csv", "sdc": sdc}],
        "outcome": {},
        "command": "acro.pivot_table(speakers, index='region', values='wer', aggfunc=['mean', 'count'])",
        "summary": "pass",
        "timestamp": "2026-10-14T09:31:07.120931",
        "comments": ["One row a speaker."],
        "exception": "",
    }
    results = json.dumps({"version": "0.4.12", "results": {"output_0": entry}}, indent=4).encode()
    config = json.dumps(
        {
            "safe_threshold": 10,
            "safe_dof_threshold": 10,
            "safe_nk_n": 2,
            "safe_nk_k": 0.9,
            "safe_pratio_p": 0.1,
            "check_missing_values": False,
        }
    ).encode()
    digest = hashlib.sha256(table).hexdigest().encode()
    return Submission(
        {
            "results.json": results,
            "config.json": config,
            "output_0_0.csv": table,
            "output_0_0.csv.txt": digest,
        }
    )
