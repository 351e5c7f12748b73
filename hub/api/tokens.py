"""What is done to tokens: made by their person, shown once, looked up, counted, revoked."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Case, F, Value, When

from hub import ids
from hub.api import facts
from hub.api.models import Token
from hub.api.scopes import PROVISIONING, Scope
from hub.errors import Invalid, NotFound, WrongState
from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.people import permission
from hub.people.models import Person
from hub.people.permission import WITHOUT_POLICY, Permission
from hub.policy import questions

LONGEST_DAYS = 90
OPERATORS_LIFE = timedelta(minutes=10)
# A prefix that scanners for lost secrets can look for, the id, the secret.
FORM = re.compile(r"parlatory_([0-9a-z]{26})_([A-Za-z0-9_-]{43})")
USES_A_MINUTE = 240
# What the secret of a token that does not exist is compared with.
NO_DIGEST = hashlib.sha256(secrets.token_bytes(32)).hexdigest()


@dataclass(frozen=True)
class Made:
    """A new token with its text, which is nowhere else."""

    token: Token
    text: str

    def __repr__(self) -> str:
        return f"Made({self.token.id})"


def make(*, by: Person, name: str, scopes: Iterable[Scope], days: int) -> Made:
    """Make a token for oneself: at most 90 days, at least one scope; its text is returned this once."""
    name = " ".join(name.split())
    if not name or not name.isprintable():
        raise Invalid("Give the token a name that says what it is for, as “training import”.")
    if not 1 <= days <= LONGEST_DAYS:
        raise Invalid(f"A token lives 1 to {LONGEST_DAYS} days; {days} is not among them.")
    chosen = sorted({Scope(scope).value for scope in scopes})
    if not chosen:
        raise Invalid("Choose at least one thing that the token may be used for.")
    token, text = _new(by, name, chosen, datetime.now(UTC) + timedelta(days=days))
    allowed = permission.to(
        by,
        subject=token.id,
        ask=lambda asking, at: questions.MakeToken(person=asking, at=at, token=facts.of(token)),
    )
    with transaction.atomic():
        allowed.use()
        if Token.objects.filter(person=by, name=name, revoked_at=None).exists():
            raise WrongState(f"You already have a token called “{name}”; revoke it or choose another name.")
        token.save(force_insert=True)
        said = {"name": name, "scopes": chosen, "expires_at": token.expires_at.isoformat()}
        entries.append(Kind.TOKEN_MADE, by=by.id, subject=token.id, facts=said)
    return Made(token, text)


def make_operators() -> Made:
    """Make the operator's token, which lives for minutes; its caller made sure that root is asking."""
    now = datetime.now(UTC)
    scopes = [scope.value for scope in PROVISIONING]
    token, text = _new(None, f"operator {now:%Y-%m-%d %H:%M:%S}", scopes, now + OPERATORS_LIFE)
    with transaction.atomic():
        token.save(force_insert=True)
        said = {"name": token.name, "scopes": scopes, "expires_at": token.expires_at.isoformat()}
        entries.append(Kind.TOKEN_MADE, by=WITHOUT_POLICY.id, subject=token.id, facts=said)
    return Made(token, text)


def revoke(*, by: Person, token: Token) -> None:
    """Revoke a token: its next use is refused."""
    allowed = may_revoke(by=by, token=token)
    with transaction.atomic():
        allowed.use()
        changed = Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=datetime.now(UTC))
        if not changed:
            raise WrongState(f"The token “{token.name}” is already revoked.")
        entries.append(Kind.TOKEN_REVOKED, by=by.id, subject=token.id, facts={"name": token.name})


def may_revoke(*, by: Person, token: Token) -> Permission:
    """Return the permission to revoke a token: its person's own, or an admin's."""
    return permission.to(
        by,
        subject=token.id,
        ask=lambda asking, at: questions.EndToken(person=asking, at=at, token=facts.of(token)),
    )


def id_of(text: str) -> str:
    """Return the id of the token that a text in a token's form means; empty where it has no such form."""
    match = FORM.fullmatch(text)
    return match[1] if match else ""


def find(text: str) -> Token | None:
    """Return the token with this text; how long that takes tells nothing about a secret."""
    match = FORM.fullmatch(text)
    if match is None:
        return None
    found = Token.objects.filter(pk=match[1]).first()
    kept = found.digest if found else NO_DIGEST
    same = hmac.compare_digest(_digest(match[2]), kept)
    return found if same else None


def count(token: Token) -> bool:
    """Count a use, and return whether this minute has room for it."""
    minute = int(time.time() // 60)
    counted = When(counted_minute=minute, then=F("counted_uses") + 1)
    Token.objects.filter(pk=token.pk).update(
        counted_uses=Case(counted, default=Value(1)), counted_minute=minute, last_used_at=datetime.now(UTC)
    )
    uses = Token.objects.filter(pk=token.pk).values_list("counted_uses", flat=True).first()
    return uses is not None and uses <= USES_A_MINUTE


def of_anybody(*, id: str) -> Token:
    """Return a token by its id; who may do what with it is asked of the policies."""
    found = Token.objects.select_related("person").filter(pk=id).exclude(person=None).first()
    if found is None:
        raise NotFound("There is no such token.")
    return found


def of(*, person: Person, id: str) -> Token:
    """Return a person's own token by its id."""
    found = Token.objects.filter(person=person, pk=id).first()
    if found is None:
        raise NotFound("You have no such token; your account page lists those you have.")
    return found


def _new(person: Person | None, name: str, scopes: list[str], expires_at: datetime) -> tuple[Token, str]:
    secret = secrets.token_urlsafe(32)
    token = Token(
        id=ids.new(),
        person=person,
        name=name[:80],
        scopes=scopes,
        digest=_digest(secret),
        made_at=datetime.now(UTC),
        expires_at=expires_at,
    )
    return token, f"parlatory_{token.id}_{secret}"


def _digest(secret: str) -> str:
    # 256 random bits cannot be guessed, so a quick hash keeps them as well as a slow one.
    return hashlib.sha256(secret.encode()).hexdigest()
