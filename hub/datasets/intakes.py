"""From a folder on the intake disk to a version: asked for, examined, confirmed, copied by the worker."""

from __future__ import annotations

import os
import re
import stat
from typing import Any

from django.db import transaction

from hub import rows
from hub.datasets import facts, services
from hub.datasets.models import LEGAL_MOVES, Dataset, DatasetVersion, Intake, IntakeState
from hub.datasets.services import VERSION
from hub.errors import Invalid, NotFound, WrongState
from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.people.models import Person
from hub.places import places

FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
MOST_FOLDERS = 500


def folders() -> list[str]:
    """Return the names of the folders on the intake disk; links and odd names are passed over."""
    try:
        with os.scandir(places.state / "intake") as there:
            found = [item.name for item in there if FOLDER.match(item.name) and _is_folder(item)]
    except OSError:
        return []
    return sorted(found)[:MOST_FOLDERS]


def begin(*, by: Person, dataset: Dataset, version: str, folder: str) -> Intake:
    """Have a folder examined, to be registered as a version of a dataset."""
    if not VERSION.match(version):
        raise Invalid(f"“{version}” can’t be a version’s name; use up to 40 of a–z, 0–9, points and hyphens.")
    dataset = facts.fresh(dataset)
    allowed = services.may(by, dataset=dataset, change="register")
    if folder not in folders():
        raise NotFound("There is no such folder on the intake disk; ask the enclave’s operator for it.")
    with transaction.atomic():
        allowed.use()
        rows.recheck(dataset)
        if DatasetVersion.objects.filter(dataset=dataset, version=version).exists():
            raise WrongState(f"{dataset.title} has a version {version} already; choose another.")
        if Intake.objects.under_way().filter(dataset=dataset, version=version).exists():
            raise WrongState(f"Version {version} of {dataset.title} is under way already; drop that first.")
        intake = Intake.objects.create(dataset=dataset, version=version, folder=folder, requested_by=by)
        _write_down(by, intake)
    return intake


def repeat(*, by: Person, intake: Intake) -> None:
    """Have the folder examined once more, after something in it was mended."""
    fresh = {"done": 0, "of": 0, "reason": "", "findings": [], "more": {}, "facts": {}, "content": b""}
    _move(by, intake, IntakeState.EXAMINING, requested_by_id=by.id, **fresh)


def confirm(*, by: Person, intake: Intake) -> None:
    """Have the examined files copied, frozen and registered; nothing is while a finding blocks."""
    _move(by, intake, IntakeState.COPYING, requested_by_id=by.id, done=0)


def drop(*, by: Person, intake: Intake) -> None:
    """Give an intake up; the folder stays as it is."""
    _move(by, intake, IntakeState.DROPPED)


def fresh(intake: Intake) -> Intake:
    """Return the intake as the database has it now, without its packed content."""
    return Intake.objects.defer("content").select_related("dataset__steward", "registered").get(pk=intake.pk)


def require_move(intake: Intake, to: IntakeState) -> None:
    """Raise WrongState unless an intake may go to a state from where it is."""
    if to not in LEGAL_MOVES[IntakeState(intake.state)]:
        raise WrongState(f"The intake of {intake} is {intake.state}; it can’t become {to.value}.")


def _move(by: Person, intake: Intake, to: IntakeState, **changes: Any) -> None:
    expected = intake.row_version
    intake = fresh(intake)
    allowed = services.may(by, dataset=facts.fresh(intake.dataset), change="register")
    require_move(intake, to)
    if intake.row_version != expected:
        raise WrongState(f"The intake of {intake} was changed by somebody else; load its page again.")
    with transaction.atomic():
        allowed.use()
        rows.claim(intake, state=to.value, claimed_by="", claimed_until=None, **changes)
        _write_down(by, intake)


def _write_down(by: Person, intake: Intake) -> None:
    said = {
        "what": "dataset intake",
        "dataset": intake.dataset_id,
        "version": intake.version,
        "folder": intake.folder,
        "state": intake.state,
    }
    entries.append(Kind.PROVISIONED, by=by.id, subject=intake.id, facts=said)


def _is_folder(item: os.DirEntry[str]) -> bool:
    return stat.S_ISDIR(item.stat(follow_symlinks=False).st_mode)
