"""The worker's loop: whatever fails in one turn is logged, and the next turn comes."""

from __future__ import annotations

import logging
from pathlib import Path
from threading import Event

import pytest
from django.db import DatabaseError

from egress_review import screenings, worker
from egress_review.screener import End
from egress_review.screenings import Bench
from egress_review.states import State
from egress_review.uploads import UploadLimits
from egress_review.vault import Vault
from egress_review.worker import Worker
from hub.ledger import publisher
from tests.unit.egress_review.factories import submission
from tests.unit.egress_review.stand_ins import FakeScreener

pytestmark = pytest.mark.django_db

RESTORE = "the database holds 8 entries, but 10 were published; restore it from a backup"


class Turns(Event):
    """Tells the worker to stop when it has waited so often, and never lets it wait."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left = left
        self.waited: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        """Count a turn."""
        self.waited.append(timeout)
        if len(self.waited) >= self.left:
            self.set()
        return self.is_set()


@pytest.fixture
def bench(vault: Vault, tmp_path: Path) -> Bench:
    """What a screening needs, with a screener that crashes: its submission is blocked at once."""
    screener = FakeScreener(out=tmp_path / "out", end=End.CRASHED)
    return Bench(vault=vault, screener=screener, limits=UploadLimits())


@pytest.fixture(autouse=True)
def _same_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the test's database open: the worker closes its connections where one failed."""
    monkeypatch.setattr("django.db.connections.close_all", lambda: None)


def test_a_changed_history_is_logged_as_critical_and_screening_goes_on(
    vault: Vault, bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = submission(vault=vault)
    asked: list[int] = []

    def refuse() -> None:
        asked.append(len(asked))
        raise publisher.HistoryChanged(RESTORE)

    monkeypatch.setattr(publisher, "publish", refuse)
    with caplog.at_level(logging.INFO, logger="parlatory.worker"):
        Worker(bench).run(Turns(2))
    made.refresh_from_db()
    assert made.state == State.BLOCKED
    assert len(asked) == 3, "once before the screening, and in each of the two turns that found nothing due"
    critical = [record.getMessage() for record in caplog.records if record.levelno == logging.CRITICAL]
    assert critical == [f"ledger_not_published reason={RESTORE}"] * 3


@pytest.mark.parametrize("error", [DatabaseError("database is locked"), OSError("no space left")])
def test_a_turn_that_fails_is_logged_and_the_next_one_screens(
    error: Exception,
    vault: Vault,
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    made = submission(vault=vault)
    failures = [error]

    def publish() -> None:
        if failures:
            raise failures.pop()

    monkeypatch.setattr(publisher, "publish", publish)
    Worker(bench).run(Turns(2))
    made.refresh_from_db()
    assert made.state == State.BLOCKED
    assert [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR] == [
        f"worker_step_failed reason={error}"
    ]


def test_the_ledger_is_published_in_every_turn_and_waits_no_longer_than_a_poll(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    published: list[None] = []
    monkeypatch.setattr(publisher, "publish", lambda: published.append(None))
    turns = Turns(5)
    Worker(bench).run(turns)
    assert len(published) == 5
    assert turns.waited == [worker.POLL_SECONDS] * 5


def test_what_is_left_over_is_swept_at_the_start_and_not_in_every_turn(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept: list[Bench] = []
    monkeypatch.setattr(screenings, "sweep", lambda *, bench: swept.append(bench))
    monkeypatch.setattr(publisher, "publish", lambda: None)
    monkeypatch.setattr(worker, "SWEEP_SECONDS", 5 * worker.POLL_SECONDS)
    Worker(bench).run(Turns(6))
    assert swept == [bench, bench]


def test_a_worker_that_is_told_to_stop_does_nothing_more(
    vault: Vault, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = submission(vault=vault)
    stop = Event()
    stop.set()
    monkeypatch.setattr(publisher, "publish", lambda: pytest.fail("it published"))
    Worker(bench).run(stop)
    made.refresh_from_db()
    assert made.state == State.SUBMITTED


def test_the_worker_gives_way_to_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    gave: list[int] = []
    monkeypatch.setattr("os.nice", gave.append)
    monkeypatch.setattr("os.umask", lambda _: 0)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr(worker, "Beside", lambda *_: Nothing())
    monkeypatch.setattr(worker, "_bench", lambda: None)
    monkeypatch.setattr(worker, "Worker", lambda _: Nothing())
    worker.main()
    assert gave
    assert gave[0] > 0


class Nothing:
    """Runs nothing."""

    def run(self, *_: object) -> None:
        """Return at once."""
