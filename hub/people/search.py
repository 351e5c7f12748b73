"""Finding people: by name or mail, role, institution, standing, and training that runs out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from hub.people.models import Invitation, Person, RoleAssignment, Training

SOON = timedelta(days=30)


@dataclass(frozen=True)
class Wanted:
    """What is looked for; an empty field asks for nothing."""

    text: str = ""
    role: str = ""
    institution: str = ""
    standing: str = ""
    training: str = ""


def people(wanted: Wanted) -> QuerySet[Person]:
    """Return the people who are looked for, by name, with what a list shows."""
    today = datetime.now(UTC).date()
    found = Person.objects.with_roles().order_by("name", "pk")
    if wanted.text:
        found = found.filter(Q(name__icontains=wanted.text) | Q(email__icontains=wanted.text))
    if wanted.role:
        held = RoleAssignment.objects.current(today).filter(role=wanted.role)
        found = found.filter(pk__in=held.values("person"))
    if wanted.institution:
        found = found.filter(institution__slug=wanted.institution)
    if wanted.training == "none":
        found = found.exclude(trainings__valid_until__gte=today)
    elif wanted.training:
        found = found.filter(_runs_out(today if wanted.training == "over" else today + SOON))
    return _standing(found, wanted.standing)


def _runs_out(day: date) -> Q:
    """Return whether the latest record of some course counts no longer than before a day."""
    later = Training.objects.filter(
        person=OuterRef("person"), course=OuterRef("course"), valid_until__gte=day
    )
    ending = Training.objects.filter(~Exists(later), person=OuterRef("pk"), valid_until__lt=day)
    return Q(Exists(ending))


def _standing(found: QuerySet[Person], standing: str) -> QuerySet[Person]:
    if standing == "active":
        return found.filter(is_active=True, suspended_at=None)
    if standing == "suspended":
        return found.filter(is_active=True, suspended_at__isnull=False)
    if standing == "closed":
        return found.filter(is_active=False)
    if standing == "invited":
        now = datetime.now(UTC)
        open_one = Invitation.objects.filter(
            person=OuterRef("pk"), accepted_at=None, revoked_at=None, expires_at__gt=now
        )
        return found.filter(Exists(open_one))
    return found
