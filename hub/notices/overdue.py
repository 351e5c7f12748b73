"""What waits for somebody's answer for long: told again each week to who can give it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from django.urls import reverse

from egress_review.models import Submission
from egress_review.states import State
from hub.access.models import AccessRequest
from hub.bring_ins.models import BringIn, BringInState
from hub.datasets.models import Dataset
from hub.notices import audience
from hub.notices.drafts import Draft, to
from hub.notices.kinds import About
from hub.notices.models import Notice
from hub.people.models import Person, Role
from hub.projects.models import MemberRequest
from hub.stewardship.models import Feedback

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Wait:
    """Something that waits for an answer since a moment, and how to find whom it waits for."""

    key: str
    what: str
    since: datetime
    url: str
    todo: str
    people: Callable[[], list[Person]]


def stage(since: datetime, at: datetime) -> int | None:
    """Return how many days of waiting are to be told, in whole weeks; None while it is not long."""
    return (at - since) // WEEK * WEEK.days or None


def drafts(*, at: datetime) -> list[Draft]:
    """Return what is to be told at a moment of all that waits for long, and was not told at this stage.

    Raises Unavailable when the policies don't answer who may vote: it is tried again later.
    """
    due = [(one, days) for one in _waits(at - WEEK) if (days := stage(one.since, at))]
    keys = {f"waits:{one.key}:{days}" for one, days in due}
    told = set(Notice.objects.filter(key__in=keys).values_list("key", flat=True))
    return [
        draft
        for one, days in due
        if f"waits:{one.key}:{days}" not in told
        for draft in to(one.people(), _draft(one, days, at))
    ]


def _draft(wait: Wait, days: int, at: datetime) -> Draft:
    title = f"{wait.what} has waited for {days} days"
    body = f"It waits since {wait.since:%-d %b %Y}. {wait.todo}"
    return Draft("", About.REVIEW, f"waits:{wait.key}:{days}", title, body, body, wait.url, at)


def _waits(before: datetime) -> Iterator[Wait]:
    yield from _requests(before)
    yield from _feedback(before)
    yield from _submissions(before)
    yield from _bring_ins(before)
    yield from _member_requests(before)


def _requests(before: datetime) -> Iterator[Wait]:
    stewards = audience.in_office(Role.DATA_STEWARD)
    for one in AccessRequest.objects.open().with_names().filter(asked_at__lte=before):
        dataset = one.version.dataset
        found = Wait(
            key=f"request:{one.pk}",
            what=f"{one.project.title}’s request for {one.version}",
            since=one.asked_at,
            url=reverse("provisioning:request", args=[one.pk]),
            todo="Approve it, or refuse it with a reason.",
            people=partial(audience.welcome, [dataset.steward_id]),
        )
        yield _or_another_steward(found, dataset, stewards)


def _feedback(before: datetime) -> Iterator[Wait]:
    stewards = audience.in_office(Role.DATA_STEWARD)
    for one in Feedback.objects.waiting().with_people().filter(given_at__lte=before):
        found = Wait(
            key=f"feedback:{one.pk}",
            what=f"Feedback on {one.subject}",
            since=one.given_at,
            url=reverse("stewardship:feedback", args=[one.pk]),
            todo="Read what is said, and answer it.",
            people=partial(audience.may_answer, one),
        )
        yield _or_another_steward(found, one.dataset, stewards)


def _or_another_steward(wait: Wait, dataset: Dataset | None, in_office: frozenset[str]) -> Wait:
    """Return what waits; where it is for a steward who is gone, it waits for who names another."""
    if dataset is None or dataset.steward_id in in_office:
        return wait
    todo = f"{dataset.steward.name} can’t answer for {dataset.title} any more; name another steward."
    url = reverse("datasets:hand_over", args=[dataset.slug])
    return replace(wait, url=url, todo=todo, people=audience.admins)


def _submissions(before: datetime) -> Iterator[Wait]:
    found = Submission.objects.filter(state=State.IN_REVIEW, submitted_at__lte=before)
    for one in found.select_related("project", "author", "session"):
        yield Wait(
            key=f"submission:{one.pk}",
            what=f"“{one.title}”",
            since=one.submitted_at,
            url=reverse("releases:review", args=[one.pk]),
            todo="Vote on it, or declare a conflict of interest and leave it to others.",
            people=partial(audience.may_vote, one),
        )


def _bring_ins(before: datetime) -> Iterator[Wait]:
    found = BringIn.objects.with_people().filter(state=BringInState.WAITING.value, brought_at__lte=before)
    for one in found:
        yield Wait(
            key=f"bring-in:{one.pk}",
            what=f"“{one.title}”, to come in,",
            since=one.brought_at,
            url=reverse("bring_ins:detail", args=[one.pk]),
            todo="Read its files and decide.",
            people=partial(audience.may_judge, one),
        )


def _member_requests(before: datetime) -> Iterator[Wait]:
    for one in MemberRequest.objects.open().with_names().filter(asked_at__lte=before):
        yield Wait(
            key=f"member-request:{one.pk}",
            what=f"{one.asked_by.name}’s request that {one}",
            since=one.asked_at,
            url=reverse("provisioning:member_request", args=[one.pk]),
            todo="Do it, or say why not.",
            people=audience.admins,
        )
