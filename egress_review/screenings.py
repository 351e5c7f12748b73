"""Screening what is due: claim, lay out copies, run, read the verdict, settle. Whatever is unclear blocks."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from egress_review import file_votes, indexes, verdicts
from egress_review.models import File, Finding, Severity, Submission
from egress_review.screener import End, Ran, Screener
from egress_review.states import DUE_FOR_SCREENING, State
from egress_review.submissions import move
from egress_review.uploads import UploadLimits
from egress_review.vault import Stored, Vault, VaultAltered
from hub import room
from hub.errors import Unavailable, WrongState
from hub.ledger import entries
from hub.ledger.kinds import Kind

log = logging.getLogger("parlatory.worker")

LEASE_SECONDS = 20
RETRY_SECONDS = 5
MOST_ATTEMPTS = 3
# The smallest group of people a number may describe, by the tier of the data.
MINIMUM_COUNT = {0: 5, 1: 5, 2: 10, 3: 10, 4: 10}
# What becomes of content that no check understands: a human looks, or it stays.
UNKNOWN = {0: "flag", 1: "flag", 2: "flag", 3: "block", 4: "block"}
# How much of what the project released before is compared with.
EARLIER, EARLIER_BYTES = 400, 100 * 1024**2
TABLE_ROWS = 200
PICTURE_SIDE = 4096
# The engine stops a screening after 120 seconds; one that knows its end can still say so.
SECONDS = 100
NO_VERDICT = {
    End.CRASHED: "The screening stopped with an error on these files, so they can't leave.",
    End.TIMED_OUT: "The screening of these files took too long, so they can't leave.",
    End.OUT_OF_MEMORY: "The screening of these files needed too much memory, so they can't leave.",
}
FIX = "Hand in fewer, smaller and plainer files; if it happens again, tell the enclave's admin."


class Lost(Exception):
    """The claim ran out or the submission was withdrawn: the result is nobody's any more."""


@dataclass(frozen=True)
class Bench:
    """What a screening needs around it."""

    vault: Vault
    screener: Screener
    limits: UploadLimits
    # SHA-256 sums, one a line, of files that anybody may have; put there by the operator, absent is none.
    public_sums: Path | None = None

    def public(self) -> list[str]:
        """Return the sums of public files."""
        if self.public_sums is None or not self.public_sums.exists():
            return []
        lines = self.public_sums.read_text(encoding="utf-8").split("\n")
        return [line.split()[0].lower() for line in lines if line.split() and not line.startswith("#")]


def claim(*, worker: str, at: datetime) -> Submission | None:
    """Take the submission that waits longest, for the time of a lease; None when nothing is due."""
    with transaction.atomic():
        due = Submission.objects.due_for_screening(at).first()
        if due is None:
            return None
        taken = Submission.objects.due_for_screening(at).filter(pk=due.pk, row_version=due.row_version)
        changed = taken.update(
            state=State.SCREENING.value,
            claimed_by=worker,
            claimed_until=at + timedelta(seconds=LEASE_SECONDS),
            attempts=F("attempts") + 1,
            row_version=F("row_version") + 1,
        )
        if not changed:
            return None
        due.refresh_from_db()
    return due


def renew(submission: str, *, worker: str, at: datetime) -> bool:
    """Hold a claim for another lease; False when it is no longer ours."""
    ours = Submission.objects.filter(pk=submission, claimed_by=worker, state=State.SCREENING)
    return bool(ours.update(claimed_until=at + timedelta(seconds=LEASE_SECONDS)))


def screen(submission: Submission, *, bench: Bench) -> None:
    """Screen a claimed submission and settle it; a silent engine or a full disk leaves it due."""
    worker = submission.claimed_by
    try:
        try:
            if submission.attempts > MOST_ATTEMPTS:
                raise verdicts.Unreadable(f"the screening was cut off {MOST_ATTEMPTS} times")
            known = indexes.of_project(submission.project_id)
            indexes.require(known.versions)
            bench.screener.clear(submission.id)
            lay_out(submission, known, bench=bench)
            beside = [(version.dataset.slug, version.version) for version in known.versions]
            _judge(submission, bench.screener.run(submission.id, beside), worker=worker, bench=bench)
        except (verdicts.Unreadable, VaultAltered, indexes.Unindexed) as error:
            block(submission, worker=worker, message=_sentence(error), why=type(error).__name__)
    except Unavailable as error:
        log.warning("screening_postponed submission=%s reason=%s", submission.id, error)
        postpone(submission, worker=worker)
    except OSError as error:
        if not room.lacks(error):
            raise
        # A full disk says as little about the files as an engine that did not answer.
        log.error("screening_postponed submission=%s reason=disk_full", submission.id)
        postpone(submission, worker=worker)
    except (Lost, WrongState):
        log.info("screening_lost submission=%s", submission.id)
    finally:
        tidy(submission.id, bench=bench)


