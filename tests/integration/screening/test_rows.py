"""Rows about single people are known by their values, in any carrier, order, unit and naming; results are not."""

# ruff: noqa: E501 - a case is one line

from __future__ import annotations

import json
import math
import random
import statistics

import numpy as np
import pytest

from egress_review.screening import Index, tables
from egress_review.screening.disclosure import in_array
from egress_review.screening.disclosure.rows import by_values
from tests.unit.screening.crowd import (
    CROWD,
    INDEX,
    LIMITS,
    checks,
    csv,
    found_in,
    mean,
    of,
    recordings,
    sample,
    worst,
)

ROWS = sample(40)
SECONDS = [row["seconds"] for row in ROWS]
PITCH = [row["f0_hz"] for row in ROWS]
ALL_PITCH = [float(row["f0_hz"]) for row in CROWD]
PER_SPEAKER = [f"{mean(rows, 'f0_hz'):.2f}" for rows in of(lambda row: row["speaker"]).values()][:20]


def standardised() -> list[str]:
    """Return standard scores of all pitches, some of them."""
    centre, spread = statistics.fmean(ALL_PITCH), statistics.pstdev(ALL_PITCH)
    return [f"{(value - centre) / spread:.5f}" for value in random.Random(3).sample(ALL_PITCH, 50)]


