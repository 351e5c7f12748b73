"""The home page's content: what waits for a person, by role, and one next step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.urls import reverse

from egress_review.models import Submission
from egress_review.states import State
from hub.access.models import Agreement, Approval
from hub.people import facts
from hub.people.models import Person, Role
from hub.projects.models import Membership, Project, ProjectState
from hub.workspaces.models import Session

SOON = timedelta(days=30)


@dataclass(frozen=True)
class Step:
    """Something a person can do next, and where."""

    title: str
    text: str
    url: str
    action: str


@dataclass(frozen=True)
class Place:
    """A project of the person, with what is going on in it."""

    project: Project
    role: str
    session: Session | None
    to_sign: list[Agreement]
    has_data: bool


def places_of(person: Person, today: date) -> list[Place]:
    """Return the person's projects, those with a running session first."""
    memberships = Membership.objects.current(today).filter(person=person).select_related("project")
    sessions = Session.objects.live().with_people().filter(workspace__person=person)
    by_project = {session.workspace.project_id: session for session in sessions}
    found = [
        Place(
            project=membership.project,
            role=membership.role,
            session=by_project.get(membership.project_id),
            to_sign=list(
                Agreement.objects.filter(project=membership.project, until__gte=today).exclude(
                    signatures__person=person
                )
            ),
            has_data=Approval.objects.current(today).filter(project=membership.project).exists(),
        )
        for membership in memberships
    ]
    return sorted(found, key=lambda place: (place.session is None, place.project.title))


def steps_of(person: Person, roles: frozenset[Role], places: list[Place], today: date) -> list[Step]:
    """Return what waits for the person, the most pressing first; the first is the next step."""
    steps = [
        *_in_sessions(places),
        *_in_review(person, roles),
        *_returned(person),
        *_to_sign(places),
        *_training(person, today),
        *_as_steward(person, roles, today),
        *_to_start(places, today),
        *_second_factor(person),
    ]
    return steps


def admins() -> list[Person]:
    """Return whom to ask."""
    held = Person.objects.filter(is_active=True, suspended_at=None, role_assignments__role=Role.ADMIN.value)
    return list(held.distinct())


def _in_sessions(places: list[Place]) -> list[Step]:
    return [
        Step(
            f"Your session in {place.project.title}",
            f"It is {place.session.state}. Open it, see what is left of your day, or stop it.",
            reverse("workspaces:workspace", args=[place.project.slug]),
            "Go to your workspace",
        )
        for place in places
        if place.session is not None
    ]


def _in_review(person: Person, roles: frozenset[Role]) -> list[Step]:
    if Role.OUTPUT_CHECKER not in roles:
        return []
    waiting = Submission.objects.for_review().exclude(author=person).exclude(reviews__reviewer=person)
    mine = Project.objects.filter(memberships__person=person)
    count = waiting.exclude(project__in=mine).count()
    if not count:
        return []
    what = "One submission waits" if count == 1 else f"{count} submissions wait"
    text = "Each needs two reviewers who decide without seeing each other’s vote."
    return [Step(f"{what} for your review", text, reverse("releases:queue"), "Review what waits")]


def _returned(person: Person) -> list[Step]:
    states = [State.RETURNED.value, State.BLOCKED.value]
    own = Submission.objects.filter(author=person, state__in=states)[:3]
    return [
        Step(
            f"“{one.title}” came back to you",
            "Read what was found, put it right, and hand in again from your session.",
            reverse("releases:detail", args=[one.pk]),
            "Read why",
        )
        for one in own
    ]


def _to_sign(places: list[Place]) -> list[Step]:
    return [
        Step(
            f"Sign “{agreement.title}”",
            f"{place.project.title} can use this data only after you have signed.",
            reverse("access:agreement", args=[agreement.pk]),
            "Read and sign",
        )
        for place in places
        for agreement in place.to_sign
    ]


def _training(person: Person, today: date) -> list[Step]:
    latest: dict[str, date] = {}
    for training in person.trainings.all():
        latest[training.course] = max(training.valid_until, latest.get(training.course, training.valid_until))
    return [
        Step(
            f"Training “{course}” " + ("has run out" if until < today else "runs out soon"),
            f"It counts until {until:%-d %b %Y}. Take it again and ask an admin to record it.",
            reverse("people:account"),
            "See your account",
        )
        for course, until in latest.items()
        if until < today + SOON
    ]


def _as_steward(person: Person, roles: frozenset[Role], today: date) -> list[Step]:
    if Role.DATA_STEWARD not in roles:
        return []
    ending = Approval.objects.current(today).filter(version__dataset__steward=person, until__lt=today + SOON)
    count = ending.count()
    if not count:
        return []
    what = "One approval ends" if count == 1 else f"{count} approvals end"
    text = "Projects lose the data on that day, also in running sessions."
    return [Step(f"{what} within 30 days", text, reverse("access:approvals"), "See your approvals")]


def _to_start(places: list[Place], today: date) -> list[Step]:
    ready = [
        place
        for place in places
        if place.session is None and place.has_data and _is_open(place.project, today)
    ]
    if not ready or any(place.session for place in places):
        return []
    project = ready[0].project
    text = "Your workspace keeps your files; a session opens JupyterLab on the project’s data."
    url = reverse("workspaces:workspace", args=[project.slug])
    return [Step(f"Work in {project.title}", text, url, "Open your workspace")]


def _is_open(project: Project, today: date) -> bool:
    in_date = project.opens_on <= today <= project.closes_on
    return project.state == ProjectState.OPEN and in_date and not project.is_suspended


def _second_factor(person: Person) -> list[Step]:
    if facts.has_second_factor(person) or facts.second_factor_waived(person):
        return []
    text = "A code from your phone protects the data even when your password is known to somebody."
    return [Step("Add a second factor", text, reverse("mfa_activate_totp"), "Set it up")]
