"""What became of a dataset: which projects may use it, who does now, what left; and who a change touches."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db.models import Count, Q, QuerySet, TextField
from django.db.models.functions import Cast

from egress_review.models import Release
from hub.access.models import Approval
from hub.affected import Affected
from hub.datasets import facts as datasets
from hub.datasets.models import Dataset, DatasetVersion
from hub.people import permission
from hub.people.models import Person
from hub.policy import questions
from hub.workspaces.models import Session


def open_for(person: Person, dataset: Dataset) -> permission.Permission:
    """Return the permission to see what became of a dataset, or raise Refused."""
    fresh = datasets.fresh(dataset)
    return permission.to(
        person,
        subject=dataset.id,
        ask=lambda asking, at: questions.SeeUse(person=asking, at=at, dataset=datasets.of(fresh)),
    )


def approvals(dataset: Dataset) -> QuerySet[Approval]:
    """Return every approval of a dataset's versions, the newest first, with how many people it lets in."""
    current = Q(project__memberships__ended_at=None)
    return (
        Approval.objects.filter(version__dataset=dataset)
        .select_related("project", "version", "approved_by")
        .annotate(people=Count("project__memberships", filter=current, distinct=True))
        .order_by("-approved_at", "pk")
    )


def sessions(versions: set[str]) -> list[Session]:
    """Return the live sessions that have one of these versions mounted."""
    return [one for one in Session.objects.live().with_people() if versions & set(one.versions)]


def releases(versions: set[str]) -> QuerySet[Release]:
    """Return the releases whose session had one of these versions mounted, the newest first."""
    had = Q(pk__in=[])
    for version in versions:
        had |= Q(mounted__contains=f'"{version}"')
    query = Release.objects.annotate(mounted=Cast("submission__session__versions", TextField()))
    return (
        query.filter(had)
        .select_related("submission__project", "submission__author")
        .annotate(files=Count("submission__files"))
        .order_by("-released_at", "pk")
    )


def touched_by_suspending(dataset: Dataset) -> list[Affected]:
    """Return who and what a suspension of a dataset touches: sessions that end, projects that wait."""
    ending = [
        Affected(
            f"{one.workspace.person.name}, {one.workspace.project.title}",
            "the running session ends within seconds; files in the workspace are kept",
        )
        for one in sessions(set(dataset.versions.values_list("pk", flat=True)))
    ]
    return ending + _projects(dataset, "can’t start a session with this data until it is resumed")


def touched_by_resuming(dataset: Dataset) -> list[Affected]:
    """Return which projects may use a dataset again once it is resumed."""
    return _projects(dataset, "may use this data again")


def touched_by_deprecating(version: DatasetVersion) -> list[Affected]:
    """Return which projects use a version that is no longer newly approved."""
    return _projects(version.dataset, "keeps this version until its approval ends", version=version)


def _projects(dataset: Dataset, effect: str, *, version: DatasetVersion | None = None) -> list[Affected]:
    held = Approval.objects.current(datetime.now(UTC).date()).filter(version__dataset=dataset)
    if version is not None:
        held = held.filter(version=version)
    current = Q(project__memberships__ended_at=None)
    rows = held.values_list("project__title", "project__slug").annotate(
        people=Count("project__memberships", filter=current, distinct=True)
    )
    return [
        # No link: a project's page is its members', and a steward is seldom one.
        Affected(f"{title} ({people} member{'' if people == 1 else 's'})", effect)
        for title, _, people in rows.order_by("project__title")
    ]
