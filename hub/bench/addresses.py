"""Every page that the portal has, found in its own table of addresses, and what to put into each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import URLPattern, URLResolver, get_resolver

from egress_review.models import Submission
from egress_review.states import State
from hub.access.models import AccessRequest, Agreement, Approval
from hub.api.models import Token
from hub.bring_ins.models import BringIn
from hub.datasets.models import DatasetVersion, Intake
from hub.ledger.models import Entry
from hub.people.models import Institution, Invitation
from hub.projects.models import MemberRequest, Membership, Project
from hub.stewardship.models import Feedback

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
# Sign-in and the enclave's own doors are no pages of anybody's work; an export is a download of everything.
LEFT_OUT = re.compile(r"identity/|\.well-known|internal/|sign|account/(second|mail|password)|health|.*\.zip")


@dataclass(frozen=True)
class Page:
    """An address with its parameters, and the ways to fill them."""

    route: str
    paths: tuple[str, ...]


def pages(samples: dict[str, list[dict[str, str]]]) -> Iterator[Page]:
    """Yield every page with at least one address to try; with none where nothing fits its parameters."""
    for route in sorted(routes()):
        if LEFT_OUT.match(route):
            continue
        names = PARAMETER.findall(route)
        noun = next((part for part in samples if route.startswith(part)), "")
        found = []
        for sample in samples[noun] if names else [{}]:
            if all(name in sample for name in names):
                found.append("/" + _filled(route, sample))
        yield Page("/" + route, tuple(dict.fromkeys(found)))


def _filled(route: str, sample: dict[str, str]) -> str:
    return PARAMETER.sub(lambda match: sample[match[1]], route)


def routes() -> set[str]:
    """Return every address of the portal, its parameters as they are declared."""
    return set(_below(get_resolver().url_patterns, ""))


def _below(patterns: list[URLPattern | URLResolver], before: str) -> Iterator[str]:
    for pattern in patterns:
        route = before + str(pattern.pattern).lstrip("^").rstrip("$")
        if isinstance(pattern, URLResolver):
            yield from _below(pattern.url_patterns, route)
        else:
            yield route


def samples() -> dict[str, list[dict[str, str]]]:
    """Return what there is to show, by the beginning of an address; of two that fit the first counts."""
    project = Project.objects.get(slug="project-0")
    version = DatasetVersion.objects.select_related("dataset").order_by("folder")[0]
    dataset = {"slug": version.dataset.slug, "version": version.version, "id": version.id}
    approval = {"id": Approval.objects.filter(project=project)[0].id}
    invitation = Invitation.objects.select_related("person")[0]
    person = {"id": invitation.person.id, "role": "researcher", "invitation": invitation.id}
    number = Membership.objects.filter(project=project).values_list("pk", flat=True)[0]
    in_project = {"slug": "project-0", "project": "project-0", "number": str(number), "id": person["id"]}
    submissions = _submissions(project)
    return {
        "api/v1/people": [person],
        "api/v1/projects": [in_project | {"person": person["id"]}],
        "api/v1/datasets": [dataset],
        "api/v1/approvals": [approval],
        "api/v1/submissions": submissions,
        "people": [person],
        "projects": [in_project],
        "workspaces": [in_project],
        "datasets": [dataset],
        "releases": submissions,
        "approvals": [approval],
        "agreements": [{"number": str(Agreement.objects.filter(project=project)[0].pk)}],
        "provisioning/institutions": [{"slug": Institution.objects.all()[0].slug}],
        "provisioning/approvals": [dataset],
        "stewardship/feedback/submissions": submissions,
        "bring-ins/new": [in_project],
        "bring-ins": [{"id": one.pk, "position": "0"} for one in _bring_ins(project)],
        "images": [{"name": "workspace"}],
        **_waiting(),
        "": [],
    }


def _waiting() -> dict[str, list[dict[str, str]]]:
    """Return what is asked, told or kept of one thing each."""
    tokens = [{"id": one} for one in Token.objects.exclude(person=None).values_list("pk", flat=True)]
    entry = Entry.objects.order_by("-index").values_list("index", flat=True)[0]
    return {
        "member-requests": _ids(MemberRequest.objects.all()),
        "account/tokens": tokens,
        "tokens": tokens,
        "requests": _ids(AccessRequest.objects.all()),
        "ledger": [{"index": str(entry)}],
        "stewardship/intakes": _ids(Intake.objects.all()),
        "stewardship/feedback": [
            *_ids(Feedback.objects.exclude(dataset=None)),
            *_ids(Feedback.objects.exclude(submission=None)),
        ],
    }


def _ids(rows: QuerySet[Any]) -> list[dict[str, str]]:
    """Return the first one's id."""
    return [{"id": one} for one in rows.order_by("pk").values_list("pk", flat=True)[:1]]


def _bring_ins(project: Project) -> list[BringIn]:
    """Return what was brought into a project that one is in, and into another."""
    waiting = BringIn.objects.filter(state="waiting")
    return [*waiting.filter(project=project)[:1], *waiting.exclude(project=project)[:1]]


def _submissions(project: Project) -> list[dict[str, str]]:
    """Return submissions that each role may have to do with: of a project one is in, and of others."""
    found: list[Submission] = []
    for state in (State.IN_REVIEW, State.RELEASED):
        here = Submission.objects.filter(state=state.value).order_by("pk")
        found += here.filter(project=project)[:1]
        found += here.exclude(project=project)[:1]
    return [{"submission": one.pk, "id": one.pk, "file": one.files.all()[0].pk} for one in found]
