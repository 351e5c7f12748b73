"""A PostgreSQL server of the test's own, as an institution has one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests import ports

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
    port = ports.free()
    with TemporaryDirectory(prefix="plt-pg-") as folder:
        Path(folder).chmod(0o711)
        data = Path(folder) / "data"
        data.mkdir()
        subprocess.run(["chown", "postgres:postgres", str(data)], check=True)
        as_postgres(str(programs / "initdb"), "-D", str(data), "-A", "trust", "-U", "postgres")
        # Nothing of it has to outlive the test: it need not wait for the disk.
        options = f"-p {port} -k {data} -c listen_addresses=127.0.0.1 -c fsync=off"
        control = (str(programs / "pg_ctl"), "-D", str(data), "-w", "-l", str(data / "log"))
        as_postgres(*control, "-o", options, "start")
        try:
            at = ("-h", "127.0.0.1", "-p", str(port))
            # No superuser, as an institution gives; it makes databases for the portal's own tests.
            as_postgres(str(programs / "createuser"), *at, "--createdb", "portal")
            as_postgres(str(programs / "createdb"), *at, "--owner", "portal", "portal")
            file = Path(folder) / "address"
            file.touch(0o600)
            file.write_text(f"postgresql://portal@127.0.0.1:{port}/portal\n")
            yield str(file)
        finally:
            as_postgres(*control, "-m", "immediate", "stop")
