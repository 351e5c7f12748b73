"""What waits for a person, by role: since when, until when, and the page to go to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Exists, F, OuterRef
from django.urls import reverse

from egress_review import readings, shortages
from egress_review.models import Submission
from egress_review.states import VOTING, State
from hub.access.models import AccessRequest, Approval
from hub.bring_ins.models import BringIn
from hub.datasets import leak_index
from hub.datasets.leak_index import IndexState
from hub.datasets.models import DatasetVersion, Intake, IntakeState
from hub.notices import lacking
from hub.notices.models import ShortageSeen
from hub.pages.home import Place
from hub.people import facts
from hub.people.models import Person, Role, Training
from hub.projects.models import MemberRequest, MemberRole, Project, ProjectState
from hub.stewardship.models import Feedback

SOON = timedelta(days=30)
MOST_SHOWN = 3
WAITING_INTAKES = (IntakeState.READY.value, IntakeState.BLOCKED.value, IntakeState.FAILED.value)


@dataclass(frozen=True)
class Step:
    """Something a person can do next, and where."""

    title: str
    text: str
    url: str
    action: str
    # Since when it waits, and the day by which it should be done.
    since: datetime | None = None
    due: date | None = None


def steps_of(person: Person, roles: frozenset[Role], places: list[Place], today: date) -> list[Step]:
    """Return what waits for the person, the most pressing first; the first is the next step."""
    steps = [
        *_in_sessions(places),
        *_in_review(person, roles),
        *_of_bring_ins(person, today),
        *_of_decisions(person, roles),
        *_returned(person),
        *_waits_for_checkers(person),
        *_to_sign(places),
        *_training(person, today),
    ]
    for role, own in OF_ROLES.items():
        if role in roles:
            steps += own(person, today)
    return [
        *steps,
        *_as_lead(places, today),
        *_to_prolong(places, today),
        *_to_start(places),
        *_second_factor(person),
    ]


def _in_sessions(places: list[Place]) -> list[Step]:
    return [
        Step(
            f"Your session in {place.project.title}",
            f"It is {place.session.state}. Open it, see what is left of your day, or stop it.",
            reverse("workspaces:workspace", args=[place.project.slug]),
            "Go to your workspace",
            since=place.session.requested_at,
        )
        for place in places
        if place.session is not None
    ]


def _in_review(person: Person, roles: frozenset[Role]) -> list[Step]:
    if Role.OUTPUT_CHECKER not in roles:
        return []
    waiting = readings.awaiting(person)
    count, oldest = waiting.count(), waiting.order_by("submitted_at").first()
    if oldest is None:
        return []
    what = "One submission waits" if count == 1 else f"{count} submissions wait"
    text = "Each needs two reviewers or more, who decide without seeing the others’ votes."
    return [
        Step(
            f"{what} for your review",
            text,
            reverse("releases:queue"),
            "Review what waits",
            since=oldest.submitted_at,
        )
    ]


def _of_decisions(person: Person, roles: frozenset[Role]) -> list[Step]:
    """Return what people say about decisions of projects that this checker has no part in."""
    if Role.OUTPUT_CHECKER not in roles:
        return []
    said = Feedback.objects.waiting().on_decisions_for(person)
    count, oldest = said.count(), said.first()
    if oldest is None:
        return []
    what = "Somebody asks" if count == 1 else f"{count} times somebody asks"
    return [
        Step(
            f"{what} about a decision",
            "A checker who is not of the project answers.",
            reverse("stewardship:feedback", args=[oldest.pk])
            if count == 1
            else reverse("stewardship:feedback_list"),
            "Read and answer",
            since=oldest.given_at,
        )
    ]


def _of_bring_ins(person: Person, today: date) -> list[Step]:
    """Return what waits to be read before it comes in; the query knows who is not for it."""
    waiting = BringIn.objects.awaiting(person, today)
    count, oldest = waiting.count(), waiting.first()
    if oldest is None:
        return []
    what = "One bring-in waits" if count == 1 else f"{count} bring-ins wait"
    text = "Code or small tables for a project’s sessions; one checker reads every file."
    url = reverse("bring_ins:index")
    return [Step(f"{what} for your review", text, url, "Read what waits", since=oldest.brought_at)]


def _returned(person: Person) -> list[Step]:
    own = readings.came_back(person)[:3]
    return [
        Step(
            f"“{one.title}” came back to you",
            "Read what was found, put it right, and hand in again from your session.",
            reverse("releases:detail", args=[one.pk]),
            "Read why",
            since=one.decided_at or one.screened_at,
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
            f"It {'counted' if until < today else 'counts'} until {until:%-d %b %Y}. "
            "Take it again and ask an admin to record it.",
            reverse("people:account"),
            "See your account",
            due=until,
        )
        for course, until in latest.items()
        if until < today + SOON
    ]


def _as_steward(person: Person, today: date) -> list[Step]:
    ending = Approval.objects.current(today).filter(version__dataset__steward=person, until__lt=today + SOON)
    asked = AccessRequest.objects.open().filter(version__dataset__steward=person)
    steps = []
    count, oldest = asked.count(), asked.order_by("asked_at").first()
    if oldest is not None:
        what = "One request for your data waits" if count == 1 else f"{count} requests for your data wait"
        text = "A project’s lead said what it is needed for; you approve, or say why not."
        url = reverse("provisioning:requests")
        steps.append(Step(f"{what} for you", text, url, "Read and answer", since=oldest.asked_at))
    count, first = ending.count(), ending.order_by("until").first()
    if first is not None:
        what = "One approval ends" if count == 1 else f"{count} approvals end"
        text = "Projects lose the data on that day, also in running sessions."
        url = reverse("access:approvals")
        steps.append(Step(f"{what} within 30 days", text, url, "See your approvals", due=first.until))
    steps += _of_intakes(person)
    steps += _of_feedback(person)
    for version in DatasetVersion.objects.filter(dataset__steward=person).select_related("dataset"):
        if leak_index.of(version).state is IndexState.FAILED:
            text = "Results of projects that use it are not screened until there is one."
            url = reverse("datasets:dataset", args=[version.dataset.slug])
            steps.append(Step(f"No leak index of {version}", text, url, "Read why"))
    return steps


def _of_intakes(person: Person) -> list[Step]:
    """Return the folders that wait for their steward's word."""
    waiting = Intake.objects.filter(dataset__steward=person, state__in=WAITING_INTAKES)
    return [
        Step(
            f"{one.dataset.title} {one.version} is {one.state}",
            "Its folder was examined; look at what was found, then register it or have it mended.",
            reverse("stewardship:intake", args=[one.pk]),
            "See what was found",
            since=one.examined_at or one.requested_at,
        )
        for one in waiting.select_related("dataset").defer("content", "findings", "facts")[:3]
    ]


