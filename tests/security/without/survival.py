"""What hangs, falls, floods or runs short: taken out, somebody waits, is lost, or is told nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from tests.security.without.removal import Removal, replaced

BESIDE, SILENT = "unit/beside/test_beside.py", "unit/engine/test_silent_docker.py"
HANGING = "unit/beside/test_hanging.py"
UPLOADS, DOOR = "unit/egress_review/test_uploads.py", "integration/egress_review/test_door.py"
FOR_EVER = 1 << 60


def once() -> None:
    """Run each work of the worker until something ends it, and never again."""
    from hub.beside import Beside, Work

    def keep(self: Beside, work: Work) -> None:
        self._say(work, began=1.0)
        try:
            work.run(self._stop)
        except (KeyError, RuntimeError) as error:
            self._say(work, began=None, why=type(error).__name__)

    replaced(Beside, "keep", keep)


def believed() -> None:
    """Believe what a process said of itself for as long as it is there."""
    from hub import beside

    replaced(beside, "SILENT_SECONDS", FOR_EVER)


def unseen() -> None:
    """Count no time in which a work does not come back from a step."""
    from hub.beside import Told

    replaced(Told, "hangs", False)


def unbounded() -> None:
    """End the worker for what hangs as often as it hangs."""
    from hub.beside import Ends

    replaced(Ends, "may", lambda self, at: True)


def patient_looks() -> None:
    """Wait for each answer of Docker as long as for one that takes its time."""
    from hub.engine import dock

    client = dock.Docker._client
    replaced(dock.Docker, "_client", lambda self, seconds=0: client(self, dock.ANSWER_SECONDS))


def each_waits() -> None:
    """Let everybody try for themselves whether Docker answers."""
    from hub.engine import dock

    replaced(dock, "SILENT_SECONDS", -1.0)


def ended_by_docker() -> None:
    """Say that a session has ended once Docker has ended its container, and not before."""
    from hub.errors import Unavailable
    from hub.workspaces import launch, sessions

    end = sessions.end

    def ended(*, by: str, session: Any, **named: Any) -> bool:
        try:
            launch.remote().remove(session=session.id)
        except Unavailable:
            return False
        return end(by=by, session=session, **named)

    replaced(sessions, "end", ended)


def endless() -> None:
    """Read a hand-in for as long as it comes."""
    from egress_review import desk

    replaced(desk, "LONGEST_BODY_BYTES", FOR_EVER)


def kept_in_memory() -> None:
    """Let the web server keep a body that nobody asked for."""
    from egress_review import desk

    replaced(desk.Handler, "_stream_request_body", False)


def larger(**limits: int) -> Callable[[], None]:
    """Return a removal that gives every hand-in other limits."""

    def remove() -> None:
        from egress_review.uploads import Upload

        begin = Upload.__post_init__

        def begun(self: Upload) -> None:
            self.limits = dataclasses.replace(self.limits, **limits)
            begin(self)

        replaced(Upload, "__post_init__", begun)

    return remove


def unexplained() -> None:
    """Know no lack of memory from a bug."""
    from hub import room
    from hub.pages import errors

    replaced(room, "lacks_memory", lambda error: False)
    replaced(errors, "LACKING", errors.LACKING[:1])


REMOVALS = {
    "restarted": Removal(
        "a work of the worker that ends or falls is started again",
        once,
        BESIDE,
        "test_what_dies_is_started_again_after_pauses",
        shows=r"assert \[\] == ",
    ),
    "hangs": Removal(
        "a process that hangs is not believed what it said last",
        believed,
        BESIDE,
        "test_one_that_hangs_is_there_and_says_nothing",
        shows="True, False",
    ),
    "work-hangs": Removal(
        "a work that hangs in a worker that lives is named",
        unseen,
        HANGING,
        "test_a_work_that_does_not_come_back_is_named",
        shows=r"\[True, True, True\]",
    ),
    "ends-rarely": Removal(
        "what hangs again and again ends the other works no more often than once in an hour",
        unbounded,
        HANGING,
        "test_after_some_grace_the_worker_ends_and_begins_anew_within_bounds",
        shows=r"\[0.0, 0.0, ",
    ),
    "looks": Removal(
        "who only looks at a Docker that hangs after its sign of life gives up soon",
        patient_looks,
        SILENT,
        "test_who_only_looks_gives_up_soon",
        shows="60",
    ),
    "silence": Removal(
        "nobody waits for a Docker that did not answer the one before",
        each_waits,
        SILENT,
        "test_who_asks_after_one_that_was_not_answered",
        shows="3 == 1",
    ),
    "cut": Removal(
        "a session that may not go on is cut off though Docker hangs",
        ended_by_docker,
        "chaos/test_ends_without_docker.py",
        "test_what_ends_while_docker_hangs",
        shows="live=True",
    ),
    "endless": Removal(
        "a hand-in that never ends is cut off, and its sender reads why",
        endless,
        DOOR,
        "test_a_chunk_that_never_ends",
        shows="assert 1258291200 < ",
    ),
    "memory": Removal(
        "a body that nobody asked for takes no memory",
        kept_in_memory,
        DOOR,
        "test_a_body_that_nobody_asked_for",
        shows=r"assert \(?\d+ - \d+\)? < ",
    ),
    "files": Removal(
        "a hand-in holds so many files and no more",
        larger(files=10**6),
        UPLOADS,
        "test_more_than_the_limits_is_refused",
        shows="DID NOT RAISE",
    ),
    "bytes": Removal(
        "a hand-in holds so many bytes and no more",
        larger(file_bytes=FOR_EVER, total_bytes=FOR_EVER),
        UPLOADS,
        "test_more_than_the_limits_is_refused",
        shows="DID NOT RAISE",
    ),
    "room": Removal(
        "nothing is taken that would fill the disk",
        larger(free_bytes=0),
        UPLOADS,
        "test_a_full_disk_is_said_before_anything_arrives",
        shows="DID NOT RAISE",
    ),
    "short": Removal(
        "who finds no memory is told so, and that nothing was changed",
        unexplained,
        "unit/room/test_room.py",
        "test_each_lack_is_known",
        shows="assert|None",
    ),
}
