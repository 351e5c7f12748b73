"""The cache in the database, each change of it one statement: counts of tries and codes of sign-ins."""

from __future__ import annotations

import base64
import pickle
from datetime import UTC, datetime
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.db import DatabaseCache
from django.db import connections, router
from django.utils import timezone

# Never is a day that both databases can keep.
NEVER = datetime.max.replace(microsecond=0, tzinfo=UTC)
# How many changes come between two looks at how full it is.
LOOK_EVERY = 100


class OneStatement(DatabaseCache):
    """Django's cache in the database, its table and its reading; each change one statement instead of five.

    A sign-in counts its tries in two dozen changes. Each counted all rows, opened a savepoint and looked
    before it wrote, under the one lock that all who write wait for.
    """

    _table: str
    _changes = 0

    def _base_set(self, mode: str, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT) -> bool:
        """Write as Django's does: `set` always, `add` where nothing is kept, `touch` where something is."""
        using = router.db_for_write(self.cache_model_class)
        connection = connections[using]
        now, until = timezone.now().replace(microsecond=0), self.get_backend_timeout(timeout)
        expires = NEVER if until is None else datetime.fromtimestamp(until, tz=UTC).replace(microsecond=0)
        kept, dead = map(connection.ops.adapt_datetimefield_value, (expires, now))
        table = connection.ops.quote_name(self._table)
        said: list[Any] = [kept, key]
        if mode == "touch":
            statement = f"UPDATE {table} SET expires = %s WHERE cache_key = %s"  # noqa: S608 - our own name
        else:
            packed = base64.b64encode(pickle.dumps(value, self.pickle_protocol)).decode("latin1")
            statement = (
                f"INSERT INTO {table} AS kept (cache_key, value, expires) VALUES (%s, %s, %s) "  # noqa: S608 - ours
                "ON CONFLICT (cache_key) DO UPDATE SET value = excluded.value, expires = excluded.expires"
            )
            said = [key, packed, kept]
            if mode == "add":
                statement, said = f"{statement} WHERE kept.expires < %s", [*said, dead]
        with connection.cursor() as cursor:
            self._make_room(using, cursor, now)
            cursor.execute(statement, said)
            return bool(cursor.rowcount)

    def _make_room(self, using: str, cursor: Any, now: datetime) -> None:
        """Throw away what is over, now and then: counting all rows takes longer the more there are."""
        OneStatement._changes += 1
        if OneStatement._changes % LOOK_EVERY:
            return
        table = connections[using].ops.quote_name(self._table)
        cursor.execute(f"SELECT COUNT(*) FROM {table}")  # noqa: S608 - our own table's name
        (count,) = cursor.fetchone()
        if count > self._max_entries:
            self._cull(using, cursor, now, count)  # type: ignore[attr-defined]  # Django's, without a type
