"""An institution's database: copied before an upgrade changes it, and put back by its own programs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from hub import database
from hub.cli.running import output
from hub.database import SETTING

# Runs one of PostgreSQL's programs under `environment()`; raises where it fails.
Run = Callable[[Sequence[str | Path]], None]


def chosen() -> bool:
    """Say whether this enclave's database is PostgreSQL."""
    return bool(os.environ.get(SETTING))


def url() -> str:
    """Return how to reach the database, user and password included."""
    return Path(os.environ[SETTING]).read_text(encoding="utf-8").strip()


def address() -> str:
    """Return what tells this database from another: host, port and name, without user and password."""
    if not chosen():
        return ""
    found = environment()
    return "\0".join(found.get(name, "") for name in ("PGHOST", "PGPORT", "PGDATABASE"))


def environment() -> dict[str, str]:
    """Return how PostgreSQL's programs find the database; a command line would show the password to all."""
    try:
        said = database.parse(url(), file=os.environ[SETTING])
    except ValueError as error:
        raise SystemExit(f"error: {error}") from error
    found = {
        "PGHOST": said.host,
        "PGPORT": said.port,
        "PGUSER": said.user,
        "PGPASSWORD": said.password,
        "PGDATABASE": said.name,
        "PGSSLMODE": said.options.get("sslmode"),
        "PGSSLROOTCERT": said.options.get("sslrootcert"),
    }
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {name: value for name, value in found.items() if value}


def dump(run: Run, target: Path, *more: str) -> None:
    """Copy the whole database as it is at one moment."""
    run(["pg_dump", "--format=custom", "--no-owner", "--no-privileges", *more, "--file", target])


def load(run: Run, source: Path) -> None:
    """Put a copy in the place of all that is there, in one transaction: all of it or nothing."""
    script = source.with_suffix(".sql")
    try:
        run(["pg_restore", "--no-owner", "--no-privileges", "--file", script, source])
        # Also what the copy does not know of: a newer program's tables would hold on to the old ones.
        first = "DROP OWNED BY CURRENT_USER"
        run(["psql", "-X", "-q", "--single-transaction", "-v", "ON_ERROR_STOP=1", "-c", first, "-f", script])
    finally:
        script.unlink(missing_ok=True)


def ask(question: str) -> str:
    """Return the one value that a question has for an answer."""
    return output(["psql", "-XAtc", question], env=environment()).strip()
