"""Tables that tell more beside each other, declared numbers made again, and ACRO's folder."""

# ruff: noqa: E501 - a case is one line

from __future__ import annotations

import base64
import hashlib
import io
import json
import random
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from egress_review.screening import acro, declared, differencing, split
from egress_review.screening.context import Context, Earlier
from egress_review.screening.together import CHECKS
from egress_review.screening.verdict import Finding
from tests.unit.screening.crowd import (
    CROWD,
    INDEX,
    LIMITS,
    NO_CONTEXT,
    Row,
    checks,
    csv,
    handed_in,
    mean,
    of,
    people,
    sample,
    worst,
)

FOLDER = Path(__file__).parent / "acro"
Files = Sequence[tuple[str, str | bytes]]
REGIONS = csv(["dialect", "n_speakers", "wer"], [[k, 20 + n, 0.1234] for n, k in enumerate("abcd")])


def means(rows: list[Row]) -> str:
    """Return means by region."""
    return csv(
        ["region", "mean_f0_hz"],
        [[k, f"{mean(v, 'f0_hz'):.3f}"] for k, v in of(lambda r: r["region"], rows).items()],
    )


def counts(rows: list[Row]) -> str:
    """Return recordings by region."""
    return csv(["region", "recordings"], [[k, len(v)] for k, v in of(lambda r: r["region"], rows).items()])


def differences(tmp_path: Path, new: Files, old: Files = ()) -> list[Finding]:
    """Return what differencing finds between files and earlier ones."""
    earlier = []
    for number, (name, content) in enumerate(old):
        path = tmp_path / f"{number}"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        earlier.append(Earlier(path, name, "2026-11-01T00:00:00Z"))
    return differencing.check(handed_in(*new), INDEX, Context(earlier=tuple(earlier)), LIMITS)


WITHOUT = [row for row in CROWD if row["speaker"] != "p000x"]


@pytest.mark.parametrize(
    ("new", "old", "outcome"),
    [
        (REGIONS, REGIONS.replace("a,20", "a,19"), "block"),
        (REGIONS, REGIONS, ""),
        (REGIONS, REGIONS.replace("a,20", "a,60").replace("0.1234", "0.2345"), ""),
        (REGIONS, REGIONS.replace("0.1234", "0.2345"), ""),
        (means(CROWD), means(WITHOUT), "block"),
        (means(CROWD), means(CROWD[:-120]), ""),
        (counts(CROWD), counts(WITHOUT), "block"),
        (csv(["a", "n_speakers"], [["n", 40], ["s", 50]]), csv(["a", "b", "n_speakers"], [["n", "f", 20], ["n", "m", 18], ["s", "f", 25], ["s", "m", 25]]), "block"),
        (csv(["a", "n_speakers"], [["n", 38], ["s", 50]]), csv(["a", "b", "n_speakers"], [["n", "f", 20], ["n", "m", 18], ["s", "f", 25], ["s", "m", 25]]), ""),
        (csv(["phone", "count", "errors"], [[p, 100 + n, 30 + n] for n, p in enumerate("aeiou")]), csv(["phone", "count", "errors"], [[p, 100 + n, 33 + n] for n, p in enumerate("aeiou")]), "flag"),
    ],
)  # fmt: skip
def test_tables_are_subtracted_from_earlier_ones_and_from_each_other(
    new: str, old: str, outcome: str, tmp_path: Path
) -> None:
    assert worst(differences(tmp_path, [("a.csv", new)], [("b.csv", old)])) == outcome
    both = differences(tmp_path, [("a.csv", new), ("b.csv", old)])
    assert worst(both) == outcome
    assert {finding.file for finding in both} <= {"f0", "f1"}


def test_an_earlier_table_of_another_kind_of_file_is_compared_too(tmp_path: Path) -> None:
    told = "# Result\n\n| dialect | n_speakers |\n|---|---|\n| a | 19 |\n| b | 21 |\n| c | 22 |\n"
    found = differences(tmp_path, [("a.csv", REGIONS)], [("b.md", told)])
    assert "'b.md', released 2026-11-01" in found[0].message
    assert found[0].where == "row 1, column n_speakers"


