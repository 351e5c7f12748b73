"""Who is calling: a token's person as they are today, after the policies allowed the token this use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest
from ninja.security import HttpBearer

from hub.api import facts, misses, operator, tokens
from hub.api.models import Token
from hub.api.problems import TooOften, Unproved
from hub.api.scopes import Scope
from hub.errors import Refused
from hub.ledger import decisions, through
from hub.people import facts as people
from hub.people.models import Person
from hub.people.permission import WITHOUT_POLICY, Actor
from hub.policy import questions

NONE = "Send a token of yours as “Authorization: Bearer …”; you make one on your account page."
UNKNOWN = "This token is not one of this enclave’s; make one on your account page."
TOO_OFTEN = f"This token was used more than {tokens.USES_A_MINUTE} times in a minute; go on in the next one."
CROWDED = (
    "This token is not one of this enclave’s, and too many wrong ones are sent now; try again in a minute."
)
BARRED = "Too many wrong tokens came from your address this minute; correct yours, and go on in the next one."
NO_PERSON = "The operator’s token acts for nobody; this needs a token of the person who answers for it."


@dataclass(frozen=True)
class Caller:
    """On whose behalf a request acts, and by which token."""

    actor: Actor
    token: Token

    @property
    def person(self) -> Person:
        """The person behind the token; the operator is none."""
        if not isinstance(self.actor, Person):
            raise Refused([NO_PERSON])
        return self.actor


class Bearer(HttpBearer):
    """A token in the Authorization header, narrowed to the scope that the operation needs."""

    def __init__(self, scope: Scope | None = None) -> None:
        """Remember the scope; without one any of the token's own will do."""
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> Any:
        """Return who is calling; without a token that holds, nobody is."""
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not text:
            raise Unproved(NONE)
        return self.authenticate(request, text.strip())

    def authenticate(self, request: HttpRequest, token: str) -> Caller:
        """Return who is calling by this token, or raise what keeps it out."""
        found = _found(request, token)
        through.say(found.id)
        if not tokens.count(found):
            raise TooOften(TOO_OFTEN)
        if found.person_id is None:
            return _operator(request, found, self.scope)
        return _person(found, self.scope)


def _found(request: HttpRequest, text: str) -> Token:
    """Return the token with this text; an address that showed too many wrong ones is not looked at."""
    meant = tokens.id_of(text)
    if not meant:
        raise Unproved(UNKNOWN)
    address = misses.address_of(request)
    if misses.barred(address):
        raise TooOften(BARRED)
    found = tokens.find(text)
    if found is None:
        if misses.crowded(address):
            raise TooOften(CROWDED)
        known = Token.objects.filter(pk=meant).exists()
        misses.count(address, token=meant if known else "")
        raise Unproved(UNKNOWN)
    return found


def of(request: HttpRequest) -> Caller:
    """Return who is calling."""
    caller = getattr(request, "auth", None)
    if not isinstance(caller, Caller):
        raise Unproved(NONE)
    return caller


def _person(token: Token, scope: Scope | None) -> Caller:
    """Ask the policies whether this token may be used now by its person for this; a no is on the ledger."""
    assert token.person is not None
    person = people.fresh(token.person)
    at = datetime.now(UTC)
    question = questions.UseToken(
        person=people.of(person),
        at=at,
        token=facts.of(token),
        scope=scope.value if scope else (token.scopes or ["none"])[0],
    )
    try:
        decisions.require(question, by=person.id, subject=token.id)
    except Refused as error:
        if token.is_usable(at):
            raise
        raise Unproved(" ".join(error.reasons)) from error
    return Caller(person, token)


def _operator(request: HttpRequest, token: Token, scope: Scope | None) -> Caller:
    operator.require_root(request)
    if not token.is_usable(datetime.now(UTC)):
        raise Unproved("The operator’s token has expired; the next command makes another.")
    if scope is not None and scope.value not in token.scopes:
        raise Refused([NO_PERSON])
    return Caller(WITHOUT_POLICY, token)
