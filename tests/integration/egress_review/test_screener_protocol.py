"""Worker and screener speak one protocol: the real screening library, read by the worker's side."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.egress_review.stage import Stage, hand_in, multipart

TABLE = b"vowel,speakers,mean_f1\na,24,710\ne,31,520\ni,28,310\n"

SCREEN = """
from datetime import UTC, datetime, timedelta
from pathlib import Path
import subprocess, sys
from egress_review import indexes, screenings
from egress_review.screener import End, Ran
from egress_review.uploads import UploadLimits
from hub.places import places
vault = Vault(places.state / "vault")
class Process:
    def run(self, submission, indexes):
        out = places.run / "screened" / submission
        out.mkdir(parents=True)
        source = vault.root / "screening" / submission / "in"
        beside = places.run / "indexes-of" / submission
        beside.mkdir(parents=True)
        for number, folder in enumerate(indexes):
            (beside / str(number)).symlink_to(places.state / "indexes" / folder[0] / folder[1])
        words = ["-m", "egress_review.screening", str(source), str(out), str(beside)]
        ran = subprocess.run([sys.executable, *words])
        end = End.FINISHED if ran.returncode == 0 else End.CRASHED
        return Ran(end=end, exit_code=ran.returncode, out=out)
    def clear(self, submission):
        pass
for version in indexes.due():
    indexes.build(version)
bench = screenings.Bench(vault=vault, screener=Process(), limits=UploadLimits())
Submission.objects.exclude(pk=SUBMISSION).filter(state="submitted").update(state="withdrawn")
claimed = screenings.claim(worker="w", at=datetime.now(UTC))
screenings.screen(claimed, bench=bench)
claimed.refresh_from_db()
answer = {
    "state": claimed.state,
    "findings": [finding.as_dict() for finding in claimed.findings.all()],
    "files": list(claimed.files.values("name", "canonical_name", "media_type", "canonical_sha256", "kind")),
}
"""


def screened(stage: Stage, *files: tuple[str, bytes]) -> dict[str, Any]:
    """Hand files in and screen them with the real library, in a process of its own."""
    made = hand_in(stage.door(stage.session()), multipart(files))
    assert made.status == 201, made.document
    result: dict[str, Any] = stage.ask(f"SUBMISSION = {made.document['submission']!r}\n" + SCREEN)
    return result


def test_an_honest_table_goes_to_review_with_a_canonical_copy(stage: Stage) -> None:
    result = screened(stage, ("vowels.csv", TABLE))
    assert result["state"] == "in_review", result
    (file,) = result["files"]
    assert file["canonical_name"] == "vowels.csv"
    digest = file["canonical_sha256"]
    assert (stage.state / "vault" / "sha256" / digest[:2] / digest).read_bytes()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("model.pkl", b"\x80\x04K\x01."),
        ("files.zip", b"PK\x03\x04" + b"\x00" * 40),
        ("picture.png", b"\x89PNG\r\n\x1a\nnot really"),
        ("small.csv", b"vowel,speakers\na,2\ne,1\n"),
        ("voice.wav", b"RIFF\x24\x00\x00\x00WAVEfmt "),
    ],
)
def test_what_may_not_leave_is_blocked_with_a_finding_that_says_how_to_put_it_right(
    name: str, data: bytes, stage: Stage
) -> None:
    result = screened(stage, (name, data))
    assert result["state"] == "blocked"
    blocking = [finding for finding in result["findings"] if finding["severity"] == "block"]
    assert blocking
    assert all(finding["message"] for finding in blocking)
    assert "screening" not in {finding["check"] for finding in blocking}, result


def test_one_bad_file_blocks_all_of_them(stage: Stage) -> None:
    result = screened(stage, ("vowels.csv", TABLE), ("model.pkl", b"\x80\x04K\x01."))
    assert result["state"] == "blocked"
    assert not any(file["canonical_sha256"] for file in result["files"])


def test_a_request_of_another_version_is_not_answered(tmp_path: Path) -> None:
    request = {"version": 1, "files": [], "indexes": 0, "limits": {}}
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "in" / "request.json").write_text(json.dumps(request))
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "egress_review.screening"),
            *(str(tmp_path / "in"), str(tmp_path / "out"), str(tmp_path)),
        ],
        capture_output=True,
        check=False,
    )
    assert ran.returncode != 0
    assert not list((tmp_path / "out").iterdir())
