"""The portal's services against the real policies in a real OPA."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub import policy
from hub.places import places
from hub.policy import bundle
from hub.policy.client import Policy
from hub.workspaces import launch
from tests.integration.policy.conftest import started, stopped
from tests.portal import RemoteStandIn


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Policy]:
    """An OPA that serves this checkout's policies."""
    built = bundle.build(places, into=tmp_path_factory.mktemp("opa"))
    opa = started(Path(built.path), built.path.with_name("revision"))
    yield opa.policy()
    stopped(opa)


@pytest.fixture(autouse=True)
def _asked(real: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "ask", real.ask)
    monkeypatch.setattr(policy, "ask_at_once", real.ask_at_once)


@pytest.fixture(autouse=True)
def _quick(settings: object) -> None:
    settings.PARLATORY_THREADS = False  # type: ignore[attr-defined]  # pytest-django's own object
    static = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": static}
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch) -> RemoteStandIn:
    """Stand in for hub and engine, which have tests of their own."""
    stand_in = RemoteStandIn()
    monkeypatch.setattr(launch, "remote", lambda: stand_in)
    return stand_in
