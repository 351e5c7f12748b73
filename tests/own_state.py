"""A whole state for one test: Django's database, a ledger with entries, secrets; and commands run on it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from hub.cli import secrets
from hub.places import Places, places

APPENDS = """
import django; django.setup()
from django.db import transaction
from hub.ledger import entries
from hub.ledger.kinds import Kind
for number in range(int(__import__("sys").argv[1])):
    with transaction.atomic():
        entries.append(Kind.VIEWED, by="someone", subject=str(number), facts={"number": number})
"""


def made(folder: Path, *, entries: int = 20) -> Places:
    """Make a state with so many entries on its ledger."""
    where = replace(places, state=folder / "state", run=folder / "run", tools=folder / "tools", enclave="one")
    for name in ("db", "ledger", "vault"):
        (where.state / name).mkdir(parents=True)
    secrets.ensure(where)
    run(where, "-m", "django", "migrate", "--verbosity=0")
    append(where, entries)
    return where


def append(where: Places, count: int) -> None:
    """Append entries to its ledger."""
    run(where, "-c", APPENDS, str(count))


def run(where: Places, *words: str) -> str:
    """Run Python on a state, and return what it printed."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "hub.settings",
        "PARLATORY_STATE": str(where.state),
        "PARLATORY_RUN": str(where.run),
        "PARLATORY_ENCLAVE": where.enclave,
    }
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, check=False, env=environment, timeout=100
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
