"""Checkers at the same moment, each in a process of their own: decided once, nothing lost, a clear error."""

from __future__ import annotations

import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.integration.egress_review.conftest import stage
from tests.integration.egress_review.stage import FIRST, LAST, Stage

__all__ = ["stage"]

BEGIN = "import os, django\nos.umask(0o007)\ndjango.setup()"
SETTING = """
from egress_review.models import FileVote, Release, Review
from egress_review import file_votes, reviewers, reviews, releases
from hub.errors import ParlatoryError
from hub.ledger.models import Entry
from hub.places import places
import time
from pathlib import Path
vault = Vault(places.state / "vault")
vault.prepare()
"""
MAKE = (
    SETTING
    + """
def demo(name):
    made = checker(name)
    Person.objects.filter(pk=made.pk).update(is_demo=True)
    return made.pk
made = submission(State.IN_REVIEW, vault=vault)
answer = [made.pk, demo("one"), demo("two")]
"""
)
WITH_ADMIN = (
    MAKE
    + """
ada = person("Ada", Role.ADMIN)
Person.objects.filter(pk=ada.pk).update(is_demo=True)
answer += [demo("three"), ada.pk]
"""
)
ACT = (
    SETTING
    + """
by = Person.objects.get(pk={by!r})
found = Submission.objects.get(pk={found!r})
ready = Path({ready!r})
(ready / {number!r}).touch()
while len(list(ready.iterdir())) < {all}:
    time.sleep(0.001)
said = []
for attempt in range({tries}):
    try:
        {act}
        said.append("done")
        break
    except ParlatoryError as error:
        said.append(str(error))
        found = Submission.objects.get(pk={found!r})
answer = said
"""
)
VOTE = 'reviews.vote(by=by, submission=found, vote=Vote.APPROVE, comment="", vault=vault)'
DRAFT = (
    "file_votes.put(by=by, file=found.files.get(), vote=Vote.RETURN, "
    'comment="round these counts " + str(time.monotonic_ns()), note="", seen=0)'
)
CHOOSE = "reviewers.choose(by=by, project=found.project, named={named!r}, approvals=2)"
AFTER = (
    SETTING
    + """
found = Submission.objects.get(pk={found!r})
answer = {{
    "state": found.state,
    "reviews": found.reviews.count(),
    "file_votes": FileVote.objects.filter(file__submission=found).count(),
    "releases": Release.objects.filter(submission=found).count(),
    "decided": Entry.objects.filter(subject=found.pk, kind__in=["approved", "returned", "rejected"]).count(),
    "voted": Entry.objects.filter(subject=found.pk, kind="voted").count(),
}}
"""
)
ROUNDS = 4


def together(stage: Stage, found: str, acts: list[tuple[str, str]], *, tries: int = 1) -> list[list[str]]:
    """Let people, each with their act, act at the same moment, and return what each was told."""
    with tempfile.TemporaryDirectory() as ready, ThreadPoolExecutor(len(acts)) as pool:
        # Each waits until all are there.
        there = {"ready": ready, "all": len(acts), "found": found, "tries": tries}
        lines = [
            ACT.format(by=by, act=act, number=str(number), **there) for number, (by, act) in enumerate(acts)
        ]
        return list(pool.map(lambda code: _apart(stage, code), lines))


def _apart(stage: Stage, code: str) -> Any:
    """Run lines in a process that no other lines share."""
    said = stage.command("-c", "\n".join((BEGIN, FIRST, code, LAST)))
    return json.loads(said.splitlines()[-1])


@pytest.mark.parametrize("number", range(ROUNDS))
def test_two_votes_at_the_same_moment_decide_once(stage: Stage, number: int) -> None:
    found, *people = stage.ask(MAKE)
    said = together(stage, found, [(one, VOTE) for one in people], tries=3)
    assert [one[-1] for one in said] == ["done", "done"]
    assert all("look again" in line or "load the page again" in line for one in said for line in one[:-1])
    after = stage.ask(AFTER.format(found=found))
    wanted = {"state": "released", "reviews": 2, "file_votes": 2, "releases": 1, "decided": 1, "voted": 2}
    assert after == wanted


def test_one_checker_in_two_windows_votes_once(stage: Stage) -> None:
    found, one, _ = stage.ask(MAKE)
    said = together(stage, found, [(one, VOTE)] * 2)
    assert sorted(line == "done" for lines in said for line in lines) == [False, True]
    after = stage.ask(AFTER.format(found=found))
    assert (after["state"], after["reviews"], after["voted"]) == ("in_review", 1, 1)


def test_one_checker_in_two_windows_overwrites_no_draft(stage: Stage) -> None:
    found, one, _ = stage.ask(MAKE)
    said = together(stage, found, [(one, DRAFT)] * 2)
    refused = [line for lines in said for line in lines if line != "done"]
    assert len(refused) == 1 and "another window" in refused[0]
    assert stage.ask(AFTER.format(found=found))["file_votes"] == 1


def test_a_vote_and_the_naming_of_others_at_the_same_moment_have_one_result(stage: Stage) -> None:
    found, voter, *others, ada = stage.ask(WITH_ADMIN)
    (vote,), (chosen,) = together(stage, found, [(voter, VOTE), (ada, CHOOSE.format(named=others))])
    code = f"found = Submission.objects.get(pk={found!r})\n"
    code += "answer = [found.reviews.count(), found.project.named_checkers.count(), found.state]"
    cast, named, state = stage.ask(code)
    assert (cast, named) == ((1, 0) if vote == "done" else (0, 2)), (vote, chosen)
    assert [vote, chosen].count("done") == 1 and state == "in_review"
