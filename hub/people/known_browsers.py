"""Browsers that are somebody's: guesses made elsewhere never lock them out.

Guessing is limited by account and address for strangers, and by browser for those who were here before or
opened a link that was mailed (`browser_links`). A browser is known by a signed cookie that names people by id
and says nothing else: OWASP's device cookie.
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
# guesses from one place keeps nobody out who comes from another. A code has six digits, and whoever is asked
# for one knows the password: in a month of fifty a day, one in 600 would guess right.
CODES = "5/5m/key,50/d/key"
RATES = {
    "address": "20/m/ip",
    "stranger": "5/5m/key",
    "account": "20/5m/key",
    "known": "5/5m/key",
    "code": CODES,
    "known_code": CODES,
}


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
    return _counted(request, counts)


def try_code(request: HttpRequest, person: Person) -> Tried | None:
    """Count one try of a second factor, to be taken back if it is right; None where there were too many.

    Who knows the password and guesses spends the tries of strangers, not those of a browser known before.
    """
    known = of(request)
    counts = {"known_code": known[person.pk]} if person.pk in known else {"code": person.pk}
    return _counted(request, counts)


def _counted(request: HttpRequest, counts: dict[str, str]) -> Tried | None:
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
    know(request, response, person.pk, of(request).get(person.pk) or named())


def named() -> str:
    """Return a name for a browser, by which its tries are counted."""
    return secrets.token_hex(16)


def know(request: HttpRequest, response: HttpResponse, person: str, name: str) -> None:
    """Know this browser from now on as a person's, by this name."""
    known = of(request)
    known.pop(person, None)
    kept = dict([*known.items(), (person, name)][-MOST_PEOPLE:])
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