def lay_out(submission: Submission, known: indexes.Known, *, bench: Bench) -> Path:
    """Write verified copies of the files, and the request, where the engine mounts them read-only."""
    folder = bench.vault.root / "screening" / submission.id / "in"
    if folder.parent.exists():
        shutil.rmtree(folder.parent)
    folder.parent.mkdir(mode=0o770)
    folder.mkdir()
    # The screener has a user of its own; outsiders are kept out by the vault's folder above.
    folder.chmod(0o755)
    files = list(submission.files.all())
    for file in files:
        bench.vault.copy_to(Stored(file.sha256, file.size_bytes), folder / file.id)
    earlier = _lay_out_earlier(submission, folder, bench=bench)
    request = folder / "request.json"
    said = _request(submission, files, known, bench=bench) | {"earlier": earlier}
    request.write_text(json.dumps(said, ensure_ascii=False))
    request.chmod(0o444)
    return folder


def _lay_out_earlier(submission: Submission, folder: Path, *, bench: Bench) -> list[dict[str, object]]:
    """Copy what the project released before, the newest first as far as it fits, and return what that is."""
    (folder / "earlier").mkdir()
    (folder / "earlier").chmod(0o755)
    released = File.objects.filter(
        submission__project_id=submission.project_id, submission__state=State.RELEASED
    ).exclude(canonical_sha256="")
    laid: list[dict[str, object]] = []
    left_bytes = EARLIER_BYTES
    for file in released.select_related("submission__release").order_by("-submission__decided_at")[:EARLIER]:
        left_bytes -= file.canonical_size_bytes or 0
        if left_bytes < 0:
            break
        stored = Stored(file.canonical_sha256, file.canonical_size_bytes or 0)
        bench.vault.copy_to(stored, folder / "earlier" / file.id)
        at = file.submission.release.released_at
        laid.append(
            {"file": file.id, "name": file.canonical_name, "released_at": at.isoformat() if at else ""}
        )
    return laid


def block(submission: Submission, *, worker: str, message: str, why: str) -> None:
    """Block a submission that could not be screened, with the reason as a finding."""
    with transaction.atomic():
        held = _held(submission, worker)
        Finding.objects.create(
            submission=held, check_name="screening", severity=Severity.BLOCK, message=message, fix=FIX
        )
        _settle(held, State.BLOCKED, {"outcome": "block", "why": why, "findings": {"block": 1}})


def postpone(submission: Submission, *, worker: str) -> None:
    """Give a claim back: the engine did not answer, which says nothing about the files."""
    later = timezone.now() + timedelta(seconds=RETRY_SECONDS)
    Submission.objects.filter(pk=submission.pk, claimed_by=worker, state=State.SCREENING).update(
        state=State.SUBMITTED.value,
        claimed_by="",
        claimed_until=later,
        attempts=0,
        row_version=F("row_version") + 1,
    )


def tidy(submission: str, *, bench: Bench) -> None:
    """Remove what a screening left; what can't be removed now is removed by `sweep`."""
    try:
        bench.screener.clear(submission)
    except Unavailable as error:
        log.warning("screening_not_cleared submission=%s reason=%s", submission, error)
    shutil.rmtree(bench.vault.root / "screening" / submission, ignore_errors=True)


def sweep(*, bench: Bench) -> None:
    """Remove what a killed worker left of submissions that are no longer due, and half-written files."""
    if halves := bench.vault.forget_orphans():
        log.warning("incoming_forgotten files=%s", halves)
    left = {folder.name for folder in (bench.vault.root / "screening").iterdir()}
    due = Submission.objects.filter(pk__in=left, state__in=list(DUE_FOR_SCREENING))
    for name in left - set(due.values_list("id", flat=True)):
        log.warning("screening_forgotten submission=%s", name)
        tidy(name, bench=bench)


