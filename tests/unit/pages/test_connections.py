"""A thread of the portal keeps its connection to the database from one request to the next."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import ConnectionHandler

from hub import settings as ours


@pytest.mark.django_db
def test_a_connection_outlives_the_request_it_was_made_for(tmp_path: Path) -> None:
    own = ours.database("") | {"NAME": str(tmp_path / "own.sqlite3")}
    connection = ConnectionHandler({"default": own})["default"]
    connection.ensure_connection()
    made = connection.connection
    try:
        # What Django asks at the end of each request.
        connection.close_if_unusable_or_obsolete()
        assert connection.connection is made
    finally:
        connection.close()


def test_a_database_that_was_started_anew_is_noticed(tmp_path: Path) -> None:
    address = tmp_path / "database"
    address.write_text("postgresql://demo:demo@localhost/demo", encoding="utf-8")
    address.chmod(0o640)
    assert ours.database(str(address))["CONN_HEALTH_CHECKS"]
