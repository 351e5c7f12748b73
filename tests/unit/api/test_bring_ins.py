"""Text on its way in by a script: the same bytes and refusals, and no decision; who reviews, by edition."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from egress_review.shortages import COURSE
from egress_review.vault import Stored, Vault
from hub.api.scopes import Scope
from hub.api.v1 import api, bring_ins
from hub.bring_ins.models import BringIn
from hub.people.models import Person, Role, Training
from hub.projects.models import Project
from tests import own_ledger, portal, throwaway
from tests.api import Caller

Script = Callable[..., Caller]
CODE = "print('vowels')\r\n"
SAID = {"project": "vowels", "title": "Tracker", "why": "A formant tracker from our last paper."}


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vault]:
    own_ledger.opened(tmp_path, monkeypatch)
    made = Vault(tmp_path / "vault")
    made.prepare()
    monkeypatch.setattr(bring_ins, "vault", made)
    yield made
    shutil.rmtree(throwaway.state() / "bring-ins", ignore_errors=True)


@pytest.fixture
def rosa(db: None) -> Person:
    rosa = portal.person("rosa", Role.RESEARCHER)
    portal.project("vowels", member=rosa)
    return rosa


def files(name: str = "track.py", text: str = CODE) -> dict[str, Any]:
    return {**SAID, "files": [{"name": name, "text": text}]}


def test_text_is_frozen_as_it_was_sent_and_taken_back(rosa: Person, script: Script, vault: Vault) -> None:
    caller = script(rosa, Scope.BRING_INS_READ, Scope.BRING_INS_WRITE)
    made = caller.post("/bring-ins", files(text=CODE + "x = 1  # \u200b\n"), idempotency_key="k")
    assert made.status_code == 201, made.content
    again = caller.post("/bring-ins", files(text=CODE + "x = 1  # \u200b\n"), idempotency_key="k")
    assert again.json() == made.json() and BringIn.objects.count() == 1
    (one,) = made.json()["files"]
    kept = vault.read(Stored(one["sha256"], one["size_bytes"]), most_bytes=999)
    assert kept == (CODE + "x = 1  # \u200b\n").encode()
    assert [found["line"] for found in made.json()["findings"]] == [2]
    (listed,) = caller.get("/bring-ins?project=vowels&state=waiting").json()["items"]
    assert (listed["title"], listed["state"], "why" in listed) == ("Tracker", "waiting", False)
    path = f"/bring-ins/{made.json()['id']}"
    assert caller.post(f"{path}/take-back", if_match='"9"').status_code == 412
    assert caller.post(f"{path}/take-back", if_match=caller.get(path)["ETag"]).json()["state"] == "withdrawn"
    assert caller.post(f"{path}/take-back").status_code == 409


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("track.exe", CODE),
        ("../track.py", CODE),
        ("track.py", "a\x00b"),
        ("track.py", "a\ud800b"),
        ("track.py", "a\u202eb"),
        ("track.py", ""),
    ],
    ids=["kind", "path", "null", "half a pair", "turned", "empty"],
)
def test_what_the_page_refuses_is_refused_here(
    name: str, text: str, rosa: Person, script: Script, vault: Vault
) -> None:
    answer = script(rosa).post("/bring-ins", files(name, text))
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert not BringIn.objects.exists()


def test_a_checker_lists_what_waits_for_them_and_the_api_takes_no_decision(
    rosa: Person, script: Script, vault: Vault
) -> None:
    script(rosa).post("/bring-ins", files())
    chloe = portal.person("chloe", Role.OUTPUT_CHECKER, second_factor=True)
    assert [script(person).get("/bring-ins?for_review=true").json()["count"] for person in (rosa, chloe)] == [
        0,
        1,
    ]
    paths = api.get_openapi_schema(path_prefix="/api/v1/")["paths"]
    assert {path.rpartition("/")[2] for path in paths if "bring-ins" in path} == {
        "bring-ins",
        "{id}",
        "take-back",
    }


def test_reviewers_are_chosen_from_an_edition_and_what_is_left_out_stays(
    admin: Person, script: Script
) -> None:
    portal.project("vowels")
    caller, path = script(admin, Scope.PROJECTS_READ, Scope.REVIEWERS_WRITE), "/projects/vowels/reviewers"
    two = [portal.person(name, Role.OUTPUT_CHECKER, second_factor=True) for name in ("carl", "chloe")]
    read = caller.get(path)
    assert read.json() == {"approvals": 2, "named": [], "able": 0}, "nobody of them took the course"
    for one in (*two, portal.person("cora", Role.OUTPUT_CHECKER, second_factor=True)):
        course = {"completed_on": portal.days(-1), "valid_until": portal.days(9)}
        Training.objects.create(person=one, course=COURSE, **course)
    assert caller.get(path).json()["able"] == 3
    assert caller.patch(path, {"approvals": 3}).status_code == 428
    named = caller.patch(path, {"named": [one.id for one in two]}, if_match=read["ETag"])
    assert [one["email"] for one in named.json()["named"]] == [one.email for one in two]
    assert named.json()["able"] == 2
    assert caller.patch(path, {"named": []}, if_match=read["ETag"]).status_code == 412
    assert caller.patch(path, {"approvals": 1}, if_match="*").status_code == 422
    too_few = caller.patch(path, {"approvals": 3}, if_match="*")
    assert (too_few.status_code, "only 2 checkers" in too_few.json()["detail"]) == (422, True)
    assert caller.patch(path, {"approvals": 3, "named": []}, if_match="*").json()["approvals"] == 3
    assert Project.objects.get().named_checkers.count() == 0
