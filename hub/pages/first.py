"""What an enclave that has no project or no dataset yet needs first, for whoever can begin it."""

from __future__ import annotations

from django.urls import reverse

from hub.datasets.models import Dataset
from hub.pages.steps import Step
from hub.people.models import Role
from hub.projects.models import Project


def steps(roles: frozenset[Role]) -> list[Step]:
    """Return what somebody of these roles begins with; nothing where it was begun."""
    found = []
    if Role.ADMIN in roles and not Project.objects.exists():
        found.append(
            Step(
                "There is no project yet",
                "A project brings people, a purpose and data together. Invite who is to work in it, then "
                "propose it.",
                reverse("provisioning:propose"),
                "Propose a project",
            )
        )
    if Role.DATA_STEWARD in roles and not Dataset.objects.exists():
        found.append(
            Step(
                "There is no dataset yet",
                "Say what it is and under which terms, then register a version from a folder on the "
                "intake disk.",
                reverse("stewardship:add"),
                "Add a dataset",
            )
        )
    return found
