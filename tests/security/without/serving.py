"""The portal's controls over how it answers: threads, the TLS front, logs, what its pages may load."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tests.security.without.removal import replaced

ANYTHING = "default-src * 'unsafe-inline'"


def patient() -> None:
    """Wait for a request's bytes for as long as they come."""
    from gunicorn.workers.gthread import ThreadWorker

    from hub.pages.workers import Bounded

    replaced(Bounded, "handle", ThreadWorker.handle)
    replaced(Bounded, "handle_request", ThreadWorker.handle_request)


def stuck() -> None:
    """Wait with a thread for whoever does not read."""
    from hub.pages.outgoing import Outgoing

    replaced(Outgoing, "sendall", lambda self, data: self._plain.sendall(data))


def queued() -> None:
    """Let every reader of a long answer have a thread."""
    from threading import BoundedSemaphore

    from hub.pages import workers

    replaced(workers, "BoundedSemaphore", lambda _: BoundedSemaphore(1000))


def lingering() -> None:
    """Wait for whoever does not close, one after the other, in the thread that accepts."""
    from gunicorn.workers.gthread import ThreadWorker

    from hub.pages.workers import Bounded

    replaced(Bounded, "handle", ThreadWorker.handle)


def among_browsers() -> None:
    """Give the enclave's own processes the threads that browsers get."""
    from gunicorn.workers.gthread import ThreadWorker

    from hub.pages.workers import Bounded

    replaced(Bounded, "enqueue_req", ThreadWorker.enqueue_req)


def any_front() -> None:
    """Take everybody for the TLS proxy."""
    from hub.pages import front

    replaced(front, "hmac", SimpleNamespace(compare_digest=lambda given, known: True))


def claimed() -> None:
    """Believe the first of the addresses that a browser says it came by."""
    from hub.pages import front

    replaced(front, "_address", lambda said: said.partition(",")[0])


def addresses_logged() -> None:
    """Log the address that was asked for, not the page that it names."""
    from hub.pages import tracing

    answer = tracing.Tracing.__call__

    def traced(self: Any, request: Any) -> Any:
        tracing.log.info("answered address=%s", request.get_full_path())
        return answer(self, request)

    replaced(tracing.Tracing, "__call__", traced)


def ids_of_anybody() -> None:
    """Let a browser say which request its own is."""
    from hub.pages import tracing

    replaced(tracing, "is_inside", lambda request: True)


def any_script() -> None:
    """Let the portal's pages load and run anything."""
    from hub.pages import headers

    replaced(headers, "HEADERS", headers.HEADERS | {"Content-Security-Policy": ANYTHING})


def all_downloads() -> None:
    """Let a person begin as many downloads at a time as they like."""
    from egress_review import leaving

    replaced(leaving, "MOST_AT_ONCE", 10**9)
