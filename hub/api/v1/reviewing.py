"""Who reviews what a project hands in, and how many have to approve."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import Field

from egress_review import reviewers, shortages
from hub.access import tiers
from hub.api import answers, caller
from hub.api.answers import Given, IfMatch, Shown
from hub.api.caller import Bearer
from hub.api.scopes import Scope
from hub.api.v1 import projects
from hub.api.words import Id, Slug
from hub.projects import services
from hub.projects.models import FEWEST_APPROVALS, Project

router = Router(tags=["projects"])
MOST_NAMED = 50


class CheckerShown(Shown):
    """An output checker who is named for a project."""

    person: str
    email: str
    name: str


class ReviewersShown(Shown):
    """How many approvals a release needs, and by whom; where nobody is named, by any checker from outside.

    `approvals` is at least what the highest tier of the project's data asks for.
    `able` counts who can review today: of those who are named, or where nobody is, of all checkers from
    outside. With fewer than `approvals` of them nothing is decided, and what is handed in waits.
    """

    approvals: int
    named: list[CheckerShown]
    able: Annotated[int, Field(description="How many can review today: named ones, or any if none is named.")]


class ReviewersGiven(Given):
    """Who is to review from now on; what is left out stays, and an empty list names nobody."""

    approvals: Annotated[int, Field(ge=FEWEST_APPROVALS, le=reviewers.MOST_APPROVALS)] | None = None
    named: Annotated[list[Id], Field(max_length=MOST_NAMED)] | None = None


def show(project: Project) -> HttpResponse:
    """Answer with a project's reviewers as they are now."""
    project.refresh_from_db()
    named = list(project.named_checkers.select_related("person").order_by("person__name", "pk"))
    shown = [
        CheckerShown(person=one.person_id, email=one.person.email, name=one.person.name) for one in named
    ]
    able = shortages.able(project).count()
    return answers.shown(ReviewersShown(approvals=tiers.needed(project), named=shown, able=able), row=project)


@router.get("/projects/{slug}/reviewers", response=ReviewersShown, auth=Bearer(Scope.PROJECTS_READ))
def get_reviewers(request: HttpRequest, slug: Slug) -> HttpResponse:
    """Show who reviews what a project hands in, to who may name them."""
    actor = caller.of(request).actor
    project = projects.visible_to(actor, slug)
    services.may(by=actor, project=project, change="edit")
    return show(project)


@router.patch("/projects/{slug}/reviewers", response=ReviewersShown, auth=Bearer(Scope.REVIEWERS_WRITE))
def choose(request: HttpRequest, slug: Slug, given: ReviewersGiven, if_match: IfMatch = None) -> HttpResponse:
    """Name who reviews what a project hands in and how many approve, from the edition that If-Match names."""
    actor = caller.of(request).actor
    project = projects.visible_to(actor, slug)
    seen = answers.edition(project, if_match)
    now = project.named_checkers.values_list("person_id", flat=True)
    reviewers.choose(
        by=actor,
        project=project,
        named=list(now) if given.named is None else given.named,
        approvals=tiers.needed(project) if given.approvals is None else given.approvals,
        seen=seen,
    )
    return show(project)
