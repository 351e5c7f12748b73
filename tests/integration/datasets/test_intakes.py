"""From a folder to a version: nothing that blocks, changed or was refused is registered."""

from __future__ import annotations

import hashlib
import json
import shutil
import stat
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from hub.datasets import examiner, intakes, services
from hub.datasets.intake_work import IntakeWorker
from hub.datasets.models import LEGAL_MOVES, Dataset, DatasetVersion, Intake, IntakeState, VersionFacts
from hub.datasets.packed import unpack
from hub.errors import Invalid, NotFound, Refused, WrongState
from hub.ledger.models import Entry
from hub.places import places
from tests import portal, throwaway
from tests.portal import Policies
from tests.unit.datasets.test_examination import cut, intake

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset() -> Iterator[Dataset]:
    """A dataset whose one version was measured, and empty disks."""
    version = portal.version("harbour")
    VersionFacts.objects.create(version=version)
    (places.state / "intake").mkdir(exist_ok=True)
    (places.state / "datasets").mkdir(exist_ok=True)
    yield version.dataset
    shutil.rmtree(throwaway.state() / "intake")
    shutil.rmtree(throwaway.state() / "datasets")


def begun(dataset: Dataset, **lines: object) -> Intake:
    """Put a folder on the intake disk and have it examined."""
    intake(places.state / "intake" / "delivery", **lines)
    return intakes.begin(by=dataset.steward, dataset=dataset, version="2.0", folder="delivery")


def now(made: Intake) -> Intake:
    return Intake.objects.get(pk=made.pk)


def test_a_good_folder_becomes_a_frozen_version_with_its_hashes_on_the_ledger(
    dataset: Dataset, policies: Policies
) -> None:
    made = begun(dataset)
    assert IntakeWorker().step()
    made = now(made)
    assert (made.state, made.facts["recordings"], made.done) == (IntakeState.READY, 3, 3)
    assert DatasetVersion.objects.count() == 1
    intakes.confirm(by=dataset.steward, intake=made)
    assert IntakeWorker().step()
    version = now(made).registered
    assert version is not None and version.recordings == 3
    folder = places.state / "datasets" / version.folder
    sums = (folder / "SHA256SUMS").read_bytes()
    assert version.content_sha256 == hashlib.sha256(sums).hexdigest()
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
    assert all(not stat.S_IMODE(path.stat().st_mode) & 0o222 for path in folder.rglob("*") if path.is_file())
    assert not [path for path in folder.parent.iterdir() if path.name != "2.0"]
    said = Entry.objects.filter(subject=version.id).get().facts
    assert said["content_sha256"] == version.content_sha256
    assert version.measured.facts["speakers"] == 2
    assert unpack(version.measured.recordings)[0][1] == ["s0"]
    assert not IntakeWorker().step()


def test_nothing_is_registered_while_a_finding_blocks(dataset: Dataset, policies: Policies) -> None:
    made = begun(dataset, cuts=[cut(0), cut(1, num_samples=1)])
    IntakeWorker().step()
    made = now(made)
    assert made.state == IntakeState.BLOCKED
    assert made.findings[0]["where"] == "line 2"
    with pytest.raises(WrongState, match="blocked"):
        intakes.confirm(by=dataset.steward, intake=made)
    shutil.rmtree(throwaway.state() / "intake" / "delivery")
    intake(places.state / "intake" / "delivery")
    intakes.repeat(by=dataset.steward, intake=made)
    IntakeWorker().step()
    assert (now(made).state, now(made).findings) == (IntakeState.READY, [])


def test_a_file_changed_after_it_was_examined_is_not_copied(dataset: Dataset, policies: Policies) -> None:
    made = begun(dataset)
    IntakeWorker().step()
    file = places.state / "intake" / "delivery" / "recordings" / "r1.wav"
    file.write_bytes(file.read_bytes()[:-2] + b"\x01\x01")
    intakes.confirm(by=dataset.steward, intake=now(made))
    IntakeWorker().step()
    assert now(made).state == IntakeState.FAILED
    assert "changed after it was examined" in now(made).reason
    assert list((places.state / "datasets" / "harbour").iterdir()) == []


