"""What the worker does for intakes: examine, copy, register, and measure versions that came another way.

The rows say what is due; a worker that stops loses nothing but its claim.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable
from datetime import timedelta
from threading import Event
from typing import Any

from django.db import transaction
from django.utils import timezone

from hub import beside, control_loop
from hub.datasets import copying, examiner, intakes, services
from hub.datasets.examiner import ExaminationFailed, Superseded
from hub.datasets.models import DatasetVersion, Intake, IntakeState, VersionFacts
from hub.datasets.packed import pack, unpack
from hub.errors import Invalid, ParlatoryError, Refused, Unavailable, WrongState
from hub.people.models import Person
from hub.places import places

log = logging.getLogger("parlatory.worker")

POLL_SECONDS = 2.0
CLAIM_SECONDS = 120.0
SAY_SECONDS = 1.0


class IntakeWorker:
    """Takes one intake after another."""

    def __init__(self, name: str | None = None) -> None:
        self.name = name or f"{socket.gethostname()}:{os.getpid()}:{os.urandom(4).hex()}"

    def step(self) -> bool:
        """Do what is due for one intake, or measure one version; False when nothing was due."""
        intake = self._claim()
        if intake is None:
            return _measure_one()
        if intake.state == IntakeState.EXAMINING:
            self._examine(intake)
        else:
            self._register(intake)
        return True

    def _claim(self) -> Intake | None:
        at = timezone.now()
        for intake in Intake.objects.due(at).select_related("dataset__steward", "requested_by"):
            claimed = {"claimed_by": self.name, "claimed_until": at + timedelta(seconds=CLAIM_SECONDS)}
            if Intake.objects.due(at).filter(pk=intake.pk, row_version=intake.row_version).update(**claimed):
                return intake
        return None

    def _told(self, intake: Intake) -> Callable[[int, int], bool]:
        """Return what writes down how far it is and holds the claim; it says False once that is lost."""
        said = 0.0

        def progress(done: int, of: int) -> bool:
            nonlocal said
            beside.goes_on()
            ended = done == of > 0
            if not ended and time.monotonic() - said < SAY_SECONDS:
                return True
            said = time.monotonic()
            until = timezone.now() + timedelta(seconds=CLAIM_SECONDS)
            mine = Intake.objects.filter(pk=intake.pk, claimed_by=self.name, row_version=intake.row_version)
            return bool(mine.update(done=done, of=of, claimed_until=until))

        return progress

    def _examine(self, intake: Intake) -> None:
        log.info("intake_examined_from intake=%s folder=%s", intake.id, intake.folder)
        try:
            report = examiner.examine(places.state / "intake" / intake.folder, progress=self._told(intake))
        except Superseded:
            log.info("intake_given_up intake=%s", intake.id)
            return
        except ExaminationFailed as error:
            self._end(intake, IntakeState.FAILED, reason=f"The examination failed: {error}")
            return
        to = IntakeState.BLOCKED if report["blocks"] else IntakeState.READY
        content = pack({"files": report["files"], "recordings": report["recordings"]})
        kept = {name: report[name] for name in ("findings", "more", "facts")}
        self._end(intake, to, content=content, examined_at=timezone.now(), reason="", **kept)

    def _register(self, intake: Intake) -> None:
        try:
            self._copied(intake)
        except Unavailable:
            raise
        except (Refused, Invalid, WrongState) as error:
            self._end(intake, IntakeState.FAILED, reason=str(error))

    def _copied(self, intake: Intake) -> None:
        content = unpack(intake.content)
        files, by = dict(content["files"]), intake.requested_by
        version = _registered(intake)
        if version is None:
            # Before the work as well as after it: copying takes a while, and who asked may have left by then.
            services.may(by, dataset=intake.dataset, change="register")
            target = places.state / "datasets" / intake.dataset.slug / intake.version
            progress = self._told(intake)
            sha256 = copying.copy(
                places.state / "intake" / intake.folder,
                target,
                files,
                progress=lambda done: _go_on(progress(done, len(files))),
            )
            version = _register(by, intake, sha256)
        with transaction.atomic():
            VersionFacts.objects.get_or_create(
                version=version,
                defaults={"facts": intake.facts, "recordings": pack(content["recordings"])},
            )
            self._end(intake, IntakeState.REGISTERED, registered=version, content=b"")
        log.info("intake_registered intake=%s version=%s", intake.id, version.folder)

    def _end(self, intake: Intake, to: IntakeState, **changes: Any) -> None:
        """Move an intake on, unless somebody else did meanwhile."""
        intakes.require_move(intake, to)
        mine = Intake.objects.filter(pk=intake.pk, claimed_by=self.name, row_version=intake.row_version)
        freed = {"claimed_by": "", "claimed_until": None, "row_version": intake.row_version + 1}
        if not mine.update(state=to.value, **freed, **changes):
            log.info("intake_moved_by_somebody_else intake=%s", intake.id)


def keep_going(stop: Event) -> None:
    """Work until told to stop; a database or a policy that does not answer is asked again."""
    control_loop.run(
        IntakeWorker().step,
        stop=stop,
        every_seconds=POLL_SECONDS,
        log=log,
        failed="intake_step_failed reason=%s",
        passing=(*control_loop.PASSING, ParlatoryError),
    )


def _go_on(wanted: bool) -> None:
    if not wanted:
        raise Unavailable("The claim on the intake was lost; another worker has it.")


def _registered(intake: Intake) -> DatasetVersion | None:
    return DatasetVersion.objects.filter(dataset=intake.dataset, version=intake.version).first()


def _register(by: Person, intake: Intake, sha256: str) -> DatasetVersion:
    try:
        return services.register(by=by, dataset=intake.dataset, version=intake.version, content_sha256=sha256)
    except (Refused, Invalid):
        copying.remove(places.state / "datasets" / intake.dataset.slug / intake.version)
        raise


def _going_on(done: int, of: int) -> bool:
    beside.goes_on()
    return True


def _measure_one() -> bool:
    """Measure one version that has no facts yet: it was registered by command, or before there were any."""
    version = DatasetVersion.objects.filter(measured=None).select_related("dataset").first()
    if version is None:
        return False
    try:
        report = examiner.examine(places.state / "datasets" / version.folder, progress=_going_on)
        blocking = [finding for finding in report["findings"] if finding["blocks"]]
        problem = blocking[0]["message"] if blocking else ""
    except ExaminationFailed as error:
        report, problem = {"facts": {}, "recordings": []}, str(error)
    VersionFacts.objects.get_or_create(
        version=version,
        defaults={
            "facts": report["facts"],
            "recordings": pack(report["recordings"]),
            "problem": problem,
        },
    )
    log.info("version_measured version=%s problem=%s", version.folder, problem)
    return True
