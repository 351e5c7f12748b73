"""What leaves: verified canonical copies, with a receipt, to the people of the project."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from egress_review import permissions, receipts
from egress_review.leaving import Leaving
from egress_review.models import File, Release, Submission
from egress_review.states import State, require_move
from egress_review.submissions import move, named
from egress_review.vault import Stored, Vault, VaultAltered
from hub import ids, rows
from hub.errors import NotFound, Refused, WrongState
from hub.ledger import entries, receipt
from hub.ledger.kinds import Kind
from hub.people.models import Person

log = logging.getLogger("parlatory.releases")

# An approved submission that can't leave is tried again, but not so often that it floods the ledger.
AGAIN_SECONDS = 600
# The voter's own request releases; only what it left behind for this long is the worker's.
LEFT_SECONDS = 15


@dataclass(frozen=True)
class Download:
    """A released file on its way out: its name, size, type and verified bytes."""

    name: str
    size_bytes: int
    media_type: str
    chunks: Iterator[bytes]


def release(*, by: Person, submission: Submission, vault: Vault) -> Release:
    """Let an approved submission leave; every canonical copy is hashed again before anything is written."""
    require_move(named(submission), submission.state, State.RELEASED)
    files = list(submission.files.all())
    for file in files:
        vault.verify(canonical(file))
    allowed = permissions.to_release(by=by, submission=submission)
    with transaction.atomic():
        rows.recheck(submission, submission.project)
        allowed.use()
        made = Release(id=ids.new(), submission=submission, released_at=timezone.now())
        document = receipts.document(made, files=files, decision=allowed.decision)
        entry = entries.append(
            Kind.RELEASED,
            by=by.id,
            subject=submission.id,
            facts={"release": made.id, "files": [file.canonical_sha256 for file in files]},
            public={"receipt_sha256": receipt.digest(document)},
        )
        made.receipt = receipts.sealed(document, entry_index=entry.index)
        made.save()
        move(submission, State.RELEASED, held_reason="", claimed_until=None)
    log.info("released submission=%s release=%s", submission.id, made.id)
    return made


def attempt(*, by: Person, submission: Submission, vault: Vault) -> Release | None:
    """Release if that is possible now; if not, the submission stays approved and says why."""
    try:
        return release(by=by, submission=submission, vault=vault)
    except (Refused, VaultAltered) as error:
        _hold(submission, why=str(error), kind=type(error).__name__)
    except WrongState as error:
        log.info("release_overtaken submission=%s reason=%s", submission.id, error)
    return None


def finish_all(*, vault: Vault) -> None:
    """Release what was approved and left behind by a process that stopped."""
    now = timezone.now()
    left = Submission.objects.filter(
        Q(claimed_until__isnull=True) | Q(claimed_until__lte=now),
        state=State.APPROVED,
        decided_at__lte=now - timedelta(seconds=LEFT_SECONDS),
    )
    for submission in left:
        last = submission.reviews.standing().select_related("reviewer").order_by("voted_at").last()
        if last is not None:
            attempt(by=last.reviewer, submission=submission, vault=vault)


def download(*, by: Person, release: Release, file: File, vault: Vault) -> Download:
    """Hand a released file to somebody of the project; it is on the ledger before its first byte leaves."""
    if file.submission_id != release.submission_id:
        raise NotFound("This release has no such file.")
    allowed = permissions.to_download(by=by, submission=release.submission)
    stored = canonical(file)
    leaving = Leaving(by.id, vault.chunks(stored))
    with ExitStack() as where_it_fails:
        where_it_fails.callback(leaving.close)
        vault.verify(stored)
        with transaction.atomic():
            allowed.use()
            entries.append(
                Kind.DOWNLOADED,
                by=by.id,
                subject=release.submission_id,
                facts={"release": release.id, "file": file.id, "sha256": stored.sha256},
            )
        where_it_fails.pop_all()
    return Download(
        name=file.canonical_name,
        size_bytes=stored.size_bytes,
        media_type=file.media_type,
        chunks=leaving,
    )


def canonical(file: File) -> Stored:
    """Return the copy of a file that may leave; a file without one never does."""
    if not file.canonical_sha256 or file.canonical_size_bytes is None:
        raise NotFound(f"{file.name} has no canonical copy; only what was rebuilt by the screening leaves.")
    return Stored(file.canonical_sha256, file.canonical_size_bytes)


def _hold(submission: Submission, *, why: str, kind: str) -> None:
    log.error("release_stopped submission=%s reason=%s", submission.id, kind)
    with transaction.atomic():
        Submission.objects.filter(pk=submission.pk, state=State.APPROVED).update(
            held_reason=why, claimed_until=timezone.now() + timedelta(seconds=AGAIN_SECONDS)
        )
        entries.append(
            Kind.RELEASE_STOPPED, by="enclave", subject=submission.id, facts={"why": why, "kind": kind}
        )
    submission.refresh_from_db()