def test_a_file_replaced_by_a_link_is_not_followed(dataset: Dataset, policies: Policies) -> None:
    made = begun(dataset)
    IntakeWorker().step()
    file = places.state / "intake" / "delivery" / "recordings" / "r1.wav"
    file.rename(places.state / "intake" / "elsewhere.wav")
    file.symlink_to(places.state / "intake" / "elsewhere.wav")
    intakes.confirm(by=dataset.steward, intake=now(made))
    IntakeWorker().step()
    assert (now(made).state, DatasetVersion.objects.count()) == (IntakeState.FAILED, 1)


def test_a_steward_who_may_no_longer_registers_nothing(dataset: Dataset, policies: Policies) -> None:
    made = begun(dataset)
    IntakeWorker().step()
    intakes.confirm(by=dataset.steward, intake=now(made))
    policies.deny("manage_dataset", "No longer.")
    IntakeWorker().step()
    assert (now(made).state, now(made).reason) == (IntakeState.FAILED, "No longer.")
    assert not (places.state / "datasets" / "harbour" / "2.0").exists()
    assert DatasetVersion.objects.count() == 1


@pytest.mark.parametrize("act", ["begin", "repeat", "confirm", "drop"])
def test_a_denial_changes_nothing(act: str, dataset: Dataset, policies: Policies) -> None:
    made = begun(dataset)
    IntakeWorker().step()
    policies.deny("manage_dataset")
    with pytest.raises(Refused):
        if act == "begin":
            intakes.begin(by=dataset.steward, dataset=dataset, version="3.0", folder="delivery")
        else:
            getattr(intakes, act)(by=dataset.steward, intake=now(made))
    assert [one.state for one in Intake.objects.all()] == [IntakeState.READY]


@pytest.mark.parametrize("folder", ["", "..", ".", "nothing", "../datasets", "a/b", "x\n", "link", "\0"])
def test_only_a_folder_on_the_intake_disk_is_taken(folder: str, dataset: Dataset, policies: Policies) -> None:
    (places.state / "intake" / "link").symlink_to("/etc")
    (places.state / "intake" / ".hidden").mkdir()
    with pytest.raises(NotFound):
        intakes.begin(by=dataset.steward, dataset=dataset, version="2.0", folder=folder)
    assert intakes.folders() == []


def test_a_version_is_under_way_once_and_a_second_click_is_told_so(
    dataset: Dataset, policies: Policies
) -> None:
    made = begun(dataset)
    with pytest.raises(WrongState, match="under way"):
        intakes.begin(by=dataset.steward, dataset=dataset, version="2.0", folder="delivery")
    with pytest.raises(WrongState, match="has a version"):
        intakes.begin(by=dataset.steward, dataset=dataset, version="1.0", folder="delivery")
    IntakeWorker().step()
    stale = now(made)
    intakes.confirm(by=dataset.steward, intake=now(made))
    with pytest.raises(WrongState):
        intakes.confirm(by=dataset.steward, intake=stale)
    assert Intake.objects.count() == 1


def test_a_dropped_intake_is_not_registered_and_its_version_is_free_again(
    dataset: Dataset, policies: Policies
) -> None:
    made = begun(dataset)
    intakes.drop(by=dataset.steward, intake=made)
    assert not IntakeWorker().step()
    assert intakes.begin(by=dataset.steward, dataset=dataset, version="2.0", folder="delivery").pk != made.pk


def test_a_killed_workers_intake_is_taken_up_when_its_claim_ends(
    dataset: Dataset, policies: Policies
) -> None:
    made = begun(dataset)
    Intake.objects.update(claimed_by="gone", claimed_until=timezone.now() + timedelta(minutes=1))
    assert not IntakeWorker().step()
    Intake.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert IntakeWorker().step()
    assert now(made).state == IntakeState.READY


