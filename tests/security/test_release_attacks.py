"""Attacks on what leaves: bytes changed after review, answers forged by a screener, names that climb."""

from __future__ import annotations

import pytest

from tests.integration.egress_review.conftest import stage
from tests.integration.egress_review.stage import Stage, hand_in, multipart

__all__ = ["stage"]

READY = """
from egress_review import releases
from egress_review.models import Review
from egress_review.vault import VaultAltered
from hub.places import places
vault = Vault(places.state / "vault")
vault.prepare()
checkers = []
for name in ("one", "two"):
    by = checker(name)
    Person.objects.filter(pk=by.pk).update(is_demo=True)
    checkers.append(by)
made = submission(State.APPROVED, vault=vault)
for by in checkers:
    review(made, Vote.APPROVE, by=by)
file = made.files.get()
path = vault.path(file.canonical_sha256)
"""
SWAP = """
good = path.read_bytes()
path.chmod(0o640)
path.write_bytes(good[:-2] + b"9" + good[-1:])
"""


def test_bytes_swapped_between_approval_and_release_do_not_leave(stage: Stage) -> None:
    state = stage.ask(
        READY + SWAP + "releases.attempt(by=checkers[1], submission=made, vault=vault)\n"
        "path.write_bytes(good)\n"
        "made.refresh_from_db()\nanswer = [made.state, made.held_reason]"
    )
    assert state[0] == "approved"
    assert "changed after it was frozen" in state[1]


def test_untouched_bytes_do_leave_or_the_attack_above_proves_nothing(stage: Stage) -> None:
    state = stage.ask(
        READY + "releases.attempt(by=checkers[1], submission=made, vault=vault)\n"
        "made.refresh_from_db()\nanswer = [made.state, made.held_reason]"
    )
    assert state == ["released", ""]


def test_bytes_swapped_after_release_are_not_served(stage: Stage) -> None:
    refused = stage.ask(
        READY
        + "left = releases.release(by=checkers[1], submission=made, vault=vault)\n"
        + SWAP
        + """
try:
    b"".join(releases.download(by=made.author, release=left, file=file, vault=vault).chunks)
    answer = "served"
except VaultAltered as error:
    answer = str(error)
finally:
    path.write_bytes(good)
"""
    )
    assert "does not leave" in refused


def test_a_row_forged_to_approved_without_votes_does_not_leave(stage: Stage) -> None:
    said = stage.ask(
        READY
        + "Review.objects.filter(submission=made).delete()\n"
        + "releases.attempt(by=checkers[1], submission=made, vault=vault)\n"
        + "made.refresh_from_db()\nanswer = [made.state, made.held_reason]"
    )
    assert said[0] == "approved"
    assert "approvals by 2 different output checkers" in said[1]


@pytest.mark.parametrize("name", ["../../../escaped.csv", "/tmp/escaped.csv", "..", "a/../../escaped.csv"])
def test_a_name_that_climbs_writes_nothing_anywhere(name: str, stage: Stage) -> None:
    answer = hand_in(stage.door(stage.session()), multipart([(name, b"escaped")]))
    assert answer.status == 400
    assert not list(stage.state.rglob("escaped*"))
    assert not list(stage.run.rglob("escaped*"))


def test_a_session_cannot_speak_for_another(stage: Stage) -> None:
    mine, other = stage.session(), stage.session()
    body = multipart([("a.csv", b"1")])
    made = hand_in(stage.door(mine), body)
    assert made.status == 201
    owner = stage.ask(f"answer = Submission.objects.get(pk={made.document['submission']!r}).session_id")
    assert owner == mine != other
    assert hand_in(stage.door(mine), multipart([("a.csv", b"1")], session=other)).status == 400
