"""The worker: screens what is due. The database says what that is; a worker that stops loses nothing.

`python -m egress_review.worker` runs as parlatory-worker.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

from hub import beside, trace
from hub.beside import Beside, Work
from hub.places import places

if TYPE_CHECKING:
    from egress_review.models import Submission
    from egress_review.screenings import Bench

log = logging.getLogger("parlatory.worker")

POLL_SECONDS = 1.0
RENEW_SECONDS = 5.0
SWEEP_SECONDS = 300.0
# Notices and tallies can wait for a moment; somebody who asked for a page, or ran a cell, does wait.
GIVES_WAY = 5


class Worker:
    """Takes one submission after another, holding each claim for as long as it lives."""

    def __init__(self, bench: Bench, *, name: str | None = None) -> None:
        self._bench = bench
        self.name = name or f"{socket.gethostname()}:{os.getpid()}:{os.urandom(4).hex()}"

    def step(self) -> bool:
        """Screen one submission that is due and finish what else was left; False when nothing was due."""
        from django.utils import timezone

        from egress_review import releases, screenings

        releases.finish_all(vault=self._bench.vault)
        submission = screenings.claim(worker=self.name, at=timezone.now())
        if submission is None:
            return False
        log.info("screening_started submission=%s attempt=%s", submission.id, submission.attempts)
        with self._holding(submission):
            screenings.screen(submission, bench=self._bench)
        submission.refresh_from_db()
        log.info("screening_ended submission=%s state=%s", submission.id, submission.state)
        return True

    def run(self, stop: Event) -> None:
        """Work until told to stop; a database that does not answer is asked again."""
        from django.db import DatabaseError, connections

        from egress_review import screenings

        waited = SWEEP_SECONDS
        while not stop.is_set():
            beside.goes_on()
            try:
                if waited >= SWEEP_SECONDS:
                    screenings.sweep(bench=self._bench)
                    waited = 0.0
                self._publish()
                with trace.following():
                    if self.step():
                        continue
            except (DatabaseError, OSError) as error:
                log.error("worker_step_failed reason=%s", error)
                connections.close_all()
            waited += POLL_SECONDS
            beside.goes_on(rests_seconds=POLL_SECONDS)
            stop.wait(POLL_SECONDS)

    def _publish(self) -> None:
        """Publish what a request's own publishing left: its lock was busy, or its process was killed."""
        from hub.ledger import publisher

        try:
            publisher.publish()
        except publisher.HistoryChanged as error:
            log.critical("ledger_not_published reason=%s", error)

    @contextmanager
    def _holding(self, submission: Submission) -> Iterator[None]:
        done = Event()
        thread = Thread(target=self._renew, args=(submission.id, done), daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _renew(self, submission: str, done: Event) -> None:
        from django.db import DatabaseError, connections
        from django.utils import timezone

        from egress_review import screenings

        while not done.wait(RENEW_SECONDS):
            try:
                screenings.renew(submission, worker=self.name, at=timezone.now())
            except DatabaseError as error:
                log.warning("claim_not_renewed submission=%s reason=%s", submission, error)
            except Exception:  # nobody foresaw it; without renewals a second worker would screen it
                log.exception("claim_not_renewed submission=%s", submission)
            finally:
                connections.close_all()


def main() -> None:
    """Start the worker."""
    import django

    os.umask(0o007)
    os.nice(GIVES_WAY)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
    django.setup()
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    screening = Work(
        "screenings", "what is handed in is screened, what is approved leaves", Worker(_bench()).run
    )
    Beside(places, [screening, *_others()], stop).run()


def _bench() -> Bench:
    from egress_review.screener import EngineScreener
    from egress_review.screenings import SECONDS, Bench
    from egress_review.uploads import UploadLimits
    from egress_review.vault import Vault

    vault = Vault(places.state / "vault")
    vault.prepare()
    return Bench(
        vault=vault,
        screener=EngineScreener(places.engine_socket, longest_seconds=SECONDS + 80),
        limits=UploadLimits(),
        public_sums=places.state / "public-files.sha256",
    )


def _others() -> list[Work]:
    from django.conf import settings
    from django.utils.module_loading import import_string

    from egress_review import indexes
    from hub.datasets import intake_work

    return [
        # Beside the screenings: a large index takes minutes, and nobody's result should wait for it.
        Work("leak_indexes", "new dataset versions get the index that screening needs", indexes.keep_built),
        Work("intakes", "deliveries of data are examined and registered", intake_work.keep_going),
        *(
            Work(path.split(".")[-2], keeps, import_string(path))
            for path, keeps in settings.PARLATORY_BESIDE_WORKER.items()
        ),
    ]


if __name__ == "__main__":
    main()
