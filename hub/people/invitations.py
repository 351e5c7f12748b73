"""Invitations: a link, mailed once and good for seven days, that lets a person set their password."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from smtplib import SMTPException

from allauth.idp.oidc.models import Token
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import QuerySet

from hub import rows
from hub.errors import Invalid, NotFound, Unavailable, WrongState
from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.people import services
from hub.people.facts import fresh
from hub.people.models import Invitation, InvitationState, Person
from hub.people.permission import Actor
from hub.places import places

VALID = timedelta(days=7)
OVER = (
    "This link is not valid any more: it was used, replaced by a newer one, revoked, or is older than "
    "seven days. Ask the enclave’s admin to send you a new one."
)
TEXT = """{name},

you have been given an account in Parlatory, a research environment for speech data:

  {address}

Set your password with this link, once, within seven days:

  {link}

Nobody of the enclave will ever ask you for this link or for your password. If you did not expect
this, do nothing: without a password nobody can sign in.
"""


def send(*, by: Actor, person: Person) -> Invitation:
    """Mail a person a link that sets their password; links sent before stop working."""
    allowed = services.may(by=by, change="edit", subject=person.id)
    person = fresh(person)
    if not person.is_active or person.is_suspended:
        raise WrongState(f"{person.name}’s account is closed or suspended; nobody is invited to it.")
    token = secrets.token_urlsafe(32)
    now = datetime.now(UTC)
    with transaction.atomic():
        allowed.use()
        rows.recheck(person)
        _waiting(person).update(revoked_at=now)
        made = Invitation.objects.create(
            person=person,
            token_sha256=digest(token),
            sent_by=by if isinstance(by, Person) else None,
            sent_at=now,
            expires_at=now + VALID,
        )
        said = {"what": "invitation", "invitation": made.id, "expires_at": made.expires_at.isoformat()}
        entries.append(Kind.PROVISIONED, by=by.id, subject=person.id, facts=said)
    _mail(person, token)
    return made


def revoke(*, by: Actor, invitation: Invitation) -> None:
    """Make a link that was sent useless."""
    allowed = services.may(by=by, change="edit", subject=invitation.person_id)
    with transaction.atomic():
        allowed.use()
        if not _waiting(invitation.person).filter(pk=invitation.pk).update(revoked_at=datetime.now(UTC)):
            raise WrongState("This invitation was already used, revoked or has expired.")
        said = {"what": "invitation", "invitation": invitation.pk, "state": "revoked"}
        entries.append(Kind.PROVISIONED, by=by.id, subject=invitation.person_id, facts=said)


def find(token_sha256: str) -> Invitation:
    """Return the invitation that a link's hash belongs to, if it may still be used."""
    found = Invitation.objects.select_related("person").filter(token_sha256=token_sha256).first()
    if found is None or found.state is not InvitationState.WAITING:
        raise NotFound(OVER)
    if not found.person.is_active or found.person.is_suspended:
        raise NotFound(OVER)
    return found


def was_sent(token_sha256: str) -> bool:
    """Whether a link with this hash was ever sent; guesses leave nothing behind, not even a session."""
    return Invitation.objects.filter(token_sha256=token_sha256).exists()


def accept(*, token_sha256: str, password: str) -> Person:
    """Set the password of the person whom a link was mailed to, once; signing in asks the policies then."""
    invitation = find(token_sha256)
    person = fresh(invitation.person)
    try:
        validate_password(password, user=person)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages)) from error
    with transaction.atomic():
        now = datetime.now(UTC)
        if not _waiting(person).filter(pk=invitation.pk).update(accepted_at=now):
            raise WrongState(OVER)
        person.set_password(password)
        # A changed password ends every sign-in of before; tokens don't know of it.
        rows.claim(person, password=person.password)
        Token.objects.filter(user=person).delete()
        said = {"what": "invitation", "invitation": invitation.pk, "state": "accepted"}
        entries.append(Kind.PROVISIONED, by=person.id, subject=person.id, facts=said)
    return person


def digest(token: str) -> str:
    """Return what is kept of a link."""
    return hashlib.sha256(token.encode()).hexdigest()


def _waiting(person: Person) -> QuerySet[Invitation]:
    now = datetime.now(UTC)
    return Invitation.objects.filter(person=person, accepted_at=None, revoked_at=None, expires_at__gt=now)


def _mail(person: Person, token: str) -> None:
    link = f"{places.portal_url}/invitation/{token}/"
    text = TEXT.format(name=person.name, address=places.portal_url, link=link)
    try:
        send_mail("Your account in Parlatory", text, None, [person.email])
    except (SMTPException, OSError) as error:
        raise Unavailable(
            f"The invitation of {person.name} is kept, but the mail server did not take the mail; "
            "send it again from their page when it works."
        ) from error
