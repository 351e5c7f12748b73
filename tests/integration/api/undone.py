"""What is done meanwhile is undone afterwards, so that each request finds the same world."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction


@contextmanager
def undone() -> Iterator[None]:
    """Take back every change of the database that is made meanwhile."""
    taken_back = transaction.atomic()
    # Denials insist on a transaction of their own; like a TestCase's, this one does not count.
    taken_back._from_testcase = True  # type: ignore[attr-defined]  # Django's own mark
    with taken_back:
        yield
        transaction.set_rollback(True)
