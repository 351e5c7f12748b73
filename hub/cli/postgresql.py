"""An institution's database: copied before an upgrade changes it, and put back by its own programs."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from hub.cli.running import Step, output

SETTING = "PARLATORY_DATABASE_FILE"


def chosen() -> bool:
    """Say whether this enclave's database is PostgreSQL."""
    return bool(os.environ.get(SETTING))


def environment() -> dict[str, str]:
    """Return how PostgreSQL's programs find the database; a command line would show the password to all."""
    parts = urlsplit(Path(os.environ[SETTING]).read_text(encoding="utf-8").strip())
    options = dict(parse_qsl(parts.query))
    found = {
        "PGHOST": parts.hostname,
        "PGPORT": str(parts.port) if parts.port else None,
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": parts.path.lstrip("/"),
        "PGSSLMODE": options.get("sslmode"),
        "PGSSLROOTCERT": options.get("sslrootcert"),
    }
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {name: value for name, value in found.items() if value}


def dump(step: Step, target: Path) -> None:
    """Copy the whole database as it is at one moment."""
    step.run(["pg_dump", "--format=custom", "--no-owner", "--file", target], env=environment())


def load(step: Step, source: Path) -> None:
    """Put a copy back in one transaction: all of it or nothing."""
    words = ["pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction"]
    step.run([*words, "--dbname", environment()["PGDATABASE"], source], env=environment())


def ask(question: str) -> str:
    """Return the one value that a question has for an answer."""
    return output(["psql", "-XAtc", question], env=environment()).strip()