LEAKS = [
    ("one column", "t.csv", csv(["x"], [[v] for v in PITCH])),
    ("no header", "t.csv", csv(SECONDS[:1], [[v] for v in SECONDS[1:]])),
    ("rounded, two columns", "t.csv", csv(["x", "y"], [[f"{float(a):.1f}", f"{float(b):.0f}"] for a, b in zip(SECONDS, PITCH, strict=True)])),
    ("categories and a rounded number", "t.csv", csv("abcd", [[r["sex"], r["region"], r["age"], r["snr_db"]] for r in ROWS])),
    ("six rows", "t.csv", csv("ab", list(zip(SECONDS, PITCH, strict=True))[:6])),
    ("turned", "t.csv", csv(["m", *range(40)], [["s", *SECONDS], ["p", *PITCH]])),
    ("long", "t.csv", csv("kx", [*(["s", v] for v in SECONDS), *(["p", v] for v in PITCH)])),
    ("milliseconds", "t.csv", csv("x", [[round(1000 * float(v))] for v in SECONDS])),
    ("logarithms", "t.csv", csv("x", [[f"{math.log(float(v)):.5f}"] for v in SECONDS])),
    ("standard scores", "t.csv", csv("x", [[v] for v in standardised()])),
    ("a row a speaker under new names", "t.csv", csv(["who", "pitch"], [[chr(65 + n), v] for n, v in enumerate(PER_SPEAKER)])),
    ("Markdown", "t.md", "| a | b |\n|---|---|\n" + "".join(f"| {a} | {b} |\n" for a, b in zip(SECONDS, PITCH, strict=True))),
    ("LaTeX", "t.tex", "".join(f"{a} & {b} \\\\\n" for a, b in zip(SECONDS, PITCH, strict=True))),
    ("JSON records", "t.json", json.dumps([{"k": n, "v": float(v)} for n, v in enumerate(PITCH)])),
    ("JSON list", "t.json", json.dumps({"a": [float(v) for v in PITCH]})),
    ("JSON, nested", "t.json", json.dumps({f"k{n}": {"a": {"b": float(v)}} for n, v in enumerate(PITCH)})),
    ("prose", "t.txt", " and then ".join(f"it was {v} high" for v in PITCH)),
    ("log", "t.log", "\n".join(f"INFO s={a} p={b}" for a, b in zip(SECONDS, PITCH, strict=True))),
    ("in brackets, categories cut short", "t.txt", " ".join(f"({r['sex'].lower()}, {r['age']}, {float(r['seconds']):.1f}, {r['region'][:2]})" for r in CROWD[::24])),
    ("a sentence each", "t.md", " ".join(f"One of the {r['region']}, {r['age']} years old, spoke for {float(r['seconds']):.1f} s." for r in CROWD[::24])),
    ("glued in lines", "t.dat", "\n".join(f"{r['sex'].lower()}{r['age']}{r['region'][:2]}{float(r['seconds']):04.1f}{float(r['snr_db']):04.1f}" for r in CROWD[::24])),
    ("means of speakers in JSON, shifted", "t.json", json.dumps({"ranef": {"1": [round(float(v) - 150, 2) for v in PER_SPEAKER]}})),
    ("a list in a script", "t.py", f"x = [{', '.join(PITCH)}]\n"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content"), [pytest.param(n, c, id=what) for what, n, c in LEAKS])
def test_rows_are_known_by_their_values(name: str, content: str) -> None:
    assert "row_level" in checks(found_in(name, content))


def results() -> list[tuple[str, str, str]]:
    """Return results whose numbers lie where the data's lie."""
    pick = random.Random(9)
    return [
        ("durations of other speech", "t.csv", csv(["duration"], [[f"{pick.gammavariate(4, 1.2):.3f}"] for _ in range(150)])),
        ("durations in whole samples", "t.csv", csv(["duration"], [[round(8000 * pick.gammavariate(4, 1.2)) / 8000] for _ in range(150)])),
        ("curve", "t.csv", csv(["fpr", "tpr", "threshold"], [[n / 150, (n / 150) ** 0.4, f"{1 - n / 150:.4f}"] for n in range(150)])),
        ("losses", "t.csv", csv(["epoch", "loss"], [[n, f"{3 * math.exp(-n / 30) + pick.gauss(0, 0.05):.4f}"] for n in range(150)])),
        ("coefficients", "t.csv", csv(["term", "estimate", "se"], [[f"x{n}", f"{pick.gauss(0, 1):.4f}", f"{pick.random():.4f}"] for n in range(40)])),
        ("spectrum", "t.csv", csv(["hz", "db"], [[31.25 * n, f"{-20 - n / 9 + pick.gauss(0, 0.3):.2f}"] for n in range(180)])),
        ("hyper-parameters", "t.csv", csv(["model", "layers", "heads", "dim"], [["a", 6, 4, 256], ["b", 12, 8, 512], ["c", 24, 16, 1024]])),
        ("bins", "t.csv", csv(["from", "to", "share"], [[n / 2, n / 2 + 0.5, f"{pick.random():.3f}"] for n in range(30)])),
        ("sentences", "t.md", " ".join(f"Run {n} on the {pick.choice(['north', 'south'])} took {pick.uniform(2, 9):.1f} s with seed {pick.randrange(18, 70)}." for n in range(30))),
        ("settings in brackets", "t.txt", " ".join(f"(f, {pick.randrange(18, 70)}, {pick.uniform(1, 9):.1f}, {pick.choice(['no', 'so'])})" for _ in range(25))),
        ("offsets in JSON", "t.json", json.dumps({"b": {"1": [round(pick.gauss(0, 30), 2) for _ in range(20)]}})),
        ("means by group", "t.csv", csv(["region", "n_speakers", "mean_f0_hz"], [[k, 15, f"{mean(v, 'f0_hz'):.2f}"] for k, v in of(lambda r: r["region"]).items()])),
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "content"), [pytest.param(n, c, id=what) for what, n, c in results()])
def test_results_are_no_rows(name: str, content: str) -> None:
    assert worst(found_in(name, content)) in ("", "flag")
    assert not checks(found_in(name, content)) & {"row_level", "row_values"}


def test_quartiles_of_many_recordings_are_for_a_human() -> None:
    ordered = sorted(ALL_PITCH)
    described = csv(["", "f0"], [[f"{n}%", f"{ordered[7 * n]:.2f}"] for n in range(5, 100, 5)])
    assert worst(found_in("t.csv", described)) == "flag"
    assert "row_values" in checks(found_in("t.csv", described))


def partly_even_hundredths() -> Index:
    """Return an index in which every second recording is a whole number of fiftieths of a second long."""
    pick = random.Random(6)
    return Index.of(
        recordings(
            {
                **row,
                "seconds": f"{pick.randrange(5, 80) / 50:.2f}"
                if n % 2
                else f"{pick.gammavariate(4, 1.2):.6f}",
            }
            for n, row in enumerate(CROWD)
        )
    )


@pytest.mark.parametrize(("count", "step"), [(154, 1), (120, 2)])
def test_a_curve_of_training_is_no_row_whichever_epochs_are_looked_at(count: int, step: int) -> None:
    """Even numbers equal even hundredths of seconds, × 100; moved by odd steps they would not."""
    index, pick = partly_even_hundredths(), random.Random(9)
    losses = [4 * math.exp(-4 * n / count) + 0.6 + pick.gauss(0, 0.05) for n in range(count)]
    rows = [[step * n, f"{loss:.4f}", f"{1.1 * loss:.4f}"] for n, loss in enumerate(losses)]
    curve = csv(["epoch", "train_loss", "dev_loss"], rows)
    assert by_values(tables.parse(curve, ",", LIMITS), index.people) == []
    measured = index.people.number("seconds")
    assert measured is not None
    leak = csv(
        ["epoch", "loss", "kept"],
        [[row[0], value, row[1]] for row, value in zip(rows, measured.sorted[::9], strict=False)],
    )
    assert "row_level" in checks(by_values(tables.parse(leak, ",", LIMITS), index.people))


def test_categories_listed_again_and_again_are_for_a_human() -> None:
    listed = csv("ab", [[row["sex"], row["region"]] for row in ROWS])
    assert "row_listing" in checks(found_in("t.csv", listed))
    counted = csv(
        ["sex", "region", "n_speakers"], [["F", "north", 31], ["M", "north", 29], ["F", "south", 40]]
    )
    assert "row_listing" not in checks(found_in("t.csv", counted))


def test_words_that_tell_recordings_apart_are_known_whatever_column_they_come_from() -> None:
    noted = [
        {**row, "note": f"take {row['recording'][-11:]} {n * 7919 % 1009}"} for n, row in enumerate(CROWD)
    ]
    index = Index.of(recordings(noted))
    leak = csv("ab", [[row["note"].upper(), 1] for row in noted[40:46]])
    assert "row_level" in checks(by_values(tables.parse(leak, ",", LIMITS), index.people))
    twin = csv("ab", [[f"take off {n}", 1] for n in range(6)])
    assert by_values(tables.parse(twin, ",", LIMITS), index.people) == []


def test_one_column_to_few_digits_is_known_by_its_own_name_only() -> None:
    coarse = [[f"{float(row['seconds']):.0f}"] for row in sample(60, 4)]
    assert "row_level" in checks(found_in("t.csv", csv(["seconds"], coarse)))
    assert "row_listing" in checks(found_in("t.csv", csv(["seconds"], coarse[:9])))
    assert "row_level" not in checks(found_in("t.csv", csv(["epochs"], coarse)))
    assert "row_level" not in checks(
        found_in("t.csv", csv(["seconds", "loss"], [[n, 3 / n] for n in range(1, 12)]))
    )


def test_an_array_with_a_value_a_recording_is_known() -> None:
    values = np.array([float(v) for v in PITCH], dtype=np.float32)
    assert checks(in_array(values, INDEX)) == {"row_level"}
    assert checks(in_array(np.stack([np.arange(40.0), values]), INDEX)) == {"row_level"}
    scores = np.array(standardised(), dtype=np.float32)
    assert checks(in_array(np.stack([scores, np.arange(50.0) % 7]).astype(np.float32), INDEX)) == {
        "row_level"
    }
    assert in_array(np.random.default_rng(1).normal(150, 40, 200), INDEX) == []
    assert in_array(np.zeros((3, 4, 5)), INDEX) == []


def test_a_finding_repeats_no_value() -> None:
    for finding in found_in("t.csv", LEAKS[0][2]):
        assert not any(value in finding.message + finding.where for value in PITCH)


def test_rows_of_many_measured_numbers_are_flagged_as_vectors() -> None:
    pick = random.Random(1)
    body = [[f"{pick.gauss(0, 1):.4f}" for _ in range(20)] for _ in range(5)]
    assert "vectors" in checks(found_in("t.csv", csv([f"d{n}" for n in range(20)], body)))
    assert "vectors" in checks(found_in("t.csv", csv([chr(97 + n) for n in range(20)], body)))
    rates = [[f"system {n}", *(f"{pick.random():.3f}" for _ in range(20))] for n in range(5)]
    assert "vectors" not in checks(
        found_in("t.csv", csv(["system", *(chr(97 + n) for n in range(20))], rates))
    )
