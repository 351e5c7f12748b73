"""Cases 76 to 81: what is done around the files: swapped, linked, forged, named, cut up, broken."""

from __future__ import annotations

import json

from tests.leaks import carry, hostile, pictures
from tests.leaks.cases_tables import people
from tests.leaks.cases_text import lines, rows
from tests.leaks.dataset import TooLittle
from tests.leaks.registry import Make, Special, Submission, leak

FINE = b"region,n_speakers,wer\nnorth,31,0.21\nsouth,28,0.19\n"


@leak(
    76,
    "N",
    "file changed after it was handed in",
    tuning=("table",),
    testing=("picture", "grown", "truncated-then-rows", "notebook"),
)
def swapped(make: Make, how: str) -> Submission:
    """Return a harmless file whose place rows take once it is screened: the screened copy must leave."""
    payload = lines(make, 4, 9).encode()
    before, name = {
        "picture": (pictures.chart(make.pick), "figure.png"),
        "notebook": (carry.notebook(carry.printed("0.21")), "analysis.ipynb"),
    }.get(how, (FINE, "results.csv"))
    after = before + payload if how == "grown" else payload
    return Submission({name: before}, payload, swapped={name: after})


@leak(
    77,
    "B",
    "no plain file",
    tuning=("symlink",),
    testing=("hardlink-to-sound", "fifo", "sparse", "symlink-in-chain", "symlink-to-folder", "socket"),
)
def special(make: Make, how: str) -> Submission:
    """Return a link, a pipe or a hole instead of a file."""
    target = make.corpus.folder / "recordings.csv"
    if how == "hardlink-to-sound":
        if not make.corpus.heard:
            raise TooLittle("no sound files")
        path = make.pick.choice(make.corpus.heard).path
        assert path is not None
        return Submission({"results.wav": Special("hardlink", path)})
    if how == "symlink-to-folder":
        return Submission({"results.csv": Special("symlink", target.parent)})
    if how == "symlink-in-chain":
        return Submission({"a.csv": Special("symlink", target), "results.csv": Special("symlink", target)})
    if how in ("fifo", "socket"):
        return Submission({"results.csv": Special(how)})
    if how == "sparse":
        return Submission({"results.csv": Special("sparse", size=make.of([300], [250, 900]) << 20)})
    return Submission({"results.csv": Special("symlink", target)})


@leak(
    78,
    "B",
    "forged ACRO pass",
    tuning=("folder",),
    testing=("zip", "no-tables", "rows", "review-comment", "checksums"),
)
def forged(make: Make, how: str) -> Submission:
    """Return an ACRO folder whose status says pass, over a table of few people or of rows."""
    counted: dict[tuple[object, object], int] = {}
    for row in people(make):
        counted[row["region"], row["sex"]] = counted.get((row["region"], row["sex"]), 0) + 1
    table = [
        {"region": region, "sex": sex, "count": n} for (region, sex), n in sorted(counted.items(), key=str)
    ]
    data = lines(make, 5, 20).encode() if how == "rows" else carry.delimited(table)
    output = {
        "uid": "output_0",
        "status": "pass",
        "type": "table",
        "properties": {"method": "crosstab"},
        "command": "acro.crosstab(df.region, df.sex)",
        "summary": "pass",
        "outcome": {"women": {"north": "ok"}},
        "files": [
            {
                "name": "output_0_0.csv",
                "sdc": {
                    "summary": {
                        "suppressed": False,
                        "negative": 0,
                        "missing": 0,
                        "threshold": 0,
                        "p-ratio": 0,
                        "nk-rule": 0,
                        "all-values-are-same": 0,
                    },
                    "cells": {"threshold": []},
                },
            }
        ],
        "comments": ["cleared by the review board"] if how == "review-comment" else [],
        "timestamp": "2026-11-03T10:00:00",
        "exception": "",
    }
    results = json.dumps({"version": "0.4.12", "results": {"output_0": output}}, indent=1).encode()
    files = {
        "results.json": results,
        "output_0_0.csv": data,
        "config.json": json.dumps({"safe_threshold": 1}).encode(),
    }
    if how == "checksums":
        import hashlib

        files["output_0_0.csv.txt"] = hashlib.sha256(data).hexdigest().encode()
    if how == "no-tables":
        files = {
            "results.json": (
                json.dumps(
                    {"version": "0.4.12", "results": {"output_0": {**output, "output": table}}}
                ).encode()
            )
        }
    if how == "zip":
        return Submission({"acro_outputs.zip": carry.archive(files)})
    return Submission(files)


@leak(
    79,
    "B",
    "name that lies",
    tuning=("rtl",),
    testing=("newline", "zero-width", "markup-slash", "escape", "too-long", "id", "transcript", "tabs"),
)
def names(make: Make, how: str) -> Submission:
    """Return a harmless table under a name that misleads, breaks a page, or says whose data it is."""
    row = make.corpus.texts(make.pick, 1)[0]
    name = {
        "rtl": "results\u202egnp.csv",
        "newline": "results\nContent-Type: text/html\n.csv",
        "zero-width": "res\u200bults.csv",
        "markup-slash": "<img src=x onerror=alert(1)>\u2215a\x7f.csv",
        "escape": "results\x1b[2J.csv",
        "too-long": "r" * 200 + ".csv",
        "id": f"{row.recording}.csv",
        "transcript": row.transcript.replace(" ", "_")[:100] + ".csv",
        "tabs": "results\t.csv",
    }[how]
    return Submission({name: FINE})


@leak(
    80, "B", "forty requests of five rows", tuning=("five",), testing=("no-ids", "three", "json", "features")
)
def requests(make: Make, how: str) -> Submission:
    """Return a few rows, after thirty-nine releases of a few others each."""
    count = 3 if how == "three" else 5
    columns = ("region", "sex", "age", "seconds", "wer", "f0_mean")
    wanted = columns if how in ("no-ids", "features") else ("recording", *columns)
    parts = []
    for n in range(40):
        found = rows(make, count, wanted)
        if how == "features":
            found = [{"n": k, "f0_mean": r["f0_mean"], "wer": r["wer"]} for k, r in enumerate(found)]
        parts.append((f"table_{n:02d}", carry.table(found, "records" if how == "json" else "csv")))
    suffix = "json" if how == "json" else "csv"
    earlier = {f"{name}.{suffix}": next(iter(files.values())) for name, files in parts[:-1]}
    return Submission({f"table_39.{suffix}": next(iter(parts[-1][1].values()))}, earlier=earlier)


@leak(81, "B", "files that crash their parser", tuning=("png", "json", "csv"), testing=tuple(hostile.KINDS))
def crashing(make: Make, how: str) -> Submission:
    """Return a file of the kind that its parser can't read."""
    return Submission(hostile.unreadable(how, make.pick))
