"""A throw-away enclave for measuring pages: secrets, a database file, a real OPA, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from hub.cli.running import StepFailed
from hub.cli.secrets import OWNERS
from hub.places import Places
from hub.policy import bundle
from hub.policy.__main__ import serve_command

PORTS = 6
ANSWERS_WITHIN_SECONDS = 20
# What a measurement's state folder is called by; some things are for such a folder only.
PREFIX = "parlatory-bench-"


@dataclass(frozen=True)
class Ground:
    """An empty state of its own, its policies served."""

    places: Places
    opa: int

    @property
    def environment(self) -> dict[str, str]:
        """What tells a process that it belongs here, and nothing of an enclave whose command this is."""
        # Such an enclave's settings name its database and its mail server.
        others = {name: value for name, value in os.environ.items() if not name.startswith("PARLATORY_")}
        return others | {
            "PARLATORY_STATE": str(self.places.state),
            "PARLATORY_RUN": str(self.places.run),
            "PARLATORY_TOOLS": str(self.places.tools),
            "PARLATORY_PORT": str(self.places.base_port),
            "PARLATORY_CHECKOUT": str(self.places.checkout),
            "DJANGO_SETTINGS_MODULE": "hub.settings",
            "PYTHONPATH": str(self.places.checkout),
        }


def require(where: Places, *, why: str) -> None:
    """Stop unless a state folder is a measurement's own."""
    if not where.state.name.startswith(PREFIX):
        raise SystemExit(f"error: {where.state} is no measurement's state; {why}")


@contextmanager
def laid(places: Places) -> Iterator[Ground]:
    """Yield an empty state, its policies served; nothing stays."""
    state = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        own = replace(
            places,
            state=state,
            run=state / "run",
            base_port=_free_ports(),
            portal_address="",
            lab_address="",
        )
        _furnish(own)
        process = _opa(own)
        try:
            yield Ground(own, process.pid)
        finally:
            process.kill()
            process.wait()
    finally:
        shutil.rmtree(state, ignore_errors=True)


@contextmanager
def opened(places: Places) -> Iterator[dict[str, str]]:
    """Yield the environment of a portal over an empty state, its policies served; nothing stays."""
    with laid(places) as ground:
        yield ground.environment


def run(module: str, words: list[str], environment: dict[str, str]) -> int:
    """Run a module of ours in that environment and return its exit status."""
    command = [sys.executable, "-m", module, *words]
    return subprocess.run(
        command, env=environment, cwd=environment["PARLATORY_CHECKOUT"], check=False
    ).returncode


def _furnish(own: Places) -> None:
    secrets = own.state / "secrets" / "data"
    secrets.mkdir(parents=True)
    for name, make in OWNERS["data"].items():
        (secrets / name).write_text(make(), encoding="utf-8")
    for name in ("db", "ledger", "static", "images", "vault", "datasets", "intake"):
        (own.state / name).mkdir()
    (own.state / "images" / "workspace").write_text("parlatory/workspace:bench\n", encoding="utf-8")


def _opa(own: Places) -> subprocess.Popen[bytes]:
    built = bundle.build(own)
    environment = {
        "PATH": os.defpath,
        "HOME": str(built.path.parent),
        "PARLATORY_OPA_TOKEN": own.secret("data", "opa"),
    }
    command = serve_command(bundle.opa(own), built.path, own.port("opa"))
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + ANSWERS_WITHIN_SECONDS
    while time.monotonic() < end:
        try:
            with urlopen(f"{own.url('opa')}/health", timeout=1):  # noqa: S310 - our own address
                return process
        except (URLError, OSError):
            time.sleep(0.1)
    process.kill()
    raise StepFailed("OPA did not answer", fix="`python3 -m hub up` installs it")


def _free_ports() -> int:
    """Return a port with as many free ones above it as an enclave's parts have."""
    for _ in range(50):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            base = int(probe.getsockname()[1])
        if base + PORTS < 2**16 and all(_is_free(base + number) for number in range(PORTS)):
            return base
    raise StepFailed("there are no six free ports in a row on this machine")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
