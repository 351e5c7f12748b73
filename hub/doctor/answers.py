"""Promises about the answers: who may not ask is refused, by every part, on every door."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hub.cli import asking, programs
from hub.doctor.promise import Finding, Promise, kept
from hub.places import USERS, Places

STRANGER = {"Host": "elsewhere.example"}
QUESTION = "/v1/data/sessions/decision"
REPORT = "this is a fault of the program: keep the logs and report it; stop the enclave meanwhile"


def policy_revision(places: Places) -> Finding:
    """Ask an empty question: OPA must deny it, under the revision `up` bundled."""
    expected = (places.state / "opa" / "revision").read_text(encoding="utf-8").strip()
    token = {"Authorization": f"Bearer {places.secret('opa', 'opa')}"}
    answer = asking.ask(
        places.port("opa"), f"{QUESTION}?provenance=true", method="POST", headers=token, body={"input": {}}
    )
    if answer.status != 200:
        return Finding(ok=False, detail=f"OPA answered {answer.status}: {answer.text[:200]}")
    document = answer.json
    revisions = {bundle["revision"] for bundle in document["provenance"]["bundles"].values()}
    wrong = []
    if revisions != {expected}:
        wrong.append(f"OPA serves {', '.join(sorted(revisions))}, `up` bundled {expected}")
    if document["result"]["allow"] is not False:
        wrong.append("an empty question was not denied")
    return kept(wrong, f"revision {expected}; an empty question is denied")


def policy_token(places: Places) -> Finding:
    """Ask OPA without a token, with a wrong one, and for more than a decision with the right one."""
    good = {"Authorization": f"Bearer {places.secret('opa', 'opa')}"}
    bad = {"Authorization": "Bearer " + "0" * 64}
    tries = {
        "a question without a token": ("POST", QUESTION, {}),
        "a question with a wrong token": ("POST", QUESTION, bad),
        "reading the policies": ("GET", "/v1/policies", good),
        "changing data": ("PUT", "/v1/data/doctor", good),
    }
    wrong = []
    for what, (method, path, headers) in tries.items():
        answer = asking.ask(places.port("opa"), path, method=method, headers=headers, body={})
        if answer.status not in (401, 403):
            wrong.append(f"{what} was answered with {answer.status}")
    return kept(wrong, f"{len(tries)} tries were refused")


def internal_api(places: Places) -> Finding:
    """Ask the portal's internal API for a grant without its secret, on both of its doors."""
    host = {"Host": "127.0.0.1"}
    body = {"person": "0" * 26, "server": "doctor"}
    wrong = []
    for door in (places.port("portal"), places.portal_socket):
        for headers in (host, host | {"Authorization": "Bearer " + "0" * 64}):
            answer = asking.ask(door, "/internal/grants", method="POST", headers=headers, body=body)
            if answer.status not in (401, 403):
                wrong.append(f"{door} answered {answer.status or answer.text}")
    return kept(wrong, "refused without and with a wrong secret, on its port and its socket")


def hosts(places: Places) -> Finding:
    """Ask portal, hub and gate under a host name that is not theirs."""
    wrong = []
    for name, path in (("portal", "/"), ("lab", "/hub/login"), ("gate", "/health")):
        answer = asking.ask(places.port(name), path, headers=STRANGER)
        if not 400 <= answer.status < 500:
            wrong.append(f"{name} answered {answer.status or answer.text}")
    return kept(wrong, "a strange Host header is refused by portal, hub and gate")


def hub_api(places: Places) -> Finding:
    """Ask the hub's API for its users without a token."""
    answer = asking.ask(places.port("lab"), "/hub/api/users", headers={"Host": places.lab_host})
    return Finding(ok=answer.status in (401, 403), detail=f"answered {answer.status or answer.text}")


def proxy_api(places: Places) -> Finding:
    """Ask the proxy for its routes without a token."""
    answer = asking.ask(places.port("proxy-api"), "/api/routes")
    return Finding(ok=answer.status in (401, 403), detail=f"answered {answer.status or answer.text}")


def engine_callers(places: Places) -> Finding:
    """Ask the engine to start a session, as each user that may not."""
    wrong = []
    for part in ("opa", "proxy", "gate", "door", "worker", "portal"):
        status = _engine_says(places, part)
        if status not in ("401", "403"):
            wrong.append(f"{USERS[part]} was answered {status or 'nothing'}")
    return kept(wrong, "no user but the hub's may start a session")


def _engine_says(places: Places, part: str) -> str:
    code = (
        "import pathlib, sys; from hub.cli import asking; "
        "print(asking.ask(pathlib.Path(sys.argv[1]), '/sessions', method='POST', body={'grant': ''}).status)"
    )
    python = sys.executable if sys.executable.startswith("/usr/") else "/usr/bin/python3"
    return subprocess.run(
        [python, "-c", code, str(places.engine_socket)],
        check=False,
        capture_output=True,
        text=True,
        timeout=10,
        cwd="/",
        env={"PATH": programs.PATH, "PYTHONPATH": str(Path(programs.checkout(places)))},
        **programs.credentials(USERS[part]),
    ).stdout.strip()


PROMISES = (
    Promise(
        "Decisions are made under the policies of this checkout, and deny by default",
        "OPA is asked an empty question; its revision is compared with the bundle's",
        "`python3 -m hub down`, then `up`: it bundles the policies again",
        policy_revision,
    ),
    Promise(
        "OPA answers its one caller only", "OPA is asked without and with a wrong token", REPORT, policy_token
    ),
    Promise(
        "The portal's internal API refuses strangers",
        "a grant is asked for without the secret, over TCP and the unix socket",
        REPORT,
        internal_api,
    ),
    Promise("Each part refuses another's host name", "a strange Host header is sent", REPORT, hosts),
    Promise("The hub's API refuses strangers", "its users are asked for without a token", REPORT, hub_api),
    Promise(
        "The proxy's API refuses strangers", "its routes are asked for without a token", REPORT, proxy_api
    ),
    Promise(
        "Only the hub may have a session started",
        "each other user asks the engine over its socket",
        REPORT,
        engine_callers,
    ),
)
