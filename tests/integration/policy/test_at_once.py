"""Many questions at once get the answers that each gets alone; what is no list of questions gets none."""

from __future__ import annotations

import itertools
import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest

from hub import policy
from hub.places import places
from hub.policy import UNANSWERED, bundle, questions
from tests.integration.policy import mutations
from tests.integration.policy.conftest import Opa
from tests.integration.policy.test_mutations import POLICIES, mutated
from tests.unit.policy.examples import ALLOWED

START = cast(questions.StartSession, ALLOWED["start"])
CONTINUE = ALLOWED["continue"]
ENDED = date(2026, 11, 22)


def batches(asked: list[Any], size: int) -> list[list[Any]]:
    """Return the list in parts of a size."""
    return [asked[start : start + size] for start in range(0, len(asked), size)]


def _person(**changes: Any) -> Callable[[questions.StartSession], questions.StartSession]:
    return lambda asked: replace(asked, person=replace(asked.person, **changes))


def _use(**changes: Any) -> Callable[[questions.StartSession], questions.StartSession]:
    return lambda asked: replace(asked, datasets=(replace(asked.datasets[0], **changes),))


def _use_that_is_over(asked: questions.StartSession) -> questions.StartSession:
    (use,) = asked.datasets
    return _use(approvals=tuple(replace(one, until=ENDED) for one in use.approvals))(asked)


# What may be wrong with a start, in every combination.
WRONGS: tuple[Callable[[questions.StartSession], questions.StartSession], ...] = (
    _person(active=False),
    _person(suspended=True),
    _person(roles=(questions.Role(role="output_checker", valid_until=None),), second_factor=False),
    _person(training=()),
    lambda asked: replace(asked, memberships=()),
    lambda asked: replace(asked, project=replace(asked.project, state="closed")),
    _use_that_is_over,
    _use(agreements=()),
)


def table() -> list[questions.StartSession]:
    """Return a start with each combination of what may be wrong with it, the right one first."""
    made = []
    for number in range(len(WRONGS) + 1):
        for chosen in itertools.combinations(WRONGS, number):
            asked = START
            for wrong in chosen:
                asked = wrong(asked)
            made.append(asked)
    return made


def test_every_combination_gets_the_decision_it_gets_alone(opa: Opa) -> None:
    client, asked = opa.policy(), table()
    at_once = [decision for some in batches(asked, policy.AT_ONCE) for decision in client.ask_at_once(some)]
    alone = [client.ask(question) for question in asked]
    assert [(one.allow, one.reasons, one.question) for one in at_once] == [
        (one.allow, one.reasons, one.question) for one in alone
    ]
    assert [one.allow for one in at_once] == [True] + [False] * (2 ** len(WRONGS) - 1)
    assert {one.revision for one in at_once} == {opa.revision_file.read_text().strip()}


def test_over_the_most_at_once_nothing_is_answered(opa: Opa) -> None:
    client = opa.policy()
    assert all(one.allow for one in client.ask_at_once([START] * policy.AT_ONCE))
    for one in client.ask_at_once([START] * (policy.AT_ONCE + 1)):
        assert (one.allow, one.reasons) == (False, (UNANSWERED,))


def evaluated(query: str, document: Any) -> Any:
    """Return what OPA's own command makes of a query."""
    result = subprocess.run(
        [
            str(bundle.opa(places)),
            "eval",
            "--bundle",
            str(POLICIES),
            "--stdin-input",
            "--format",
            "raw",
            query,
        ],
        input=json.dumps(document),
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert result.returncode == 0, result.stderr + result.stdout
    return json.loads(result.stdout)


@pytest.mark.parametrize("name", ["start", "continue"])
def test_a_mutated_question_gets_the_decision_it_gets_alone_and_changes_no_other(
    name: str, opa_binary: Path
) -> None:
    right = ALLOWED[name].to_input()
    asked = [case for _, case in mutated(right)]
    # Each beside a right one on either side.
    beside = [[right, *some, right] for some in batches(asked, policy.AT_ONCE - 2)]
    found = evaluated(
        "{'alone': [yes | some asked in input.asked; yes := data.sessions.decision with input as asked], "
        "'at_once': [yes | some asked in input.beside; "
        "yes := data.reach.decisions with input as {'questions': asked}]}".replace("'", '"'),
        {"asked": asked, "beside": beside},
    )
    assert [len(one) for one in found["at_once"]] == [len(one) for one in beside]
    assert all(one[0]["allow"] and one[-1]["allow"] for one in found["at_once"])
    at_once = [(one["allow"], one["reasons"]) for answers in found["at_once"] for one in answers[1:-1]]
    assert at_once == [(one["allow"], one["reasons"]) for one in found["alone"]]
    assert len(at_once) == len(asked) > 200


def test_what_is_no_list_of_questions_gets_no_answer(opa_binary: Path) -> None:
    """Every way to spoil the batch itself; what spoils a question in it is tested above."""
    document = {"questions": [START.to_input(), CONTINUE.to_input()]}
    listed = document["questions"]
    cases: list[Any] = [
        *({}, None, "questions", listed, START.to_input(), {"questions": []}),
        *({"questions": listed, "unknown": True}, {"questions": {"0": listed[0]}}),
        *(mutations.with_value(document, ("questions",), other) for other in mutations.other_types(listed)),
        mutations.with_value(document, ("questions",), None),
    ]
    found = evaluated(
        "[yes | some asked in input.asked; yes := data.reach.decisions with input as asked]",
        {"asked": [document, *cases]},
    )
    assert [one["allow"] for one in found[0]] == [True, True]
    assert found[1:] == [[]] * len(cases)
