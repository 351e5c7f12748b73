"""`python -m hub.bench.rush PEOPLE AUTHORS`: fills a throw-away portal and signs in those who will work.

Writes one JSON object on standard output: who may sign in with which password, who hands in from which
session, and who checks. Nothing is made through pages here; that is what is measured afterwards.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import django

# Models can be imported once Django knows the apps; this module is only ever run.
django.setup()

from django.contrib.auth.hashers import make_password  # noqa: E402 - as above
from django.core.management import call_command  # noqa: E402 - as above
from django.test import Client  # noqa: E402 - as above

from hub.bench import measured  # noqa: E402 - as above
from hub.bench.crowd import Crowd, Size  # noqa: E402 - as above
from hub.ledger import publisher  # noqa: E402 - as above
from hub.people.models import Person, Role, RoleAssignment, Training  # noqa: E402 - as above
from hub.workspaces.models import Session, SessionState, Workspace  # noqa: E402 - as above

PROJECTS, DATASETS, RELEASES, ENTRIES = 150, 60, 4_000, 10_000
CHECKERS = 8


def main(people: int, authors: int) -> int:
    """Fill the portal and say who works in it; 1 where too few of them can hand in."""
    os.umask(0o007)
    logging.disable(logging.CRITICAL)
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    filled = Crowd()
    filled.grow(Size(people, PROJECTS, DATASETS, RELEASES, ENTRIES))
    # The worker would look at a hundred versions of nothing while it is measured.
    measured.mark()
    publisher.publish()
    password = secrets.token_urlsafe(16)
    signing_in = Person.objects.filter(email__startswith="person")
    # Before anybody is signed in: a new password ends what was signed in with the old one.
    signing_in.update(password=make_password(password))
    working = _authors(authors)
    if len(working) < authors:
        sys.stderr.write(f"error: {len(working)} people can hand in; a step of {authors} needs more\n")
        return 1
    said = {
        "password": password,
        "emails": list(signing_in.values_list("email", flat=True)),
        "authors": working,
        "checkers": [_signed_in(_checker(filled, number)) for number in range(CHECKERS)],
    }
    sys.stdout.write(json.dumps(said) + "\n")
    return 0


def _authors(count: int) -> list[dict[str, Any]]:
    """Return researchers whose training holds, each with a running session, signed in."""
    soon = datetime.now(UTC).date() + timedelta(days=1)
    places = (
        Workspace.objects.select_related("person")
        .filter(person__trainings__valid_until__gt=soon, person__email__startswith="person")
        .order_by("pk")
    )
    by_person = {place.person_id: place for place in places}
    chosen = list(by_person.values())[:count]
    now = datetime.now(UTC)
    sessions = Session.objects.bulk_create(
        Session(
            workspace=place,
            state=SessionState.RUNNING.value,
            started_at=now,
            expires_at=now + timedelta(hours=4),
        )
        for place in chosen
    )
    return [
        _signed_in(place.person) | {"session": made.pk} for place, made in zip(chosen, sessions, strict=True)
    ]


def _checker(filled: Crowd, number: int) -> Person:
    person = Person(
        email=f"checker{number}@demo.example",
        name=f"Demo Checker {number}",
        institution=filled.institution,
        is_demo=True,
    )
    person.set_unusable_password()
    person.save()
    RoleAssignment.objects.create(person=person, role=Role.OUTPUT_CHECKER.value)
    for course in ("safe-researcher", "output-checking"):
        Training.objects.create(
            person=person, course=course, completed_on=filled.today, valid_until=filled.day(300)
        )
    return person


def _signed_in(person: Person) -> dict[str, Any]:
    client = Client(HTTP_HOST="portal.localhost")
    client.force_login(person)
    return {"id": person.pk, "cookies": {name: one.value for name, one in client.cookies.items()}}


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