def _judge(submission: Submission, ran: Ran, *, worker: str, bench: Bench) -> None:
    if ran.end is not End.FINISHED:
        block(submission, worker=worker, message=NO_VERDICT[ran.end], why=ran.end.value)
        return
    if ran.exit_code != 0:
        block(submission, worker=worker, message=NO_VERDICT[End.CRASHED], why=f"exit {ran.exit_code}")
        return
    files = {file.id: file for file in submission.files.all()}
    verdict, kept = _read(ran, files=files, bench=bench)
    with transaction.atomic():
        held = _held(submission, worker)
        for canonical in kept:
            _write_canonical(files[canonical.judged.id], canonical)
        for finding in verdict.findings:
            Finding.objects.create(
                submission=held,
                file=files[finding.file] if finding.file else None,
                check_name=finding.check,
                severity=finding.severity,
                where=finding.where,
                message=finding.message,
                fix=finding.fix,
            )
        _settle(held, State.BLOCKED if verdict.blocks else State.IN_REVIEW, _summary(verdict, kept))
        if not verdict.blocks:
            file_votes.carry(held)


def _read(
    ran: Ran, *, files: Collection[str], bench: Bench
) -> tuple[verdicts.Verdict, tuple[verdicts.Canonical, ...]]:
    """Return the verdict and its kept copies; Unavailable if the engine cleared them away meanwhile."""
    found = _identity(ran.out)
    try:
        verdict = verdicts.read(ran.out, files=files)
        if verdict.blocks:
            return verdict, ()
        return verdict, verdicts.keep(ran.out, verdict, vault=bench.vault, limits=bench.limits)
    except verdicts.Unreadable as error:
        if found is None or _identity(ran.out) != found:
            raise Unavailable(f"The engine was started again and cleared this screening: {error}") from error
        raise


def _identity(folder: Path) -> tuple[int, int] | None:
    """Return what tells a folder from a later one and from what lay below its mount; None without one."""
    try:
        facts = folder.lstat()
    except FileNotFoundError:
        return None
    return facts.st_dev, facts.st_ino


def _write_canonical(file: File, canonical: verdicts.Canonical) -> None:
    file.kind = canonical.judged.kind
    file.media_type = canonical.judged.media_type
    file.canonical_sha256 = canonical.stored.sha256
    file.canonical_size_bytes = canonical.stored.size_bytes
    file.canonical_name = canonical.name
    file.canonical_bits = canonical.judged.canonical_bits
    file.save()


def _settle(held: Submission, wish: State, facts: dict[str, object]) -> None:
    now = timezone.now()
    move(held, wish, screened_at=now, claimed_by="", claimed_until=None)
    entries.append(Kind.SCREENED, by="enclave", subject=held.id, facts={"state": wish.value, **facts})


def _held(submission: Submission, worker: str) -> Submission:
    held = Submission.objects.select_for_update().get(pk=submission.pk)
    if held.state != State.SCREENING or held.claimed_by != worker:
        raise Lost(held.id)
    return held


def _summary(verdict: verdicts.Verdict, kept: tuple[verdicts.Canonical, ...]) -> dict[str, object]:
    severities = [finding.severity for finding in verdict.findings]
    return {
        "outcome": "block" if verdict.blocks else verdict.outcome,
        "findings": {severity: severities.count(severity) for severity in sorted(set(severities))},
        "canonical": [{"file": item.judged.id, **asdict(item.stored)} for item in kept],
    }


def _request(
    submission: Submission, files: list[File], known: indexes.Known, *, bench: Bench
) -> dict[str, object]:
    return {
        "version": 2,
        "submission": submission.id,
        "project": submission.project.slug,
        "title": submission.title,
        "context": submission.context,
        "controls": submission.controls,
        "files": [
            {"id": file.id, "name": file.name, "bytes": file.size_bytes, "sha256": file.sha256}
            for file in files
        ],
        "indexes": len(known.versions),
        "declared": submission.declared,
        "public": bench.public(),
        "unknown": UNKNOWN[known.tier],
        "limits": {
            "minimum_count": MINIMUM_COUNT[known.tier],
            "file_bytes": bench.limits.file_bytes,
            "total_bytes": bench.limits.total_bytes,
            "table_rows": TABLE_ROWS,
            "picture_side": PICTURE_SIDE,
            "seconds": SECONDS,
        },
    }


def _sentence(error: Exception) -> str:
    text = str(error).rstrip(".")
    return f"These files could not be screened, so they can't leave: {text}."
