"""The portal on PostgreSQL, an institution's database: its own tests pass there too."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hub.cli.testing import PATIENT

pytestmark = pytest.mark.timeout(3000)

CHECKOUT = Path(__file__).parents[3]
# What uses the database.
UNIT = (
    "access",
    "api",
    "audit",
    "bring_ins",
    "datasets",
    "egress_review",
    "ledger",
    "notices",
    "pages",
    "people",
    "policy",
    "projects",
    "provisioning",
    "stewardship",
    "workspaces",
)
INTEGRATION = ("notices", "review_pages", "sign_in")
# Only those that touch the database: they are what can be another here.
PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.integration.postgresql.touching")


def test_the_portals_tests_pass_on_postgresql(database: str) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith("PARLATORY")}
    parts = [f"tests/unit/{part}" for part in UNIT]
    parts += [f"tests/integration/{part}" for part in INTEGRATION]
    done = subprocess.run(
        [sys.executable, *PYTEST, *PATIENT, *parts],
        check=False,
        cwd=CHECKOUT,
        env=own | {"PARLATORY_DATABASE_FILE": database},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed and int(passed[1]) > 1200, done.stdout[-400:]
