"""A project and its person, made for one test through the portal's own services: nothing to undo after it."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, replace
from typing import Any

from tests.enclave import Enclave

_BEFORE = """
import json, sys, time
from datetime import UTC, datetime, timedelta
from hub.access import agreements, approvals
from hub.access.models import Approval
from hub.datasets import services as datasets
from hub.datasets.models import Dataset, DatasetVersion
from hub.people import services as people
from hub.people.models import Institution, Person, Role, Training
from hub.people.permission import WITHOUT_POLICY as root
from hub.projects import services as projects
from hub.projects.models import Membership, Project
from hub.workspaces.models import Session, Workspace
today = datetime.now(UTC).date()
def somebody(login):
    return Person.objects.with_roles().get(email=f"{login}@demo.invalid")
"""
_PERSON = """
person = people.add(
    by=root, email=email, name="Somebody of a test", password=password, roles=[Role.RESEARCHER],
    institution=Institution.objects.first(),
)
people.record_training(
    by=root, person=person, course="safe-researcher",
    completed_on=today - timedelta(days=9), valid_until=today + timedelta(days=90),
)
"""
_PROJECT = """
project = projects.propose(
    by=root, slug=slug, title=f"Test {slug}", purpose="prosody research",
    opens_on=today - timedelta(days=1), closes_on=today + timedelta(days=90),
    limits={"home_bytes": 64 << 20},
)
projects.add_member(by=root, project=project, person=person)
projects.open(by=root, project=project)
version = DatasetVersion.objects.get(dataset__slug="prompts-voices", version="1.1")
steward = somebody("steward1")
agreement = agreements.add(
    by=steward, dataset=version.dataset, project=project, title="Terms", text="Terms.",
    until=today + timedelta(days=60),
)
agreements.sign(by=person, agreement=agreement)
approvals.approve(
    by=steward, project=project, version=version, purpose="prosody research",
    until=today + timedelta(days=60),
)
print(json.dumps({"id": person.id}))
"""


@dataclass(frozen=True)
class Scene:
    """One person, who may work in one project with one dataset."""

    enclave: Enclave
    login: str
    id: str
    project: str

    @property
    def workspace_url(self) -> str:
        """Where the person starts, watches and stops the session."""
        return f"{self.enclave.places.portal_url}/workspaces/{self.project}/"

    def act(self, code: str) -> Any:
        """Run service calls that know `person`, `project`, `somebody(login)`; return their last line."""
        names = f"person = somebody({self.login!r})\nproject = Project.objects.get(slug={self.project!r})\n"
        lines = self.enclave.service(_BEFORE + names + code).splitlines()
        return json.loads(lines[-1]) if lines else None

    def clear(self) -> None:
        """End whatever session a failed test left running."""
        self.act(
            "from hub.workspaces import sessions\n"
            "print(json.dumps(sessions.stop_all_of(person, 'The test is over.')))"
        )

    def another(self) -> Scene:
        """Return the same person in a second project, which may be worked in just as well."""
        slug = f"test-{secrets.token_hex(4)}"
        names = f"slug = {slug!r}\nperson = somebody({self.login!r})\n"
        self.enclave.service(_BEFORE + names + _PROJECT)
        return replace(self, project=slug)

    def session(self) -> str:
        """Return the id of the person's newest session."""
        code = "print(json.dumps(Session.objects.filter(workspace__person=person).latest('requested_at').id))"
        return str(self.act(code))


def make(enclave: Enclave) -> Scene:
    """Make a person with training and a project with an approval, a membership and a signature."""
    word = secrets.token_hex(4)
    login, password = f"test-{word}", secrets.token_urlsafe(16)
    email, slug = f"{login}@demo.invalid", f"test-{word}"
    names = f"email, password, slug = {email!r}, {password!r}, {slug!r}\n"
    made = json.loads(enclave.service(_BEFORE + names + _PERSON + _PROJECT).splitlines()[-1])
    enclave.passwords[email] = password
    return Scene(enclave=enclave, login=login, id=made["id"], project=slug)
