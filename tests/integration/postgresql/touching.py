"""A pytest plugin: of the tests that are collected, those stay that may touch the database.

pytest-django refuses the database to all others; they would pass here as they do elsewhere, and show nothing.
"""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is let nowhere near the database."""
    out = [item for item in items if not touches(item)]
    config.hook.pytest_deselected(items=out)
    items[:] = [item for item in items if touches(item)]


def touches(item: pytest.Item) -> bool:
    """Say whether a test is let to the database, by its mark or by a fixture of it or of another fixture."""
    return bool(item.get_closest_marker("django_db")) or "db" in getattr(item, "fixturenames", ())
