"""The files by which the worker and the screener talk: whole, strict, and written last."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from egress_review.screening import Finding, Severity, Verdict, index
from egress_review.screening.__main__ import main
from egress_review.screening.protocol import BadRequest, ask, written
from tests.unit.screening.cases import DATA, flat, png, rows_csv

ONE, TWO = "01k000000000000000000000aa", "01k000000000000000000000ab"


def request(files: dict[str, str]) -> dict[str, Any]:
    """Return a request for files by id and name."""
    return {
        "version": 2,
        "submission": "01k0000000000000000000000z",
        "project": "harbour",
        "title": "t",
        "context": "c",
        "controls": "d",
        "files": [{"id": i, "name": n, "bytes": 1, "sha256": "0" * 64} for i, n in files.items()],
        "indexes": 1,
        "unknown": "block",
        "limits": {
            "minimum_count": 10,
            "file_bytes": 10**6,
            "total_bytes": 10**7,
            "table_rows": 200,
            "picture_side": 4096,
            "seconds": 60,
        },
    }


def prepared(folder: Path, files: dict[str, str]) -> tuple[Path, Path]:
    """Make the two folders, with a request in the first."""
    source, target = folder / "in", folder / "out"
    source.mkdir()
    target.mkdir()
    (source / "request.json").write_text(json.dumps(request(files)))
    index.build("harbour-speech", DATA, folder, indexes(source) / "0")
    return source, target


def indexes(source: Path) -> Path:
    """Return where the leak indexes of a request lie."""
    return source.parent / "index"


def screened(source: Path, target: Path) -> int:
    """Run the screener as its container does."""
    return main([str(source), str(target), str(indexes(source))])


def test_a_request_is_answered_by_a_verdict_and_copies(tmp_path: Path) -> None:
    source, target = prepared(tmp_path, {ONE: "plot.png", TWO: "rows.csv"})
    (source / ONE).write_bytes(png(flat()))
    (source / TWO).write_text(rows_csv())
    assert screened(source, target) == 0
    verdict = json.loads((target / "verdict.json").read_bytes())
    assert verdict["outcome"] == "block"
    assert [(f["id"], f["kind"], f["canonical"], f["canonical_name"]) for f in verdict["files"]] == [
        (ONE, "picture", True, "plot.png"),
        (TWO, "table", False, None),
    ]
    assert {f["file"] for f in verdict["findings"]} == {TWO}
    assert sorted(path.name for path in target.iterdir()) == [ONE, "verdict.json"]


def test_a_file_that_is_missing_is_blocked_by_itself(tmp_path: Path) -> None:
    source, target = prepared(tmp_path, {ONE: "plot.png"})
    assert screened(source, target) == 0
    assert json.loads((target / "verdict.json").read_bytes())["outcome"] == "block"


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_no_regular_file_is_blocked(kind: str, tmp_path: Path) -> None:
    source, target = prepared(tmp_path, {ONE: "a.txt"})
    if kind == "link":
        (source / ONE).symlink_to("/etc/hostname")
    elif kind == "pipe":
        __import__("os").mkfifo(source / ONE)
    else:
        (source / ONE).mkdir()
    assert screened(source, target) == 0
    assert json.loads((target / "verdict.json").read_bytes())["outcome"] == "block"
    assert not (target / ONE).exists()


@pytest.mark.parametrize(
    "change",
    [
        {"version": 1},
        {"files": None},
        {"files": [{"id": "../x", "name": "a"}]},
        {"files": [{"id": ONE, "name": "a"}, {"id": ONE, "name": "b"}]},
        {"indexes": 2},
        {"indexes": "all"},
        {"earlier": [{"file": "../x", "name": "a"}]},
        {"declared": "nothing"},
        {"limits": {"seconds": "many"}},
    ],
)
def test_a_request_that_cannot_be_understood_gets_no_verdict(change: dict[str, Any], tmp_path: Path) -> None:
    source, target = prepared(tmp_path, {ONE: "a.txt"})
    (source / "request.json").write_text(json.dumps({**request({ONE: "a.txt"}), **change}))
    with pytest.raises(BadRequest):
        ask(source, indexes(source))
    with pytest.raises(BadRequest):
        screened(source, target)
    assert list(target.iterdir()) == []


def test_wrong_arguments_write_nothing() -> None:
    assert main([]) == 2


def test_a_long_verdict_still_fits() -> None:
    findings = tuple(
        Finding("x", Severity.BLOCK, "ü" * 5000, "f" * 5000, "w" * 5000, ONE) for _ in range(500)
    )
    content = written(Verdict((), findings))
    assert len(content) <= 1024 * 1024
    body = json.loads(content)
    assert body["outcome"] == "block"
    assert all(len(f["message"]) <= 2000 and len(f["where"]) <= 300 for f in body["findings"])
