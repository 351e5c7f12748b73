"""Who answers for a dataset: handed over to another steward of its institution."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from hub import rows
from hub.datasets import facts
from hub.datasets.models import Dataset
from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.people import facts as people
from hub.people import permission
from hub.people.models import Person, Role
from hub.people.permission import Permission
from hub.policy import questions


def hand_over(*, by: Person, dataset: Dataset, to: Person, seen: int) -> None:
    """Let another steward answer for a dataset: from then on its requests, approvals and words are theirs."""
    now, successor = facts.fresh(dataset), people.fresh(to)
    allowed = may_hand_over(by, dataset=now, to=successor)
    before = now.steward
    with transaction.atomic():
        allowed.use()
        rows.expect(now, seen)
        rows.recheck(successor, before)
        rows.claim(now, steward_id=successor.id)
        said = {"what": "dataset", "steward": successor.id, "before": before.id}
        entries.append(Kind.PROVISIONED, by=by.id, subject=now.id, facts=said)


def may_hand_over(by: Person, *, dataset: Dataset, to: Person) -> Permission:
    """Return the permission to hand a dataset over to somebody."""
    present = people.fresh(dataset.steward)
    return permission.to(
        by,
        subject=dataset.id,
        ask=lambda person, at: questions.HandOverDataset(
            person=person,
            at=at,
            dataset=facts.of(dataset),
            institution=dataset.institution_id,
            present=_steward(present),
            successor=_steward(to),
        ),
    )


def candidates(dataset: Dataset) -> QuerySet[Person]:
    """Return those whom a form offers; whether one may be chosen is asked of the policies."""
    held = Person.objects.holding(Role.DATA_STEWARD, timezone.now().date())
    others = held.filter(institution=dataset.institution_id)
    return others.exclude(pk=dataset.steward_id).order_by("name", "pk")


def _steward(person: Person) -> questions.Steward:
    known = people.of(person)
    return questions.Steward(
        id=known.id,
        active=known.active,
        suspended=known.suspended,
        institution=person.institution_id,
        roles=known.roles,
    )
