"""Attacks on the running engine: by the enclave's other processes, and with grants that ask for the host."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from hub.ids import new
from tests.enclave import Enclave

pytestmark = pytest.mark.timeout(120)

# Everything but the attack is as it should be; made and signed by the portal's user, who has the key.
GRANT = """
import json
from datetime import UTC, datetime, timedelta
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hub import images
from hub.grant import Grant, Mount, sign
from hub.ids import new
from hub.workspaces import grants
now = datetime.now(UTC)
grant = Grant(id=new(), session={session!r}, person=new(), project="p", workspace={session!r}, server="s",
    uid=1_900_000_000, image=images.tag(images.DEFAULT),
    mounts=(Mount("prompts-voices", "1.1", source={source!r}, target="/data/prompts-voices/1.1"),),
    home_bytes=16 << 20, memory_bytes=256 << 20, cpus=1.0, pids=64, issued_at=now,
    start_before=now + timedelta(minutes=1), ends_at=now + timedelta(minutes=5), decision=new())
print(sign(grant, {key}))
"""
OWN, PORTALS = "Ed25519PrivateKey.generate()", "grants._key()"
ASK = """
import httpx, json
transport = httpx.HTTPTransport(uds={socket!r})
with httpx.Client(transport=transport, base_url="http://engine", timeout=60) as engine:
    answer = engine.request({method!r}, {path!r}, json={body!r})
print(json.dumps([answer.status_code, answer.text]))
"""


@pytest.fixture
def session(enclave: Enclave) -> Iterator[str]:
    """Return the id of a session that must never start; whatever came of it is taken away."""
    made = new()
    yield made
    ask(enclave, "portal", "DELETE", f"/sessions/{made}")
    (enclave.places.state / "homes" / f"{made}.img").unlink(missing_ok=True)


def ask(enclave: Enclave, process: str, method: str, path: str, **body: str) -> tuple[int, str]:
    """Ask the engine as the user of a process."""
    socket = str(enclave.places.engine_socket)
    code = ASK.format(socket=socket, method=method, path=path, body=body)
    status, text = json.loads(enclave.as_user(process, code))
    return int(status), str(text)


def signed(enclave: Enclave, session: str, *, source: str = "", key: str = PORTALS) -> str:
    """Return a grant that is right in all but what is named."""
    source = source or str(enclave.places.state / "datasets/prompts-voices/1.1")
    code = GRANT.format(source=source, session=session, key=key)
    return enclave.service(code).strip()


def test_the_hub_may_start_what_the_portal_signed(enclave: Enclave, session: str) -> None:
    """The attacks below are this act with one thing changed; were it refused, they would say nothing."""
    grant = signed(enclave, session)
    assert ask(enclave, "hub", "POST", "/sessions", grant=grant)[0] == 201
    assert ask(enclave, "portal", "GET", f"/sessions/{session}")[0] == 200


@pytest.mark.parametrize("process", ["gate", "portal", "door", "worker", "opa", "proxy"])
def test_a_good_grant_starts_nothing_in_other_hands_than_the_hubs(
    enclave: Enclave, session: str, process: str
) -> None:
    status, text = ask(enclave, process, "POST", "/sessions", grant=signed(enclave, session))
    assert status == 403, text
    assert "may not" in text
    assert ask(enclave, "portal", "GET", f"/sessions/{session}")[0] == 404


def test_a_grant_of_the_hubs_own_making_starts_nothing(enclave: Enclave, session: str) -> None:
    grant = signed(enclave, session, key=OWN)
    status, text = ask(enclave, "hub", "POST", "/sessions", grant=grant)
    assert status == 403, text
    assert "not signed" in text


@pytest.mark.parametrize("source", ["/", "/etc", "secrets", "homes"])
def test_even_a_signed_grant_mounts_nothing_but_a_dataset(
    enclave: Enclave, session: str, source: str
) -> None:
    if not source.startswith("/"):
        source = str(enclave.places.state / source)
    grant = signed(enclave, session, source=source)
    status, text = ask(enclave, "hub", "POST", "/sessions", grant=grant)
    assert status == 403, text
    assert "is not where" in text


def test_a_grant_starts_one_session_once(enclave: Enclave, session: str) -> None:
    grant = signed(enclave, session)
    assert ask(enclave, "hub", "POST", "/sessions", grant=grant)[0] == 201
    assert ask(enclave, "portal", "DELETE", f"/sessions/{session}")[0] == 200
    status, text = ask(enclave, "hub", "POST", "/sessions", grant=grant)
    assert status == 403, text
    assert "used before" in text
