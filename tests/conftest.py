"""Fixtures that more than one suite uses; none starts anything before a test asks for it."""

from __future__ import annotations

import gc

import hypothesis
import pytest

from tests.people import chromium, enclave, people

__all__ = ["chromium", "enclave", "people"]

# What is imported for tests stays to the end: looking it through as it grows takes a fifth of the time.
gc.disable()

# How long an example takes says how busy the machine is, and nothing of the code. The same code is asked with
# the same examples, so that a suite says of a change only what the change did; `--hypothesis-profile=search`
# asks at random, and more.
hypothesis.settings.register_profile("parlatory", deadline=None, derandomize=True)
hypothesis.settings.register_profile("search", deadline=None, max_examples=2000, print_blob=True)
hypothesis.settings.load_profile("parlatory")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put tests with a browser last: its event loop stays in the thread, and Django refuses to run in one."""
    items.sort(key=lambda item: "chromium" in getattr(item, "fixturenames", ()))


def pytest_collection_finish() -> None:
    """Leave what was imported out of later collections: each file screened is a fork that would copy it."""
    gc.freeze()
    gc.enable()
