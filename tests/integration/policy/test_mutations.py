"""A question with anything missing, empty or of another type is never allowed.

Both by the whole policies and by the rules alone, without the schema that stands before them.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.places import places
from hub.policy import bundle
from tests.integration.policy import mutations
from tests.unit.policy.examples import ALLOWED

POLICIES = places.checkout / "policies"
QUERY = "[yes | some asked in input.asked; yes := data.{package}.decision.allow with input as asked]"


PERSON = {"active", "suspended", "person", "roles", "training", "at"}
MEMBER = {"memberships", "ended"}
OPEN = {"project", "state", "opens_on", "closes_on"}
RELEVANT = {
    "start": PERSON
    | MEMBER
    | OPEN
    | {"datasets", "approvals", "agreements", "revoked", "signed", "until", "purpose", "running", "course"},
    "continue": PERSON
    | MEMBER
    | OPEN
    | {
        "datasets",
        "approvals",
        "agreements",
        "revoked",
        "signed",
        "until",
        "purpose",
        "session",
        "expires_at",
    },
    "hand in": {"active", "suspended", "person", "at", "session", "expires_at"} | MEMBER | OPEN,
    "vote": PERSON
    | {"memberships", "author", "withdrawn", "blocked", "open_for_review", "reviews", "submission"}
    | {"conflicted", "reviewing", "named"},
    "release": PERSON
    | {"memberships", "author", "withdrawn", "blocked", "released", "reviews", "checker", "member"}
    | {"conflicted", "files", "approved_by", "reviewing", "named", "approvals", "tier"},
    "consolidate": PERSON
    | {"memberships", "author", "withdrawn", "blocked", "differing", "conflicted", "submission"}
    | {"reviewing", "named"},
    "hand in anew": {"active", "suspended", "person", "at", "session", "expires_at", "author", "replaceable"}
    | MEMBER
    | OPEN,
    "download": {
        "active",
        "suspended",
        "memberships",
        "ended",
        "released",
        "withdrawn",
        "submission",
        "project",
    },
    "ask for access": {"active", "suspended", "memberships", "ended", "purpose", "until", "closes_on"},
    # Somebody may be asked to leave a suspended project: that suspension decides nothing here.
    "ask for a member": {"active", "memberships", "ended", "state"},
    "make token": {"active", "suspended", "at", "token", "expires_at", "revoked"},
    "use token": {"active", "suspended", "at", "token", "expires_at", "revoked", "scopes", "scope"},
    "hand over": {"person", "at", "dataset", "steward", "present", "successor"},
    "hand over for one who left": {"person", "at", "steward", "present", "successor", "active"},
    "bring in": (PERSON - {"roles"}) | MEMBER | OPEN,
    "let in": PERSON | OPEN | {"memberships", "author", "waiting", "conflicted", "bring_in"},
    "take back what was brought in": {"active", "roles", "memberships", "gone", "conflicted", "bring_in"},
    "approve": {"active", "suspended", "roles", "memberships", "steward", "purpose", "until", "closes_on"},
}


def answers(folder: Path, package: str, questions: list[Any]) -> list[bool]:
    """Return whether each question is allowed; one that gets no answer at all is an error of the test."""
    result = subprocess.run(
        [
            *(str(bundle.opa(places)), "eval", "--bundle", str(folder), "--stdin-input"),
            *("--format", "raw", QUERY.format(package=package)),
        ],
        input=json.dumps({"asked": questions}),
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert result.returncode == 0, result.stderr + result.stdout
    found = json.loads(result.stdout)
    assert len(found) == len(questions)
    return list(found)


def mutated(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield every mutation with its name."""
    yield "nothing at all", {}
    yield "null", None
    yield "a list", [document]
    for path in mutations.paths(document):
        value = mutations.value_at(document, path)
        yield f"without {path}", mutations.without(document, path)
        yield f"null {path}", mutations.with_value(document, path, None)
        for other in mutations.other_types(value):
            yield f"{path} as {other!r}", mutations.with_value(document, path, other)
        if isinstance(value, dict):
            yield f"more at {path}", mutations.with_value(document, path, {**value, "unknown": True})


