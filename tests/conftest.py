"""Fixtures that more than one suite uses; none starts anything before a test asks for it."""

from __future__ import annotations

import hypothesis
import pytest

from tests.people import chromium, enclave, people

__all__ = ["chromium", "enclave", "people"]

# How long an example takes says how busy the machine is, and nothing of the code.
hypothesis.settings.register_profile("parlatory", deadline=None)
hypothesis.settings.load_profile("parlatory")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put tests with a browser last: its event loop stays in the thread, and Django refuses to run in one."""
    items.sort(key=lambda item: "chromium" in getattr(item, "fixturenames", ()))
