"""The workspace's page: what a session uses, and that a silent engine takes nothing else from the page."""

from __future__ import annotations

import pytest
from django.test import Client

from hub.people.models import Role
from hub.workspaces.models import SessionState
from tests import portal
from tests.portal import Policies, RemoteStandIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client: Client, policies: Policies) -> Client:
    rosa = portal.person("rosa", Role.RESEARCHER)
    portal.session(portal.project(member=rosa), rosa)
    client.force_login(rosa)
    return client


def test_a_running_session_shows_what_it_uses(page: Client, remote: RemoteStandIn) -> None:
    shown = page.get("/workspaces/vowels/").content.decode()
    assert "200 MiB used now" in shown
    assert "12 % of one used lately" in shown or "13 % of one used lately" in shown
    assert "1 MiB used" in shown


def test_a_silent_engine_leaves_the_limits_and_the_way_out(page: Client, remote: RemoteStandIn) -> None:
    remote.down.add("usage")
    shown = page.get("/workspaces/vowels/").content.decode()
    assert "used now" not in shown
    assert "Stop my session" in shown and "<dt>Memory</dt><dd>2 GiB</dd>" in shown


@pytest.mark.parametrize(
    ("state", "again"),
    [(SessionState.STARTING, "2"), (SessionState.RUNNING, None), (SessionState.ENDED, None)],
)
def test_only_the_page_of_a_starting_session_looks_again_by_itself(
    client: Client, policies: Policies, remote: RemoteStandIn, state: SessionState, again: str | None
) -> None:
    rosa = portal.person("rosa", Role.RESEARCHER)
    portal.session(portal.project(member=rosa), rosa, state=state)
    client.force_login(rosa)
    assert client.get("/workspaces/vowels/").headers.get("Refresh") == again
