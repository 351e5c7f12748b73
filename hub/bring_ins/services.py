"""Bringing in, letting in, rejecting, taking back; looking, which is written down."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import transaction
from django.utils.text import slugify

from egress_review.submissions import UNSEEN
from egress_review.vault import Stored, Vault
from hub import rows
from hub.bring_ins import delivery, permissions, text
from hub.bring_ins.models import LEGAL_MOVES, BringIn, BringInFile, BringInState
from hub.errors import Invalid, NotFound, Unavailable, WrongState
from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.people.models import Person
from hub.projects.models import Project

log = logging.getLogger("parlatory.bring_ins")

MOST_WAITING = 10
FEWEST_WORDS = 5
LONGEST_TITLE, LONGEST_TEXT = 200, 5_000
VERDICTS = {
    "approve": (BringInState.APPROVED, Kind.BRING_IN_APPROVED),
    "reject": (BringInState.REJECTED, Kind.BRING_IN_REJECTED),
}


def bring(
    *, by: Person, project: Project, title: str, why: str, files: Sequence[tuple[str, bytes]], vault: Vault
) -> BringIn:
    """Freeze text files for a review; nothing of them is in a session before a checker let them in."""
    said, reason = _plain(title, "title", LONGEST_TITLE), _plain(why, "reason", LONGEST_TEXT)
    if len(reason.split()) < FEWEST_WORDS:
        raise Invalid("Say in a sentence what this is and what the project needs it for.")
    allowed = permissions.to_bring(by=by, project=project)
    texts = text.accepted(files)
    stored = [vault.put(one.data) for one in texts]
    with transaction.atomic():
        rows.recheck(project)
        if BringIn.objects.filter(project=project, state=BringInState.WAITING.value).count() >= MOST_WAITING:
            raise Invalid(f"{MOST_WAITING} wait for a review in this project; take one back or wait.")
        allowed.use()
        made = BringIn(project=project, author=by, title=said, why=reason)
        made.folder = f"{slugify(said)[:40].strip('-') or 'text'}-{made.id[-8:].lower()}"
        made.findings = [finding.as_dict() for one in texts for finding in one.findings]
        made.save(force_insert=True)
        BringInFile.objects.bulk_create(
            BringInFile(
                bring_in=made,
                position=position,
                name=one.name,
                sha256=kept.sha256,
                size_bytes=kept.size_bytes,
                lines=one.lines,
            )
            for position, (one, kept) in enumerate(zip(texts, stored, strict=True))
        )
        facts = {
            "project": project.id,
            "files": [{"sha256": kept.sha256, "bytes": kept.size_bytes} for kept in stored],
            "findings": len(made.findings),
        }
        entries.append(Kind.BROUGHT_IN, by=by.id, subject=made.id, facts=facts)
    return made


def judge(
    *, by: Person, bring_in: BringIn, verdict: permissions.Verdict, comment: str, seen: int, vault: Vault
) -> None:
    """Let text into the project's sessions, or reject it with a reason, once."""
    said = _plain(comment, "comment", LONGEST_TEXT) if comment.strip() else ""
    if verdict == "reject" and not said:
        raise Invalid("Say why, so that its author can change it.")
    allowed = permissions.to_judge(by=by, bring_in=bring_in, verdict=verdict)
    wish, kind = VERDICTS[verdict]
    with transaction.atomic():
        rows.expect(bring_in, seen)
        rows.recheck(bring_in.project)
        allowed.use()
        _move(bring_in, wish, decided_at=datetime.now(UTC), decided_by_id=by.id, comment=said)
        hashes = list(bring_in.files.values_list("sha256", flat=True))
        facts = {"project": bring_in.project_id, "files": [{"sha256": one} for one in hashes]}
        entries.append(kind, by=by.id, subject=bring_in.id, facts=facts)
    _deliver(bring_in.project, vault)


def take_back(*, by: Person, bring_in: BringIn, vault: Vault) -> None:
    """Take text out of the project's sessions, running ones too, or out of the queue."""
    allowed = permissions.to_take_back(by=by, bring_in=bring_in)
    with transaction.atomic():
        allowed.use()
        _move(bring_in, BringInState.WITHDRAWN, withdrawn_at=datetime.now(UTC))
        facts = {"project": bring_in.project_id}
        entries.append(Kind.BRING_IN_WITHDRAWN, by=by.id, subject=bring_in.id, facts=facts)
    _deliver(bring_in.project, vault)


def open_page(*, by: Person, bring_in: BringIn) -> None:
    """Let a person see the page of what was brought in."""
    _look(by, bring_in, "page", "")


def open_file(*, by: Person, bring_in: BringIn, file: BringInFile, vault: Vault) -> str:
    """Return a file's text to who may read it; the look is on the ledger."""
    _look(by, bring_in, "files", file.sha256)
    data = vault.read(Stored(file.sha256, file.size_bytes), most_bytes=text.MOST_FILE_BYTES)
    return text.decoded(file.name, data)


def find(id: str) -> BringIn:
    """Return a bring-in by its id."""
    found = BringIn.objects.with_people().filter(pk=id).first()
    if found is None:
        raise NotFound("There is nothing of that name that was brought in, or none that you may see.")
    return found


def _look(by: Person, bring_in: BringIn, what: permissions.What, file: str) -> None:
    allowed = permissions.to_view(by=by, bring_in=bring_in, what=what)
    with transaction.atomic():
        allowed.use()
        facts = {"what": f"brought {what}", "file": file, "state": bring_in.state}
        entries.append(Kind.VIEWED, by=by.id, subject=bring_in.id, facts=facts)


def _move(bring_in: BringIn, wish: BringInState, **changes: object) -> None:
    now = BringInState(bring_in.state)
    if wish not in LEGAL_MOVES[now]:
        raise WrongState(f"“{bring_in.title}” is {now}; it can't become {wish}.")
    rows.claim(bring_in, state=wish.value, **changes)


def _deliver(project: Project, vault: Vault) -> None:
    """Bring the sessions' folder in line now; what fails is tried again beside the worker."""
    try:
        delivery.bring_in_line(project, vault)
    except (OSError, Unavailable) as error:
        log.error("bring_ins_not_delivered project=%s reason=%s", project.id, error)


def _plain(said: str, what: str, longest: int) -> str:
    plain = said.replace("\r\n", "\n").strip()
    if not plain:
        raise Invalid(f"The {what} is empty.")
    if len(plain) > longest:
        raise Invalid(f"The {what} is longer than {longest} characters; say it more briefly.")
    if UNSEEN.search(plain) or (what == "title" and "\n" in plain):
        raise Invalid(f"The {what} has characters that can't be seen; write it as plain text.")
    return plain
