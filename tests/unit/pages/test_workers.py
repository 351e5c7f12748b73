"""The portal's worker and what watches in it: a watch that ends takes its process with it."""

from __future__ import annotations

import logging
from queue import Queue
from types import SimpleNamespace

import pytest

from hub.pages import workers
from hub.pages.outgoing import Drain
from hub.pages.workers import Bounded, Deadlines


@pytest.mark.parametrize(("kind", "name"), [(Deadlines, "Deadlines.keep"), (Drain, "Drain.keep")])
@pytest.mark.parametrize("error", [ValueError("nobody thought of this"), None])
def test_a_watch_that_ends_ends_the_process_and_says_so(
    kind: type,
    name: str,
    error: Exception | None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    left: Queue[int] = Queue()

    def keep(_self: object) -> None:
        if error:
            raise error

    keep.__qualname__ = name
    monkeypatch.setattr(Deadlines, "keep", lambda _self: Queue[None]().get())
    monkeypatch.setattr(Drain, "keep", lambda _self: Queue[None]().get())
    monkeypatch.setattr(kind, "keep", keep)
    monkeypatch.setattr(workers, "os", SimpleNamespace(_exit=left.put))
    monkeypatch.setattr("gunicorn.workers.gthread.ThreadWorker.init_process", lambda _self: None)
    made = Bounded.__new__(Bounded)
    Bounded.init_process(made)
    assert left.get(timeout=5) == 1
    made.drain.close()
    critical = [record.getMessage() for record in caplog.records if record.levelno == logging.CRITICAL]
    assert critical == ([f"watch_ended watch={name}"] if error else [])
