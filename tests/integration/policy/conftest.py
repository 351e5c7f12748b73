"""A real OPA serving our real policies, started as the enclave starts it."""

from __future__ import annotations

import os
import secrets
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from hub.places import Places, places
from hub.policy import bundle
from hub.policy.__main__ import serve_command
from hub.policy.client import Policy
from tests import ports


@dataclass
class Opa:
    """A running OPA process."""

    process: subprocess.Popen[bytes]
    port: int
    token: str
    revision_file: Path

    def policy(self, token: str | None = None) -> Policy:
        """Return our client, pointed at this process."""
        said = self.token if token is None else token
        return Policy(port=self.port, token=lambda: said, revision_file=self.revision_file)

    def url(self, path: str) -> str:
        """Return an address of this process."""
        return f"http://127.0.0.1:{self.port}/{path}"


@pytest.fixture(scope="session")
def opa_binary() -> Path:
    path = bundle.opa(places)
    assert path.is_file(), f"{path} is missing: `python3 -m hub up` or `python3 -m hub test` installs it"
    return path


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, opa_binary: Path) -> bundle.Bundle:
    return bundle.build(places, into=tmp_path_factory.mktemp("opa"))


def log_of(bundle_file: Path, port: int) -> Path:
    """Return where an OPA that serves this bundle writes what it says."""
    return bundle_file.with_name(f"opa-{port}.log")


def started(bundle_file: Path, revision_file: Path) -> Opa:
    """Start OPA and wait until it answers."""
    port, token = ports.free(), secrets.token_hex(32)
    with log_of(bundle_file, port).open("wb") as said:
        process = subprocess.Popen(
            serve_command(bundle.opa(places), bundle_file, port),
            env={"PATH": os.defpath, "HOME": str(bundle_file.parent), "PARLATORY_OPA_TOKEN": token},
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    for _ in range(100):
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health", timeout=1).status_code == 200:
                break
        except httpx.HTTPError:
            time.sleep(0.1)
    return Opa(process, port, token, revision_file)


def stopped(opa: Opa) -> None:
    """End an OPA that may be stopped by a signal."""
    opa.process.kill()
    opa.process.wait()


@pytest.fixture(scope="module")
def opa(built: bundle.Bundle) -> Iterator[Opa]:
    running = started(built.path, built.path.with_name("revision"))
    yield running
    stopped(running)


@pytest.fixture
def own_opa(built: bundle.Bundle) -> Iterator[Opa]:
    """An OPA that the test may harm."""
    running = started(built.path, built.path.with_name("revision"))
    yield running
    stopped(running)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Places:
    return replace(places, state=tmp_path)
