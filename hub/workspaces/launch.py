"""Starting and clearing happen beside the page: what the database says is the truth, these follow it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from hub import trace
from hub.errors import Unavailable
from hub.people.models import Person
from hub.workspaces.models import Session
from hub.workspaces.remote import Live, Remote, Usage

log = logging.getLogger(__name__)

# Clearing has threads of its own: slow starts must never hold an ending back.
_starting = ThreadPoolExecutor(max_workers=8, thread_name_prefix="start")
_clearing = ThreadPoolExecutor(max_workers=8, thread_name_prefix="clear")
_busy: set[str] = set()
_busy_lock = threading.Lock()


def remote() -> Remote:
    """Return the hub and engine of this enclave."""
    return Live()


def later(
    session: Session, *, ready: Callable[[Session], None], failed: Callable[[Session, str], None]
) -> None:
    """Start a session's server once the request's transaction is through, and report how it went."""

    def work() -> None:
        workspace = session.workspace
        try:
            remote().start(person=workspace.person_id, server=workspace.slug)
        except Unavailable as error:
            failed(session, str(error))
        else:
            ready(session)

    transaction.on_commit(lambda: _submit(_starting, f"start {session.id}", work))


def clear(session: Session) -> None:
    """Remove what is left of an ended session, after the commit; what fails is tried again by the leases."""

    def work() -> None:
        workspace = session.workspace
        gone = [
            _try(lambda: remote().remove(session=session.id), "engine", session.id),
            _newer(session)
            or _try(
                lambda: remote().stop(person=workspace.person_id, server=workspace.slug), "hub", session.id
            ),
        ]
        if all(gone):
            Session.objects.filter(pk=session.id).update(cleared_at=timezone.now())

    transaction.on_commit(lambda: _submit(_clearing, f"clear {session.id}", work))


def sign_out(person: Person) -> bool:
    """End a person's sign-in in the lab now; False when the hub does not answer.

    A hub that starts again takes no cookie unasked: it asks the portal first, which knows no token any more.
    """
    return _try(lambda: remote().sign_out(person=person.id), "hub", person.id)


def usage(session: Session) -> Usage | None:
    """Return what a running session uses; None where the engine doesn't say, which a page can bear."""
    try:
        return remote().usage(session=session.id)
    except Unavailable as error:
        log.warning("usage_unknown session=%s reason=%s", session.id, error)
        return None


def _newer(session: Session) -> bool:
    # The hub knows a server by its workspace: an old session's clearing must not stop the next one.
    later = Session.objects.live().filter(workspace_id=session.workspace_id).exclude(pk=session.pk)
    return later.exists()


def _try(act: Callable[[], None], whom: str, whose: str) -> bool:
    try:
        act()
    except Unavailable as error:
        log.warning("not_cleared of=%s by=%s reason=%s", whose, whom, error)
        return False
    return True


def _submit(pool: ThreadPoolExecutor, name: str, work: Callable[[], None]) -> None:
    if not settings.PARLATORY_THREADS:
        work()
        return
    with _busy_lock:
        if name in _busy:
            return
        _busy.add(name)
    pool.submit(trace.carried(_run), name, work).add_done_callback(
        lambda done: _report(name, done.exception())
    )


def _run(name: str, work: Callable[[], None]) -> None:
    try:
        work()
    finally:
        connection.close()
        with _busy_lock:
            _busy.discard(name)


def _report(name: str, error: BaseException | None) -> None:
    if error is not None:
        log.error("background_failed what=%s", name, exc_info=error)
