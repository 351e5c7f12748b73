"""Attacks on the policy engine: by somebody without its token, and by a holder who wants more."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.places import places
from hub.policy import bundle
from tests import ports
from tests.integration.policy.conftest import Opa, started, stopped
from tests.unit.policy.examples import ALLOWED

YES = 'package sessions\nimport rego.v1\ndecision := {"allow": true, "reasons": []}\n'


@pytest.fixture(scope="module")
def opa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opa]:
    made = bundle.build(places, into=tmp_path_factory.mktemp("opa"))
    running = started(made.path, made.path.with_name("revision"))
    yield running
    stopped(running)


def call(opa: Opa, method: str, path: str, *, token: str | None, body: Any = None) -> int:
    """Return the status of one call."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    content = body if isinstance(body, str) else json.dumps(body if body is not None else {})
    return httpx.request(method, opa.url(path), headers=headers, content=content, timeout=5).status_code


QUESTION = {"input": ALLOWED["start"].to_input()}


def test_the_holder_of_the_token_may_ask(opa: Opa) -> None:
    assert call(opa, "POST", "v1/data/sessions/decision", token=opa.token, body=QUESTION) == 200


@pytest.mark.parametrize("token", [None, "x", "0" * 64], ids=["none", "short", "guessed"])
def test_nobody_asks_without_the_token(opa: Opa, token: str | None) -> None:
    assert call(opa, "POST", "v1/data/sessions/decision", token=token, body=QUESTION) in (400, 401)


WANTS = [
    ("PUT", "v1/policies/sessions", YES),
    ("PUT", "v1/data/sessions", {"decision": {"allow": True}}),
    ("PATCH", "v1/data/sessions", [{"op": "add", "path": "/x", "value": 1}]),
    ("DELETE", "v1/policies/sessions%2Fsessions.rego", None),
    ("DELETE", "v1/data/schemas", None),
    ("GET", "v1/policies", None),
    ("GET", "v1/data", None),
    ("POST", "v1/data", {}),
    ("POST", "v1/data/sessions/deny", QUESTION),
    ("POST", "v1/data/sessions", QUESTION),
    ("POST", "v1/data/reach", {"input": {"questions": [QUESTION["input"]]}}),
    ("POST", "v1/data/reach/decisions/0", {"input": {"questions": [QUESTION["input"]]}}),
    ("POST", "v1/data/system/authz/allow", {}),
    ("POST", "v1/data/sessions%2Fdecision", QUESTION),
    ("POST", "v1/query", {"query": "x := opa.runtime().env"}),
    ("POST", "v1/compile", {"query": "data.sessions.allow"}),
    ("POST", "v0/data/sessions/decision", QUESTION),
    ("POST", "", QUESTION),
    ("GET", "v1/config", None),
    ("GET", "v1/status", None),
    ("GET", "metrics", None),
]


@pytest.mark.parametrize(("method", "path", "body"), WANTS, ids=[f"{m} {p}" for m, p, _ in WANTS])
@pytest.mark.parametrize("holder", [True, False], ids=["with the token", "without"])
def test_rules_data_queries_and_secrets_are_out_of_reach(
    opa: Opa, method: str, path: str, body: Any, holder: bool
) -> None:
    status = call(opa, method, path, token=opa.token if holder else None, body=body)
    assert status in (400, 401, 404, 405), status
    # And it changed nothing.
    decision = opa.policy().ask(ALLOWED["start"])
    assert decision.allow and decision.revision == opa.revision_file.read_text().strip()


def test_without_the_authz_policy_the_same_attack_succeeds(tmp_path: Path) -> None:
    """The control taken away: OPA that authorises everybody lets a stranger overwrite its data."""
    made = bundle.build(places, into=tmp_path)
    command = bundle.opa(places)
    port = ports.free()
    process = subprocess.Popen(
        [str(command), "run", "--server", "--addr", f"127.0.0.1:{port}", "--skip-version-check"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    bare = Opa(process, port, "", made.path.with_name("revision"))
    try:
        for _ in range(100):
            try:
                httpx.get(bare.url("health"), timeout=1)
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        assert call(bare, "PUT", "v1/policies/sessions", token=None, body=YES) == 200
        answer = httpx.post(bare.url("v1/data/sessions/decision"), json={"input": {}}, timeout=5).json()
        assert answer["result"]["allow"] is True
        # Our client still says no: that answer is under no revision we know.
        assert not bare.policy().ask(ALLOWED["start"]).allow
    finally:
        stopped(bare)
