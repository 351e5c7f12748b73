"""What `without` takes out of the running enclave comes back, even when who took it out is killed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.cli.supervision import Supervisor
from tests.enclave import Enclave, until
from tests.security.test_engine_running import OWN, ask, session, signed
from tests.security.without import running

__all__ = ["session"]

pytestmark = pytest.mark.timeout(120)

# Takes a control out and never puts it back.
RUNNER = """
import sys, time
from tests.security.without import running
with running.without(sys.argv[1], sys.argv[2:]):
    print("out", flush=True)
    time.sleep(600)
"""


def command(enclave: Enclave, process: str) -> str:
    """Return the command line of one of the enclave's processes; none while it starts again."""
    pid = next(one.pid for one in Supervisor(enclave.places).processes() if one.name == process)
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ") if pid else ""
    except OSError:
        return ""


@pytest.fixture
def runner(enclave: Enclave) -> Iterator[subprocess.Popen[str]]:
    """Return a process that took the portal's signature out of the engine."""
    words = [sys.executable, "-c", RUNNER, "enclave:signature", "engine"]
    started = subprocess.Popen(words, cwd=enclave.places.checkout, stdout=subprocess.PIPE, text=True)
    assert started.stdout
    try:
        assert started.stdout.readline() == "out\n"
        yield started
    finally:
        started.kill()
        started.wait()
        started.stdout.close()
        running.require()


def test_a_control_comes_back_when_its_runner_is_killed(
    runner: subprocess.Popen[str], enclave: Enclave, session: str
) -> None:
    forged = signed(enclave, session, key=OWN)
    assert running.CHILD in command(enclave, "engine")
    status, text = ask(enclave, "hub", "POST", "/sessions", grant=forged)
    assert status == 201, f"the control was not out: {text}"
    runner.kill()
    whole = f"{sys.executable} -m hub.engine "
    until(lambda: command(enclave, "engine") == whole, seconds=30, what="the engine started again, whole")
    running.wait(enclave.places)
    status, text = ask(enclave, "hub", "POST", "/sessions", grant=signed(enclave, session, key=OWN))
    assert status == 403 and "not signed" in text
    status, text = ask(enclave, "portal", "GET", f"/sessions/{session}")
    # The engine may have seen it end, and then says so.
    ended = status == 404 or json.loads(text)["state"] == "exited"
    assert ended, f"what began without it runs on: {text}"
    kept = (enclave.places.run / "supervisor/supervisord.conf").read_text(encoding="utf-8")
    assert running.CHILD not in kept
