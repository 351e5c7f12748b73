"""Projects, access, datasets, sessions, submissions and the ledger through the API."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from egress_review import releases
from egress_review.states import State
from egress_review.vault import Vault
from hub.access.models import Approval
from hub.api.v1 import submissions as api_submissions
from hub.ledger import publisher
from hub.ledger.models import Entry
from hub.people.models import Person, Role
from hub.projects.models import MemberRequest, Membership, Project
from hub.provision import __main__ as provision
from hub.provision import plan, verbs
from hub.provision.client import Answered
from hub.workspaces.models import Session
from tests import own_ledger, portal
from tests.api import Caller
from tests.unit.egress_review import factories

Script = Callable[..., Caller]


def new_project(**more: object) -> dict[str, object]:
    days = {"opens_on": portal.days(0).isoformat(), "closes_on": portal.days(90).isoformat()}
    return {"slug": "vowels", "title": "Vowels", "purpose": "speech_research", **days, **more}


def test_a_project_is_proposed_opened_joined_and_closed(admin: Person, script: Script) -> None:
    caller, rosa = script(admin), portal.person("rosa", Role.RESEARCHER)
    made = caller.post("/projects", new_project(limits={"cpus": 0.5}))
    assert made.status_code == 201, made.content
    assert made.json()["limits"]["cpus"] == 0.5
    opened = caller.post("/projects/vowels/open", if_match=made["ETag"])
    assert opened.json()["state"] == "open"
    member = caller.post("/projects/vowels/members", {"person": rosa.id, "role": "project_lead"})
    assert member.status_code == 201, member.content
    mine = script(rosa).get("/projects").json()["items"]
    assert [one["slug"] for one in mine] == ["vowels"]
    assert caller.delete(f"/projects/vowels/members/{rosa.id}").json()["ended_at"] is not None
    assert caller.delete(f"/projects/vowels/members/{rosa.id}").status_code == 404
    assert caller.post("/projects/vowels/close").json()["state"] == "closed"
    assert caller.post("/projects/vowels/open").status_code == 409


def test_a_lead_asks_for_a_member_and_adding_them_is_the_answer(admin: Person, script: Script) -> None:
    lena, nina = portal.person("lena", Role.PROJECT_LEAD), portal.person("nina", Role.RESEARCHER)
    for project, role in (("vowels", "project_lead"), ("tones", "researcher")):
        Membership.objects.create(project=portal.project(project), person=lena, role=role)
    caller, theirs, office = script(lena), script(nina), script(admin)
    wanted = {"project": "vowels", "wish": "join", "email": nina.email.upper(), "reason": "She codes."}
    made = caller.post("/member-requests", wanted)
    assert (made.status_code, made.json()["email"]) == (201, nina.email), made.content
    path = f"/member-requests/{made.json()['id']}"
    assert caller.post("/member-requests", wanted).status_code == 409
    assert caller.get("/member-requests?state=asked").json()["count"] == 1
    MemberRequest.objects.update(project=Project.objects.get(slug="tones"))
    assert caller.get("/member-requests").json()["count"] == 0
    assert caller.post(f"{path}/withdraw").status_code == 404
    MemberRequest.objects.update(project=Project.objects.get(slug="vowels"))
    assert theirs.get("/member-requests").json()["count"] == 0
    assert theirs.post(f"{path}/withdraw").status_code == 404
    assert office.post(f"{path}/refuse", {"reason": "No."}, if_match='"9"').status_code == 412
    office.post("/projects/vowels/members", {"person": nina.id})
    assert caller.get("/member-requests").json()["items"][0]["state"] == "done"
    assert office.post(f"{path}/refuse", {"reason": "No."}).status_code == 409


def test_words_ask_list_and_refuse_as_the_pages_do(admin: Person, script: Script) -> None:
    lena = portal.person("lena", Role.PROJECT_LEAD)
    Membership.objects.create(project=portal.project(), person=lena, role="project_lead")
    lead, office = Typed(script(lena)), Typed(script(admin))

    def typed(by: Typed, *words: str) -> Any:
        asked = provision.parser().parse_args(["project", *words])
        return asked.verb(by, asked)

    typed(lead, "ask", "vowels", "nina@north.example", "--reason", "She codes.")
    assert typed(office, "requests") == []
    (one,) = typed(office, "requests", "--all")
    assert one["id"] in provision.line(one) and "join: She codes." in provision.line(one)
    assert [one["id"]] == [mine["id"] for mine in typed(lead, "requests", "--json")]
    typed(office, "refuse", one["id"], "--reason", "Not before May.")
    assert typed(lead, "requests") == []
    assert MemberRequest.objects.get().answer == "Not before May."


def test_who_may_not_read_about_people_is_not_told_whether_a_request_is_there(
    db: None, script: Script, policies: portal.Policies
) -> None:
    policies.deny("read_records")
    caller = script(portal.person("rosa", Role.RESEARCHER))
    wish = MemberRequest.objects.create(
        project=portal.project(), wish="join", email="x@y", reason="r", asked_by=portal.person("lena")
    )
    answers = [caller.post(f"/member-requests/{id}/refuse", {"reason": "No."}) for id in (wish.id, "0" * 26)]
    assert [one.status_code for one in answers] == [403, 403]
    assert answers[0].content == answers[1].content


@pytest.mark.parametrize(
    "more",
    [
        {"is_demo": True},
        {"state": "open"},
        {"limits": {"gpus": 1}},
        {"slug": "Vo wels"},
        {"title": "a\u202eb"},
    ],
)
def test_a_project_with_something_else_is_refused(
    more: dict[str, object], admin: Person, script: Script, remote: portal.RemoteStandIn
) -> None:
    assert script(admin).post("/projects", new_project(**more)).status_code == 422
    assert not Project.objects.exists()


def test_a_project_is_not_there_for_somebody_who_may_not_know_of_it(
    db: None, script: Script, policies: portal.Policies
) -> None:
    portal.project("vowels")
    policies.deny("read_records")
    policies.deny("manage_dataset")
    what = portal.version("prompts")
    caller = script(portal.person("rosa", Role.RESEARCHER))
    there, not_there = caller.get("/projects/vowels"), caller.get("/projects/consonants")
    assert (there.status_code, there.content) == (404, not_there.content)
    given = {"dataset": what.dataset.slug, "title": "Use", "text": "I promise.", "until": "2030-01-01"}
    answers = [caller.post("/agreements", {**given, "project": slug}) for slug in ("vowels", "consonants")]
    assert answers[0].content == answers[1].content


class Typed:
    """What `hub.provision` needs of its client, over the portal in this process."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    def all(self, path: str, **query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.caller.get(f"{path}?{urlencode(query)}").json()["items"]
        return found

    def post(self, path: str, body: Any) -> Any:
        return self.caller.post(path, body).json()

    def patch(self, path: str, body: Any) -> Any:
        return self.caller.patch(path, body, if_match="*").json()


