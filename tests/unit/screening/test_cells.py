"""Few people behind a cell: written out, recounted in the data, left over, or worked out from what is shown."""

# ruff: noqa: E501 - a case is one line

from __future__ import annotations

import json
from typing import Any

import pytest

from egress_review.screening import Finding, Index, Recording
from egress_review.screening.disclosure import labels, plots
from egress_review.screening.inspection import look
from egress_review.screening.verdict import outcome_of
from tests.unit.screening.crowd import (
    CROWD,
    LIMITS,
    Row,
    checks,
    csv,
    found_in,
    mean,
    of,
    people,
    recordings,
    worst,
)


def small(row: Row) -> tuple[str, str]:
    """Return a group of seven or eight people."""
    return row["region"], row["sex"]


SMALL = of(small)
# Of two regions only: their names alone don't say that the table is about this data.
TWO = {key: rows for key, rows in SMALL.items() if key[0] in ("north", "west")}
LARGE = of(lambda row: row["region"])
CASES = [
    ("few_people", csv(["region", "sex", "recordings", "wer"], [[a, b, len(v), 0.123] for (a, b), v in SMALL.items()]),
     csv(["region", "recordings", "wer"], [[k, len(v), 0.123] for k, v in LARGE.items()])),
    ("few_people", csv(["region", "sex", "mean f0_hz"], [[a, b, f"{mean(v, 'f0_hz'):.2f}"] for (a, b), v in SMALL.items()]),
     csv(["region", "mean f0_hz"], [[k, f"{mean(v, 'f0_hz'):.2f}"] for k, v in LARGE.items()])),
    ("few_people", csv(["region", "sex", "n"], [[a, b, 12 * len(v)] for (a, b), v in SMALL.items()]),
     csv(["region", "n"], [[k, 12 * len(v)] for k, v in LARGE.items()])),
    ("few_people", csv(["region", "F", "M"], [[k, *(sum(r["sex"] == s for r in v) for s in "FM")] for k, v in LARGE.items()]),
     csv(["region", "clear", "noisy"], [[k, 80 + n, 90 + n] for n, k in enumerate(LARGE)])),
    ("few_people", csv(["region", "sex", "n"], [[a, b, 12 * len(v)] for (a, b), v in TWO.items()]),
     csv(["region", "sex", "n"], [[a, b, 101 + 7 * n] for n, (a, b) in enumerate(TWO)])),
    ("few_people", csv(["region", "sex", "m"], [[a, b, f"{mean(v, 'snr_db'):.3f}"] for (a, b), v in TWO.items()]),
     csv(["region", "sex", "m"], [[a, b, f"{30.1 + n / 7:.3f}"] for n, (a, b) in enumerate(TWO)])),
    ("copies", csv(["dialect", "n_speakers"], [["a", 36], ["b", 24], ["c", 60], ["d", 84]]),
     csv(["dialect", "n_speakers"], [["a", 30], ["b", 20], ["c", 60], ["d", 80]])),
    ("leftover", csv(["dialect", "speakers"], [["a", 15], ["b", 30], ["total", 48]]),
     csv(["dialect", "speakers"], [["a", 15], ["b", 33], ["total", 48]])),
    ("leftover", csv(["group", "speakers"], [["all", 60], ["without singers", 57]]),
     csv(["group", "speakers"], [["all", 60], ["without singers", 40]])),
    ("shares", csv(["dialect", "n_speakers", "pct_female"], [["a", 40, 7.5], ["b", 30, 50.0]]),
     csv(["dialect", "n_speakers", "wer_pct"], [["a", 40, 7.5], ["b", 30, 50.0]])),
    ("shares", csv(["dialect", "n_speakers", "share_f", "share_m"], [["a", 20, "x", 0.85], ["b", 40, 0.5, 0.5]]),
     csv(["dialect", "n_speakers", "share_f", "share_m"], [["a", 20, "x", 0.5], ["b", 40, 0.55, 0.45]])),
    ("suppression", csv(["r", "a", "b", "c", "total"], [["x", "<10", "<10", 30, 46], ["y", "<10", 40, 10, 55], ["total", 12, 49, 40, 101]]),
     csv(["r", "a", "b", "c", "total"], [["x", "<10", "<10", 30, 40], ["y", "<10", "<10", 40, 50], ["total", 10, 10, 70, 90]])),
    ("suppression", csv(["r", "a", "b", ""], [["x", "*", 20, 24], ["y", 30, 31, 61], ["z", 11, 12, 23]]),
     csv(["r", "a", "b", ""], [["x", "*", 20, 24.5], ["y", 30, 31, 0.4], ["z", 11, 12, 0.2]])),
    ("suppression", csv(["r", "speakers", "share"], [["x", 43, "47.3%"], ["y", "<10", "4.4%"], ["z", 44, "48.4%"]]),
     csv(["r", "speakers", "share"], [["x", 43, "47%"], ["y", "<10", ""], ["z", 44, "48%"]])),
    ("few_people", csv(["condition", "n", "wer"], [["studio", 696, 0.2], ["telephone", 24, 0.3]]),
     csv(["condition", "n", "wer"], [["studio", 600, 0.2], ["telephone", 120, 0.3]])),
    ("crosstab", csv(["dialect", "18-29", "30-49"], [["a", 4, 21], ["b", 33, 18]]),
     csv(["system", "wins", "losses"], [["a", 4, 21], ["b", 33, 18]])),
    ("crosstab", csv(["dialect", "female", "male", "unit"], [["a", 4, 21, "speakers"], ["b", 33, 18, "speakers"]]),
     csv(["dialect", "female", "male", "unit"], [["a", 14, 21, "speakers"], ["b", 33, 18, "speakers"]])),
    ("dominance", csv(["dialect", "recordings", "share_of_largest_speaker"], [["a", 1201, 0.93], ["b", 907, 0.12]]),
     csv(["dialect", "recordings", "share_of_largest_speaker"], [["a", 1201, 0.13], ["b", 907, 0.12]])),
    ("dominance", csv(["dialect", "recordings", "recordings of top speaker"], [["a", 1201, 1131], ["b", 907, 81]]),
     csv(["dialect", "recordings", "recordings of top speaker"], [["a", 1201, 131], ["b", 907, 81]])),
    ("shares", csv(["dialect", "n_speakers", "with a degree"], [["a", 40, "7.5%"], ["b", 30, "50.0%"]]),
     csv(["dialect", "n_speakers", "with a degree"], [["a", 40, "45.0%"], ["b", 30, "50.0%"]])),
    ("small_cells", csv(["", "a", "b"], [["speakers", 4, 21], ["wer", 0.1, 0.2]]),
     csv(["n", "power"], [[5, 0.2], [10, 0.5], [20, 0.8]])),
    ("degrees_of_freedom", csv(["a", "b"], [["Df Residuals:", 4], ["Df Model:", 3]]), csv(["a", "b"], [["Df Residuals:", 480], ["Df Model:", 3]])),
    ("speaker_terms", csv(["term", "estimate"], [[f"speaker{n}", 0.1 * n] for n in range(9)]),
     csv(["term", "estimate"], [["speaker_sd", 0.2], ["age", 0.1], ["residual", 0.3]])),
    ("speaker_terms", csv(["term", "estimate"], [[f"C(k)[T.{n}]", 0.1 * n] for n in range(59)]),
     csv(["term", "estimate"], [[f"C(k)[T.{n}]", 0.1 * n] for n in range(20)])),
]  # fmt: skip


