"""Grants as the engine takes them: signed by the portal, in time, and each used once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from hub import files
from hub.errors import Refused, Unavailable
from hub.grant import Grant, GrantRefused, verify
from hub.places import Places

# Far longer than a grant may wait for its start, so an id is forgotten only when its grant is long expired.
KEPT = timedelta(days=2)


def public_key(places: Places) -> Ed25519PublicKey:
    """Return the portal's key for grants."""
    path = places.state / "keys" / "grant.pub"
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise Unavailable(f"the portal's key {path} cannot be read; `python3 -m hub up` makes it") from error
    if not isinstance(key, Ed25519PublicKey):
        raise Unavailable(f"{path} is not an Ed25519 public key; `python3 -m hub up` makes it")
    return key


def read(text: object, places: Places) -> Grant:
    """Return the grant in `text` when the portal signed it and it may still be started."""
    if not isinstance(text, str):
        raise Refused(["A session is started with a grant, a signed text; there is none in the request."])
    try:
        return verify(text, public_key(places))
    except GrantRefused as error:
        raise Refused([f"{str(error)[:1].upper()}{str(error)[1:]}."]) from error


def use(grant: Grant, places: Places) -> None:
    """Note that a grant is used; the second time is refused, also after a restart."""
    folder = _folder(places)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    if grant.start_before > datetime.now(UTC) + KEPT:
        raise Refused([f"Grant {grant.id} may be started too far in the future; the portal makes a new one."])
    try:
        (folder / grant.id).open("x").close()
    except FileExistsError as error:
        raise Refused([f"Grant {grant.id} was used before; each start needs a new one."]) from error
    # On the disk before anything starts: not even a power cut makes a used grant new.
    files.sync(folder)


def forget_expired(places: Places) -> None:
    """Forget the used grants that no clock would accept any more."""
    oldest = (datetime.now(UTC) - KEPT - KEPT).timestamp()
    for path in _folder(places).glob("*"):
        if path.stat().st_mtime < oldest:
            path.unlink()


def _folder(places: Places) -> Path:
    return places.state / "engine" / "used-grants"