def _of_feedback(person: Person) -> list[Step]:
    """Return what people say about a steward's data and nobody answered."""
    said = Feedback.objects.waiting().filter(dataset__steward=person)
    count, oldest = said.count(), said.first()
    if oldest is None:
        return []
    what = "Somebody says" if count == 1 else f"{count} times somebody says"
    one, all_of_them = reverse("stewardship:feedback", args=[oldest.pk]), reverse("stewardship:desk")
    return [
        Step(
            f"{what} what is wrong with your data",
            "They wait for your answer.",
            one if count == 1 else all_of_them,
            "Read and answer",
            since=oldest.given_at,
        )
    ]


def _as_admin(person: Person, today: date) -> list[Step]:
    held = Submission.objects.filter(state=State.APPROVED.value).exclude(held_reason="")
    steps = (
        _of_member_requests()
        + _of_shortages()
        + [
            Step(
                f"The release of “{one.title}” is held",
                one.held_reason,
                reverse("releases:detail", args=[one.pk]),
                "See the submission",
                since=one.decided_at,
            )
            for one in held[:3]
        ]
    )
    newest: dict[tuple[str, str], date] = {}
    trainings = Training.objects.filter(person__is_active=True, person__memberships__ended_at=None)
    for who, course, until in trainings.values_list("person_id", "course", "valid_until").distinct():
        newest[who, course] = max(until, newest.get((who, course), until))
    running_out = sorted(until for until in newest.values() if today <= until < today + SOON)
    if running_out:
        count = len(running_out)
        what = "One member’s training runs out" if count == 1 else f"{count} members’ training runs out"
        text = "On that day their sessions end and no new one starts."
        url = reverse("people:people")
        steps.append(Step(f"{what} within 30 days", text, url, "See people", due=running_out[0]))
    return steps


def _of_member_requests() -> list[Step]:
    """Return what leads ask about their members, the longest waiting first."""
    waiting = MemberRequest.objects.open().with_names()[:MOST_SHOWN]
    return [
        Step(
            f"{one.asked_by.name} asks that {one}",
            "Do it in one step, or say why not.",
            reverse("provisioning:member_request", args=[one.pk]),
            "Read and answer",
            since=one.asked_at,
        )
        for one in waiting
    ]


