"""Signing in: local accounts, no sign-up; wrong passwords are on the ledger."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.people import facts, known_browsers, reseal
from hub.people.models import Person


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth carries no types
    """Local accounts that an admin made; nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up: people are added by an admin."""
        return False

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Ask again for the password before a change of sign-in, unless it was given a moment ago."""
        records = get_authentication_records(self.request, self.request.user)
        recent = time.time() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
        return not any(record["at"] > recent for record in records)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count a try; others' guesses count against strangers only, never against a browser known before."""
        email = str(credentials.get("email") or credentials.get("username") or "")
        self._login_failed_rl_usage = known_browsers.try_password(request, email)
        if self._login_failed_rl_usage is None:
            raise self.validation_error("too_many_login_attempts")

    def post_login(self, request: HttpRequest, user: Any, **said: Any) -> HttpResponse:
        """Know the browser from now on."""
        response: HttpResponse = super().post_login(request, user, **said)
        known_browsers.remember(request, response, user)
        return response

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Record a wrong password for an account that exists."""
        super().authentication_failed(request, **credentials)
        email = str(credentials.get("email") or "").lower()
        person = Person.objects.filter(email=email).first()
        if person is None:
            return
        with transaction.atomic():
            facts = {"why": "wrong password or closed account"}
            entries.append(Kind.SIGN_IN_REFUSED, by=person.id, subject=person.id, facts=facts)

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Send nothing: mail is an institution's choice, the ledger keeps what happened."""


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth carries no types
    """Second factors, kept encrypted; the demo's switch spares demo people theirs."""

    def is_mfa_enabled(self, user: Any, types: Any = None) -> bool:
        """Whether to ask for a second factor: of all who enrolled one, but demo people the switch frees."""
        freed = isinstance(user, Person) and facts.second_factor_waived(user)
        return not freed and super().is_mfa_enabled(user, types)

    def encrypt(self, text: str) -> str:
        """Encrypt a second factor's secret before it goes to the database."""
        return vault().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Decrypt a second factor's secret."""
        return vault().decrypt(encrypted_text.encode()).decode()


def vault() -> Fernet:
    """Return the cipher for second factors, its key derived from the portal's secret."""
    return reseal.cipher(settings.SECRET_KEY)
