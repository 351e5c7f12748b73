"""Who may do what with a submission: acts, actors, and which of them the policies let; all else is denied.

`python -m tests.integration.review` writes policies/who-may-submissions.md from it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from egress_review import assignments, conflicts, file_votes, readings, releases, reviews, submissions
from egress_review.models import Conflict, FileVote, Finding, Release, Review, Submission, Vote
from egress_review.reviews import Answer
from egress_review.states import State
from egress_review.uploads import Arrived
from egress_review.vault import Vault
from hub.people.models import Person, Role, RoleAssignment, Training
from hub.places import places
from hub.projects.models import Membership, NamedChecker
from hub.workspaces.models import Session
from tests.integration import truth
from tests.unit.egress_review import factories as make

TABLE = places.checkout / "policies" / "who-may-submissions.md"
SAID = {
    "title": "Vowel table",
    "context": "Counts of speakers per vowel for the paper.",
    "controls": "Every cell counts ten speakers or more.",
}
WHY = "round these counts please"

CHECKERS = frozenset({"output_checker", "voter"})
# Everybody who is or was part of the project, or whose office is over, or who declared a conflict.
ACTORS = (
    *(role.value for role in Role),
    "author",
    "author who checks",
    "member",
    "member who checks",
    "former member who checks",
    "lead",
    "voter",
    "voter with a conflict",
    "checker with a conflict",
    "checker without training",
    "checker whose role is over",
    "checker without second factor",
    "suspended checker",
    "checker who is not named",
    "nobody",
)
PROJECT = frozenset({"author", "author who checks", "member", "member who checks", "lead"})


@dataclass
class World:
    """A submission, everybody around it, and the vault that holds its files."""

    vault: Vault
    submission: Submission
    session: Session
    actors: dict[str, Person]

    def at(self, state: State) -> Submission:
        """Put the submission into a state, whatever it takes, and return it as it stands."""
        Submission.objects.filter(pk=self.submission.pk).update(state=state)
        return Submission.objects.get(pk=self.submission.pk)

    def voted(self, by: Person, vote: Vote = Vote.APPROVE) -> None:
        """Let somebody have voted."""
        if not Review.objects.filter(submission=self.submission, reviewer=by).exists():
            make.review(self.submission, vote, by=by)


def world(vault: Vault) -> World:
    """Return a world in which each actor exists."""
    author = demo("author", Role.RESEARCHER)
    found = make.submission(State.IN_REVIEW, vault=vault, author=author)
    actors = {role.value: demo(role.value, role) for role in Role}
    actors |= {"author": author, "nobody": demo("nobody")}
    actors["member"] = demo("member", Role.RESEARCHER)
    actors["lead"] = demo("lead", Role.RESEARCHER)
    for name in ACTORS:
        actors.setdefault(name, demo(name, Role.OUTPUT_CHECKER))
    for name in ("member", "member who checks", "former member who checks", "lead", "author who checks"):
        role = "project_lead" if name == "lead" else "researcher"
        Membership.objects.create(project=found.project, person=actors[name], role=role)
    _spoil(actors, found)
    return World(vault, found, make.session(author, found.project), _fresh(actors))


def _spoil(actors: dict[str, Person], found: Submission) -> None:
    now = datetime.now(UTC)
    yesterday = now.date() - timedelta(days=1)
    Membership.objects.filter(person=actors["former member who checks"]).update(ended_at=now)
    Training.objects.filter(person=actors["checker without training"]).delete()
    RoleAssignment.objects.filter(person=actors["checker whose role is over"]).update(valid_until=yesterday)
    Person.objects.filter(pk=actors["suspended checker"].pk).update(suspended_at=now)
    Person.objects.filter(pk=actors["checker without second factor"].pk).update(is_demo=False)
    for name in ("voter", "voter with a conflict"):
        make.review(found, Vote.APPROVE, by=actors[name])
    for name in ("voter with a conflict", "checker with a conflict"):
        Conflict.objects.create(person=actors[name], project=found.project, reason="we share a grant")
    # Everybody else is named, so that nobody is kept out by that alone.
    for name in actors.keys() - {"checker who is not named"}:
        NamedChecker.objects.create(project=found.project, person=actors[name])


def _fresh(actors: dict[str, Person]) -> dict[str, Person]:
    return {name: Person.objects.get(pk=one.pk) for name, one in actors.items()}


def demo(name: str, *roles: Role) -> Person:
    """Return a demo person."""
    made = make.person(name, *roles)
    Person.objects.filter(pk=made.pk).update(is_demo=True)
    return made


def _another(world: World) -> Person:
    """Return one more checker who is named."""
    made = demo("another voter", Role.OUTPUT_CHECKER)
    NamedChecker.objects.create(project=world.submission.project, person=made)
    return made


def _as(by: Person, world: World, name: str) -> Submission:
    """Return the submission; the author who checks is its author where they act."""
    if by.pk == world.actors["author who checks"].pk:
        Submission.objects.filter(pk=world.submission.pk).update(author=by)
    return world.at(State(name))


def hand_in(by: Person, world: World) -> None:
    """Hand in from the author's session."""
    submissions.hand_in(by=by, session=world.session, files=[_arrived(world)], vault=world.vault, **SAID)


