"""Screening: whatever is unclear blocks, a killed worker loses nothing, nothing is settled twice."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from egress_review import screenings, submissions, verdicts
from egress_review.models import Release, Severity, Submission
from egress_review.screener import End, Indexes
from egress_review.screenings import Bench
from egress_review.states import State
from egress_review.vault import Vault
from hub.ledger.models import Entry
from tests.unit.egress_review.factories import CANONICAL, submission
from tests.unit.egress_review.screened import Document, answer, finding, screen, verdict
from tests.unit.egress_review.stand_ins import FakeScreener

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("end", [End.CRASHED, End.TIMED_OUT, End.OUT_OF_MEMORY])
def test_a_screener_that_did_not_finish_blocks(
    end: End, vault: Vault, bench: Bench, screener: FakeScreener
) -> None:
    made = submission(vault=vault)
    answer(screener, made, verdict(made))
    screener.end = end
    assert screen(bench).state == State.BLOCKED
    assert made.findings.get().severity == Severity.BLOCK


def test_a_screening_that_a_new_engine_cleared_away_is_tried_again(
    vault: Vault, bench: Bench, screener: FakeScreener, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = submission(vault=vault)
    answer(screener, made, verdict(made))
    read = verdicts.read

    def cleared(out: Path, *, files: Collection[str]) -> verdicts.Verdict:
        shutil.rmtree(out)
        return read(out, files=files)

    monkeypatch.setattr(verdicts, "read", cleared)
    again = screen(bench)
    assert (again.state, again.attempts, again.findings.count()) == (State.SUBMITTED, 0, 0)


def test_an_exit_code_with_a_good_verdict_blocks(vault: Vault, bench: Bench, screener: FakeScreener) -> None:
    made = submission(vault=vault)
    answer(screener, made, verdict(made))
    screener.exit_code = 1
    assert screen(bench).state == State.BLOCKED


Spoil = Callable[[Document], object]
UNREADABLE: dict[str, Spoil] = {
    "another version": lambda d: d.update(version=1),
    "no outcome": lambda d: d.pop("outcome"),
    "an outcome nobody knows": lambda d: d.update(outcome="fine"),
    "a field nobody knows": lambda d: d.update(trust_me=True),
    "a file missing": lambda d: d["files"].clear(),
    "a file twice": lambda d: d["files"].append(d["files"][0]),
    "a file that was not handed in": lambda d: d["files"][0].update(id="0" * 26),
    "a path as file": lambda d: d["files"][0].update(id="../../../etc/passwd"),
    "canonical as text": lambda d: d["files"][0].update(canonical="yes"),
    "no canonical copy and no reason": lambda d: d["files"][0].update(canonical=False),
    "no name": lambda d: d["files"][0].update(canonical_name=None),
    "a hostile name": lambda d: d["files"][0].update(canonical_name="a\u202egpj.csv"),
    "a type with a line end": lambda d: d["files"][0].update(media_type="text/csv\r\nX: y"),
    "a type nobody writes": lambda d: d["files"][0].update(media_type="text/html; charset=x"),
    "endless bits": lambda d: d["files"][0].update(canonical_bits=float("inf")),
    "a finding about another file": lambda d: d["findings"].append(finding("note", "0" * 26)),
    "a severity nobody knows": lambda d: d["findings"].append(finding("meh")),
    "too many findings": lambda d: d["findings"].extend([finding("note")] * 501),
}


@pytest.mark.parametrize("spoil", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_verdict_that_is_not_exactly_the_protocol_blocks(
    spoil: Spoil, vault: Vault, bench: Bench, screener: FakeScreener
) -> None:
    made = submission(vault=vault)
    document = verdict(made)
    spoil(document)
    answer(screener, made, document)
    assert screen(bench).state == State.BLOCKED
    assert made.findings.get().check_name == "screening"
    assert not made.files.exclude(canonical_sha256="").exists()


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff", b"{" * 100_000, b" " * (1024**2 + 1)])
def test_a_verdict_that_is_not_json_blocks(
    raw: bytes, vault: Vault, bench: Bench, screener: FakeScreener
) -> None:
    submission(vault=vault)
    screener.files = {"verdict.json": raw}
    assert screen(bench).state == State.BLOCKED


def test_no_verdict_at_all_blocks(vault: Vault, bench: Bench) -> None:
    submission(vault=vault)
    assert screen(bench).state == State.BLOCKED


@pytest.mark.parametrize("name", ["verdict.json", "file"])
def test_links_in_the_screeners_folder_are_not_followed(
    name: str, vault: Vault, bench: Bench, screener: FakeScreener, tmp_path: Path
) -> None:
    made = submission(vault=vault)
    answer(screener, made, verdict(made))
    target = tmp_path / "target"
    file = made.files.get().id if name == "file" else name
    content = screener.files[file]
    assert isinstance(content, bytes)
    target.write_bytes(content)
    screener.files[file] = target
    assert screen(bench).state == State.BLOCKED


def test_a_pipe_in_the_screeners_folder_does_not_hold_the_worker(
    vault: Vault, bench: Bench, screener: FakeScreener, tmp_path: Path
) -> None:
    made = submission(vault=vault)
    answer(screener, made, verdict(made))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    file = made.files.get().id
    del screener.files[file]
    screen_out = screener.run

    def run(which: str, indexes: Indexes) -> Any:
        ran = screen_out(which, indexes)
        os.mkfifo(ran.out / file)
        return ran

    screener.run = run  # type: ignore[method-assign]  # the fake can't write a pipe by itself
    assert screen(bench).state == State.BLOCKED


@pytest.mark.parametrize(
    ("outcome", "severities", "state"),
    [
        ("block", [], State.BLOCKED),
        ("pass", ["block"], State.BLOCKED),
        ("flag", ["note", "block"], State.BLOCKED),
        ("pass", [], State.IN_REVIEW),
        ("pass", ["flag"], State.IN_REVIEW),
        ("flag", ["flag", "note"], State.IN_REVIEW),
    ],
)
def test_the_worst_of_outcome_and_findings_decides(
    outcome: str, severities: list[str], state: State, vault: Vault, bench: Bench, screener: FakeScreener
) -> None:
    made = submission(vault=vault)
    found = [finding(severity) for severity in severities]
    answer(screener, made, verdict(made, outcome=outcome, findings=found))
    assert screen(bench).state == state
    assert made.findings.count() == len(severities)
    assert Entry.objects.get(kind="screened").facts["state"] == state


def test_canonical_copies_are_hashed_by_us_and_kept(
    vault: Vault, bench: Bench, screener: FakeScreener
) -> None:
    made = submission(vault=vault)
    answer(screener, made, verdict(made))
    assert screen(bench).state == State.IN_REVIEW
    file = made.files.get()
    assert vault.path(file.canonical_sha256).read_bytes() == CANONICAL
    assert (file.media_type, file.canonical_bits) == ("text/csv", 13.5)


def test_a_file_changed_in_the_vault_is_never_screened(
    vault: Vault, bench: Bench, screener: FakeScreener
) -> None:
    made = submission(vault=vault)
    path = vault.path(made.files.get().sha256)
    path.chmod(0o640)
    path.write_bytes(path.read_bytes()[::-1])
    assert screen(bench).state == State.BLOCKED
    assert screener.ran == []


def test_an_engine_that_does_not_answer_leaves_it_due(
    vault: Vault, bench: Bench, screener: FakeScreener
) -> None:
    made = submission(vault=vault)
    screener.unavailable = True
    assert screen(bench).state == State.SUBMITTED
    now = datetime.now(UTC)
    assert screenings.claim(worker="w2", at=now) is None
    assert screenings.claim(worker="w2", at=now + timedelta(minutes=1)) is not None
    assert not made.findings.exists()


def test_work_of_a_killed_worker_is_taken_up_when_its_lease_ends(vault: Vault) -> None:
    submission(vault=vault)
    now = datetime.now(UTC)
    first = screenings.claim(worker="killed", at=now)
    assert first is not None
    assert screenings.claim(worker="next", at=now + timedelta(seconds=1)) is None
    again = screenings.claim(worker="next", at=now + timedelta(seconds=screenings.LEASE_SECONDS))
    assert again is not None
    assert (again.pk, again.claimed_by) == (first.pk, "next")
    assert not screenings.renew(first.pk, worker="killed", at=now)


def test_a_result_that_comes_after_the_lease_settles_nothing(
    vault: Vault, bench: Bench, screener: FakeScreener
) -> None:
    made = submission(vault=vault)
    answer(screener, made, verdict(made))
    screener.during = lambda: Submission.objects.update(claimed_by="next") and None
    assert screen(bench).state == State.SCREENING
    assert not Entry.objects.filter(kind="screened").exists()


def test_a_submission_withdrawn_while_being_screened_stays_withdrawn(
    vault: Vault, bench: Bench, screener: FakeScreener
) -> None:
    made = submission(vault=vault)
    answer(screener, made, verdict(made))
    screener.during = lambda: submissions.withdraw(
        by=made.author, submission=Submission.objects.get(pk=made.pk)
    )
    assert screen(bench).state == State.WITHDRAWN


def test_files_that_keep_killing_the_worker_are_blocked(
    vault: Vault, bench: Bench, screener: FakeScreener
) -> None:
    made = submission(vault=vault)
    answer(screener, made, verdict(made))
    Submission.objects.update(attempts=screenings.MOST_ATTEMPTS)
    assert screen(bench).state == State.BLOCKED
    assert screener.ran == []


def test_the_screener_gets_read_only_copies_named_by_id_and_nothing_stays_behind(
    vault: Vault, bench: Bench, screener: FakeScreener
) -> None:
    made = submission(vault=vault, files={"a.csv": b"1", "b.csv": b"2"})
    folder = vault.root / "screening" / made.id / "in"
    seen: dict[str, int] = {}
    screener.during = lambda: seen.update(
        {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    )
    screen(bench)
    given = {file.id: 0o444 for file in made.files.all()}
    assert seen == {**given, "request.json": 0o444, "earlier": 0o755}
    assert not folder.parent.exists()
    assert screener.cleared == [made.id, made.id]


def test_what_the_project_released_before_is_laid_beside_the_files(
    vault: Vault, bench: Bench, screener: FakeScreener
) -> None:
    made = submission(vault=vault)
    other = submission(State.RELEASED, vault=vault, author=made.author)
    Submission.objects.filter(pk=other.pk).update(project=made.project)
    Release.objects.create(submission=other, receipt={})
    folder = vault.root / "screening" / made.id / "in"
    laid: dict[str, Any] = {}

    def look() -> None:
        said = json.loads((folder / "request.json").read_text())
        laid.update(
            {item["name"]: (folder / "earlier" / item["file"]).read_bytes() for item in said["earlier"]}
        )

    screener.during = look
    screen(bench)
    assert laid == {"table.csv": CANONICAL}


def test_a_sweep_removes_what_a_killed_worker_left_but_not_what_is_due(vault: Vault, bench: Bench) -> None:
    due, over = submission(vault=vault), submission(State.RETURNED, vault=vault)
    for made in (due, over):
        (vault.root / "screening" / made.id / "in").mkdir(parents=True)
    screenings.sweep(bench=bench)
    assert [folder.name for folder in (vault.root / "screening").iterdir()] == [due.id]
