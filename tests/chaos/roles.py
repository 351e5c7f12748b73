"""What each process of the small enclave does: the enclave's own code, and an engine without Docker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from hub.bench import unsafe_screening
from hub.places import places


def hurry() -> None:
    """Shorten what waits for a clock, so that a run of hundreds of kills takes minutes."""
    from egress_review import door, releases, screenings, worker

    door.POLL_SECONDS = 0.1
    worker.POLL_SECONDS, worker.RENEW_SECONDS, worker.SWEEP_SECONDS = 0.05, 0.3, 2.0
    screenings.LEASE_SECONDS, screenings.RETRY_SECONDS = 1.5, 0.3  # type: ignore[assignment]  # half a second
    releases.LEFT_SECONDS, releases.AGAIN_SECONDS = 1, 1
    asked = door.Door.__init__.__kwdefaults__
    asked["body_seconds"], asked["idle_seconds"] = 8.0, 8.0


def door() -> None:
    """Take files in."""
    from egress_review.door import serve

    asyncio.run(serve())


def worker() -> None:
    """Screen, and finish what was left."""
    from egress_review.worker import main

    main()


def publisher() -> None:
    """Publish the ledger, again and again."""
    from django.db import connections

    from hub.ledger.publisher import publish

    while True:
        publish()
        connections.close_all()
        time.sleep(0.05)


class Pages(ThreadingMixIn, WSGIServer):
    """The portal's WSGI application on its port."""

    daemon_threads = True
    request_queue_size = 64


class Quiet(WSGIRequestHandler):
    """Writes no line a request."""

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


def portal() -> None:
    """Serve the pages."""
    from hub.wsgi import application

    server = Pages(("127.0.0.1", places.port("portal")), Quiet)
    server.set_app(application)
    server.serve_forever()


ROLES: dict[str, Callable[[], None]] = {
    "door": door,
    "worker": worker,
    "publisher": publisher,
    "portal": portal,
    "engine": unsafe_screening.serve,
}
