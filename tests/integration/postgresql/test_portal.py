"""The portal on PostgreSQL, an institution's database: its own tests pass there too."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests import ports

pytestmark = pytest.mark.timeout(600)

CHECKOUT = Path(__file__).parents[3]
# The parts that use the database.
PARTS = (
    "people",
    "datasets",
    "projects",
    "access",
    "workspaces",
    "pages",
    "provisioning",
    "egress_review",
    "ledger",
    "policy",
)
SERVER = Path("/usr/lib/postgresql")


def as_postgres(*command: str) -> str:
    """Run one of the server's programs as the user it insists on."""
    done = subprocess.run(
        ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command],
        check=False,
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture
def database() -> Iterator[str]:
    """A PostgreSQL server of the test's own on loopback; return the file that holds its address."""
    programs = max(SERVER.glob("*/bin"), key=lambda one: int(one.parent.name), default=None)
    assert programs, "PostgreSQL is missing; `python3 -m hub test` installs it"
    port = ports.free(6)
    with TemporaryDirectory(prefix="plt-pg-") as folder:
        Path(folder).chmod(0o711)
        data = Path(folder) / "data"
        data.mkdir()
        subprocess.run(["chown", "postgres:postgres", str(data)], check=True)
        as_postgres(str(programs / "initdb"), "-D", str(data), "-A", "trust", "-U", "portal")
        # Nothing of it has to outlive the test: it need not wait for the disk.
        options = f"-p {port} -k {data} -c listen_addresses=127.0.0.1 -c fsync=off"
        control = (str(programs / "pg_ctl"), "-D", str(data), "-w", "-l", str(data / "log"))
        as_postgres(*control, "-o", options, "start")
        try:
            file = Path(folder) / "address"
            file.touch(0o600)
            file.write_text(f"postgresql://portal@127.0.0.1:{port}/postgres\n")
            yield str(file)
        finally:
            as_postgres(*control, "-m", "immediate", "stop")


def test_the_portals_tests_pass_on_postgresql(database: str) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith("PARLATORY")}
    parts = [f"tests/unit/{part}" for part in PARTS]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *parts],
        check=False,
        cwd=CHECKOUT,
        env=own | {"PARLATORY_DATABASE_FILE": database},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed and int(passed[1]) > 300, done.stdout[-400:]
