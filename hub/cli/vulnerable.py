"""`vulnerable`: the locked libraries against the public list of known vulnerabilities, by pip-audit.

Status 0 only where the list was read and names none of ours; 2 where it could not be read: that is no pass.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
from collections.abc import Collection
from typing import Any

from hub.cli import locked
from hub.cli.running import StepFailed

NOT_AUDITED = 2
SECONDS = 600


def run(arguments: list[str]) -> int:
    """Print what is known of the locked libraries, and say plainly when nothing could be learnt."""
    argparse.ArgumentParser(prog="python3 -m hub vulnerable", description=__doc__).parse_args(arguments)
    program = shutil.which("pip-audit")
    if program is None:
        raise StepFailed(
            "pip-audit is not on PATH, so nothing was audited",
            fix="`pip install pip-audit` in an environment of its own, put its folder on PATH, and ask again",
        )
    try:
        ran = subprocess.run(
            [program, "--requirement", str(locked.FILE), "--disable-pip", "--format=json"],
            check=False, capture_output=True, text=True, timeout=SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        print(f"Not audited: the list of vulnerabilities did not answer within {SECONDS} s.")
        return NOT_AUDITED
    status, said = verdict(ran.stdout, ran.stderr, asked=set(locked.read(locked.FILE.read_text("utf-8"))))
    print(said)
    return status


def verdict(out: str, error: str, *, asked: Collection[str]) -> tuple[int, str]:
    """Return status and sentence; without a readable answer about each library asked of there is no pass."""
    try:
        found: list[dict[str, Any]] = json.loads(out)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = error.strip().splitlines()[-1:] or ["pip-audit said nothing"]
        return NOT_AUDITED, f"Not audited: the list of vulnerabilities could not be read ({last[0][:300]})."
    skipped = [f"{one['name']}: {one['skip_reason']}" for one in found if "skip_reason" in one]
    looked_at = len(found) - len(skipped)
    unsaid = sorted(set(asked) - {locked.normal(one["name"]) for one in found})
    skipped += [f"{name}: nothing was said of it" for name in unsaid]
    missed = f"{len(skipped)} of {looked_at + len(skipped)} libraries were not looked at"
    missed += f" ({'; '.join(skipped[:2])})"
    lines = [
        f"{one['name']} {one['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'none'}"
        for one in found
        for hole in one.get("vulns", ())
    ]
    if lines:
        end = [f"{len(lines)} known vulnerabilities in {looked_at} libraries."]
        return 1, "\n".join([*lines, *end, *([f"Not all was audited: {missed}."] if skipped else [])])
    if skipped or not found:
        # pip-audit itself ends with 0 and “No known vulnerabilities found” here.
        return NOT_AUDITED, f"Not audited: {missed if skipped else 'no library was looked at'}."
    return 0, f"No known vulnerability in {len(found)} libraries."
