"""Handing in and taking back."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from egress_review import names, permissions
from egress_review.models import File, Submission
from egress_review.states import OPEN, State, require_move
from egress_review.uploads import Arrived
from egress_review.vault import Vault
from hub import rows
from hub.access import tiers
from hub.errors import Invalid, WrongState
from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.people.models import Person
from hub.workspaces.models import Session, SessionState

LONGEST_TITLE = 200
LONGEST_TEXT = 10_000
FEWEST_WORDS = {"title": 1, "context": 5, "controls": 5}
WHAT_TO_SAY = {
    "title": "what this is",
    "context": "what the files show, from which data they were made, and what they are for",
    "controls": "what you did so that nobody can be recognised from them",
}
MOST_OPEN = 20
ID = re.compile(r"[0-9a-z]{26}")
# Whatever could hide or reorder what a reviewer reads: controls and format characters but line ends and tabs.
UNSEEN = re.compile(r"[^\S \t\n]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")


@dataclass(frozen=True)
class Explanation:
    """What the author says about the files; each part is mandatory and readable."""

    title: str
    context: str
    controls: str

    @classmethod
    def checked(cls, *, title: str, context: str, controls: str) -> Explanation:
        """Return the explanation; one that is missing, too short or too long is refused."""
        return cls(
            title=_text("title", title, LONGEST_TITLE),
            context=_text("context", context, LONGEST_TEXT),
            controls=_text("controls", controls, LONGEST_TEXT),
        )


def hand_in(
    *,
    by: Person,
    session: Session,
    title: str,
    context: str,
    controls: str,
    files: Sequence[Arrived],
    vault: Vault,
    declared: str = "",
    replaces: str = "",
) -> Submission:
    """Freeze files in the vault and make a submission of them; the session must run and policy allow it."""
    said = Explanation.checked(title=title, context=context, controls=controls)
    if not files:
        raise Invalid("The hand-in holds no file; give at least one.")
    known = names.distinct(item.name for item in files)
    made_how = _declared(declared, known)
    _require_room(session)
    before = _replaced(replaces)
    allowed = permissions.to_hand_in(by=by, session=session, replaces=before)
    with transaction.atomic():
        rows.recheck(session.workspace.project)
        if before is not None:
            # Two that replace the same submission must not cross.
            rows.claim(before)
        present = Session.objects.select_for_update().select_related("workspace__project").get(pk=session.pk)
        if present.state != SessionState.RUNNING:
            raise WrongState(f"Session {session.id} is {present.state}; start a session and hand in there.")
        _require_room(session)
        submission = _begun(present, said, made_how, replaces=before)
        allowed.use()
        frozen = [
            _freeze(submission, name, item, vault, position)
            for position, (name, item) in enumerate(zip(known, files, strict=True))
        ]
        _write_down(submission, frozen, by=by)
    return submission


def withdraw(*, by: Person, submission: Submission) -> None:
    """Take a submission back before it has left; policy says whose wish that may be."""
    require_move(named(submission), submission.state, State.WITHDRAWN)
    allowed = permissions.to_withdraw(by=by, submission=submission)
    with transaction.atomic():
        rows.recheck(submission)
        allowed.use()
        move(submission, State.WITHDRAWN, withdrawn_at=timezone.now(), claimed_until=None, claimed_by="")
        entries.append(Kind.WITHDRAWN, by=by.id, subject=submission.id, facts={})


def move(submission: Submission, wish: State, **changes: object) -> None:
    """Move a submission that the caller's transaction has read; a row changed meanwhile raises WrongState."""
    require_move(named(submission), submission.state, wish)
    changed = Submission.objects.filter(
        pk=submission.pk, state=submission.state, row_version=submission.row_version
    ).update(state=wish.value, row_version=F("row_version") + 1, **changes)
    if not changed:
        raise WrongState(f"{named(submission)} was changed by somebody else just now; look again.")
    submission.refresh_from_db()


def named(submission: Submission) -> str:
    """Return what a submission is called in a sentence."""
    return f"Submission “{submission.title}”"


def _begun(
    session: Session, said: Explanation, made_how: dict[str, object], *, replaces: Submission | None
) -> Submission:
    workspace = session.workspace
    return Submission.objects.create(
        session=session,
        project_id=workspace.project_id,
        author_id=workspace.person_id,
        replaces=replaces,
        tier=tiers.of(workspace.project),
        title=said.title,
        context=said.context,
        controls=said.controls,
        declared=made_how,
    )


def _freeze(submission: Submission, name: str, item: Arrived, vault: Vault, position: int) -> File:
    stored = vault.keep(item.content)
    return File.objects.create(
        submission=submission,
        position=position,
        name=name,
        sha256=stored.sha256,
        size_bytes=stored.size_bytes,
    )


def _write_down(submission: Submission, frozen: Sequence[File], *, by: Person) -> None:
    entries.append(
        Kind.HANDED_IN,
        by=by.id,
        subject=submission.id,
        facts={
            "project": submission.project_id,
            "session": submission.session_id,
            "replaces": submission.replaces_id or "",
            "files": [{"sha256": file.sha256, "bytes": file.size_bytes} for file in frozen],
        },
    )


def _replaced(wish: str) -> Submission | None:
    """Return the submission that a hand-in wants to replace; whether it may is the policies' question."""
    if not wish.strip():
        return None
    found = Submission.objects.filter(pk=wish.strip()).first() if ID.fullmatch(wish.strip()) else None
    if found is None:
        raise Invalid("There is no submission of that id to replace; `parlatory.status()` shows the ids.")
    return found


def _require_room(session: Session) -> None:
    waiting = Submission.objects.filter(project_id=session.workspace.project_id, state__in=list(OPEN)).count()
    if waiting >= MOST_OPEN:
        raise Invalid(
            f"This project has {waiting} submissions that are not decided yet; "
            "withdraw one or wait for the checkers."
        )


def _declared(text: str, names: Sequence[str]) -> dict[str, object]:
    """Return how the numbers of each file were made, as its author declares it, {file name: declaration}."""
    if not text.strip():
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"What the hand-in declares is not JSON ({error}).") from error
    if not isinstance(found, dict) or not all(isinstance(value, dict) for value in found.values()):
        raise Invalid("What the hand-in declares must be an object: a declaration for each file's name.")
    if unknown := sorted(set(found) - set(names)):
        raise Invalid(f"The hand-in declares how {unknown[0]!r} was made, but holds no such file.")
    return found


def _text(field: str, text: str, longest: int) -> str:
    plain = text.replace("\r\n", "\n").strip()
    if not plain:
        raise Invalid(f"The hand-in lacks its {field}: say {WHAT_TO_SAY[field]}.")
    if len(plain) > longest:
        raise Invalid(f"More than {longest} characters are said of the {field}; say it more briefly.")
    if UNSEEN.search(plain) or (field == "title" and "\n" in plain):
        raise Invalid(f"In the {field} stand characters that can't be seen; write plain text.")
    if len(plain.split()) < FEWEST_WORDS[field]:
        raise Invalid(
            f"Too little is said of the {field} ({len(plain.split())} words): say {WHAT_TO_SAY[field]}, "
            "in at least one sentence."
        )
    return plain
