"""Each check beside its benign twin: what it stops, and the nearest file that it must let through."""

# ruff: noqa: E501 - a case is one line

from __future__ import annotations

import json

import pytest

from egress_review.screening import Index, Limits, Recording
from tests.unit.screening.cases import DATA, LIMITS, SPEAKERS, outcome, table, verdict, worse_than_notes


@pytest.mark.parametrize(
    ("check", "name", "leak", "twin"),
    [
        ("small_cells", "t.csv", table(["g", "people"], [["a", 9], ["b", 50]]), table(["g", "people"], [["a", 10], ["b", 50]])),
        ("small_cells", "t.csv", table(["g", "n"], [["a", 3], ["b", 50]]), table(["g", "epoch"], [["a", 3], ["b", 50]])),
        ("small_cells", "t.json", json.dumps([{"g": "a", "n": 3}, {"g": "b", "n": 30}]),
         json.dumps([{"g": "a", "n": 13}, {"g": "b", "n": 30}])),
        ("small_cells", "t.md", "| g | n |\n|---|---|\n| a | 2 |\n| b | 40 |\n", "| g | n |\n|---|---|\n| a | 22 |\n| b | 40 |\n"),
        ("suppression", "t.csv", table(["g", "f", "m", "total"], [["a", "<10", 40, 44], ["b", 30, 31, 61]]),
         table(["g", "f", "m", "total"], [["a", "<10", "<10", 44], ["b", 30, 31, 61]])),
        ("row_level", "t.csv", table(["speaker", "wer"], [["A", 1.1], ["B", 2.2]]), table(["region", "wer"], [["A", 1.1], ["B", 2.2]])),
        ("row_level", "t.csv", table(["x", "wer"], [[s, 0.1] for s in SPEAKERS[:5]]), table(["x", "wer"], [["en", 0.1], ["fr", 0.2]])),
        ("table_rows", "t.csv", table(["a", "b"], [[n, n] for n in range(300)]), table(["a", "b"], [[n, n] for n in range(150)])),
        ("identifiers", "t.md", f"Clip {DATA[0].recording} was odd.\n", "Clip 12-3 was odd.\n"),
        ("transcripts", "t.md", DATA[3].transcript, "My aunt has a garden.\n"),
        ("encoded", "t.txt", "x = 'H4sIAAAAAAAAA0vOzy0oSi0uTk3hAgBRuT9mDAAAAGFiY2RlZmdoaWprbG1ub3A'\n", "x = hub/workspaces/models/sessions.py\n"),
        ("digits", "t.txt", "7" * 30, "12345678"),
        ("line_length", "t.txt", "ab " * 9000, "ab " * 900),
        ("numbers_many", "t.json", json.dumps([[n * k for n in range(50)] for k in range(50)]),
         json.dumps([[n * k for n in range(20)] for k in range(20)])),
        ("json", "t.json", '{"a": 1, "a": 2}', '{"a": 1, "b": 2}'),
        ("json_depth", "t.json", "[" * 30 + "]" * 30, "[" * 5 + "]" * 5),
        ("table", "t.csv", "a,b\n1,2,3\n", "a,b\n1,2\n"),
        ("type", "t.txt", "\ufeffa\x00b", "\ufeffab"),
        ("type", "t.svg", "<svg/>", None),
        ("file_name", "a" * 130 + ".txt", "fine", None),
    ],
)  # fmt: skip
def test_a_check_stops_the_leak_and_lets_its_twin_through(
    check: str, name: str, leak: str, twin: str | None
) -> None:
    found = verdict({name: leak.encode()})
    assert found.outcome == "block"
    assert check in worse_than_notes(found)
    if twin is not None:
        let_through = verdict({name: twin.encode()})
        assert check not in worse_than_notes(let_through)
        assert let_through.outcome != "block"


