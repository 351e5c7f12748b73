"""Browsers in which somebody has signed in before: guesses made elsewhere never lock them out.

Guessing is limited by account and address for strangers, and by browser for those who were here before. A
browser is known by a signed cookie that names people by id and says nothing else: OWASP's device cookie.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from allauth.core.internal import ratelimit
from django.conf import settings
from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from hub.people.models import Person

COOKIE = "parlatory_portal_known"
SALT = "hub.people.known_browsers"
KEPT_SECONDS = 180 * 86400
# A shared browser keeps a few people; the one who signed in longest ago goes first.
MOST_PEOPLE = 5
# A stranger has few tries at an account from one address, and all strangers together four times as many: who
# guesses from one place keeps nobody out who comes from another.
RATES = {"address": "20/m/ip", "stranger": "5/5m/key", "account": "20/5m/key", "known": "5/5m/key"}


@dataclass(frozen=True)
class Tried:
    """One try that was counted, by browser or by account and address."""

    _usages: tuple[ratelimit.RateLimitUsage, ...]

    def rollback(self) -> None:
        """Take the try back: the password was right."""
        with transaction.atomic():
            for usage in self._usages:
                usage.rollback()


def try_password(request: HttpRequest, email: str) -> Tried | None:
    """Count one try to sign in, to be taken back if the password is right; None where there were too many."""
    # Models can be imported once Django knows the apps; the adapter is imported before.
    from hub.people.models import Person

    known = of(request)
    person = Person.objects.filter(email=email.lower()).values_list("pk", flat=True).first()
    if person in known:
        counts = {"known": known[person]}
    else:
        # In this order: what an address may not try any more is neither kept nor taken from the account's.
        place = ratelimit.get_ip(request)
        counts = {"address": place, "stranger": f"{email.lower()} {place}", "account": email.lower()}
    usages: list[ratelimit.RateLimitUsage] = []
    # One transaction, not one for each of a dozen steps: where many sign in at once, who waited longer than a
    # second for a step's turn was told of too many tries.
    with transaction.atomic():
        for action, key in counts.items():
            usage = ratelimit.consume(request, app="hub.people", action=action, config=RATES, key=key)
            if usage is None:
                return None
            usages.append(usage)
    return Tried(tuple(usages))


def remember(request: HttpRequest, response: HttpResponse, person: Person) -> None:
    """Know this browser from now on as one in which a person has proved who they are."""
    known = of(request)
    name = known.pop(person.pk, None) or secrets.token_hex(16)
    kept = dict([*known.items(), (person.pk, name)][-MOST_PEOPLE:])
    response.set_cookie(
        COOKIE,
        signing.dumps(kept, salt=SALT, compress=True),
        max_age=KEPT_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def of(request: HttpRequest) -> dict[str, str]:
    """Return who was signed in in this browser, with its name for each; a forged cookie names nobody."""
    try:
        known = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=KEPT_SECONDS)
    except signing.BadSignature:
        return {}
    return dict(known)
