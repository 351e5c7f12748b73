"""People through the API: the same services, in JSON."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from hub.api.models import Answer
from hub.ledger.models import Entry
from hub.people.models import Institution, Person, Role
from tests import portal
from tests.api import Caller

Script = Callable[..., Caller]


def new_person(**more: object) -> dict[str, object]:
    return {"email": "rosa@north.example", "name": "Rosa", "institution": "north", **more}


def test_a_person_is_added_with_roles_and_the_ledger_names_the_token(admin: Person, script: Script) -> None:
    caller = script(admin)
    answer = caller.post("/people", new_person(roles=["researcher"]))
    assert answer.status_code == 201, answer.content
    assert answer.json()["roles"] == [{"role": "researcher", "valid_until": None}]
    assert answer["ETag"] == '"1"'
    entry = Entry.objects.get(kind="provisioned", subject=answer.json()["id"])
    assert entry.by == admin.id
    assert entry.facts["token"] == caller.token.split("_")[1]


@pytest.mark.parametrize("field", ["is_demo", "id", "row_version", "password", "is_active", "suspended_at"])
def test_a_field_that_is_not_offered_is_refused_and_nothing_made(
    field: str, admin: Person, script: Script
) -> None:
    answer = script(admin).post("/people", new_person(**{field: True}))
    assert answer.status_code == 422
    assert field in answer.json()["detail"]
    assert not Person.objects.filter(email="rosa@north.example").exists()


def test_everybody_is_listed_in_pages_with_as_many_queries(admin: Person, script: Script) -> None:
    caller = script(admin)

    def queries() -> int:
        with CaptureQueriesContext(connection) as counted:
            assert caller.get("/people?size=100").status_code == 200
        return len(counted)

    before = queries()
    for number in range(30):
        portal.person(f"p{number}", Role.RESEARCHER)
    assert queries() == before
    first = caller.get("/people?size=10").json()
    assert (len(first["items"]), first["pages"], first["count"]) == (10, 4, 31)
    assert caller.get("/people?size=10&page=9").json()["items"] == []


def test_a_change_from_an_older_edition_is_refused(admin: Person, script: Script) -> None:
    rosa, caller = portal.person("rosa"), script(admin)
    etag = caller.get(f"/people/{rosa.id}")["ETag"]
    path = f"/people/{rosa.id}/roles/researcher"
    assert caller.put(path, {}, if_match=etag).status_code == 200
    answer = caller.put(path, {"valid_until": "2030-01-01"}, if_match=etag)
    assert answer.status_code == 412
    assert "read it again" in answer.json()["detail"]
    assert caller.delete(path, if_match=caller.get(f"/people/{rosa.id}")["ETag"]).status_code == 200


def test_the_same_request_with_the_same_key_is_done_once(admin: Person, script: Script) -> None:
    caller, given = script(admin), {"slug": "south", "name": "South"}
    first = caller.post("/institutions", given, idempotency_key="a1")
    second = caller.post("/institutions", given, idempotency_key="a1")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert second["Idempotent-Replay"] == "true"
    assert Institution.objects.filter(slug="south").count() == 1
    other = caller.post("/institutions", {**given, "slug": "west"}, idempotency_key="a1")
    assert other.status_code == 422


def test_a_request_that_failed_may_be_repeated_with_its_key(admin: Person, script: Script) -> None:
    caller = script(admin)
    assert caller.post("/people", new_person(institution="east"), idempotency_key="k").status_code == 404
    Institution.objects.create(slug="east", name="East")
    assert caller.post("/people", new_person(institution="east"), idempotency_key="k").status_code == 201


def test_a_key_that_is_given_back_meanwhile_is_no_error_of_the_portal(
    admin: Person, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(**_: object) -> Answer:
        raise IntegrityError("the key is taken; a moment later it isn't")

    monkeypatch.setattr(Answer.objects, "create", taken)
    answer = script(admin).post("/people", new_person(), idempotency_key="k")
    assert (answer.status_code, "is being answered" in answer.json()["detail"]) == (409, True)


def test_errors_are_problems_with_a_sentence(
    admin: Person, script: Script, policies: portal.Policies
) -> None:
    caller, rosa = script(admin), portal.person("rosa")
    policies.deny("manage_people", "Only an admin may do this.")
    refused = caller.post(f"/people/{rosa.id}/suspend", {"reason": "leave"})
    assert (refused.status_code, refused["Content-Type"]) == (403, "application/problem+json")
    assert refused.json()["reasons"] == ["Only an admin may do this."]
    policies.denials.clear()
    assert caller.post(f"/people/{rosa.id}/resume").status_code == 409
    assert caller.get("/people/" + "0" * 26).status_code == 404
    assert caller.get("/nothing").json()["detail"].startswith("There is no such address")
    assert caller.put("/people", {}).status_code == 405
