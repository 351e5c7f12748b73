"""Promises about secrets and doors: none in a log or another's environment, none opened by a forged grant."""

from __future__ import annotations

import base64
import os
import pwd
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from hub.cli import asking, programs
from hub.doctor.promise import Finding, Promise, kept
from hub.places import USERS, Places

# Whose environment holds which secret, by the table of processes; every other is one too many.
GIVEN = {"parlatory-opa": {"opa"}, "parlatory-proxy": {"proxy"}, "parlatory-hub": {"proxy"}}
ROTATE = "`python3 -m hub rotate NAME` makes a new one; then find out how it came there"
REPORT = "this is a fault of the program: keep the logs and report it; stop the enclave meanwhile"
# What is shorter may stand in a log by chance; what an institution chose may be shorter than ours.
SHORTEST, SHORTEST_CHOSEN = 20, 8


def _secrets(places: Places) -> dict[bytes, str]:
    """Return what may be seen nowhere, line by line, with its name; of an address its password, too."""
    files = [(path, SHORTEST) for path in (places.state / "secrets").rglob("*") if path.is_file()]
    files += [(path, SHORTEST_CHOSEN) for path in _named() if path.is_file()]
    found: dict[bytes, str] = {}
    for path, least in files:
        lines = path.read_bytes().splitlines()
        lines += [part for line in lines for part in re.findall(rb"^\w+://[^:@/]*:([^@/]+)@", line)]
        found |= {line: path.name for line in lines if len(line) >= least and not line.startswith(b"---")}
    return found


def _named() -> list[Path]:
    """Return the institution's own secrets, whichever there are: the files that the settings name."""
    settings = [(name, value) for name, value in os.environ.items() if name.startswith("PARLATORY_")]
    return [Path(value) for name, value in settings if name.endswith("_FILE") and value]


def logs(places: Places) -> Finding:
    """Look for every secret in every log."""
    secrets = _secrets(places)
    files = [path for path in (places.state / "log").glob("*") if path.is_file()]
    if not secrets or not files:
        return _nothing(f"{len(secrets)} secrets and {len(files)} logs are there")
    wanted = re.compile(b"|".join(re.escape(one) for one in secrets))
    wrong = []
    for path in files:
        with path.open("rb") as lines:
            found = {secrets[match.group()] for line in lines for match in wanted.finditer(line)}
        wrong += [f"{path} holds {name}" for name in sorted(found)]
    return kept(wrong, f"{len(secrets)} secrets looked for in {len(files)} logs, none is there")


def environments(places: Places) -> Finding:
    """Look for every secret in the environment and the command line of every process of the machine."""
    secrets = _secrets(places)
    wrong, seen = [], 0
    for process, user, words in _processes():
        if words is None:
            # Others' may be out of reach where this machine is somebody's container; ours never are.
            wrong += [f"process {process} of {user} lets nobody look"] if user in USERS.values() else []
            continue
        seen += 1
        allowed = GIVEN.get(user, set())
        there = {name for secret, name in secrets.items() if secret in words["environ"]} - allowed
        there |= {name for secret, name in secrets.items() if secret in words["cmdline"]}
        wrong += [f"process {process} of {user} shows {name}" for name in sorted(there)]
    if not secrets or not (seen or wrong):
        return _nothing(f"{len(secrets)} secrets are there, and {seen} processes let anybody look")
    return kept(wrong, f"{seen} processes, each knows its own secrets at most, no command line holds one")


def _nothing(there: str) -> Finding:
    """Return that nothing was looked at, which says nothing."""
    return Finding(ok=False, detail=f"nothing could be looked at: {there}")


def _processes() -> Iterator[tuple[int, str, dict[str, bytes] | None]]:
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            uid = folder.stat().st_uid
            words = {name: (folder / name).read_bytes() for name in ("environ", "cmdline")}
        except PermissionError:
            words = None
        except OSError:
            # It ended while we looked.
            continue
        try:
            user = pwd.getpwuid(uid).pw_name
        except KeyError:
            user = str(uid)
        yield int(folder.name), user, words


