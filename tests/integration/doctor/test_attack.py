"""`doctor --attack` on the running enclave: every attack fails from a real session, and nothing stays."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import docker
import pytest

from hub.attacks.catalogue import ATTACKS
from hub.cli import asking
from hub.cli.testing import TEST_ENCLAVE
from hub.places import places

pytestmark = pytest.mark.timeout(300)


def doctor(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the command as root does."""
    return subprocess.run(
        [sys.executable, "-m", "hub", "doctor", "--attack", *words],
        capture_output=True,
        text=True,
        cwd=places.checkout,
        env=os.environ | TEST_ENCLAVE,
        check=False,
    )


def seen() -> set[str]:
    """Return what there is of sessions: containers, homes and logs, and what the engine lists."""
    client = docker.APIClient(version="auto")
    names = {name for one in client.containers(all=True) for name in one["Names"]}
    client.close()
    files = {str(path) for folder in ("homes", "sessions") for path in (places.state / folder).glob("*")}
    listed = asking.ask(places.engine_socket, "/sessions").text
    return names | files | {one["session"] for one in json.loads(listed)}


def test_every_attack_fails_and_nothing_is_left_of_the_session() -> None:
    before = seen()
    ran = doctor("--json")
    found = [json.loads(line) for line in ran.stdout.splitlines()]
    through = {one["attack"]: one["said"] for one in found if not one["failed"]}
    assert through == {}, ran.stderr
    assert [one["attack"] for one in found] == [attack.name for attack in ATTACKS]
    assert ran.returncode == 0, ran.stderr
    assert seen() - before == set()


def test_no_attack_of_that_name_is_no_success() -> None:
    ran = doctor("--match", "no such attack")
    assert ran.returncode == 1 and "0 of 0" in ran.stdout
