"""A grant: what one session may be, signed by the portal, obeyed by hub and engine."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

CONTEXT = b"parlatory grant v1\n"


class GrantRefused(Exception):
    """A grant is unsigned, altered, expired or unreadable."""


@dataclass(frozen=True)
class Mount:
    """One dataset version, mounted read-only."""

    dataset: str
    version: str
    source: str
    target: str


@dataclass(frozen=True)
class Grant:
    """What one session may be: who, where, with which data, which limits and until when."""

    id: str
    session: str
    person: str
    project: str
    workspace: str
    server: str
    uid: int
    image: str
    mounts: tuple[Mount, ...]
    home_bytes: int
    memory_bytes: int
    cpus: float
    pids: int
    issued_at: datetime
    start_before: datetime
    ends_at: datetime
    decision: str
    gpus: int = 0


def sign(grant: Grant, key: Ed25519PrivateKey) -> str:
    """Return the grant as `payload.signature`, both base64url."""
    document = asdict(grant)
    for name in ("issued_at", "start_before", "ends_at"):
        document[name] = document[name].isoformat()
    payload = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    signature = key.sign(CONTEXT + payload)
    return f"{_encode(payload)}.{_encode(signature)}"


def verify(text: str, key: Ed25519PublicKey, *, at: datetime | None = None) -> Grant:
    """Return the grant in `text` if the portal signed it and it may still be started."""
    try:
        payload, signature = (_decode(part) for part in text.split("."))
        key.verify(signature, CONTEXT + payload)
    except (ValueError, InvalidSignature) as error:
        raise GrantRefused("the grant is not signed by this enclave's portal") from error
    grant = _parse(payload)
    if None in (grant.issued_at.tzinfo, grant.start_before.tzinfo, grant.ends_at.tzinfo):
        raise GrantRefused("the grant has a time without a time zone")
    if grant.start_before <= (at or datetime.now(UTC)):
        raise GrantRefused(f"grant {grant.id} had to be used before {grant.start_before.isoformat()}")
    return grant


def _parse(payload: bytes) -> Grant:
    try:
        document = json.loads(payload)
        if not isinstance(document["mounts"], list):
            raise TypeError("mounts is a list")
        document["mounts"] = tuple(Mount(**mount) for mount in document["mounts"])
        for name in ("issued_at", "start_before", "ends_at"):
            document[name] = datetime.fromisoformat(document[name])
        return Grant(**document)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise GrantRefused("the grant's content cannot be read") from error


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    """Return the bytes of the one text that `_encode` writes for them; other spellings are none."""
    data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _encode(data) != text:
        raise ValueError("another spelling of the same bytes")
    return data