def forged_grant(places: Places) -> Finding:
    """Ask the engine, as the hub, to start sessions of grants that the portal never signed."""
    made = base64.urlsafe_b64encode(b'{"uid": 0}').decode().rstrip("=")
    tries = {"no grant": "", "an unsigned one": made, "a forged one": f"{made}.{'A' * 86}"}
    wrong = []
    for what, grant in tries.items():
        status = _as_hub(places, grant)
        if status not in ("400", "403"):
            wrong.append(f"{what} was answered with {status or 'nothing'}")
    return kept(wrong, f"{len(tries)} grants that the portal never signed were refused")


def _as_hub(places: Places, grant: str) -> str:
    code = (
        "import pathlib, sys; from hub.cli import asking; print(asking.ask(pathlib.Path(sys.argv[1]), "
        "'/sessions', method='POST', body={'grant': sys.argv[2]}).status)"
    )
    python = sys.executable if sys.executable.startswith("/usr/") else "/usr/bin/python3"
    return subprocess.run(
        [python, "-c", code, str(places.engine_socket), grant],
        check=False,
        capture_output=True,
        text=True,
        timeout=10,
        cwd="/",
        env={"PATH": programs.PATH, "PYTHONPATH": str(programs.checkout(places))},
        **programs.credentials(USERS["hub"]),
    ).stdout.strip()


def gate_strangers(places: Places) -> Finding:
    """Ask the gate for a session, its files and its page without being signed in."""
    base = f"/user/{'0' * 26}/doctor"
    wrong = []
    for path in ("/api/kernels", "/api/contents/x?content=1", "/static/lab/main.js", "/parlatory/status"):
        answer = asking.ask(places.port("gate"), base + path, headers={"Host": places.lab_host})
        if answer.status not in (401, 403):
            wrong.append(f"{path} was answered with {answer.status or answer.text}")
    return kept(wrong, "nobody gets a session's answers or files without signing in")


def content_policy(places: Places) -> Finding:
    """Read the content policy of the first page of portal, hub and gate."""
    pages = {
        "portal": (places.port("portal"), "/sign-in/", places.portal_host),
        "hub": (places.port("lab"), "/hub/login", places.lab_host),
        "gate": (places.port("gate"), "/services/gate/static/page.css", places.lab_host),
    }
    wrong = []
    for name, (port, path, host) in pages.items():
        policy = asking.ask(port, path, headers={"Host": host}).headers.get("content-security-policy", "")
        wrong += [f"{name}: {lack}" for lack in policy_lacks(policy)]
    return kept(wrong, "portal, hub and gate send one; none lets a page's own words run as a script")


def policy_lacks(policy: str) -> list[str]:
    """Return what a content policy leaves open."""
    parts = [one.split() for one in policy.split(";") if one.strip()]
    rules = {words[0]: words[1:] for words in parts}
    if not rules:
        return ["it sends no content policy"]
    scripts = rules.get("script-src", rules.get("default-src", ["*"]))
    lacks = {
        "scripts in the page's own words run": "'unsafe-inline'" in scripts,
        "scripts of other sites run": bool({"*", "http:", "https:", "data:"} & set(scripts)),
        "other sites may frame it": rules.get("frame-ancestors", ["*"]) not in (["'none'"], ["'self'"]),
    }
    return [lack for lack, found in lacks.items() if found]


PROMISES = (
    Promise("No log holds a secret", "every secret is looked for in every log", ROTATE, logs),
    Promise(
        "No process sees a secret that is not its own",
        "every process's environment and command line is read",
        ROTATE,
        environments,
    ),
    Promise(
        "A session starts by the portal's signed grant only",
        "the engine is handed forged grants, as the hub",
        REPORT,
        forged_grant,
    ),
    Promise(
        "The gate lets nobody in who is not signed in",
        "a session's addresses are asked for without a cookie",
        REPORT,
        gate_strangers,
    ),
    Promise(
        "Every part sends a strict content policy",
        "the header of each part's first page is read",
        REPORT,
        content_policy,
    ),
)