def _of_shortages() -> list[Step]:
    """Return the projects that too few checkers can review; many are one step, mended together."""
    short = shortages.everywhere()
    since = dict(ShortageSeen.objects.values_list("project", "since"))
    named, others = [one for one in short if one.named], [one for one in short if not one.named]
    steps = [
        Step(
            f"{one.project.title} has too few checkers",
            f"{one} What it hands in waits until that is mended.",
            lacking.page(one),
            "Name checkers" if one.named else "See the checkers",
            since=since.get(one.project.pk),
        )
        for one in [*named[:MOST_SHOWN], *(others if len(others) == 1 else [])]
    ]
    if len(others) > 1:
        titles = ", ".join(one.project.title for one in others[:MOST_SHOWN])
        more = f" and {len(others) - MOST_SHOWN} more" if len(others) > MOST_SHOWN else ""
        text = f"{titles}{more}: nobody is named, and too few checkers from outside can review today."
        first = min((since[one.project.pk] for one in others if one.project.pk in since), default=None)
        title = f"{len(others)} projects have too few checkers"
        steps.append(Step(title, text, lacking.page(others[0]), "See the checkers", since=first))
    return steps


def _waits_for_checkers(person: Person) -> list[Step]:
    """Return what of a person's own waits because too few can review it."""
    own = readings.mine(person).filter(author=person, state__in=[one.value for one in VOTING])
    # A subquery asks as often where nothing of theirs waits: home is no slower on the day something does.
    projects = Project.objects.filter(pk__in=own.values("project"))
    short = {one.project.pk: one for one in shortages.among(projects)}
    return [
        Step(
            f"“{one.title}” waits for checkers",
            f"{short[one.project_id]} Nothing of it is lost; the admins of the enclave are told.",
            reverse("releases:detail", args=[one.pk]),
            "See it",
            since=one.submitted_at,
        )
        for one in own
        if one.project_id in short
    ][:MOST_SHOWN]


def _as_lead(places: list[Place], today: date) -> list[Step]:
    return [
        Step(
            f"{place.project.title} ends soon",
            "After that day no session starts; what was handed in can still be decided and downloaded.",
            reverse("access:project", args=[place.project.slug]),
            "See the project",
            due=place.project.closes_on,
        )
        for place in places
        if place.role == MemberRole.PROJECT_LEAD
        and _is_open(place.project)
        and today <= place.project.closes_on < today + SOON
    ]


def _to_prolong(places: list[Place], today: date) -> list[Step]:
    """Return the data that a project of this lead loses soon, and nobody has asked to keep."""
    led = [one.project for one in places if one.role == MemberRole.PROJECT_LEAD and _is_open(one.project)]
    asked = AccessRequest.objects.open().filter(project=OuterRef("project"), version=OuterRef("version"))
    ending = Approval.objects.current(today).filter(
        ~Exists(asked), project__in=led, until__lt=today + SOON, project__closes_on__gt=F("until")
    )
    return [
        Step(
            f"{one.project.title} may use {one.version} for a short time only",
            f"On the day after, it is lost in running sessions too. {one.version.dataset.steward.name} can "
            "prolong it.",
            reverse("provisioning:ask", args=[one.project.slug]) + f"?version={one.version_id}",
            "Ask for more time",
            due=one.until,
        )
        for one in ending.select_related("project", "version__dataset__steward").order_by("until")[
            :MOST_SHOWN
        ]
    ]


def _to_start(places: list[Place]) -> list[Step]:
    ready = [place for place in places if place.has_data and not place.reasons and _is_open(place.project)]
    if not ready or any(place.session for place in places):
        return []
    project = ready[0].project
    text = "Your workspace keeps your files; a session opens JupyterLab on the project’s data."
    url = reverse("workspaces:workspace", args=[project.slug])
    return [Step(f"Work in {project.title}", text, url, "Open your workspace")]


def _is_open(project: Project) -> bool:
    today = datetime.now(UTC).date()
    in_date = project.opens_on <= today <= project.closes_on
    return project.state == ProjectState.OPEN and in_date and not project.is_suspended


def _second_factor(person: Person) -> list[Step]:
    if facts.has_second_factor(person) or facts.second_factor_waived(person):
        return []
    text = "A code from your phone protects the data even when your password is known to somebody."
    return [Step("Add a second factor", text, reverse("mfa_activate_totp"), "Set it up")]


OF_ROLES: dict[Role, Callable[[Person, date], list[Step]]] = {
    Role.DATA_STEWARD: _as_steward,
    Role.ADMIN: _as_admin,
}
