"""The database's address: PostgreSQL's own programs are told what Django is told."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from hub.cli import postgresql
from hub.settings import database


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that the setting names."""
    made = tmp_path / "database"
    made.touch(mode=0o640)
    monkeypatch.setenv("PARLATORY_DATABASE_FILE", str(made))
    return made


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://u%40x:p%2Fw@127.0.0.1:5433/parlatory",
        "postgresql://u:p@db.example.org/name?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        "postgresql:///name",
    ],
)
def test_django_and_postgresqls_programs_are_told_the_same(file: Path, address: str) -> None:
    file.write_text(f"{address}\n")
    told, found = postgresql.environment(), database(str(file))
    for name, ours in {"NAME": "DATABASE", "USER": "USER", "PASSWORD": "PASSWORD", "HOST": "HOST"}.items():
        assert told.get(f"PG{ours}", "") == found[name]
    assert told.get("PGPORT", "") == found["PORT"]
    assert told.get("PGSSLMODE") == found["OPTIONS"].get("sslmode")
    assert told.get("PGSSLROOTCERT") == found["OPTIONS"].get("sslrootcert")


def test_what_is_escaped_in_it_is_read(file: Path) -> None:
    file.write_text("postgresql://u%40x:p%2Fw@127.0.0.1:5433/parlatory")
    told = postgresql.environment()
    assert (told["PGUSER"], told["PGPASSWORD"], told["PGPORT"]) == ("u@x", "p/w", "5433")


@pytest.mark.parametrize(
    "address", ["", "mysql://u:p@127.0.0.1/x", "postgresql://u:p@db.example.org/x", "postgresql:///x?host=y"]
)
def test_an_address_that_django_would_refuse_ends_a_command_with_a_sentence(file: Path, address: str) -> None:
    file.write_text(address)
    with pytest.raises(SystemExit, match=r"^error: .*database"):
        postgresql.environment()


@pytest.mark.parametrize("password", ["xyz/zy", "xyz#zy", "xyz?zy", "xyz[zy", "xyz\u2100zy"])
def test_a_password_that_is_not_escaped_is_refused_and_not_shown(file: Path, password: str) -> None:
    file.write_text(f"postgresql://u:{password}@127.0.0.1/x")
    for told in (postgresql.environment, lambda: database(str(file))):
        with pytest.raises((SystemExit, ValueError), match=r"must be like .* write / as %2F") as refused:
            told()
        shown = "".join(traceback.format_exception(refused.value))
        assert "xyz" not in shown and "zy" not in shown
