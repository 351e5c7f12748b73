"""Malformed HTTP, frames and grants at both doors: none crashes one, none gets through, others go on."""

from __future__ import annotations

import pytest

from hub.engine import grants
from hub.gate import identity, messages
from hub.grant import Grant, GrantRefused, _decode, _parse
from tests.fuzz import engine, gate

SEED = 20261128


def test_no_malformed_browser_or_session_gets_past_the_gate_or_ends_it() -> None:
    report = gate.run(seed=SEED, count=360)
    assert report.faults == []
    assert report.cases == 360 and report.answers.keys() >= {"101", "200", "400", "401", "403", "404", "502"}


def test_no_forged_grant_and_no_malformed_request_gets_past_the_engine_or_ends_it() -> None:
    report = engine.run(seed=SEED, count=300)
    assert report.faults == []
    assert report.cases == 300 and report.answers.keys() >= {"400", "403", "404", "405"}


# The trials can fail: each names what got through when a control is away.


def test_a_gate_that_passes_every_message_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "inward", lambda message: message)
    # The first batch of each kind.
    report = gate.run(seed=SEED, count=120)
    assert any("passed" in fault for fault in report.faults), report.line()


def let_everybody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take whoever asks for the person whose session is asked for."""

    async def whoever(asked: identity.GateHandler) -> str:
        return str(asked.path_args[0])

    monkeypatch.setattr(identity.GateHandler, "person", whoever)


def test_a_gate_that_lets_strangers_in_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    let_everybody_in(monkeypatch)
    # Batches of strangers' requests: of twenty, most are too malformed to be anybody's.
    faults = [
        fault for start in (40, 160, 280) for fault in gate.run(seed=SEED, count=20, start=start).faults
    ]
    assert any("a stranger's request reached the session" in fault for fault in faults), faults


def test_a_gate_that_lets_people_into_each_others_sessions_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    let_everybody_in(monkeypatch)
    # Batches of one person's requests, of which some are for another's session.
    faults = [fault for start in (80, 200) for fault in gate.run(seed=SEED, count=20, start=start).faults]
    assert any("requests reached Bob's session" in fault for fault in faults), faults


def test_an_engine_that_looks_at_no_signature_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def unsigned(text: str, _key: object) -> Grant:
        try:
            return _parse(_decode(text.partition(".")[0]))
        except ValueError as error:
            raise GrantRefused("unreadable") from error

    monkeypatch.setattr(grants, "verify", unsigned)
    report = engine.run(seed=SEED, count=60)
    assert any("got as far as Docker" in fault for fault in report.faults), report.line()


def test_an_engine_that_fails_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> Grant:
        raise ZeroDivisionError

    monkeypatch.setattr(grants, "verify", fails)
    report = engine.run(seed=SEED, count=20)
    assert any("500" in fault for fault in report.faults), report.line()