def test_a_file_approves_prolongs_and_then_changes_nothing(db: None, script: Script) -> None:
    place, what = portal.project("vowels"), portal.version("prompts")
    typed: Any = Typed(script(what.dataset.steward))

    def applied(days: int, **more: str) -> list[str]:
        wanted = {"project": "vowels", "dataset": "prompts", "version": "1.0", "purpose": place.purpose}
        row = plan.Approval.model_validate({**wanted, "until": portal.days(days), **more})
        steps = list(plan.steps(plan.Wanted(approval=[row]), typed))
        for step in steps:
            step.do()
        return [step.says.partition(" ")[0] for step in steps]

    assert [applied(20, conditions="no cloning"), applied(20), applied(40), applied(30)] == [
        ["approve"],
        [],
        ["prolong"],
        [],
    ]
    approval = Approval.objects.get()
    assert (approval.until, approval.conditions) == (portal.days(40), "no cloning")
    asked = {"project": "vowels", "dataset": "prompts", "version": "1.0", "conditions": None}
    verbs.prolong(typed, Namespace(**asked, until=portal.days(50).isoformat()))
    approval.refresh_from_db()
    assert (approval.until, approval.conditions) == (portal.days(50), "no cloning")
    with pytest.raises(Answered, match="approve it"):
        verbs.prolong(typed, Namespace(**{**asked, "version": "9.9"}, until=portal.days(50).isoformat()))


def test_a_steward_approves_and_revokes(db: None, script: Script) -> None:
    place, what = portal.project("vowels"), portal.version("prompts")
    caller = script(what.dataset.steward)
    given = {
        "project": "vowels",
        "dataset": "prompts",
        "version": "1.0",
        "purpose": place.purpose,
        "until": portal.days(30).isoformat(),
    }
    made = caller.post("/approvals", given)
    assert made.status_code == 201, made.content
    path, later = f"/approvals/{made.json()['id']}", {"until": portal.days(40).isoformat()}
    assert caller.patch(path, later).status_code == 428
    longer = caller.patch(path, later, if_match=made["ETag"])
    assert (longer.status_code, longer.json()["until"]) == (200, later["until"])
    assert caller.patch(path, later, if_match=made["ETag"]).status_code == 412
    revoked = caller.post(f"{path}/revoke", {"reason": "over"}, if_match=longer["ETag"])
    assert revoked.json()["revoked_reason"] == "over"
    assert Approval.objects.get().revoked_at is not None
    assert [one["id"] for one in caller.get("/approvals").json()["items"]] == [made.json()["id"]]
    agreement = {"title": "Use", "text": "I promise."} | {
        name: given[name] for name in ("project", "dataset", "until")
    }
    assert caller.post("/agreements", agreement).status_code == 201
    assert len(caller.get("/projects/vowels/agreements").json()["items"]) == 1


