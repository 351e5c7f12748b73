"""The leak index of what a project saw: nothing is screened before it is built, and for this very data."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from egress_review import indexes
from egress_review.models import Submission
from egress_review.screening.index import VERSION
from egress_review.screening.indexing import note_failure
from egress_review.screenings import Bench
from egress_review.states import State
from egress_review.vault import Vault
from hub.access.models import Approval
from hub.datasets import leak_index
from hub.datasets.models import Dataset, DatasetVersion
from tests.unit.egress_review.factories import person, submission
from tests.unit.egress_review.screened import answer, screen, verdict
from tests.unit.egress_review.stand_ins import FakeScreener

pytestmark = pytest.mark.django_db


def approved(made: Submission) -> DatasetVersion:
    """Return a dataset version that the submission's project may use."""
    steward = person("Steward")
    dataset = Dataset.objects.create(
        slug=f"voices-{made.pk.lower()}",
        title="Voices",
        institution=steward.institution,
        steward=steward,
        tier=2,
    )
    version = DatasetVersion.objects.create(
        dataset=dataset,
        version="1.0",
        folder=f"{dataset.slug}/1.0",
        manifest_sha256="ab" * 32,
        recordings=1,
        speakers=1,
        seconds=1.0,
        registered_by=steward,
    )
    day = datetime.now(UTC).date()
    Approval.objects.create(
        project=made.project, version=version, purpose="phonetics", until=day, approved_by=steward
    )
    return version


def seal(of: DatasetVersion, **facts: object) -> None:
    """Leave what a finished build leaves."""
    folder = leak_index.folder(of)
    folder.mkdir(parents=True)
    said = {"version": VERSION, "dataset": "voices", "manifest_sha256": of.manifest_sha256, **facts}
    (folder / "index.json").write_text(json.dumps(said))


def test_nothing_is_screened_before_the_leak_index_of_what_the_project_saw_is_built(
    vault: Vault, bench: Bench, screener: FakeScreener
) -> None:
    made = submission(vault=vault)
    version = approved(made)
    answer(screener, made, verdict(made))
    assert screen(bench).state == State.SUBMITTED
    assert screener.ran == []
    seal(version)
    Submission.objects.update(claimed_until=None)
    assert screen(bench).state == State.IN_REVIEW
    assert screener.beside == [[(version.dataset.slug, "1.0")]]


@pytest.mark.parametrize("facts", [{"version": 0}, {"manifest_sha256": "cd" * 32}])
def test_an_index_of_another_format_or_another_manifest_is_none(
    facts: dict[str, object], vault: Vault, bench: Bench, screener: FakeScreener
) -> None:
    made = submission(vault=vault)
    version = approved(made)
    seal(version, **facts)
    answer(screener, made, verdict(made))
    assert screen(bench).state == State.SUBMITTED
    assert [due.pk for due in indexes.due()] == [version.pk]


def test_an_index_that_cannot_be_built_blocks_with_its_reason(vault: Vault, bench: Bench) -> None:
    made = submission(vault=vault)
    version = approved(made)
    note_failure(leak_index.folder(version), "no sound", manifest_sha256=version.manifest_sha256)
    assert screen(bench).state == State.BLOCKED
    assert "no sound" in made.findings.get().message
    assert indexes.due() == []


def builder(folder: Path, code: str) -> str:
    """Return a program that stands in for the one that builds."""
    program = folder / "builder"
    program.write_text(f"#!{sys.executable} -u\nimport time\n{code}\n")
    program.chmod(0o755)
    return str(program)


def test_a_build_that_hangs_is_ended_and_says_so(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = approved(submission(vault=vault))
    monkeypatch.setattr(indexes, "SILENT_SECONDS", 2.0)
    monkeypatch.setattr(indexes.sys, "executable", builder(tmp_path, "time.sleep(600)"))
    indexes.build(version)
    assert "it hung" in leak_index.of(version).reason
    # The next one has its turn before this one is tried again.
    assert indexes.due() == []


def test_a_build_that_takes_long_says_so_all_along(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = approved(submission(vault=vault))
    went_on: list[str] = []
    monkeypatch.setattr(indexes, "SILENT_SECONDS", 2.0)
    monkeypatch.setattr(indexes.beside, "goes_on", lambda: went_on.append("on"))
    slow = "for step in range(6): print('it goes on'); time.sleep(0.4)\nraise SystemExit('no sound')"
    monkeypatch.setattr(indexes.sys, "executable", builder(tmp_path, slow))
    indexes.build(version)
    assert len(went_on) == 6
    assert leak_index.of(version).reason == "no sound"


def test_a_build_that_was_killed_says_so(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = approved(submission(vault=vault))
    killed = builder(tmp_path, "import os; os.kill(os.getpid(), 9)")
    monkeypatch.setattr(indexes.sys, "executable", killed)
    indexes.build(version)
    assert "status -9" in leak_index.of(version).reason
