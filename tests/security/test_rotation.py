"""Rotation in the running enclave: an old token opens nothing, all parts answer, the ledger says so."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from hub.cli import asking
from hub.cli.supervision import health_checks
from hub.cli.testing import TEST_ENCLAVE
from hub.places import places
from tests.enclave import Enclave

pytestmark = pytest.mark.timeout(300)

NAMES = ("proxy", "gate-portal")


def portal_says(token: str) -> int:
    """Ask the portal for the leases, as the gate does."""
    headers = {"Host": "127.0.0.1", "Authorization": f"Bearer {token}"}
    return asking.ask(
        places.portal_socket,
        "/internal/leases",
        method="POST",
        headers=headers,
        body={"sessions": {}},
        timeout=10,
    ).status


def proxy_says(token: str) -> int:
    """Ask the proxy for its routes, as the hub does."""
    headers = {"Authorization": f"token {token}"}
    return asking.ask(places.port("proxy-api"), "/api/routes", headers=headers, timeout=10).status


def test_an_old_token_opens_nothing_after_its_rotation(enclave: Enclave) -> None:
    old = {"gate-portal": places.secret("gate", "gate-portal"), "proxy": places.secret("proxy", "proxy")}
    assert (portal_says(old["gate-portal"]), proxy_says(old["proxy"])) == (200, 200)
    ran = subprocess.run(
        [sys.executable, "-m", "hub", "rotate", *NAMES],
        capture_output=True, text=True, cwd=places.checkout, env=os.environ | TEST_ENCLAVE, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert {name: said for name, check in health_checks(places).items() if (said := check())} == {}
    assert portal_says(old["gate-portal"]) in (401, 403) and proxy_says(old["proxy"]) in (401, 403)
    assert portal_says(places.secret("gate", "gate-portal")) == 200
    assert proxy_says(places.secret("proxy", "proxy")) == 200
    for secret in (*old.values(), places.secret("proxy", "proxy")):
        assert secret not in ran.stdout + ran.stderr
    assert "secrets_rotated" in enclave.python("-m", "hub.ledger", "show", "--count", "20")