def test_a_dataset_is_added_suspended_and_its_versions_listed(db: None, script: Script) -> None:
    what = portal.version("prompts")
    steward = what.dataset.steward
    caller = script(steward)
    given = {
        "slug": "harbour",
        "title": "Harbour",
        "institution": "north",
        "steward": steward.id,
        "tier": 2,
        "licence": "CC BY 4.0",
        "attribution": "The speakers",
    }
    made = caller.post("/datasets", given)
    assert made.status_code == 201, made.content
    assert caller.post("/datasets/harbour/suspend", {"reason": "consent withdrawn"}).status_code == 200
    assert caller.post("/datasets/harbour/resume").json()["suspended_at"] is None
    assert caller.get("/datasets/prompts/versions").json()["items"][0]["version"] == "1.0"
    assert caller.post("/datasets/prompts/versions/1.0/deprecate").json()["state"] == "deprecated"
    assert caller.post("/datasets/harbour/versions", {"version": "../etc"}).status_code == 422
    assert caller.post("/datasets/harbour/versions", {"version": "9"}).status_code == 422


def test_a_session_is_stopped_by_its_person_only(
    db: None, script: Script, remote: portal.RemoteStandIn
) -> None:
    rosa, omar = portal.person("rosa", Role.RESEARCHER), portal.person("omar", Role.RESEARCHER)
    running = portal.session(portal.project("vowels", member=rosa), rosa)
    assert script(omar).post(f"/sessions/{running.id}/stop").status_code == 404
    assert Session.objects.get().state == "running"
    assert script(omar).get("/sessions").json()["items"] == []
    stopped = script(rosa).post(f"/sessions/{running.id}/stop")
    assert stopped.json()["state"] == "ended"


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Vault:
    """A vault of the test's own."""
    made = Vault(tmp_path / "vault")
    made.prepare()
    monkeypatch.setattr(api_submissions, "vault", made)
    return made


def test_a_submission_is_shown_without_votes_and_each_look_is_on_the_ledger(
    db: None, script: Script, vault: Vault
) -> None:
    rosa = portal.person("rosa", Role.RESEARCHER)
    handed_in = factories.submission(State.IN_REVIEW, vault=vault, author=rosa)
    caller = script(rosa)
    shown = caller.get(f"/submissions/{handed_in.id}")
    assert shown.status_code == 200, shown.content
    assert not {"reviews", "votes", "vote"} & set(shown.json())
    assert shown.json()["files"][0]["released_sha256"] == ""
    assert Entry.objects.filter(kind="viewed", subject=handed_in.id, by=rosa.id).count() == 1
    assert [one["id"] for one in caller.get("/submissions").json()["items"]] == [handed_in.id]
    assert caller.get(f"/submissions/{handed_in.id}/findings").json()["items"] == []
    assert caller.get(f"/submissions/{handed_in.id}/receipt").status_code == 404
    file = handed_in.files.get()
    assert caller.get(f"/submissions/{handed_in.id}/files/{file.id}/download").status_code == 404
    withdrawn = caller.post(f"/submissions/{handed_in.id}/withdraw", if_match=shown["ETag"])
    assert withdrawn.json()["state"] == "withdrawn"


def test_a_released_file_is_downloaded_with_its_receipt(
    db: None, script: Script, vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_ledger.opened(tmp_path, monkeypatch)
    rosa = portal.person("rosa", Role.RESEARCHER)
    approved = factories.submission(State.APPROVED, vault=vault, author=rosa)
    releases.release(by=factories.checker(), submission=approved, vault=vault)
    caller, file = script(rosa), approved.files.get()
    leaving = caller.get(f"/submissions/{approved.id}/files/{file.id}/download")
    assert b"".join(leaving.streaming_content) == factories.CANONICAL
    assert leaving["Content-Disposition"].startswith("attachment")
    assert Entry.objects.get(kind="downloaded").facts["token"] == caller.token.split("_")[1]
    assert caller.get(f"/submissions/{approved.id}/receipt").json()["document"]["release"]


def test_the_ledgers_checkpoint_is_the_one_that_was_signed(
    admin: Person, script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_ledger.opened(tmp_path, monkeypatch)
    caller = script(admin)
    assert caller.get("/ledger/checkpoint").status_code == 404
    caller.get("/people")
    publisher.publish()
    answer = caller.get("/ledger/checkpoint").json()
    assert publisher.signer().verifier.read(answer["note"]).size == answer["size"]


@pytest.mark.parametrize("path", ["/projects?all=true", "/datasets", "/approvals?all=true", "/institutions"])
def test_a_list_takes_as_many_queries_whatever_its_length(path: str, admin: Person, script: Script) -> None:
    caller = script(admin)

    def queries() -> int:
        with CaptureQueriesContext(connection) as counted:
            assert caller.get(path).status_code == 200
        return len(counted)

    def fill(first: int, last: int) -> None:
        for number in range(first, last):
            portal.approval(portal.project(f"p{number}"), portal.version(f"d{number}"))

    fill(0, 2)
    before = queries()
    fill(2, 12)
    assert queries() == before
