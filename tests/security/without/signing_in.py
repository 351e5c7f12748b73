"""The portal's controls over who signs in: guesses, passwords, second factors."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

from tests.security.without.removal import replaced


def no_browser_known() -> None:
    """Count everybody's tries together, whether or not they have been here before."""
    from hub.people import known_browsers

    replaced(known_browsers, "of", lambda request: {})


def unlimited_guesses() -> None:
    """Count no tries."""
    from allauth.core.internal.ratelimit import RateLimitUsage

    from hub.people import known_browsers

    replaced(known_browsers, "try_password", lambda request, email: RateLimitUsage(usage=[]))


def one_factor() -> None:
    """Let everybody in without a second factor, whatever their roles."""
    from hub.people import standing

    replaced(standing, "must_enrol", lambda person: False)


def spared() -> None:
    """Let the demo's switch spare everybody the second factor."""
    from django.conf import settings

    from hub.people import facts

    def waived(person: Any) -> bool:
        return bool(settings.PARLATORY_DEMO_WITHOUT_SECOND_FACTOR)

    replaced(facts, "second_factor_waived", waived)


def password_alone() -> None:
    """Let who enrolled a second factor in without showing it."""
    from hub.people import facts

    replaced(facts, "second_factor_waived", lambda person: True)


def cheap_guesses() -> None:
    """Keep passwords so that a guess costs little memory."""
    from hub.people.passwords import Argon2id

    replaced(Argon2id, "memory_cost", 1024)


def kept_as_before() -> None:
    """Leave a password in the hash that it was kept by."""
    from hub import settings

    replaced(settings, "PASSWORD_HASHERS", list(reversed(settings.PASSWORD_HASHERS)))


def step_by_step() -> None:
    """Count a try in as many transactions as it has steps."""
    from hub.people import known_browsers

    replaced(known_browsers, "transaction", SimpleNamespace(atomic=nullcontext))
