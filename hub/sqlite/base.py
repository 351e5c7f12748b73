"""Django's SQLite with a queue before the write lock; Django finds it by this module's name.

Transactions queue, and what writes without one: beside a queue that is never empty it would starve.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from django.db.backends.sqlite3 import base

from hub.sqlite.turns import Turn, Turns

WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
SECONDS = 10  # in the queue, before SQLite itself is asked and waits


@cache
def _turns(folder: Path) -> Turns:
    return Turns(folder)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose transactions begin when it is their turn to write."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._turn: Turn | None = None
        self.execute_wrappers.append(self._in_turn)

    def _in_turn(self, execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        """Run a statement when it is its turn: one that begins a transaction, or writes and is its own."""
        begins, alone = sql.startswith("BEGIN"), not self.in_atomic_block
        if not begins and not (alone and sql.lstrip()[:7].upper().startswith(WRITES)):
            return execute(sql, parameters, many, context)
        self._take_turn()
        begun = False
        try:
            done = execute(sql, parameters, many, context)
            begun = begins
        finally:
            if not begun:
                self._end_turn()
        return done

    def _take_turn(self) -> None:
        if self._turn is None and not self.is_in_memory_db():
            self._turn = _turns(Path(self.settings_dict["NAME"]).parent).take(SECONDS)

    def commit(self) -> None:
        with self._last_of_turn():
            super().commit()

    def rollback(self) -> None:
        with self._last_of_turn():
            super().rollback()

    def close(self) -> None:
        with self._last_of_turn():
            super().close()

    @contextmanager
    def _last_of_turn(self) -> Iterator[None]:
        try:
            yield
        finally:
            self._end_turn()

    def _end_turn(self) -> None:
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.end()
