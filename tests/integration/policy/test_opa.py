"""Our client against a real OPA: the same answers as the fake's, and a no for every way it can fail."""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import subprocess
import tarfile
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub import trace
from hub.places import Places, places
from hub.policy import UNANSWERED, bundle
from hub.policy.questions import Question
from tests.integration.policy.conftest import Opa, log_of, started, stopped
from tests.unit.policy.examples import ALLOWED

NO_ANSWER = (False, (UNANSWERED,))


def asked(opa: Opa, token: str | None = None) -> tuple[bool, tuple[str, ...]]:
    """Return what a client of this OPA decides about a question that is right."""
    decision = opa.policy(token).ask(ALLOWED["start"])
    return decision.allow, decision.reasons


@pytest.mark.parametrize("question", ALLOWED.values(), ids=ALLOWED)
def test_every_right_question_is_allowed_under_our_revision(opa: Opa, question: Question) -> None:
    decision = opa.policy().ask(question)
    assert (decision.allow, decision.reasons) == (True, ())
    assert decision.revision == opa.revision_file.read_text().strip()


def test_a_denial_says_whom_to_ask(opa: Opa) -> None:
    document = ALLOWED["start"].to_input()
    document["datasets"][0]["approvals"][0]["revoked"] = True
    decision = opa.policy().ask_again("sessions", document)
    (reason,) = decision.reasons
    assert not decision.allow and reason.endswith("ask its data steward, Ines.")


def test_the_engine_writes_down_for_which_request_it_was_asked_and_not_what(
    own_opa: Opa, built: bundle.Bundle
) -> None:
    with trace.following() as first:
        asked(own_opa)
    with trace.following() as second:
        asked(own_opa)
        own_opa.policy().ask_at_once([ALLOWED["start"]])
    log = said_by(own_opa, built, second)
    lines = [json.loads(line) for line in log.splitlines() if "Decision Log" in line]
    said = [(line["path"], line["request_context"]["http"]["headers"][trace.HEADER]) for line in lines]
    assert said == [("sessions/decision", [first]), ("sessions/decision", [second])]
    assert not any({"input", "result"} & line.keys() for line in lines)
    assert own_opa.token not in log


def telling(value: Any, said: list[str]) -> Any:
    """Return a value of the same shape in which each text and number tells which it is; note them all."""
    if isinstance(value, dict):
        return {name: telling(one, said) for name, one in value.items()}
    if isinstance(value, list):
        return [telling(one, said) for one in value]
    if isinstance(value, bool) or value is None:
        return value
    said.append(f"{len(said):03}7310264805" if isinstance(value, int) else f"tell{len(said):03}-of-somebody")
    return int(said[-1]) if isinstance(value, int) else said[-1]


def said_by(opa: Opa, built: bundle.Bundle, *requests: str) -> str:
    """Return the engine's log once it names each of these requests."""
    log, until = log_of(built.path, opa.port), time.monotonic() + 20
    while not all(one in log.read_text() for one in requests) and time.monotonic() < until:
        time.sleep(0.1)
    return log.read_text()


def test_nothing_of_what_the_engine_is_asked_is_in_its_log_however_wrong_the_question(
    own_opa: Opa, built: bundle.Bundle
) -> None:
    policy, said, lines = own_opa.policy(), list[str](), []
    record = logging.LogRecord("hub.policy", logging.INFO, "", 1, "asked", (), None)
    questions = {question.package: question.to_input() for question in ALLOWED.values()}
    for package, document in questions.items():
        wrong = telling(document, said)
        # As it is asked when all is well; of telling values; and of another shape in each of its parts.
        shapes = [
            document,
            wrong,
            *({**document, name: [wrong, said[-1]]} for name in document),
            {"x": wrong},
        ]
        for asked_of in shapes:
            with trace.following() as request:
                policy.ask_again(package, asked_of)
                lines.append((request, json.loads(trace.Lines().format(record))["request"]))
    asked(own_opa, token="tell-a-guessed-token")
    for body in (b'{"input": {"x": "tell-unended', b"tell-no-json", b'{"input": ' + b'["tell-deep",' * 9_000):
        httpx.post(own_opa.url("v1/data/sessions/decision"), content=body, headers=bearer(own_opa))
    with trace.following() as last:
        asked(own_opa)
    log = said_by(own_opa, built, last)
    told = [json.loads(line) for line in log.splitlines()]
    ids = {one["request_context"]["http"]["headers"][trace.HEADER][0] for one in told if "decision_id" in one}
    # The same id is in the portal's own line about that request.
    assert all(request == portals and request in ids for request, portals in lines)
    assert len(said) > 100
    assert "tell" not in log
    assert [value for value in {*said, *texts(questions), own_opa.token} if value in log] == []


def texts(value: Any) -> set[str]:
    """Return the texts of a question that name somebody or something, and are no word of the rules."""
    if isinstance(value, dict):
        return set().union(*(texts(one) for one in value.values()))
    if isinstance(value, list):
        return set().union(*(texts(one) for one in value))
    return {value} if isinstance(value, str) and (value.startswith("01") or value.istitle()) else set()