def test_copies_that_a_killed_worker_left_are_taken_only_if_they_are_the_same(
    dataset: Dataset, policies: Policies, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = begun(dataset)
    IntakeWorker().step()
    intakes.confirm(by=dataset.steward, intake=now(made))
    with monkeypatch.context() as patch:
        patch.setattr(services, "register", _killed)
        with pytest.raises(KeyboardInterrupt):
            IntakeWorker().step()
    Intake.objects.update(claimed_until=None)
    sums = places.state / "datasets" / "harbour" / "2.0" / "SHA256SUMS"
    right = sums.read_bytes()
    sums.chmod(0o644)
    sums.write_bytes(b"other")
    IntakeWorker().step()
    assert now(made).state == IntakeState.FAILED and "operator" in now(made).reason
    sums.write_bytes(right)
    sums.chmod(0o444)
    intakes.repeat(by=dataset.steward, intake=now(made))
    IntakeWorker().step()
    intakes.confirm(by=dataset.steward, intake=now(made))
    IntakeWorker().step()
    assert now(made).state == IntakeState.REGISTERED


def _killed(**_: object) -> None:
    raise KeyboardInterrupt


def test_an_examination_that_dies_says_so(
    dataset: Dataset, policies: Policies, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = begun(dataset)
    monkeypatch.setattr(examiner.sys, "executable", "/bin/false")
    IntakeWorker().step()
    assert now(made).state == IntakeState.FAILED
    assert "without saying why" in now(made).reason


def test_an_examination_that_hangs_is_ended_and_says_so(
    dataset: Dataset, policies: Policies, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = begun(dataset)
    program = tmp_path / "hangs"
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o755)
    monkeypatch.setattr(examiner.sys, "executable", str(program))
    monkeypatch.setattr(examiner, "SILENT_SECONDS", 1.0)
    IntakeWorker().step()
    assert now(made).state == IntakeState.FAILED
    assert "it hung" in now(made).reason


def test_the_examiner_is_given_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PARLATORY_MAIL", "smtp://secret@host")
    told: list[dict[str, str]] = []
    real = subprocess.Popen

    def listening(*words: object, **options: object) -> object:
        told.append(options["env"])  # type: ignore[arg-type]  # what the examiner was given
        return real(*words, **options)  # type: ignore[call-overload]  # passed through

    monkeypatch.setattr(examiner.subprocess, "Popen", listening)
    examiner.examine(intake(tmp_path / "v"), progress=lambda done, of: True)
    assert "secret" not in json.dumps(told)


def test_versions_that_came_by_command_are_measured(dataset: Dataset, policies: Policies) -> None:
    intake(places.state / "datasets" / "harbour" / "1.0")
    VersionFacts.objects.all().delete()
    assert IntakeWorker().step()
    assert VersionFacts.objects.get().facts["recordings"] == 3
    assert not IntakeWorker().step()


def test_every_state_has_its_legal_moves_and_the_end_is_the_end() -> None:
    assert set(LEGAL_MOVES) == set(IntakeState)
    assert LEGAL_MOVES[IntakeState.REGISTERED] == LEGAL_MOVES[IntakeState.DROPPED] == frozenset()
    assert all(IntakeState.REGISTERED not in LEGAL_MOVES[s] for s in IntakeState if s != IntakeState.COPYING)


def test_a_dataset_changed_by_somebody_else_is_not_overwritten(dataset: Dataset, policies: Policies) -> None:
    words = {"title": "A", "description": "", "licence": "CC0", "attribution": "x", "row_version": 0}
    services.edit(by=dataset.steward, dataset=dataset, **words)  # type: ignore[arg-type]  # as a form gives them
    with pytest.raises(WrongState, match="somebody else"):
        services.edit(by=dataset.steward, dataset=dataset, **words)  # type: ignore[arg-type]  # the same
    with pytest.raises(Invalid):
        services.register(by=dataset.steward, dataset=dataset, version="../x")
