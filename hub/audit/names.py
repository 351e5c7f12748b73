"""Names for ids: the ledger keeps ids, its readers read names; what is gone or erased stays an id."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from egress_review.models import File, Submission
from hub.access.models import AccessRequest, Approval
from hub.bring_ins.models import BringIn
from hub.datasets.models import Dataset, DatasetVersion, Intake
from hub.people.models import Institution, Person
from hub.projects.models import Project
from hub.workspaces.models import Session, Workspace

PARTS = {
    "enclave": "the enclave",
    "portal": "the portal",
    "operator": "the operator, at the machine’s command line",
    "policies": "the policies",
    "nobody": "nobody who is known",
    # What is acted on as a whole.
    "ledger": "the ledger",
    "people": "the register of people",
    "projects": "the register of projects",
    "datasets": "requests and approvals",
    "sessions": "the list of sessions",
    "submissions": "the list of submissions",
    "impact": "impact",
    "impact_rounded": "impact, rounded",
    "training": "training",
    "new": "something new",
    "api": "the API",
    "clock": "the clock",
    "secrets": "the enclave’s secrets",
    "state": "the enclave’s state",
}


@dataclass(frozen=True)
class Named:
    """What an id stands for: its name, what it is, and where its page is."""

    id: str
    name: str
    what: str = ""
    url: str = ""

    @property
    def known(self) -> bool:
        """Whether there is a name for the id."""
        return bool(self.what) or self.id in PARTS


def of(ids: Iterable[str], *, submissions: bool) -> dict[str, Named]:
    """Return what each id stands for, in a number of queries that doesn't grow with their number.

    `submissions` says whether the reader may open their pages: of those who read the ledger, auditors may.
    """
    asked = sorted({id for id in ids if id})
    found = {id: Named(id, PARTS.get(id, id)) for id in asked}
    for person in Person.objects.in_bulk(asked).values():
        found[person.id] = Named(person.id, person.name, "person", reverse("people:person", args=[person.id]))
    for project in Project.objects.in_bulk(asked).values():
        url = reverse("access:project", args=[project.slug])
        found[project.id] = Named(project.id, project.title, "project", url)
    for one in Submission.objects.in_bulk(asked).values():
        url = reverse("releases:detail", args=[one.id]) if submissions else ""
        found[one.id] = Named(one.id, one.title, "submission", url)
    for brought in BringIn.objects.in_bulk(asked).values():
        found[brought.id] = Named(brought.id, brought.title, "bring-in")
    # A file's name is its author's word about content, for those only who may open its submission's page.
    for file in File.objects.in_bulk(asked).values() if submissions else ():
        found[file.id] = Named(file.id, file.name, "file")
    found |= _data(asked) | _places(asked)
    return found


def _data(asked: list[str]) -> dict[str, Named]:
    named = {}
    for dataset in Dataset.objects.filter(pk__in=asked):
        url = reverse("datasets:dataset", args=[dataset.slug])
        named[dataset.id] = Named(dataset.id, dataset.title, "dataset", url)
    for version in DatasetVersion.objects.filter(pk__in=asked).select_related("dataset"):
        url = reverse("datasets:dataset", args=[version.dataset.slug])
        named[version.id] = Named(version.id, str(version), "dataset version", url)
    approvals = Approval.objects.filter(pk__in=asked).select_related("version__dataset", "project")
    for approval in approvals:
        named[approval.id] = Named(approval.id, str(approval), "approval")
    requests = AccessRequest.objects.filter(pk__in=asked).with_names()
    for request in requests:
        named[request.id] = Named(request.id, f"{request.version} for {request.project}", "request")
    intakes = Intake.objects.filter(pk__in=asked).select_related("dataset")
    for intake in intakes.defer("content", "findings", "facts"):
        named[intake.id] = Named(intake.id, f"{intake.dataset.title} {intake.version}", "delivery")
    return named


def _places(asked: list[str]) -> dict[str, Named]:
    named = {}
    sessions = Session.objects.filter(pk__in=asked).select_related("workspace__project", "workspace__person")
    for session in sessions:
        named[session.id] = Named(session.id, f"a session in {session.workspace.project}", "session")
    workspaces = Workspace.objects.filter(pk__in=asked).select_related("project", "person")
    for workspace in workspaces:
        named[workspace.id] = Named(workspace.id, str(workspace), "workspace")
    for institution in Institution.objects.filter(pk__in=asked):
        named[institution.id] = Named(institution.id, institution.name, "institution")
    return named
