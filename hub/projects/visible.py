"""Who may know that a project exists: its members, and those who may read about every project."""

from __future__ import annotations

from datetime import UTC, datetime

from hub.errors import NotFound, Refused
from hub.people import records
from hub.people.models import Person
from hub.projects.models import Membership, Project

# The same sentence for a project that does not exist: an answer must not tell that one does.
NOWHERE = "There is no such project, or none that you are a member of. Your home page lists yours."


def project(*, to: Person, slug: str, past: bool = False) -> Project:
    """Return a project to who may know of it, with `past` to former members too; to others it isn't there."""
    found = Project.objects.filter(slug=slug).first()
    if found is None:
        raise NotFound(NOWHERE)
    memberships = Membership.objects.all() if past else Membership.objects.current(datetime.now(UTC).date())
    if not memberships.filter(project=found, person=to).exists():
        try:
            records.open_for(to, "projects")
        except Refused as error:
            raise NotFound(NOWHERE) from error
    return found
