"""The demo people's second factors: secrets made for them, and the codes an authenticator app would show."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct

STEP_SECONDS = 30
DIGITS = 6


def new_secret() -> str:
    """Return a random secret as authenticator apps take it."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def code(secret: str, *, at: float) -> str:
    """Return the code of a secret at a time in seconds since 1970 (RFC 6238: SHA-1, 30 s, 6 digits)."""
    counter = struct.pack(">Q", int(at) // STEP_SECONDS)
    digest = hmac.digest(base64.b32decode(secret), counter, hashlib.sha1)
    offset = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)
