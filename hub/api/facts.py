"""What a policy may know about a token."""

from __future__ import annotations

from hub.api.models import Token
from hub.policy import questions


def of(token: Token) -> questions.Token:
    """Return the facts about a person's token."""
    return questions.Token(
        id=token.id,
        person=token.person_id or "operator",
        scopes=tuple(token.scopes),
        made_at=token.made_at,
        expires_at=token.expires_at,
        revoked=token.revoked_at is not None,
    )
