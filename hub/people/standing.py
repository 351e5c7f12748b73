"""Who may go on: each page asks again whether its reader is still welcome, and how well they proved it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus

from django.contrib.auth import logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from hub.errors import Refused
from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.people import facts, permission
from hub.people.models import Person
from hub.policy import questions

ADMITTED = "parlatory_admitted"
# What somebody may reach who still has to enrol a second factor: that, and the way out.
ENROLMENT = ("mfa_activate_totp", "account_reauthenticate", "sign_out")


class Standing:
    """Ask, before anything else, whether a signed-in person may be here."""

    def __init__(self, respond: Callable[[HttpRequest], HttpResponse]) -> None:
        """Remember what comes after."""
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer for people in good standing; others are told why not."""
        if not isinstance(request.user, Person):
            return self.respond(request)
        person = facts.fresh(request.user)
        request.user = person
        request.roles = person.roles_on(datetime.now(UTC).date())  # type: ignore[attr-defined]  # added here
        if person.is_suspended:
            logout(request)
            return refusal(request, (f"Your account is suspended: {person.suspended_reason}",))
        if must_enrol(person):
            if request.path in {reverse(name) for name in ENROLMENT}:
                return self.respond(request)
            return HttpResponseRedirect(reverse("mfa_activate_totp"))
        if request.session.get(ADMITTED) != person.id and request.path != reverse("sign_out"):
            try:
                admit(person)
            except Refused as error:
                logout(request)
                return refusal(request, error.reasons)
            request.session[ADMITTED] = person.id
        return self.respond(request)


def must_enrol(person: Person) -> bool:
    """Whether the person holds a role that needs a second factor and has none yet."""
    if facts.second_factor_waived(person):
        return False
    held = person.roles_on(datetime.now(UTC).date())
    return bool(held & facts.SECOND_FACTOR_ROLES) and not facts.has_second_factor(person)


def admit(person: Person) -> None:
    """Ask the policies whether somebody who proved who they are may come in, and write the answer down."""
    allowed = permission.to(
        person, subject=person.id, ask=lambda asking, at: questions.SignIn(person=asking, at=at)
    )
    said = {"second_factor": facts.has_second_factor(person)}
    with transaction.atomic():
        allowed.use()
        entries.append(Kind.SIGNED_IN, by=person.id, subject=person.id, facts=said)


def refusal(request: HttpRequest, reasons: tuple[str, ...]) -> HttpResponse:
    """Answer with the reasons why somebody may not be here."""
    context = {"heading": "You can’t come in now", "reasons": reasons, "status": HTTPStatus.FORBIDDEN.value}
    return render(request, "error.html", context, status=HTTPStatus.FORBIDDEN)