def blocked(findings: list[Finding]) -> set[str]:
    """Return the names of the checks that block."""
    return checks(finding for finding in findings if finding.severity == "block")


@pytest.mark.parametrize(
    ("check", "leak", "twin"), CASES, ids=[f"{n} {case[0]}" for n, case in enumerate(CASES)]
)
def test_a_check_blocks_the_leak_and_lets_its_twin_through(check: str, leak: str, twin: str) -> None:
    assert check in blocked(found_in("t.csv", leak))
    assert worst(found_in("t.csv", twin)) in ("", "flag")
    assert check not in blocked(found_in("t.csv", twin))


FLAGGED = [
    ("few_people", csv(["region", "sex", "wer"], [[a, b, 0.1] for a, b in SMALL if a in ("north", "west")])),
    ("few_people", csv(["sex", "region", "n_speakers"], [["F", "north", 60], ["M", "north", 58]])),
    ("suppression", csv(["r", "a", "b", "total"], [["x", "<10", "<10", 17], ["y", 30, 31, 61]])),
    ("class_disclosure", csv(["region", "yes", "no"], [["north", 15, 0], ["south", 14, 16]])),
    ("class_disclosure", csv(["dialect", "n_speakers", "pct_female"], [["a", 40, 100.0], ["b", 30, 50.0]])),
    ("extremes", csv(["what", "value"], [["highest", max(float(r["f0_hz"]) for r in CROWD)], ["usual", 160.5]])),
    ("extremes", csv(["dialect", "n_speakers", "p95"], [["a", 40, 210.2], ["b", 30, 215.1]])),
    ("steps", csv(["x", "ecdf"], [[f"{n * n / 7:.3f}", f"{(n + 1) / 30:.4f}"] for n in range(30)])),
    ("lone_numbers", csv(["rank", "blup"], [[n, f"{n * n / 977:.3f}"] for n in range(60)])),
    ("curve", csv(["n", "window"], [[n, f"{1 - abs(n / 200 - 1):.3f}"] for n in range(400)])),
    ("saturated_model", None),
    ("model_groups", None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("check", "content"), FLAGGED, ids=[f"{n} {case[0]}" for n, case in enumerate(FLAGGED)]
)
def test_what_needs_a_human_is_flagged(check: str, content: str | None) -> None:
    summary = "OLS Regression Results\nR-squared: 1.000\nNo. Groups: 7  Scale: 0.2\n"
    found = found_in("t.csv", content) if content else found_in("t.txt", summary)
    assert worst(found) == "flag"
    assert check in checks(found)


def test_as_many_rows_as_speakers_and_curves_that_turn_are_told_apart() -> None:
    fewer = csv(["rank", "blup"], [[n, f"{n * n / 977:.3f}"] for n in range(50)])
    assert "lone_numbers" not in checks(found_in("t.csv", fewer))
    turning = csv(["n", "level"], [[n, f"{(n * 7919) % 997 / 997:.3f}"] for n in range(400)])
    assert "table_rows" in blocked(found_in("t.csv", turning))


@pytest.mark.parametrize("groups", [1, 2, 3])
def test_values_of_people_in_order_group_by_group_are_no_curve(groups: int) -> None:
    values = [(n * 7919) % 997 / 997 for n in range(402)]
    size = len(values) // groups
    ordered = [one for at in range(groups) for one in sorted(values[at * size : (at + 1) * size])]
    ordered[7], ordered[8] = ordered[8], ordered[7]
    found = found_in("t.csv", csv(["n", "level"], [[n, f"{one:.3f}"] for n, one in enumerate(ordered)]))
    assert "table_rows" in blocked(found)


@pytest.mark.parametrize("beside", [{}, {"names": ["x", "y"], "rows": [["p", "q"]]}, {"z": [1]}])
def test_nothing_beside_them_hides_the_columns_of_a_table(beside: dict[str, list[Any]]) -> None:
    columns = {"age": [n * 7 % 61 + 18 for n in range(300)], "f0": [n * 7919 % 997 / 9 for n in range(300)]}
    found = found_in("t.json", json.dumps({**beside, **columns}))
    assert "table_rows" in blocked(found)


def test_counts_are_read_in_tables_of_any_layout() -> None:
    rows = [["a", 44], ["b", 21], ["c", 4], ["d", 30]]
    apart = json.dumps({"columns": ["dialect", "n_speakers"], "data": rows})
    assert "small_cells" in blocked(found_in("t.json", apart))
    grouped = json.dumps([{"dialect": name, "n_speakers": count} for name, count in rows])
    assert "small_cells" in blocked(found_in("t.csv", f"{grouped}\n"))
    assert "degrees_of_freedom" in blocked(found_in("t.txt", "No. Observations: 7   Df Residuals: 2\n"))


LABELS = ["a", "3", "b", "21", "c", "5", "d", "40"]


@pytest.mark.parametrize(
    ("lines", "severity"),
    [
        (["Speakers by dialect", *LABELS], "block"),
        (["Layers by model", *LABELS], "flag"),
        (["Speakers by dialect", "a", "31", "b", "21", "c", "15"], ""),
        (["Number of speakers", "0", "5", "10", "15", "a", "b", "c", "d"], ""),
        (["Number of speakers", "8", "6", "2", "0", "a", "b", "c", "d"], ""),
    ],
)
def test_small_labels_are_counts_where_words_say_people_and_no_axis(lines: list[str], severity: str) -> None:
    found = [one.severity.value for one in labels.check("\n".join(lines), LIMITS)]
    assert found == ([severity] if severity else [])


def test_a_share_that_happens_to_be_whole_counts_nobody() -> None:
    shares = [["aa", 696, 0.2], ["ae", 63.9, 0.3], ["ah", 5.6, 0.3], ["ao", "0.0", 0.3]]
    assert "few_people" in blocked(
        found_in("t.csv", csv(["phone", "n", "wer"], [["aa", 696, 0.2], ["b", 24, 0.3]]))
    )
    assert "few_people" not in checks(found_in("t.csv", csv(["phone", "n", "wer"], shares)))


def test_a_group_with_one_who_dominates_is_blocked() -> None:
    crowd = [dict(row) for row in CROWD]
    for row in crowd:
        if row["speaker"] in ("p000x", "p004x"):
            row["seconds"] = f"{100 * float(row['seconds']):.3f}"
    index = Index.of(recordings(crowd))
    table = csv(
        ["region", "mean seconds"],
        [[k, f"{mean(v, 'seconds'):.3f}"] for k, v in of(lambda r: r["region"], crowd).items()],
    )
    found = found_in("t.csv", table, index)
    assert [f.where for f in found if f.check == "dominance" and f.severity == "block"] == [
        "row 2, column mean seconds"
    ]
    honest = csv(["region", "mean seconds"], [[k, f"{mean(v, 'seconds'):.3f}"] for k, v in LARGE.items()])
    assert "dominance" not in checks(found_in("t.csv", honest))


def test_a_cell_between_two_blocks_of_suppressed_ones_is_worked_out() -> None:
    true = [[10, 20, 99, 98], [30, 40, 15, 97], [96, 95, 50, 60], [94, 93, 70, 80]]
    hidden = {(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 2), (2, 3), (3, 2), (3, 3)}
    body = [
        [f"r{r}", *("*" if (r, c) in hidden else true[r][c] for c in range(4)), sum(true[r])]
        for r in range(4)
    ]
    totals = [sum(row[c] for row in true) for c in range(4)]
    table = csv(["", "a", "b", "c", "d", "total"], [*body, ["total", *totals, sum(totals)]])
    assert [f.where for f in found_in("t.csv", table) if f.check == "suppression"] == ["row 2, column c"]


def test_hidden_labels_do_not_hide_how_few_speak() -> None:
    crowd = [row for n, row in enumerate(CROWD) if n % 12 < 3 + int(row["speaker"][1:4]) % 9][:600]
    dialects = ["abcdefghi"[int(row["speaker"][1:4]) // 7] for row in crowd]
    index = Index.of(recordings([{**row, "dialect": d} for row, d in zip(crowd, dialects, strict=True)]))
    counts = csv(["group", "recordings"], [[f"g{n}", dialects.count(d)] for n, d in enumerate("abcdef")])
    assert any(f.check == "few_people" and f.severity == "block" for f in found_in("t.csv", counts, index))
    others = csv(
        ["group", "recordings"], [[f"g{n}", dialects.count(d) + 1 + n] for n, d in enumerate("abcdef")]
    )
    assert "few_people" not in checks(found_in("t.csv", others, index))


def test_people_are_counted_and_not_recordings() -> None:
    assert all(people(v) < 10 <= len(v) for v in SMALL.values())
    assert all(people(v) >= 10 for v in LARGE.values())


def test_ones_that_are_all_people_of_the_data_say_no_yes_and_no() -> None:
    groups = [(region, sex) for region in ("north", "west", "south") for sex in ("F", "M")][:5]
    few = Index.of(
        Recording(f"r{n}", f"v{n}", "some words", fields=(("region", region), ("sex", sex)))
        for n, (region, sex) in enumerate(groups)
    )
    cells = [
        [region, *(int((region, sex) in groups) for sex in "FM")] for region in ("north", "west", "south")
    ]
    for table, check in ((cells, "crosstab"), (cells[:2], "confusion_matrix")):
        found = look(csv(["region", "F", "M"], table).encode(), "a.csv", few, LIMITS).findings
        assert check in {one.check for one in found}


@pytest.mark.parametrize(
    ("plot", "outcome"),
    [
        (" 2 | 3\n 3 | 3\n 5 | 2 6 7\n 7 | 6 6 8\n", "flag"),
        (" 2 | 3 4 4 5 9\n 3 | 1 3 5 8 8\n 5 | 2 6 7\n 7 | 6 6 8\n", "block"),
        (" 2 | 3\n 3 | 3\n 5 | 2\n 7 | 6 6 8\n", "pass"),
    ],
)
def test_leaves_of_a_stem_are_values_of_people_and_few_are_shown_to_a_human(plot: str, outcome: str) -> None:
    assert outcome_of(plots.stems(plot)) == outcome
