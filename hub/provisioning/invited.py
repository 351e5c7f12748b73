"""The page behind an invitation's link; the link itself goes no further than its first request."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from hub.errors import WrongState
from hub.people import invitations
from hub.people.models import Person
from hub.provisioning import steps
from hub.provisioning.people_forms import NewPassword
from hub.provisioning.steps import Values

KEPT = "parlatory_invitation"


@require_GET
def arrive(request: HttpRequest, token: str) -> HttpResponse:
    """Keep a link's hash in the session and go on to an address without it, valid or not.

    Nothing is answered here that would be logged with its address; a mail scanner uses nothing up.
    """
    digest = invitations.digest(token)
    if invitations.was_sent(digest):
        request.session[KEPT] = digest
    return redirect("provisioning:invitation")


def accept(request: HttpRequest) -> HttpResponse:
    """Set the password that the link was sent for."""
    if isinstance(request.user, Person):
        raise WrongState("You are signed in. Sign out first, then open the link from the mail again.")
    kept = str(request.session.get(KEPT, ""))
    invitation = invitations.find(kept)
    form = NewPassword(steps.data(request))

    def act(values: Values) -> str:
        invitations.accept(token_sha256=kept, password=values["password"])
        return "Your password is set. Sign in with your address and the new password."

    if form.is_bound and form.is_valid() and (done := steps.attempt(form, act)):
        request.session.flush()
        messages.success(request, done)
        return redirect("account_login")
    context = {"form": form, "person": invitation.person, "expires_at": invitation.expires_at}
    return render(request, "provisioning/invitation.html", context)
