"""An enclave's folders with nothing but the demo in them, seeded as `up` seeds."""

from __future__ import annotations

import grp
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.cli import programs
from hub.cli.tools import opa
from hub.demo import accounts, rules
from hub.places import DATA_GROUP, USERS, Places, places
from tests import ports


@dataclass(frozen=True)
class Seeded:
    """An enclave that was seeded, none of its processes running."""

    places: Places

    def environment(self) -> dict[str, str]:
        """Return what a process of this enclave is told."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PARLATORY_")}
        return clean | programs.environment(self.places, None) | {"PATH": os.environ["PATH"]}

    def module(self, *words: str) -> str:
        """Run a module as root and return what it printed."""
        ran = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=self.places.checkout,
            env=self.environment(),
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-4000:]
        return ran.stdout

    def portal(self, code: str) -> str:
        """Run a few lines as the portal's user, Django set up and the policies answering."""
        with rules.answering(self.places):
            ran = subprocess.run(
                [sys.executable, "-c", "import django, json; django.setup()\n" + code],
                cwd=self.places.checkout,
                env=self.environment(),
                capture_output=True,
                text=True,
                umask=0o007,
                **accounts.of(USERS["portal"]),
            )
        assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-4000:]
        return ran.stdout


@pytest.fixture(scope="session")
def seeded() -> Iterator[Seeded]:
    """Seed an enclave of its own; its data are made from the real packages."""
    root = Path(tempfile.mkdtemp(prefix="parlatory-demo-test-"))
    root.chmod(0o755)
    scratch = Places(
        checkout=places.checkout,
        state=root / "state",
        run=root / "run",
        tools=places.tools,
        base_port=ports.free(6),
        enclave="parlatory-demo-test",
    )
    assert opa(places).is_file(), "`python3 -m hub up` or `python3 -m hub test` installs OPA"
    group = grp.getgrnam(DATA_GROUP).gr_gid
    for name in ("db", "ledger", "vault", "static", "datasets"):
        folder = scratch.state / name
        folder.mkdir(parents=True)
        os.chown(folder, 0, group)
        folder.chmod(0o750 if name == "datasets" else 0o2770)
    scratch.run.mkdir()
    enclave = Seeded(scratch)
    enclave.module("hub.cli.secrets")
    enclave.module("hub.policy", "bundle")
    enclave.module("django", "migrate", "--noinput", "--verbosity=0")
    enclave.module("django", "createcachetable")
    database = scratch.state / "db" / "parlatory.sqlite3"
    for path in (database, *database.parent.glob("*-*")):
        path.chmod(0o660)
    enclave.module("hub.demo", "seed")
    yield enclave
    shutil.rmtree(root)
