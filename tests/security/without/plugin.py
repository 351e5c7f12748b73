"""A pytest plugin: takes the control away before tests are collected, and notes how each attack ended."""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.security.without import removal

NOTES = "PARLATORY_WITHOUT_NOTES"
FAILS, SUCCEEDS, BROKEN = "attack fails", "ATTACK SUCCEEDS", "TEST BROKEN"
NOT_RAISED = "DID NOT RAISE"


def pytest_sessionstart() -> None:
    """Take it away: Django is set up by now, and no test has imported anything."""
    removal.apply()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell an attack that succeeded, a denied assertion, from a test that broke for another reason."""
    report = yield
    if call.excinfo is None:
        end = FAILS
    else:
        end = SUCCEEDS if call.when == "call" and _denied(call.excinfo) else BROKEN
    said = "" if call.excinfo is None else call.excinfo.exconly()
    with Path(os.environ[NOTES]).open("a") as notes:
        notes.write(json.dumps({"test": item.nodeid, "when": call.when, "end": end, "said": said}) + "\n")
    return report


def _denied(found: pytest.ExceptionInfo[BaseException]) -> bool:
    return found.errisinstance(AssertionError) or (
        found.errisinstance(pytest.fail.Exception) and NOT_RAISED in str(found.value)
    )
