"""What a policy may know about projects and memberships."""

from __future__ import annotations

from hub.people.models import Person
from hub.policy import questions
from hub.projects.models import MemberRole, Membership, Project, ProjectState


def of(project: Project) -> questions.Project:
    """Return the facts about a project."""
    return questions.Project(
        id=project.id,
        title=project.title,
        purpose=project.purpose,
        state=ProjectState(project.state).value,
        opens_on=project.opens_on,
        closes_on=project.closes_on,
        suspended=project.is_suspended,
    )


def memberships(project: Project, person: Person) -> tuple[questions.Membership, ...]:
    """Return a person's memberships in a project, ended ones too."""
    return tuple(
        questions.Membership(
            project=membership.project_id,
            person=membership.person_id,
            role=MemberRole(membership.role).value,
            valid_until=membership.valid_until,
            ended=membership.ended_at is not None,
        )
        for membership in Membership.objects.filter(project=project, person=person).order_by("pk")
    )


def fresh(project: Project) -> Project:
    """Return the project as the database has it now."""
    return Project.objects.get(pk=project.pk)
