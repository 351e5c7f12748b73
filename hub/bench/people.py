"""People of a measurement, in the portal's database and by its services: run as the portal's own user.

Each line on standard input is a wish, each line on standard output its answer, both JSON.
"""

from __future__ import annotations

import json
import secrets
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hub.access import agreements, approvals
from hub.datasets.models import DatasetVersion
from hub.errors import NotFound, ParlatoryError
from hub.people import services as people
from hub.people.models import Person, Role
from hub.people.permission import WITHOUT_POLICY
from hub.projects import services as projects
from hub.projects.models import Project, ProjectState
from hub.workspaces import sessions
from hub.workspaces.models import Session, SessionState, Workspace

PURPOSE = "measuring how long a start takes"
DATASET, VERSION = "prompts-voices", "1.1"
COURSE = "safe-researcher"
POLL_SECONDS = 0.05
DAYS = 2


def make(*, word: str, count: int) -> dict[str, Any]:
    """Make a project and its members, approved to use one of the demo's dataset versions for two days."""
    version = (
        DatasetVersion.objects.select_related("dataset__steward", "dataset__institution")
        .filter(dataset__slug=DATASET, version=VERSION)
        .first()
    )
    if version is None:
        raise NotFound("The demo's data is not in this enclave, and a session needs data; `seed` puts it in.")
    today = datetime.now(UTC).date()
    until = today + timedelta(days=DAYS)
    project = projects.propose(
        by=WITHOUT_POLICY,
        slug=_slug(word),
        title=f"Measurement {word}",
        purpose=PURPOSE,
        opens_on=today - timedelta(days=1),
        closes_on=until,
        is_demo=True,
    )
    steward = Person.objects.with_roles().get(pk=version.dataset.steward_id)
    agreement = agreements.add(
        by=steward,
        dataset=version.dataset,
        project=project,
        title="Measurement",
        text="The data is mounted and not read.",
        until=until,
    )
    made = [_member(word, number, version, project, until) for number in range(1, count + 1)]
    for person, _ in made:
        agreements.sign(by=person, agreement=agreement)
    projects.open(by=WITHOUT_POLICY, project=project)
    approvals.approve(by=steward, project=project, version=version, purpose=PURPOSE, until=until)
    shown = [{"id": person.id, "email": person.email, "password": password} for person, password in made]
    return {"project": project.slug, "people": shown}


def _member(
    word: str, number: int, version: DatasetVersion, project: Project, until: date
) -> tuple[Person, str]:
    password = secrets.token_urlsafe(24)
    person = people.add(
        by=WITHOUT_POLICY,
        email=f"bench-{word}-{number}@bench.invalid",
        name=f"Measurement {word}, person {number}",
        institution=version.dataset.institution,
        password=password,
        roles=[Role.RESEARCHER],
        is_demo=True,
    )
    people.record_training(
        by=WITHOUT_POLICY,
        person=person,
        course=COURSE,
        completed_on=datetime.now(UTC).date(),
        valid_until=until,
    )
    projects.add_member(by=WITHOUT_POLICY, project=project, person=person)
    return person, password


def ready(*, of: list[str], seconds: float) -> dict[str, float | None]:
    """Return, for each person, the monotonic time at which their next session was seen to run."""
    before = set(Session.objects.filter(workspace__person__in=of).values_list("pk", flat=True))
    _answer({"watching": True})
    seen: dict[str, float | None] = {}

    def all_seen() -> bool:
        new = Session.objects.filter(workspace__person__in=of).exclude(pk__in=before)
        for person, state in new.values_list("workspace__person", "state"):
            if person not in seen and state not in (SessionState.REQUESTED, SessionState.STARTING):
                seen[person] = time.monotonic() if state == SessionState.RUNNING else None
        return len(seen) == len(of)

    _until(all_seen, seconds)
    return {person: seen.get(person) for person in of}


def cleared(*, of: list[str], seconds: float) -> dict[str, bool]:
    """Return when nothing is left of these people's sessions."""
    theirs = Session.objects.filter(workspace__person__in=of, cleared_at=None)
    return {"cleared": _until(lambda: not theirs.exists(), seconds)}


def close(*, word: str, seconds: float) -> dict[str, Any]:
    """End the measurement's sessions, close its project and its people's accounts; name their workspaces."""
    everybody = list(Person.objects.filter(email__regex=rf"^bench-{word}-[0-9]+@bench\.invalid$"))
    for session in Session.objects.live().with_people().filter(workspace__person__in=everybody):
        sessions.end(by=WITHOUT_POLICY.id, session=session, reason="The measurement is over.")
    gone = cleared(of=[person.id for person in everybody], seconds=seconds)["cleared"]
    project = Project.objects.filter(slug=_slug(word)).first()
    if project is not None and project.state == ProjectState.OPEN:
        projects.close(by=WITHOUT_POLICY, project=project)
    for person in everybody:
        people.deactivate(by=WITHOUT_POLICY, person=person, reason="The measurement is over.")
    homes = Workspace.objects.filter(person__in=everybody).values_list("pk", flat=True)
    return {"cleared": gone, "workspaces": list(homes)}


def _slug(word: str) -> str:
    return f"bench-{word}"


def _until(done: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _answer(document: object) -> None:
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


VERBS: dict[str, Callable[..., object]] = {"make": make, "ready": ready, "cleared": cleared, "close": close}


def serve() -> None:
    """Answer wishes until there are no more; a wish that can't be granted is answered with its reason."""
    for line in sys.stdin:
        wish = json.loads(line)
        try:
            _answer(VERBS[wish.pop("verb")](**wish))
        except ParlatoryError as error:
            _answer({"error": str(error)})
