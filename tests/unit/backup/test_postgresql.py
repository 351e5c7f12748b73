"""A database is overwritten only where it said that its ledger is empty: silence says nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.backup import postgresql
from hub.backup.failure import BackupFailed, BackupRefused


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([""], BackupFailed),
        (["t", ""], BackupRefused),
        (["t", "3"], BackupRefused),
        (["t", "0"], None),
        (["f"], None),
    ],
)
def test_only_a_database_that_says_it_is_empty_is_overwritten(
    answers: list[str], error: type[Exception] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: Iterator[str] = iter(answers)
    monkeypatch.setattr(postgresql.postgresql, "ask", lambda _question: next(said))
    if error is None:
        postgresql.require_empty(over=False)
    else:
        with pytest.raises(error):
            postgresql.require_empty(over=False)
    postgresql.require_empty(over=True)
    assert not list(said)
