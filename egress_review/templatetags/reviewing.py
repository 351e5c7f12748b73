"""What pages of lower floors say about the reviews of a project."""

from __future__ import annotations

from django import template

from egress_review import shortages
from egress_review.shortages import Shortage
from hub.people.models import Person
from hub.projects.models import Project

register = template.Library()


@register.simple_tag
def shortage_of(project: Project) -> Shortage | None:
    """Return what a project lacks in checkers, or None."""
    return shortages.of(project)


@register.simple_tag
def kept_from_reviewing(person: Person) -> str:
    """Return what keeps a checker from reviewing any project today, or nothing."""
    return shortages.why_not(Person.objects.filter(pk=person.pk)).get(person.pk, "")
