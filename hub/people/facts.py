"""What a policy may know about a person."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from hub.people.models import Person, Role
from hub.policy import questions

# These see other people's data, votes or rights: they show a second factor before anything else.
SECOND_FACTOR_ROLES = frozenset({Role.DATA_STEWARD, Role.OUTPUT_CHECKER, Role.KEY_CUSTODIAN, Role.ADMIN})


def fresh(person: Person) -> Person:
    """Return the person as the database has them now, with roles and training."""
    return Person.objects.with_roles().get(pk=person.pk)


def has_second_factor(person: Person) -> bool:
    """Whether the person enrolled a second factor, without which they then can't sign in."""
    return bool(Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP).exists())


def second_factor_waived(person: Person) -> bool:
    """Whether the demo's switch frees this demo person from the second factor."""
    return bool(settings.PARLATORY_DEMO_WITHOUT_SECOND_FACTOR) and person.is_demo


def identified() -> Q:
    """Return the condition on people that they enrolled a second factor, or are spared one."""
    enrolled = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
    spared = Q(is_demo=True) if settings.PARLATORY_DEMO_WITHOUT_SECOND_FACTOR else Q(pk__in=[])
    return Q(Exists(enrolled)) | spared


def of(person: Person) -> questions.Person:
    """Return the facts about a person."""
    return questions.Person(
        id=person.id,
        active=person.is_active,
        suspended=person.is_suspended,
        second_factor=has_second_factor(person),
        second_factor_waived=second_factor_waived(person),
        roles=tuple(
            questions.Role(role=Role(held.role).value, valid_until=held.valid_until)
            for held in person.role_assignments.all()
        ),
        training=tuple(
            questions.Training(
                course=training.course,
                completed_on=training.completed_on,
                valid_until=training.valid_until,
            )
            for training in person.trainings.all()
        ),
    )
