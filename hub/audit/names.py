"""Names for ids: the ledger keeps ids, its readers read names; what is gone or erased stays an id."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from egress_review.models import Submission
from hub.access.models import Approval
from hub.datasets.models import Dataset, DatasetVersion
from hub.people.models import Institution, Person
from hub.projects.models import Project
from hub.workspaces.models import Session, Workspace

PARTS = {
    "enclave": "the enclave",
    "portal": "the portal",
    "operator": "the operator, at the machine’s command line",
    "policies": "the policies",
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
        return bool(self.what)


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