def test_each_finding_says_what_where_and_how_to_fix_it() -> None:
    found = verdict({"t.csv": table(["region", "n_speakers"], [["north", 3], ["south", 40]]).encode()})
    finding = found.findings[0]
    assert finding.where == "row 1, column n_speakers"
    assert "fewer than 10 people" in finding.message
    assert "Merge groups" in finding.fix
    assert finding.file == "f0"


def test_findings_never_repeat_the_content() -> None:
    data = f"{DATA[0].recording}\n{DATA[0].transcript}\n"
    for finding in verdict({"t.txt": data.encode()}).findings:
        assert DATA[0].transcript not in finding.message + finding.where + finding.fix
        assert DATA[0].recording not in finding.message + finding.where + finding.fix


def test_the_smallest_count_comes_from_the_request() -> None:
    people = table(["g", "people"], [["a", 4], ["b", 5]])
    assert outcome("t.csv", people, LIMITS) == "block"
    assert outcome("t.csv", people, Limits(minimum_count=3)) == "pass"


def test_numeric_ids_are_found_in_a_column_and_not_in_prose() -> None:
    index = Index.of(
        [Recording(f"{n}-{n * 7}-0001", str(n)) for n in (19, 84, 174, 251, 1272, 2035, 6930, 8842)]
    )
    rows = table(["k", "wer"], [[n, 0.1] for n in (84, 174, 251, 1272, 2035)])
    assert verdict({"t.csv": rows.encode()}, LIMITS, index).outcome == "block"
    assert verdict({"t.md": b"We trained 84 epochs on 174 hours.\n"}, LIMITS, index).outcome == "pass"


def test_a_speakers_name_in_prose_is_flagged_and_a_list_of_them_blocked() -> None:
    index = Index.of(
        [Recording(f"{name}-{n}", name) for name in ("jackson", "theodora", "lucas") for n in range(3)]
    )
    assert verdict({"t.md": b"Read by Jackson.\n"}, LIMITS, index).outcome == "flag"
    assert verdict({"t.md": b"Read by Jackson, Lucas and Theodora.\n"}, LIMITS, index).outcome == "block"
    assert verdict({"t.md": b"Read by volunteers.\n"}, LIMITS, index).outcome == "pass"


def test_one_file_that_leaks_does_not_hold_back_the_findings_of_the_others() -> None:
    found = verdict({"a.csv": table(["g", "n"], [["a", 2], ["b", 3]]).encode(), "b.txt": b"fine\n"})
    assert found.outcome == "block"
    assert [file.canonical is None for file in found.files] == [True, False]


def test_nothing_to_screen_is_a_block() -> None:
    assert verdict({}).outcome == "block"


def test_too_many_files_are_a_block() -> None:
    assert verdict({f"{n}.txt": b"fine\n" for n in range(12)}, Limits(files=10)).outcome == "block"


def test_many_telling_names_are_flagged() -> None:
    names = {f"{n:02d}-{'abcdefghij' * 5}.txt": b"fine\n" for n in range(25)}
    assert verdict(names).outcome == "flag"
    assert verdict({f"figure-{n:02d}.txt": b"fine\n" for n in range(25)}).outcome == "pass"


@pytest.mark.parametrize("between", ["\n", ", ", " "])
def test_a_list_of_bare_numbers_is_found_where_they_are_scattered_ids(between: str) -> None:
    index = Index.of(
        [Recording(f"{n}-{n * 7}-0001", str(n)) for n in (19, 84, 174, 251, 1272, 2035, 6930, 8842)]
    )
    assert (
        verdict({"t.txt": between.join(("84", "174", "251", "1272", "8842")).encode()}, LIMITS, index).outcome
        == "block"
    )
    assert (
        verdict({"t.txt": between.join(("85", "175", "252", "1273", "8843")).encode()}, LIMITS, index).outcome
        == "pass"
    )


def test_content_is_named_for_what_it_is_whatever_its_suffix() -> None:
    found = verdict({"a.csv": b"PK\x03\x04" + bytes(60), "b.txt": b"\x89HDF\r\n\x1a\n" + bytes(60)})
    assert ["archive" in f.message or "Models" in f.message for f in found.findings] == [True, True]