def replace(by: Person, world: World) -> None:
    """Hand in anew, from the author's session, what came back to them."""
    before = world.at(State.RETURNED)
    files = [_arrived(world)]
    submissions.hand_in(
        by=by, session=world.session, files=files, vault=world.vault, replaces=before.pk, **SAID
    )


def _arrived(world: World) -> Arrived:
    content = world.vault.incoming()
    content.write(b"a,1\n")
    content.finish()
    return Arrived("table.csv", content)


def see_page(by: Person, world: World) -> None:
    """See what became of it."""
    readings.open_page(by=by, submission=_as(by, world, "in_review"))


def see_files(by: Person, world: World) -> None:
    """See what its files hold."""
    readings.open_files(by=by, submission=_as(by, world, "in_review"))


def see_withdrawn_files(by: Person, world: World) -> None:
    """See the files of what was taken back."""
    readings.open_files(by=by, submission=_as(by, world, "withdrawn"))


def see_all(by: Person, world: World) -> None:
    """See every project's submissions."""
    readings.open_queue(by=by)


def take(by: Person, world: World) -> None:
    """Say that one looks at it."""
    assignments.take(by=by, submission=_as(by, world, "in_review"))


def declare(by: Person, world: World) -> None:
    """Declare a conflict of interest."""
    conflicts.declare(by=by, submission=_as(by, world, "in_review"), reason="we share a grant")


def vote_on_file(by: Person, world: World, vote: Vote = Vote.APPROVE) -> None:
    """Vote on a file."""
    file = _as(by, world, "in_review").files.get()
    seen = FileVote.objects.filter(file=file, reviewer=by).count()
    file_votes.put(by=by, file=file, vote=vote, comment=WHY, note="", seen=seen)


def approve(by: Person, world: World) -> None:
    """Finish a review that approves."""
    found = _as(by, world, "in_review")
    reviews.vote(by=by, submission=found, vote=Vote.APPROVE, comment="", vault=world.vault)


def send_back(by: Person, world: World) -> None:
    """Finish a review that asks for changes."""
    found = _as(by, world, "in_review")
    reviews.vote(by=by, submission=found, vote=Vote.RETURN, comment=WHY, vault=world.vault)


def approve_blocked(by: Person, world: World) -> None:
    """Approve what the screening blocks."""
    Finding.objects.create(
        submission=world.submission, check_name="cells", severity="block", message="A cell is too small."
    )
    approve(by, world)


def settle(by: Person, world: World) -> None:
    """Answer once more where the votes differ."""
    world.voted(_another(world), Vote.RETURN)
    found = _as(by, world, "differing")
    file = found.files.get().pk
    reviews.settle(by=by, submission=found, answers={file: Answer(Vote.RETURN, WHY)}, vault=world.vault)


def release(by: Person, world: World) -> None:
    """Let it leave with two approvals."""
    world.voted(_another(world))
    releases.release(by=by, submission=_as(by, world, "approved"), vault=world.vault)


