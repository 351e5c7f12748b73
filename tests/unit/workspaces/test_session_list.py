"""The pages of workspaces: what runs, what ended and why, each of the people and projects it names."""

from __future__ import annotations

import pytest
from django.test import Client

from hub.people.models import Role
from hub.workspaces.models import Session, SessionState
from tests import portal
from tests.portal import Policies

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(policies: Policies) -> Client:
    client = Client(headers={"host": "portal.localhost"})
    client.force_login(portal.person("ada", Role.ADMIN, second_factor=True))
    return client


def test_what_runs_stands_before_what_ended_and_why(admin: Client) -> None:
    assert "Nobody works in a session now" in admin.get("/sessions/").content.decode()
    rosa, project = portal.person("rosa", Role.RESEARCHER), portal.project("vowels")
    other = portal.project("tones")
    portal.session(project, rosa)
    over = portal.session(other, rosa, state=SessionState.FAILED)
    Session.objects.filter(pk=over.pk).update(end_reason="The engine did not answer.")
    page = admin.get("/sessions/").content.decode()
    assert page.index("Now: 1") < page.index("/projects/vowels/") < page.index("Ended</h2>")
    assert (
        page.index("Ended</h2>") < page.index("/projects/tones/") < page.index("The engine did not answer.")
    )
    assert f"/people/{rosa.pk}/" in page and "Nobody works" not in page
