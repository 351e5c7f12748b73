"""Where the institution's database is: one file says it, password included, and it is read here alone.

Standard library only: the command line needs it before any environment exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

SETTING = "PARLATORY_DATABASE_FILE"
OPTIONS = frozenset({"sslmode", "sslrootcert"})
# A database there is reached without a network: a socket, or this machine's loopback.
LOCAL = (None, "127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Address:
    """A PostgreSQL database; what is not said is empty."""

    host: str
    port: str
    name: str
    user: str
    password: str
    options: dict[str, str]


def parse(said: str, *, file: str) -> Address:
    """Read an address; one that can't be used, or would cross a network unproved, is refused."""
    unusable = ValueError(
        f"{file} must be like postgresql://user:password@host/name?sslmode=verify-full&sslrootcert=… ; "
        "in a user or password write / as %2F, ? as %3F, # as %23, @ as %40"
    )
    try:
        parts = urlsplit(said)
        port = parts.port
        options = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
    except ValueError:
        # The library's own words hold the part that it can't read, which may be one of the password.
        raise unusable from None
    if parts.scheme != "postgresql" or options.keys() - OPTIONS:
        raise unusable
    if parts.hostname not in LOCAL and options.get("sslmode") != "verify-full":
        raise ValueError(
            f"{file} names the database on {parts.hostname}, so it must end in ?sslmode=verify-full"
        )
    return Address(
        host=parts.hostname or "",
        port=str(port or ""),
        name=parts.path.lstrip("/"),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        options=options,
    )
