"""`doctor`: check each promise against the running enclave; one that cannot be checked does not hold."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.cli import delegated, preflight, programs
from hub.cli.running import StepFailed
from hub.doctor import answers, checklist, exposure, firewall, processes, sessions, standing, storage
from hub.doctor.promise import Finding, Promise
from hub.places import MissingSecret, Places, places

# To add a promise: write a small look in one of these modules and append it to the module's list.
PROMISES: tuple[Promise, ...] = (
    *processes.PROMISES,
    *answers.PROMISES,
    *exposure.PROMISES,
    *firewall.PROMISES,
    *sessions.PROMISES,
    *storage.PROMISES,
)


def run(arguments: list[str]) -> int:
    """Print what holds; status 1 when anything does not."""
    parser = argparse.ArgumentParser(prog="python3 -m hub doctor", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object per promise")
    parser.add_argument(
        "--checklist", choices=sorted(checklist.LISTS), help="go through another system's public checklist"
    )
    parser.add_argument(
        "--attack", action="store_true", help="start a throw-away session without data, attack from inside it"
    )
    parser.add_argument("--match", default="", help="with --attack: only what holds this text, as “limits”")
    options = parser.parse_args(arguments)
    if lack := preflight.not_root(places):
        raise StepFailed(lack)
    if options.attack:
        return _attack(["--json"] * options.json + (["--match", options.match] if options.match else []))
    if options.checklist:
        return _checklist(checklist.LISTS[options.checklist], as_json=options.json)
    began, results = time.monotonic(), []
    for result in examine(PROMISES, places):
        results.append(result)
        sys.stdout.write((json.dumps(result) if options.json else _line(result)) + "\n")
    standing.keep(places, results, at=datetime.now(UTC), took_seconds=time.monotonic() - began)
    broken = sum(not result["ok"] for result in results)
    if not options.json:
        sys.stdout.write(f"\n{len(results) - broken} of {len(results)} promises hold.\n")
    return 1 if broken else 0


def _attack(words: list[str]) -> int:
    """Run the inside attacks in the environment's Python, as root: this command may be Debian's own."""
    line = delegated.module("hub.attacks", *words)
    environment = os.environ | programs.environment(places, None)
    return subprocess.run(line, check=False, cwd=programs.checkout(places), env=environment).returncode


def _checklist(file: Path, *, as_json: bool) -> int:
    verdicts = []
    for verdict in checklist.go_through(
        checklist.points(file), PROMISES, lambda promise: _look(promise, places)
    ):
        verdicts.append(verdict)
        said = json.dumps(verdict.plain()) if as_json else checklist.line(verdict)
        sys.stdout.write(f"{said}\n")
    if not as_json:
        sys.stdout.write(f"\n{checklist.summary(verdicts)}\n")
    return 1 if any(verdict.outcome is checklist.Outcome.FAILED for verdict in verdicts) else 0


def examine(promises: Iterable[Promise], where: Places) -> Iterable[dict[str, Any]]:
    """Look at each promise and give its result as a plain object."""
    for promise in promises:
        finding = _look(promise, where)
        yield {
            "name": promise.name,
            "promise": promise.promise,
            "ok": finding.ok,
            "how": promise.how,
            "detail": finding.detail,
            "fix": "" if finding.ok else promise.fix,
        }


def _look(promise: Promise, where: Places) -> Finding:
    try:
        return promise.look(where)
    except subprocess.TimeoutExpired as error:
        # Its own words are a command line.
        return Finding(ok=False, detail=f"could not be checked within {error.timeout:g} seconds")
    except (OSError, MissingSecret, ValueError, LookupError, TypeError, AttributeError) as error:
        # A part that answers nonsense, or not at all, keeps no promise; the other checks go on.
        return Finding(ok=False, detail=f"could not be checked: {error}")


def _line(result: dict[str, Any]) -> str:
    lines = [f"{'ok  ' if result['ok'] else 'FAIL'}  {result['promise']}", f"      {result['detail']}"]
    if not result["ok"]:
        lines.append(f"      what to do: {result['fix']}")
    return "\n".join(lines)
