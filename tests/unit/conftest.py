"""What every unit test has: no network, cheap passwords, work done at once, policies that answer as told."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings
from pytest_socket import socket_allow_hosts

from hub import policy
from hub.workspaces import launch
from tests.portal import Policies, RemoteStandIn


@pytest.fixture(scope="session", autouse=True)
def _no_waiting_for_disks() -> Iterator[None]:
    """Leave it to the system when files reach the disk; `tests/chaos` cuts the power to see that we wait."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _descriptor: None)
        yield


@pytest.fixture(autouse=True)
def _no_network() -> Iterator[None]:
    """Let tests reach this machine only."""
    socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)
    yield


@pytest.fixture(autouse=True)
def _quick(settings: Settings) -> None:
    """Hash passwords cheaply, serve static files as they are, and start no threads."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.PARLATORY_THREADS = False


@pytest.fixture
def policies(monkeypatch: pytest.MonkeyPatch) -> Policies:
    """Answer instead of OPA: yes, unless a test says otherwise."""
    stand_in = Policies()
    monkeypatch.setattr(policy, "ask", stand_in.ask)
    monkeypatch.setattr(policy, "ask_at_once", stand_in.ask_at_once)
    return stand_in


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch) -> RemoteStandIn:
    """Stand in for hub and engine."""
    stand_in = RemoteStandIn()
    monkeypatch.setattr(launch, "remote", lambda: stand_in)
    return stand_in