def release_with_one(by: Person, world: World) -> None:
    """Let it leave with one approval that counts, and one of somebody who declared a conflict."""
    releases.release(by=by, submission=_as(by, world, "approved"), vault=world.vault)


def release_other_bytes(by: Person, world: World) -> None:
    """Let bytes leave that are not those which were approved."""
    world.voted(_another(world))
    FileVote.objects.update(canonical_sha256="0" * 64)
    releases.release(by=by, submission=_as(by, world, "approved"), vault=world.vault)


def withdraw(by: Person, world: World) -> None:
    """Take it back."""
    submissions.withdraw(by=by, submission=_as(by, world, "in_review"))


def download(by: Person, world: World) -> None:
    """Download a file of what left."""
    found = _as(by, world, "released")
    made, _ = Release.objects.get_or_create(submission=found, defaults={"receipt": {}})
    releases.download(by=by, release=made, file=found.files.get(), vault=world.vault)


ACTS: dict[str, Callable[[Person, World], None]] = {
    "releases.release with one approval": release_with_one,
    "releases.release of other bytes": release_other_bytes,
    "reviews.vote to approve what is blocked": approve_blocked,
    "readings.open_files of what was withdrawn": see_withdrawn_files,
    "releases.release with two approvals": release,
    "reviews.settle": settle,
    "submissions.hand_in from the author’s session": hand_in,
    "submissions.hand_in in place of what came back": replace,
    "readings.open_queue of every project": see_all,
    "file_votes.put": vote_on_file,
    "reviews.vote to approve": approve,
    "reviews.vote to return": send_back,
    "readings.open_files": see_files,
    "assignments.take": take,
    "releases.download": download,
    "submissions.withdraw": withdraw,
    "conflicts.declare": declare,
    "readings.open_page": see_page,
}
ALLOWED: dict[str, frozenset[str]] = {
    **dict.fromkeys(ACTS, frozenset()),
    "releases.release with two approvals": frozenset({"voter"}),
    "reviews.settle": frozenset({"voter"}),
    "submissions.hand_in from the author’s session": frozenset({"author"}),
    "submissions.hand_in in place of what came back": frozenset({"author"}),
    "readings.open_queue of every project": frozenset({"auditor"}),
    "file_votes.put": frozenset({"output_checker"}),
    "reviews.vote to approve": frozenset({"output_checker"}),
    "reviews.vote to return": frozenset({"output_checker"}),
    "readings.open_files": CHECKERS,
    "assignments.take": CHECKERS,
    "releases.download": PROJECT,
    "submissions.withdraw": frozenset({"author", "author who checks", "lead", "checker without training"})
    | CHECKERS,
    "conflicts.declare": PROJECT | CHECKERS | {"auditor", "checker without training"},
    "readings.open_page": PROJECT | CHECKERS | {"auditor", "checker without training"},
}


def services() -> set[str]:
    """Return every function of the services in which somebody acts."""
    modules = (submissions, reviews, file_votes, conflicts, assignments, releases, readings)
    return {
        f"{module.__name__.rpartition('.')[2]}.{name}"
        for module in modules
        for name, what in inspect.getmembers(module, inspect.isfunction)
        if what.__module__ == module.__name__
        and not name.startswith("_")
        and "by" in inspect.signature(what).parameters
    }


def table() -> str:
    """Return the table as the policies' folder keeps it: acts down, what nobody may first, actors across."""
    about = [
        "# Who may do what with a submission",
        "",
        "Written by `python -m tests.integration.review`; `test_who_may.py` there holds it to the policies.",
        "An act that is not marked is refused. Each role stands for somebody who holds it alone and has no",
        "part in the project; “voter” has finished one of the two reviews. All but one are named to review",
        "the project’s outputs. Declaring a conflict takes rights away from oneself, so whoever sees the",
        "page may do it.",
    ]
    return truth.written(about, actors=ACTORS, allowed={name: ALLOWED[name] for name in ACTS})


def write(path: Path = TABLE) -> None:
    """Write the table."""
    path.write_text(table(), encoding="utf-8")
