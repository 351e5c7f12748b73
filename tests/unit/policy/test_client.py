"""The client: anything but a clear yes under our revision is a no."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import opa_client.errors
import pytest
import requests

from hub.places import MissingSecret
from hub.policy import UNANSWERED
from hub.policy.client import Policy, _LoopbackClient
from tests.unit.policy.examples import ALLOWED

REVISION = "r1"
QUESTION = ALLOWED["start"]


def answer(**changes: Any) -> dict[str, Any]:
    """Return OPA's body for a clear yes, with changes."""
    body: dict[str, Any] = {
        "result": {"allow": True, "reasons": []},
        "provenance": {"bundles": {"b": {"revision": REVISION}}},
    }
    return {**body, **changes}


class FakeEngine:
    """An engine that answers with one body or one error; the integration tests hold it against OPA."""

    def __init__(self, body: Any) -> None:
        self.body = body

    def query_rule(self, *args: Any, **kwargs: Any) -> Any:
        if isinstance(self.body, Exception):
            raise self.body
        return self.body


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    (tmp_path / "revision").write_text(f"{REVISION}\n")
    return Policy(port=1, revision_file=tmp_path / "revision")


def asked(policy: Policy, body: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[bool, tuple[str, ...]]:
    """Return what the client makes of an engine's answer."""
    monkeypatch.setattr(Policy, "_engine", lambda self: FakeEngine(body))
    decision = policy.ask(QUESTION)
    return decision.allow, decision.reasons


def test_a_clear_yes_under_our_revision_is_a_yes(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(policy, answer(), monkeypatch) == (True, ())


def test_a_no_keeps_its_reasons(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    body = answer(result={"allow": False, "reasons": ["Ask Ines.", "Come back."]})
    assert asked(policy, body, monkeypatch) == (False, ("Ask Ines.", "Come back."))


UNREADABLE = {
    "no body": None,
    "a list": [],
    "a string": "allow",
    "an undefined rule": {},
    "an undefined rule with provenance": {"provenance": {"bundles": {"b": {"revision": REVISION}}}},
    "a bare true": answer(result=True),
    "allow as a string": answer(result={"allow": "true", "reasons": []}),
    "allow as a number": answer(result={"allow": 1, "reasons": []}),
    "allow absent": answer(result={"reasons": []}),
    "reasons absent": answer(result={"allow": True}),
    "reasons null": answer(result={"allow": True, "reasons": None}),
    "allow with a reason against": answer(result={"allow": True, "reasons": ["No."]}),
    "deny without a reason": answer(result={"allow": False, "reasons": []}),
    "an empty reason": answer(result={"allow": False, "reasons": [""]}),
    "another revision": answer(provenance={"bundles": {"b": {"revision": "r0"}}}),
    "no revision": answer(provenance={"bundles": {"b": {}}}),
    "no bundle": answer(provenance={"bundles": {}}),
    "no provenance": {"result": {"allow": True, "reasons": []}},
    "a second bundle": answer(provenance={"bundles": {"b": {"revision": REVISION}, "c": {"revision": "r9"}}}),
}
BROKEN = [
    requests.ConnectionError(),
    requests.Timeout(),
    requests.HTTPError(),
    requests.exceptions.JSONDecodeError("no", "", 0),
    requests.exceptions.ChunkedEncodingError(),
    opa_client.errors.ConnectionsError("a", "b"),
    opa_client.errors.QueryExecuteError("a", "b"),
    opa_client.errors.PolicyNotFoundError("a", "b"),
    opa_client.errors.PathNotFoundError("a", "b"),
    opa_client.errors.RegoParseError("a", "b"),
    opa_client.errors.TypeException("a"),
    MissingSecret("no token"),
    ConnectionResetError(),
    UnicodeDecodeError("utf-8", b"", 0, 1, "no"),
]


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_an_unreadable_answer_is_a_no(policy: Policy, body: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(policy, body, monkeypatch) == (False, (UNANSWERED,))


@pytest.mark.parametrize("error", BROKEN, ids=lambda error: type(error).__name__)
def test_a_broken_engine_is_a_no(policy: Policy, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(policy, error, monkeypatch) == (False, (UNANSWERED,))


def test_a_slow_yes_is_a_no(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([10.0, 12.01])
    monkeypatch.setattr("hub.policy.client.time.monotonic", lambda: next(ticks))
    assert asked(policy, answer(), monkeypatch) == (False, (UNANSWERED,))


def test_without_an_expected_revision_nothing_is_allowed(
    policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy.revision_file.write_text("\n")
    assert asked(policy, answer(), monkeypatch) == (False, (UNANSWERED,))
    policy.revision_file.unlink()
    assert asked(policy, answer(), monkeypatch) == (False, (UNANSWERED,))


def test_a_package_of_no_question_is_never_asked(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Policy, "_engine", lambda self: FakeEngine(answer()))
    assert not policy.ask_again("system/authz", {}).allow


MANY = [QUESTION, ALLOWED["continue"], QUESTION]


def answers(*numbers: int, **changes: Any) -> dict[str, Any]:
    """Return OPA's body for a clear yes to each of these questions, with changes to the last one."""
    said: list[dict[str, Any]] = [{"number": one, "allow": True, "reasons": []} for one in numbers]
    said[-1] |= changes
    return answer(result=said)


def asked_at_once(
    policy: Policy, body: Any, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[bool, tuple[str, ...]]]:
    """Return what the client makes of an engine's answer to three questions."""
    monkeypatch.setattr(Policy, "_engine", lambda self: FakeEngine(body))
    return [(one.allow, one.reasons) for one in policy.ask_at_once(MANY)]


def test_answers_to_many_questions_keep_their_order(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    body = answers(0, 1, 2, allow=False, reasons=["Ask Ines."])
    assert asked_at_once(policy, body, monkeypatch) == [(True, ()), (True, ()), (False, ("Ask Ines.",))]
    decisions = policy.ask_at_once(MANY)
    assert [one.question for one in decisions] == [one.to_input() for one in MANY]
    assert {one.package for one in decisions} == {"sessions"}
    assert {one.revision for one in decisions} == {REVISION}


UNREADABLE_AT_ONCE = UNREADABLE | {
    "no answers": answer(result=[]),
    "one decision for all": answer(),
    "too few": answers(0, 1),
    "too many": answers(0, 1, 2, 3),
    "one twice": answers(0, 1, 1),
    "another order": answers(0, 2, 1),
    "one that is no decision": answer(result=[*answers(0, 1)["result"], True]),
    "one without its number": answer(result=[*answers(0, 1)["result"], {"allow": True, "reasons": []}]),
    "one that is undefined": answers(0, 1, 2, allow=None),
    "one with allow as a string": answers(0, 1, 2, allow="true"),
    "one that allows with a reason against": answers(0, 1, 2, reasons=["No."]),
    "one that denies without a reason": answers(0, 1, 2, allow=False),
    "by number in an object": answer(result={"0": {}, "1": {}, "2": {}}),
    "under another revision": answers(0, 1, 2) | {"provenance": {"bundles": {"b": {"revision": "r0"}}}},
}


@pytest.mark.parametrize("body", UNREADABLE_AT_ONCE.values(), ids=UNREADABLE_AT_ONCE)
def test_one_unreadable_answer_denies_every_question(
    policy: Policy, body: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert asked_at_once(policy, body, monkeypatch) == [(False, (UNANSWERED,))] * 3


def test_a_broken_engine_denies_every_question(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    body = requests.Timeout()
    assert asked_at_once(policy, body, monkeypatch) == [(False, (UNANSWERED,))] * 3
    assert {one.revision for one in policy.ask_at_once(MANY)} == {""}


def test_no_questions_are_not_asked(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Policy, "_engine", lambda self: pytest.fail("asked"))
    assert policy.ask_at_once([]) == ()


def test_only_questions_about_sessions_are_asked_at_once(
    policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Policy, "_engine", lambda self: FakeEngine(answers(0, 1)))
    assert [one.allow for one in policy.ask_at_once(MANY[:2])] == [True, True]
    assert [one.allow for one in policy.ask_at_once([QUESTION, ALLOWED["vote"]])] == [False, False]


def test_every_error_of_the_client_library_is_known_as_broken() -> None:
    from hub.policy.client import BROKEN as known

    theirs = [
        value
        for value in vars(opa_client.errors).values()
        if isinstance(value, type) and issubclass(value, Exception)
    ]
    # Those are about writing policies and data, which this client never does.
    writing = {
        opa_client.errors.DeleteDataError,
        opa_client.errors.DeletePolicyError,
        opa_client.errors.PatchDataError,
    }
    assert all(issubclass(error, known) for error in theirs if error not in writing)


def test_proxy_variables_do_not_carry_questions_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://198.51.100.1:3128")
    assert _LoopbackClient(host="127.0.0.1", port=1)._session.trust_env is False