def bearer(opa: Opa) -> dict[str, str]:
    return {"Authorization": f"Bearer {opa.token}"}


def test_a_killed_engine_allows_nothing(own_opa: Opa) -> None:
    assert asked(own_opa) == (True, ())
    stopped(own_opa)
    assert asked(own_opa) == NO_ANSWER


def hang(process: subprocess.Popen[bytes]) -> None:
    """Stop a process, every thread of it, before going on."""
    process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED)


def test_a_hung_engine_allows_nothing_and_is_given_up_within_two_seconds(own_opa: Opa) -> None:
    client = own_opa.policy()
    assert client.ask(ALLOWED["start"]).allow
    hang(own_opa.process)
    began = time.monotonic()
    assert not client.ask(ALLOWED["start"]).allow
    # The client waits for 2 s; a busy machine adds to them.
    assert time.monotonic() - began < 5


def test_an_engine_that_comes_back_is_asked_again(own_opa: Opa) -> None:
    client = own_opa.policy()
    hang(own_opa.process)
    assert not client.ask(ALLOWED["start"]).allow
    own_opa.process.send_signal(signal.SIGCONT)
    assert client.ask(ALLOWED["start"]).allow


@pytest.mark.parametrize("token", ["", "wrong", "0" * 64])
def test_a_wrong_token_gets_no_answer(opa: Opa, token: str) -> None:
    assert asked(opa, token) == NO_ANSWER


def test_a_bundle_of_another_revision_allows_nothing(opa: Opa, tmp_path: Path) -> None:
    (tmp_path / "revision").write_text("another\n")
    other = Opa(opa.process, opa.port, opa.token, tmp_path / "revision")
    assert asked(other) == NO_ANSWER


def test_an_older_bundle_put_back_allows_nothing(tmp_path: Path, elsewhere: Places) -> None:
    older = tmp_path / "older"
    shutil.copytree(places.checkout / "policies", older)
    rules = older / "sessions" / "sessions.rego"
    rules.write_text(rules.read_text().replace('"You already have', '"You still have'))
    old = bundle.build(places, policies=older, into=tmp_path / "old")
    new = bundle.build(places, into=tmp_path / "new")
    assert old.revision != new.revision
    rolled_back = started(old.path, new.path.with_name("revision"))
    try:
        assert asked(rolled_back) == NO_ANSWER
    finally:
        stopped(rolled_back)


def test_a_bundle_without_our_package_allows_nothing(tmp_path: Path, opa_binary: Path) -> None:
    empty = tmp_path / "empty"
    (empty / "system").mkdir(parents=True)
    shutil.copy(places.checkout / "policies" / "system" / "authz.rego", empty / "system")
    (empty / ".manifest").write_text('{"rego_version": 1}')
    made = bundle.build(places, policies=empty, into=tmp_path / "made")
    running = started(made.path, made.path.with_name("revision"))
    try:
        assert asked(running) == NO_ANSWER
    finally:
        stopped(running)


def test_a_server_that_is_not_opa_allows_nothing(tmp_path: Path, opa: Opa) -> None:
    stranger = Opa(opa.process, 1, opa.token, opa.revision_file)
    assert asked(stranger) == NO_ANSWER


def test_the_bundle_holds_no_tests_and_no_folder_of_this_machine(built: bundle.Bundle) -> None:
    with tarfile.open(built.path) as archive:
        names = archive.getnames()
    assert "/sessions/sessions.rego" in names
    assert not [name for name in names if "_test" in name or str(places.checkout) in name]


def test_building_twice_gives_the_same_revision(built: bundle.Bundle, tmp_path: Path) -> None:
    assert bundle.build(places, into=tmp_path).revision == built.revision


def test_policies_that_do_not_compile_keep_the_old_bundle(tmp_path: Path, opa_binary: Path) -> None:
    good = bundle.build(places, into=tmp_path / "opa")
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / ".manifest").write_text('{"rego_version": 1}')
    (broken / "x.rego").write_text("package x\nallow if nothing_known")
    before = good.path.read_bytes()
    with pytest.raises(bundle.BundleFailed, match="nothing_known"):
        bundle.build(places, policies=broken, into=tmp_path / "opa")
    assert good.path.read_bytes() == before
    assert good.path.with_name("revision").read_text().strip() == good.revision


def test_the_token_is_not_on_the_command_line(opa: Opa) -> None:
    command = Path(f"/proc/{opa.process.pid}/cmdline").read_bytes()
    assert opa.token.encode() not in command


def test_an_answer_takes_milliseconds(opa: Opa) -> None:
    client, times = opa.policy(), []
    for _ in range(60):
        began = time.perf_counter()
        assert client.ask(ALLOWED["continue"]).allow
        times.append(time.perf_counter() - began)
    # Two busy cores: a generous bound that still catches rules a hundred times slower.
    assert sorted(times)[30] < 0.2


def test_liveness_takes_no_token(opa: Opa) -> None:
    assert httpx.get(opa.url("health?bundles=true"), timeout=5).status_code == 200
