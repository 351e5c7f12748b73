"""The API against the real policies in a real OPA, in a world where every role has something to want."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from egress_review.vault import Vault
from hub import policy
from hub.api.v1 import bring_ins, submissions
from hub.policy.client import Policy
from tests import own_ledger, throwaway
from tests.integration.api.world import World, built
from tests.integration.portal.conftest import _quick, real, remote
from tests.portal import RemoteStandIn

__all__ = ["_quick", "real", "remote"]


@pytest.fixture
def world(
    db: None, real: Policy, remote: RemoteStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """People of every role, a project, a dataset, a running session, a submission and a release."""
    own_ledger.opened(tmp_path, monkeypatch)
    vault = Vault(tmp_path / "vault")
    vault.prepare()
    for module in (submissions, bring_ins):
        monkeypatch.setattr(module, "vault", vault)
    made = built(vault)
    monkeypatch.setattr(policy, "ask", real.ask)
    monkeypatch.setattr(policy, "ask_at_once", real.ask_at_once)
    yield made
    # What is taken back makes the project's folder.
    shutil.rmtree(throwaway.state() / "bring-ins", ignore_errors=True)
