"""The home page's places: the projects of a person, and why one of them can't be worked in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from hub.access.models import Agreement, Approval
from hub.people.models import Person, Role
from hub.projects.models import Membership, Project, ProjectState
from hub.workspaces import sessions
from hub.workspaces.models import Session

# Each project is a question to the policies; whoever has more reads the rest on the project's own page.
MOST_ASKED = 6


@dataclass(frozen=True)
class Place:
    """A project of the person, with what is going on in it."""

    project: Project
    role: str
    until: date | None
    session: Session | None
    to_sign: list[Agreement]
    has_data: bool
    # Why no session could be started now, as the policies say it; empty where one could.
    reasons: tuple[str, ...] = ()


def places_of(person: Person, today: date) -> list[Place]:
    """Return the person's projects: those with a running session first, then those that are open."""
    memberships = list(
        Membership.objects.current(today).filter(person=person).select_related("project").order_by("pk")
    )
    projects = [membership.project_id for membership in memberships]
    live = Session.objects.live().with_people().filter(workspace__person=person)
    by_project = {session.workspace.project_id: session for session in live}
    unsigned = Agreement.objects.filter(project__in=projects, until__gte=today)
    to_sign: dict[str, list[Agreement]] = defaultdict(list)
    for agreement in unsigned.exclude(signatures__person=person):
        to_sign[agreement.project_id].append(agreement)
    approved = Approval.objects.current(today).filter(project__in=projects)
    with_data = set(approved.values_list("project_id", flat=True))
    reasons = _reasons(person, memberships[:MOST_ASKED]) if not by_project else {}
    found = [
        Place(
            project=membership.project,
            role=membership.role,
            until=membership.valid_until,
            session=by_project.get(membership.project_id),
            to_sign=to_sign[membership.project_id],
            has_data=membership.project_id in with_data,
            reasons=reasons.get(membership.project_id, ()),
        )
        for membership in memberships
    ]
    return sorted(
        found,
        key=lambda one: (one.session is None, one.project.state != ProjectState.OPEN, one.project.title),
    )


def admins(today: date) -> list[Person]:
    """Return whom to ask."""
    return list(Person.objects.holding(Role.ADMIN, today))


def _reasons(person: Person, memberships: Sequence[Membership]) -> dict[str, tuple[str, ...]]:
    """Return why no session could be started in each of these projects, as far as none could."""
    decisions = sessions.may_start_each(by=person, projects=[one.project for one in memberships])
    asked = zip(memberships, decisions, strict=True)
    return {one.project_id: tuple(decision.reasons) for one, decision in asked if not decision.allow}
