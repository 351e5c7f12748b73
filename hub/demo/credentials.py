"""The demo people's passwords and second factors: made at random once, kept where only root reads."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from hub.demo import second_factor
from hub.demo.cast import PEOPLE, Part
from hub.errors import Invalid, NotFound

PASSWORD_BYTES = 12


class Credential(BaseModel):
    """What one demo person signs in with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    email: str
    name: str
    roles: tuple[str, ...]
    password: str
    totp_secret: str | None


class Credentials(BaseModel):
    """What all demo people sign in with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    people: tuple[Credential, ...] = ()
    # The addresses of those whose credentials were made just now; never in the file.
    new: frozenset[str] = frozenset()


def path(state: Path) -> Path:
    """Return the file that holds them."""
    return state / "demo-passwords.json"


def read(state: Path) -> Credentials:
    """Return the credentials made so far, none where none were made."""
    try:
        return Credentials.model_validate_json(path(state).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Credentials()
    except ValidationError as error:
        raise Invalid(
            f"{path(state)} cannot be read; remove it and run `python3 -m hub seed`: "
            "the demo's people get new passwords"
        ) from error


def complete(state: Path) -> Credentials:
    """Return credentials for the whole cast, those that are missing newly made."""
    found = {credential.email: credential for credential in read(state).people}
    return Credentials(
        people=tuple(found.get(part.email) or _make(part) for part in PEOPLE),
        new=frozenset(part.email for part in PEOPLE if part.email not in found),
    )


def keep(state: Path, whole: Credentials) -> None:
    """Write credentials where only root reads them."""
    target = path(state)
    fresh = target.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(whole.model_dump_json(indent=1, exclude={"new"}) + "\n")
    fresh.replace(target)


def code(state: Path, email: str, *, at: float) -> str:
    """Return the code that a demo person's authenticator app would show at a time in seconds since 1970."""
    for credential in read(state).people:
        if credential.email == email:
            if credential.totp_secret is None:
                raise NotFound(f"{email} has no second factor; the password alone signs them in")
            return second_factor.code(credential.totp_secret, at=at)
    raise NotFound(f"the demo has no person {email}; {path(state)} lists them")


def _make(part: Part) -> Credential:
    return Credential(
        email=part.email,
        name=part.name,
        roles=part.roles,
        password=secrets.token_urlsafe(PASSWORD_BYTES),
        totp_secret=second_factor.new_secret() if part.needs_second_factor else None,
    )
