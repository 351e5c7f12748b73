"""Valid objects in a named state, for the tests of what leaves."""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime, timedelta
from itertools import count

from django.test import Client

from egress_review import releases
from egress_review.models import File, FileVote, Finding, Review, Severity, Submission, Vote
from egress_review.states import DECIDED, State
from egress_review.vault import Vault
from hub.people.models import Institution, Person, Role, RoleAssignment, Training
from hub.projects.models import Membership, Project, ProjectState
from hub.workspaces.models import FIRST_UID, Session, SessionState, Workspace

_numbers = count()
TABLE = b"vowel,speakers\na,12\ne,14\n"
CANONICAL = b"vowel,speakers\r\na,12\r\ne,14\r\n"


def _begin_anywhere() -> None:
    global _numbers
    _numbers = count(secrets.randbelow(10**9))


# Several processes may fill one database, forks of one another among them.
_begin_anywhere()
os.register_at_fork(after_in_child=_begin_anywhere)


def person(name: str = "", *roles: Role) -> Person:
    """Return a person with roles and every training, who waives nothing."""
    number = next(_numbers)
    institution, _ = Institution.objects.get_or_create(slug="north", defaults={"name": "North"})
    made = Person.objects.create(
        email=f"person{number}@example.org", name=name or f"Person {number}", institution=institution
    )
    today = datetime.now(UTC).date()
    for role in roles:
        RoleAssignment.objects.create(person=made, role=role)
    for course in ("safe-researcher", "output-checking"):
        Training.objects.create(
            person=made, course=course, completed_on=today, valid_until=today + timedelta(days=365)
        )
    return made


def checker(name: str = "") -> Person:
    """Return an output checker."""
    return person(name, Role.OUTPUT_CHECKER)


def project(*members: Person) -> Project:
    """Return an open project with members."""
    number = next(_numbers)
    today = datetime.now(UTC).date()
    made = Project.objects.create(
        slug=f"vowels-{number}",
        title=f"Vowels {number}",
        purpose="phonetics",
        state=ProjectState.OPEN,
        opens_on=today - timedelta(days=1),
        closes_on=today + timedelta(days=90),
    )
    for member in members:
        Membership.objects.create(project=made, person=member)
    return made


def session(member: Person, place: Project, state: SessionState = SessionState.RUNNING) -> Session:
    """Return a session of a member."""
    number = next(_numbers)
    workspace, _ = Workspace.objects.get_or_create(
        person=member, project=place, defaults={"slug": f"w-{number}", "uid": FIRST_UID + number}
    )
    return Session.objects.create(
        workspace=workspace,
        state=state,
        started_at=datetime.now(UTC),
        expires_at=datetime.now(UTC) + timedelta(hours=4),
    )


def submission(
    state: State = State.SUBMITTED,
    *,
    vault: Vault,
    author: Person | None = None,
    files: dict[str, bytes] | None = None,
) -> Submission:
    """Return a submission in a state, its files in the vault; once screened they have canonical copies."""
    by = author or person("Author", Role.RESEARCHER)
    place = project(by)
    now = datetime.now(UTC)
    screened = state not in {State.SUBMITTED, State.SCREENING, State.WITHDRAWN}
    made = Submission.objects.create(
        session=session(by, place, SessionState.ENDED),
        project=place,
        author=by,
        title="Vowel table",
        context="Counts of speakers per vowel for the paper.",
        controls="Every cell counts ten speakers or more.",
        state=state,
        screened_at=now if screened else None,
        decided_at=now if state in DECIDED else None,
    )
    for position, (name, data) in enumerate((files or {"table.csv": TABLE}).items()):
        _file(made, name, data, position, vault=vault, screened=screened and state != State.BLOCKED)
    if state == State.BLOCKED:
        Finding.objects.create(
            submission=made,
            check_name="small_cells",
            severity=Severity.BLOCK,
            where="row 1",
            message="A cell counts fewer than 10 speakers.",
            fix="Join small groups.",
        )
    return made


def review(of: Submission, vote: Vote, by: Person | None = None, comment: str = "as agreed upon") -> Review:
    """Return a finished review: a vote, the same on each file."""
    reviewer = by or checker()
    for file in of.files.all():
        file_vote(file, vote, by=reviewer)
    return Review.objects.create(submission=of, reviewer=reviewer, vote=vote, comment=comment)


def file_vote(file: File, vote: Vote, by: Person, comment: str = "", note: str = "") -> FileVote:
    """Return a vote on one file, on the bytes it has now."""
    known = {"vote": vote, "comment": comment, "note": note, "canonical_sha256": file.canonical_sha256}
    return FileVote.objects.update_or_create(file=file, reviewer=by, defaults=known)[0]


def _file(of: Submission, name: str, data: bytes, position: int, *, vault: Vault, screened: bool) -> File:
    stored = vault.put(data)
    made = File(
        submission=of, name=name, position=position, sha256=stored.sha256, size_bytes=stored.size_bytes
    )
    if screened:
        canonical = vault.put(CANONICAL if data == TABLE else data)
        made.kind, made.media_type = "table", "text/csv"
        made.canonical_sha256, made.canonical_size_bytes = canonical.sha256, canonical.size_bytes
        made.canonical_name = name
    made.save()
    return made


def browser(of: Person) -> Client:
    """Return a browser in which somebody is signed in."""
    Person.objects.filter(pk=of.pk).update(is_demo=True)
    client = Client(HTTP_HOST="portal.localhost:8000", headers={"accept-language": "en"})
    client.force_login(of, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def released(vault: Vault) -> Submission:
    """Return a submission that left."""
    made = submission(State.APPROVED, vault=vault)
    voters = [review(made, Vote.APPROVE), review(made, Vote.APPROVE)]
    releases.release(by=voters[1].reviewer, submission=made, vault=vault)
    return made
