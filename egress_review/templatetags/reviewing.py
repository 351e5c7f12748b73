"""What pages of lower floors say about the reviews of a project."""

from __future__ import annotations

from django import template

from egress_review import shortages
from egress_review.shortages import Shortage
from hub.projects.models import Project

register = template.Library()


@register.simple_tag
def shortage_of(project: Project) -> Shortage | None:
    """Return what a project lacks in checkers, or None."""
    return shortages.of(project)
