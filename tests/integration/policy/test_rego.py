"""The policies themselves: strict, formatted, and every line of them tested."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from egress_review import screenings
from hub.access import tiers
from hub.places import places
from hub.policy import bundle

POLICIES = places.checkout / "policies"
# This runs beside tests that it gives way to; of itself OPA gives a test five seconds.
PATIENT = ("--timeout", "120s")


def opa(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run OPA in the policies' folder."""
    command = [str(bundle.opa(places)), *arguments]
    return subprocess.run(command, cwd=POLICIES, capture_output=True, text=True, timeout=500, check=False)


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "--strict", "--bundle", ".", "--schema", "schemas"),
        ("fmt", "--fail", "--list", "."),
        ("test", "--bundle", ".", *PATIENT),
        ("test", "--bundle", ".", *PATIENT, "--coverage", "--threshold", "100"),
    ],
    ids=["strict", "formatted", "tested", "covered"],
)
def test_the_policies_are(arguments: tuple[str, ...], opa_binary: Path) -> None:
    result = opa(*arguments)
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-4000:]


def test_a_rule_that_reads_a_fact_no_question_carries_is_refused(tmp_path: Path, opa_binary: Path) -> None:
    (tmp_path / "wrong.rego").write_text(
        "# METADATA\n# schemas:\n#   - input: schema.sessions.data\npackage wrong\n"
        "import rego.v2\ndeny if input.project.suspendet\n"
    )
    result = opa("check", "--strict", "--schema", "schemas", str(tmp_path / "wrong.rego"))
    assert result.returncode != 0 and "undefined ref" in result.stdout + result.stderr


def test_the_tiers_ask_for_as_many_approvals_as_lists_and_forms_say(opa_binary: Path) -> None:
    result = opa("eval", "--format", "raw", "--bundle", ".", "data.releases.fewest_of_tier")
    said = {int(tier): least for tier, least in json.loads(result.stdout).items()}
    assert said == dict(tiers.FEWEST_OF_TIER)
    assert set(said) == set(screenings.MINIMUM_COUNT)