# What may be missing and the answer is still yes, by question, and nothing else: an element of a list, where
# one fewer makes another question that is complete and right.
ROLE, TRAINING = "('person', 'roles', 0)", "('person', 'training', 0)"
# Whoever holds no role may do these too, and no training is asked for: standing, membership or being the one
# whom it is about decides.
ANYBODYS = (
    *("sign in", "sign in as checker", "ask for access", "take a request back", "ask for a member"),
    *("take back what was asked", "sign agreement", "hand in", "download", "give feedback"),
    *("give feedback on a decision", "make token", "use token", "view what was brought in"),
)
# An office decides these, and no training is asked for.
OFFICES = (
    *("manage people", "record training", "manage dataset", "approve", "revoke", "refuse"),
    *("read records", "withdraw", "see use", "answer feedback", "take back what was brought in"),
)
SPARED = {
    **{name: {ROLE, TRAINING} for name in ANYBODYS},
    **{name: {TRAINING} for name in OFFICES},
    # Any member brings text in, with the training that data needs.
    "bring in": {ROLE},
    # Without a role the present steward is out of office; the dataset may be handed over then as well.
    "hand over": {TRAINING, "('present', 'roles', 0)"},
    "hand over for one who left": {TRAINING, "('present', 'roles', 0)"},
    # That none of the members is oneself is as true of fewer.
    "manage project": {TRAINING, "('members', 0)"},
    # A hand-in that replaces nothing.
    "hand in anew": {ROLE, TRAINING, "('replaces', 0)"},
    # A member sees their project's page, whoever is named to review its results.
    "view page": {ROLE, TRAINING, "('reviewing', 'named', 0)"},
    "end token": {ROLE, TRAINING, "('token', 'scopes', 0)"},
    # A vote that was cast only ever speaks against another.
    "vote": {"('reviews', 0)"},
    "consolidate": {"('reviews', 1)"},
}


@pytest.mark.parametrize("name", ALLOWED)
def test_a_mutated_question_is_denied(name: str, opa_binary: Path) -> None:
    question = ALLOWED[name]
    document = question.to_input()
    cases = [("as it is", document), *mutated(document)]
    allowed = answers(POLICIES, question.package, [case for _, case in cases])
    assert allowed[0] is True
    through = {what for (what, _), yes in zip(cases[1:], allowed[1:], strict=True) if yes}
    assert through == {f"without {path}" for path in SPARED.get(name, ())}


@pytest.fixture(scope="module")
def rules_alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The policies with the schema check taken away."""
    folder = tmp_path_factory.mktemp("rules") / "policies"
    shutil.copytree(POLICIES, folder, ignore=shutil.ignore_patterns("*_test.rego"))
    for path in folder.rglob("*.rego"):
        text = path.read_text()
        path.write_text(re.sub(r"^deny contains facts\.incomplete .*$", "", text, flags=re.MULTILINE))
    return folder


def facts_gone(name: str) -> list[tuple[str, Any]]:
    """Return the question with each fact that a rule decides by taken away or nulled."""
    document = ALLOWED[name].to_input()
    gone = []
    for path in mutations.paths(document):
        # A session may run on a deprecated version, so that state decides nothing there.
        # A conflict that a voter declared decides when it leaves, not while others vote.
        later = path[0] == "reviews" and path[-1] == "conflicted" and name != "release"
        if path[-1] in RELEVANT[name] and path[-2:] != ("version", "state") and not later:
            gone.append((f"without {path}", mutations.without(document, path)))
            gone.append((f"null {path}", mutations.with_value(document, path, None)))
    return gone


def let_through(folder: Path, name: str) -> list[str]:
    """Return which of those questions are allowed all the same."""
    question, gone = ALLOWED[name], facts_gone(name)
    cases = [question.to_input(), *(case for _, case in gone)]
    allowed = answers(folder, question.package, cases)
    assert allowed[0] is True
    return [what for (what, _), yes in zip(gone, allowed[1:], strict=True) if yes]


@pytest.mark.parametrize("name", [*RELEVANT])
def test_the_rules_alone_deny_when_a_fact_they_decide_by_is_gone(
    name: str, rules_alone: Path, opa_binary: Path
) -> None:
    assert let_through(rules_alone, name) == []


def test_without_the_strict_not_incomplete_questions_are_let_through(
    rules_alone: Path, tmp_path: Path, opa_binary: Path
) -> None:
    """The control taken away: Rego's older `not` skips what it cannot compute, and this test sees it."""
    older = tmp_path / "policies"
    shutil.copytree(rules_alone, older)
    for path in older.rglob("*.rego"):
        path.write_text(path.read_text().replace("import rego.v2", "import rego.v1"))
    assert let_through(older, "start") != []