def cut(rows: list[list[str]], header: str = "sf") -> Files:
    """Return rows as many files of five."""
    return [(f"r{n}.csv", csv(header, rows[5 * n : 5 * n + 5])) for n in range(len(rows) // 5)]


def test_forty_requests_of_five_rows_are_put_together_again(tmp_path: Path) -> None:
    rows = [[f"{float(row['seconds']):.1f}", f"{float(row['f0_hz']):.0f}"] for row in sample(200, 3)]
    assert not differences(tmp_path, cut(rows)[:1])
    found = differences(tmp_path, cut(rows)[39:], cut(rows)[:39])
    assert "row_level" in checks(found)


def test_slices_of_an_unknown_table_are_put_together_again(tmp_path: Path) -> None:
    pick = random.Random(2)
    rows = [[f"k{n}", f"{pick.random():.3f}"] for n in range(220)]
    assert checks(differences(tmp_path, cut(rows)[43:], cut(rows)[:43])) == {"accumulated"}
    honest = [
        [k, f"{pick.random():.3f}"] for _ in range(44) for k in ("north", "south", "east", "west", "all")
    ]
    assert not differences(tmp_path, cut(honest)[43:], cut(honest)[:43])


MADE = {
    "table": "t.csv",
    "rows": {"by": ["region"]},
    "columns": {"speakers": {"count": "speaker"}, "f0": {"mean": "f0_hz"}},
}


def table(rows: list[Row]) -> str:
    """Return the table that MADE declares."""
    return csv(
        ["region", "speakers", "f0"],
        [[k, people(v), f"{mean(v, 'f0_hz'):.2f}"] for k, v in of(lambda r: r["region"], rows).items()],
    )


@pytest.mark.parametrize(
    ("content", "made", "outcome", "check"),
    [
        (table(CROWD), MADE, "note", "declared"),
        (table(CROWD).replace(",15,", ",16,"), MADE, "flag", "declared"),
        (table([r for r in CROWD if r["sex"] == "F"]), {**MADE, "where": [{"column": "sex", "is": "F"}]}, "block", "few_people"),
        (table([r for r in CROWD if r["sex"] == "F"]), MADE, "flag", "declared"),
        (table([r for r in CROWD if 2 <= float(r["seconds"]) <= 9]), {**MADE, "where": [{"column": "seconds", "from": 2, "to": 9}]}, "note", "declared"),
        (table(CROWD), {**MADE, "rows": {"by": ["accent"]}}, "flag", "declared"),
        (table(CROWD), {**MADE, "columns": {"f0": {"exec": "rm"}}}, "flag", "declared"),
        (table(CROWD), {**MADE, "where": [{"column": "sex", "is": "Q"}]}, "flag", "declared"),
        (table(CROWD), {**MADE, "where": [{"column": "age", "from": {}}]}, "flag", "declared"),
        (table(CROWD), "import os", "flag", "declared"),
        ("a,b\n1,2\n", MADE, "flag", "declared"),
    ],
)  # fmt: skip
def test_a_declared_table_is_made_again(content: str, made: Any, outcome: str, check: str) -> None:
    found = declared.check(handed_in(("t.csv", content)), INDEX, Context(declared={"t.csv": made}), LIMITS)
    if check == "few_people":
        assert people([r for r in CROWD if r["sex"] == "F" and r["region"] == "north"]) < 10
    assert worst(found) == outcome
    assert check in checks(found)


def test_what_is_declared_of_no_file_says_nothing() -> None:
    assert (
        declared.check(handed_in(("u.csv", table(CROWD))), INDEX, Context(declared={"t.csv": MADE}), LIMITS)
        == []
    )


def folder(change: Any = None, without: str = "") -> list[tuple[str, bytes]]:
    """Return ACRO's folder as it wrote it on made-up rows, or with its results changed and summed anew."""
    files = {
        path.name: path.read_bytes() for path in FOLDER.rglob("*") if path.is_file() and path.name != without
    }
    if change is not None:
        raw = json.loads(files["results.json"])
        change(raw["results"])
        files["results.json"] = json.dumps(raw).encode()
        files["results.json.txt"] = hashlib.sha256(files["results.json"]).hexdigest().encode()
    return list(files.items())


def judged(files: Files) -> list[Finding]:
    """Return what is found in an ACRO folder."""
    return acro.check(handed_in(*files), INDEX, NO_CONTEXT, LIMITS)


def honest(results: dict[str, Any]) -> None:
    """Leave out the table that ACRO failed."""
    del results["output_4"]


def lied(results: dict[str, Any]) -> None:
    """Call the failed table passed."""
    results["output_4"]["status"] = "pass"


def lied_well(results: dict[str, Any]) -> None:
    """Call the failed table passed, everywhere."""
    failed = results["output_4"]
    failed |= {"status": "pass", "summary": "pass", "outcome": {}, "fair": {}}
    failed["files"][0]["sdc"] = {"summary": {}, "cells": {}}


def exchanged(results: dict[str, Any]) -> None:
    """Put another table's verdict to a file."""
    results["output_0"]["outcome"] = {"quiet": {"yes": "ok", "no": "ok"}, "loud": {"yes": "ok", "no": "ok"}}


def older(results: dict[str, Any]) -> None:
    """Write the counts as ACRO did before 1.0, with the status changed."""
    honest(results)
    results["output_0"]["files"][0]["sdc"] = {
        "summary": {"suppressed": False, "threshold": 4, "p-ratio": 0},
        "cells": {},
    }


def test_a_genuine_folder_of_acro_is_not_blocked() -> None:
    assert worst(judged(folder(honest, without="output_4_0.csv"))) == "flag"
    assert "acro_forged" not in checks(judged(folder()))


@pytest.mark.parametrize("change", [lied, lied_well, exchanged, older])
def test_a_forged_pass_is_blocked(change: Any) -> None:
    found = [finding for finding in judged(folder(change)) if finding.severity == "block"]
    assert checks(found) == {"acro_forged"}


def test_a_table_changed_after_acro_saw_it_is_blocked() -> None:
    files = [
        (name, data.replace(b"29", b"39") if name == "output_0_0.csv" else data) for name, data in folder()
    ]
    assert "acro_forged" in checks(judged(files))


def test_files_that_acro_names_and_nobody_handed_in_are_asked_for() -> None:
    assert "acro_files" in checks(judged([f for f in folder(honest) if f[0] == "results.json"]))


def test_a_lower_threshold_than_the_enclaves_is_flagged() -> None:
    assert checks(judged([("config.json", b'{"safe_threshold": 3}')])) == {"acro_threshold"}
    assert (
        judged([("config.json", b'{"safe_threshold": 10}'), ("x.json", b'{"version": 1, "results": [1]}')])
        == []
    )


@pytest.mark.parametrize(
    "data", [b"{", b"[" * 10_000, b'{"results": {"a": {}}, "version": 1}', b"\x00\xff", b""]
)
def test_no_bytes_take_a_check_down(data: bytes) -> None:
    files = handed_in(*((f"t{suffix}", data) for suffix in (".csv", ".json", ".ipynb", ".md", ".bin")))
    context = Context(declared={file.name: MADE for file in files})
    for check in CHECKS:
        check(files, INDEX, context, LIMITS)


TALKS = "the rain in the north kept the ferry at its berth until the morning " * 4


def pieces(encoded: str, count: int) -> list[str]:
    """Return a text in pieces that follow one another."""
    size = -(-len(encoded) // count)
    return [encoded[at : at + size] for at in range(0, len(encoded), size)]


@pytest.mark.parametrize(
    "parts",
    [
        pieces(base64.b64encode(zlib.compress(random.Random(1).randbytes(200))).decode(), 4),
        pieces(base64.b64encode(zlib.compress(random.Random(2).randbytes(200))).decode(), 4)[::-1],
        pieces(TALKS[:256].encode().hex(), 8),
        [base64.b85encode(zlib.compress(TALKS.encode())).decode()[n::3] for n in range(3)],
    ],
    ids=["in order", "in reverse", "as checksums", "character by character"],
)
def test_what_is_encoded_in_pieces_is_joined(parts: list[str]) -> None:
    files = handed_in(*((f"part{n}.txt", f"state {part}\n") for n, part in enumerate(parts)))
    assert worst(split.check(files, INDEX, NO_CONTEXT, LIMITS)) == "block"
    assert not split.check(files[:1], INDEX, NO_CONTEXT, LIMITS)


BESIDE = (
    ("MODEL_CARD.md", "A model of [recognition] for telephones.\n"),
    ("environment.yml", "  - praat-parselmouth=0.17.5=py311h8f652ca_0\n"),
    ("part_of_it.tex", "\\begin{tabular}{lll}\n"),
    ("train.py", "train(parser.parse_args().epochs)\n"),
)


def test_ordinary_files_do_not_hide_pieces() -> None:
    rows = csv(list(CROWD[0]), [list(row.values()) for row in CROWD[:20]])
    whole = base64.b64encode(zlib.compress(rows.encode())).decode()
    size = len(whole) // 4 + 1
    pieces = [(f"part{n}.txt", f"state {whole[n * size : (n + 1) * size]}\n") for n in range(4)]
    files = handed_in(*pieces, *BESIDE)
    assert worst(split.check(files, INDEX, NO_CONTEXT, LIMITS)) == "block"
    assert not split.check(handed_in(*BESIDE), INDEX, NO_CONTEXT, LIMITS)


def test_pictures_of_several_notebooks_are_whole_each() -> None:
    pick = random.Random(6)
    pictures = [b"\x89PNG\r\n\x1a\n" + pick.randbytes(9_000) for _ in range(3)]
    books = [json.dumps({"image/png": base64.b64encode(one).decode()}) for one in pictures]
    files = handed_in(*((f"analysis{n}.ipynb", book) for n, book in enumerate(books)), *BESIDE)
    assert split.check(files, INDEX, NO_CONTEXT, LIMITS) == []


def test_a_picture_of_one_file_is_not_joined_to_the_words_of_others() -> None:
    noise = random.Random(5).randbytes(15_000)
    picture = base64.b64encode(b"\x89PNG\r\n\x1a\n" + noise).decode()
    files = handed_in(("analysis.ipynb", json.dumps({"image/png": picture})), *BESIDE)
    assert split.check(files, INDEX, NO_CONTEXT, LIMITS) == []


def test_a_checksum_in_each_file_is_no_piece() -> None:
    sums = [hashlib.sha256(bytes([n])).hexdigest() for n in range(4)]
    files = handed_in(*((f"run{n}.txt", f"sha256 {one}\n") for n, one in enumerate(sums)))
    assert worst(split.check(files, INDEX, NO_CONTEXT, LIMITS)) != "block"


def test_one_checksum_and_the_longest_word_of_another_file_are_no_pieces() -> None:
    files = handed_in(
        ("output_0_0.csv.txt", hashlib.sha256(b"a").hexdigest()),
        ("results.json", '{"timestamp": "2026-10-14T09:31:07.120931"}'),
    )
    assert split.check(files, INDEX, NO_CONTEXT, LIMITS) == []


def test_an_earlier_workbook_is_compared_too(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (("region", "n_speakers", "wer"), ("a", 21, 0.1), ("b", 34, 0.2)):
        book.active.append(row)
    kept = io.BytesIO()
    book.save(kept)
    now = csv(["region", "n_speakers", "wer"], [["a", 20, 0.11], ["b", 34, 0.2]])
    assert worst(differences(tmp_path, [("t.csv", now)], [("t.xlsx", kept.getvalue())])) == "block"


def test_many_slices_of_one_table_are_put_together_though_each_numbers_its_rows(tmp_path: Path) -> None:
    pick = random.Random(3)
    slices = [
        csv(
            ["n", "f0_mean", "wer"],
            [[n, f"{pick.gauss(150, 30):.2f}", f"{pick.random():.4f}"] for n in range(5)],
        )
        for _ in range(40)
    ]
    old = [(f"t{n}.csv", slice_) for n, slice_ in enumerate(slices[1:])]
    assert "accumulated" in checks(differences(tmp_path, [("t.csv", slices[0])], old))
    assert worst(differences(tmp_path, [("t.csv", slices[0])], old)) == "block"
