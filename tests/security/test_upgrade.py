"""A newer checkout takes a running enclave over: its sessions run on, and one that fails goes back."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hub.cli import programs
from hub.cli.supervision import Supervisor
from tests.enclave import Enclave
from tests.indoors import Inside, inside

__all__ = ["inside"]

pytestmark = pytest.mark.timeout(900)

LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".state", "__pycache__")
MIGRATION = """
from django.db import migrations

def act(apps, editor):
    {act}

class Migration(migrations.Migration):
    dependencies = [("notices", "{after}")]
    operations = [
        migrations.RunSQL("CREATE TABLE {table} (x integer)", "DROP TABLE {table}"),
        migrations.RunPython(act, migrations.RunPython.noop),
    ]
"""


class Newer:
    """A copy of this checkout with one more change of the database."""

    def __init__(self, enclave: Enclave, name: str, act: str) -> None:
        self.enclave = enclave
        self.checkout = Path(tempfile.mkdtemp(prefix=f"parlatory-{name}-", dir="/var/tmp")) / "checkout"
        self.checkout.parent.chmod(0o755)
        here = programs.checkout(enclave.places)
        shutil.copytree(here, self.checkout, ignore=LEFT_OUT)
        (self.checkout / ".venv").symlink_to(here / ".venv")
        self.change(name, act)

    def change(self, name: str, act: str) -> None:
        """Add one more change of the database, where this checkout lies."""
        migrations = self.checkout / "hub" / "notices" / "migrations"
        after = max(path.stem for path in migrations.glob("[0-9]*.py"))
        text = MIGRATION.format(act=act, after=after, table=name)
        (migrations / f"9999_{name}.py").write_text(text)

    def up(self) -> tuple[int, str]:
        """Run `up` from here; return how it ended and what it said."""
        return up(self.checkout)

    def remove(self) -> None:
        """Remove the copy."""
        shutil.rmtree(self.checkout.parent)


def up(checkout: Path) -> tuple[int, str]:
    ran = subprocess.run(
        [sys.executable, "-P", "-m", "hub", "up", "--detach"],
        check=False,
        cwd=checkout,
        env=os.environ | {"PARLATORY_CHECKOUT": str(checkout), "PYTHONPATH": str(checkout)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return ran.returncode, ran.stdout


@pytest.fixture
def newer(enclave: Enclave) -> Iterator[list[Newer]]:
    """Copies that a test makes; afterwards this checkout runs again, on the tables it knows."""
    made: list[Newer] = []
    yield made
    status, said = up(enclave.places.checkout)
    for one in made:
        one.remove()
    with closing(sqlite3.connect(enclave.places.state / "db" / "parlatory.sqlite3")) as database, database:
        database.execute("DROP TABLE IF EXISTS fitting")
        database.execute("DELETE FROM django_migrations WHERE name LIKE '9999_%'")
    assert status == 0, said


def tables(enclave: Enclave) -> set[str]:
    with closing(sqlite3.connect(enclave.places.state / "db" / "parlatory.sqlite3")) as database:
        return {name for (name,) in database.execute("SELECT name FROM sqlite_master")}


def pids(enclave: Enclave) -> dict[str, int]:
    return {one.name: one.pid for one in Supervisor(enclave.places).processes()}


def runs_from(enclave: Enclave) -> str:
    lines = Supervisor(enclave.places).configuration().splitlines()
    return next(line for line in lines if line.startswith("directory=")).partition("=")[2]


def test_a_session_runs_through_an_upgrade_and_a_failed_one_goes_back(
    enclave: Enclave, inside: Inside, newer: list[Newer]
) -> None:
    inside.say("kept = 41")
    old = runs_from(enclave)
    before = pids(enclave)

    # A change that can't be made is found on a copy: nothing is stopped.
    newer.append(Newer(enclave, "unfitting", "raise RuntimeError('these rows do not fit')"))
    status, said = newer[-1].up()
    assert status == 1, said
    assert "nothing was stopped; the enclave runs on as it was" in said
    assert "these rows do not fit" in said
    assert pids(enclave) == before and "unfitting" not in tables(enclave)

    # One that fails in earnest only: the old database and the old processes are back.
    act = "import os; assert os.environ['PARLATORY_STATE'].endswith('rehearsal'), 'in earnest'"
    newer.append(Newer(enclave, "surprising", act))
    status, said = newer[-1].up()
    assert status == 1, said
    assert (
        "everything is as it was before: the old database, the old images and the old processes run" in said
    )
    now = pids(enclave)
    assert now.keys() == before.keys() and not set(now.values()) & set(before.values())
    assert runs_from(enclave) == old and "surprising" not in tables(enclave)
    assert inside.say("print(kept + 1)") == "42"

    # One that fits: the same session, under the new program.
    newer.append(Newer(enclave, "fitting", "pass"))
    status, said = newer[-1].up()
    assert status == 0, said
    assert "sessions run on." in said
    assert runs_from(enclave) == str(newer[-1].checkout) and "fitting" in tables(enclave)
    assert not (enclave.places.state / "upgrade" / "before").exists()
    assert inside.say("print(kept + 2)") == "43"

    # Nothing changed: nothing is done.
    after = pids(enclave)
    status, said = newer[-1].up()
    assert status == 0 and "is up already" in said, said
    assert pids(enclave) == after

    # One that fails where the running program lay: that comes back from the copy that was kept of it.
    newer[-1].change("surprising_in_place", act)
    status, said = newer[-1].up()
    assert status == 1, said
    assert "everything is as it was before" in said
    assert Path(runs_from(enclave)).parent == enclave.places.state / "program"
    assert "surprising_in_place" not in tables(enclave)
    assert inside.say("print(kept + 3)") == "44"
