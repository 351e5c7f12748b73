"""How many approvals each release of a project needs at least, by the tier of the data it ever could see."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.db.models import Case, F, IntegerField, Max, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Greatest

from hub.access.models import Approval
from hub.projects.models import Project

# As `fewest_of_tier` in policies/releases, which decides; tests/integration/review holds them to each other.
FEWEST_OF_TIER: Mapping[int, int] = MappingProxyType({0: 2, 1: 2, 2: 2, 3: 2, 4: 3})


def of(project: Project) -> int:
    """Return the highest tier of data that a project ever could see; 0 where it never could see any."""
    found = Approval.objects.filter(project_id=project.pk).aggregate(tier=Max("version__dataset__tier"))
    return int(found["tier"] or 0)


def fewest(tier: int) -> int:
    """Return how many approvals a release needs at least; an unknown tier is held for the strictest."""
    return FEWEST_OF_TIER.get(tier, max(FEWEST_OF_TIER.values()))


def needed(project: Project) -> int:
    """Return how many approvals what a project hands in now needs."""
    return needed_for(project, tier=of(project))


def needed_for(project: Project, *, tier: int) -> int:
    """Return a project's own number of approvals, or what data of a tier asks for if that is more.

    Nothing else reads that number but the policies, which hold it to the tier themselves, and `at_least`.
    """
    return max(project.approvals_needed, fewest(tier))


def weighed(projects: QuerySet[Project]) -> Any:
    """Add to each project, as `tier`, what `of` says of it: in the same query."""
    seen = Approval.objects.filter(project=OuterRef("pk")).order_by().values("project")
    most = Subquery(seen.annotate(most=Max("version__dataset__tier")).values("most"))
    return projects.annotate(tier=Coalesce(most, Value(0)))


def at_least(number: F, *, tier: str) -> Greatest:
    """Return, for a query, a project's own number or what the tier in a column asks for if that is more."""
    asked = Case(
        *(When(**{tier: one}, then=Value(fewest(one))) for one in FEWEST_OF_TIER),
        default=Value(fewest(-1)),
        output_field=IntegerField(),
    )
    return Greatest(number, asked)
