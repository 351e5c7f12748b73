"""Writers of the database come one after another, and a queue that is stuck holds nobody for ever."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from hub.sqlite.base import DatabaseWrapper
from hub.sqlite.turns import Turns

HOLD = """
import sys, time
from pathlib import Path
from hub.sqlite.turns import Turns
turn = Turns(Path(sys.argv[1])).take(5)
print("held", flush=True)
sys.stdin.readline()
turn.end()
print("ended", flush=True)
time.sleep(60)
"""


@contextmanager
def holding(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Have another process hold the turn until it reads a line, and live on."""
    words = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout and other.stdout.readline() == "held\n"
            yield other
        finally:
            other.kill()


def waiting(turns: Turns, seconds: float) -> tuple[threading.Thread, list[float | None]]:
    """Begin to wait for a turn in a thread; its list holds how long it took, None where it did not come."""
    took: list[float | None] = []

    def wait() -> None:
        began = time.monotonic()
        turn = turns.take(seconds)
        took.append(time.monotonic() - began if turn else None)
        if turn:
            turn.end()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread, took


def test_one_writer_comes_after_another(tmp_path: Path) -> None:
    turns = Turns(tmp_path)
    inside: list[int] = []
    most: list[int] = []

    def write(number: int) -> None:
        for _ in range(20):
            turn = turns.take(10)
            assert turn
            inside.append(number)
            most.append(len(inside))
            inside.remove(number)
            turn.end()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 160 and set(most) == {1}


def test_the_turn_of_another_process_is_waited_for_and_comes_at_once(tmp_path: Path) -> None:
    turns = Turns(tmp_path)
    with holding(tmp_path) as other:
        thread, took = waiting(turns, 10)
        time.sleep(0.5)
        assert not took
        assert other.stdin and other.stdout
        ended = time.monotonic()
        other.stdin.write("\n")
        other.stdin.flush()
        thread.join(10)
        assert took[0] is not None and took[0] >= 0.5 and time.monotonic() - ended < 0.4


def test_a_process_that_is_killed_gives_its_turn_back(tmp_path: Path) -> None:
    with holding(tmp_path) as other:
        thread, took = waiting(Turns(tmp_path), 10)
        other.kill()
        thread.join(10)
        assert took[0] is not None


def test_who_waits_too_long_goes_on_and_the_queue_is_whole_again(tmp_path: Path) -> None:
    turns = Turns(tmp_path)
    with holding(tmp_path) as other:
        other.send_signal(signal.SIGSTOP)
        threads = [waiting(turns, 0.4) for _ in range(3)]
        for thread, took in threads:
            thread.join(10)
            assert took == [None]
        other.send_signal(signal.SIGCONT)
        assert other.stdin
        other.stdin.write("\n")
        other.stdin.flush()
        thread, took = waiting(turns, 10)
        thread.join(10)
        assert took[0] is not None
    # What was given up is closed: nobody holds the turn any more.
    turn = Turns(tmp_path).take(1)
    assert turn
    turn.end()


def test_without_a_folder_there_is_no_queue(tmp_path: Path) -> None:
    assert Turns(tmp_path / "gone").take(1) is None


@pytest.fixture
def database(tmp_path: Path, django_db_blocker: Any) -> Iterator[DatabaseWrapper]:
    """A database on the disk, with one table."""
    about: dict[str, Any] = connections.settings["default"] | {
        "ENGINE": "hub.sqlite",
        "NAME": str(tmp_path / "a.sqlite3"),
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 1},
    }
    made = DatabaseWrapper(about, "aside")
    made.inc_thread_sharing()
    with django_db_blocker.unblock():
        with made.cursor() as cursor:
            cursor.execute("CREATE TABLE a (x integer PRIMARY KEY)")
        yield made
        made.close()


def begin(database: DatabaseWrapper) -> None:
    """Begin a transaction as `atomic` does."""
    with database.cursor() as cursor:
        cursor.execute("BEGIN IMMEDIATE")


def is_free(folder: Path) -> bool:
    """Return whether nobody holds the turn."""
    turn = Turns(folder).take(0.1)
    if turn:
        turn.end()
    return turn is not None


def test_a_transaction_holds_the_turn_until_it_ends_however_it_ends(
    database: DatabaseWrapper, tmp_path: Path
) -> None:
    for end in (database.commit, database.rollback, database.close):
        begin(database)
        assert not is_free(tmp_path)
        end()
        assert is_free(tmp_path)


def test_what_writes_without_a_transaction_waits_for_its_turn_too(
    database: DatabaseWrapper, tmp_path: Path
) -> None:
    with holding(tmp_path) as other:
        assert other.stdin
        threading.Timer(0.4, lambda: (other.stdin.write("\n"), other.stdin.flush())).start()
        began = time.monotonic()
        with database.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM a")
            assert time.monotonic() - began < 0.3
            cursor.execute("INSERT INTO a VALUES (1)")
        assert time.monotonic() - began >= 0.4
    assert is_free(tmp_path)


def test_a_transaction_that_cannot_begin_leaves_the_turn(database: DatabaseWrapper, tmp_path: Path) -> None:
    begin(database)
    with pytest.raises(Exception, match="within a transaction"):
        begin(database)
    database.rollback()
    assert is_free(tmp_path)
