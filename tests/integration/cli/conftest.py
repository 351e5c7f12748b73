"""A scratch enclave's places: real users, folders, secrets and tools, on ports of their own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub.cli import accounts, folders, prepare
from hub.cli.running import Step
from hub.places import Places
from hub.places import places as real


@pytest.fixture
def places() -> Iterator[Places]:
    """Make a place of its own that other users can enter; nothing of it stays."""
    root = Path(tempfile.mkdtemp(prefix="parlatory-cli-", dir="/var/tmp"))
    root.chmod(0o755)
    try:
        yield replace(
            real, state=root / "state", run=root / "run", base_port=21000, enclave="parlatory-cli-test"
        )
    finally:
        for point in folders.mounts_under(root):
            Step("tear-down", root / "umount.log").run(["umount", point])
        shutil.rmtree(root)


@pytest.fixture
def step(places: Places) -> Step:
    return Step("test", places.state / "log" / "up-test.log")


@pytest.fixture
def prepared(places: Places, step: Step) -> Places:
    """Give the scratch enclave its users, folders, secrets and policies."""
    accounts.ensure(step)
    folders.ensure(places, step)
    prepare.secrets(places, step)
    prepare.bundle(places, step)
    return places
