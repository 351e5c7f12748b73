"""Real gunicorn with the enclave's own worker, two threads: who does not read or close holds up nobody."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.cli import programs
from hub.pages import workers
from hub.places import places
from tests import ports
from tests.integration.portal import heavy
from tests.security.without import child

THREADS = 2
READERS = 6
# More than the kernel takes for a client that reads nothing; one page is held whole, a long answer is not.
PAGE_BYTES = len(heavy.PAGE)
SMALLEST_BUFFER = 1
# Far more than any answer here needs, far less than a reader may take.
SECONDS = 15.0
SERVER = """
import sys
from gunicorn.app.wsgiapp import run
from hub.pages import outgoing, workers
outgoing.HELD_BYTES = 2 * {page}
outgoing.ALL_BYTES = 100 * {page}
workers.LONG_ANSWERS = 1
sys.argv = [
    "gunicorn", "tests.integration.portal.heavy:application", "--bind", "127.0.0.1:{port}",
    "--bind", "unix:{path}", "--worker-class", "hub.pages.workers.Bounded", "--workers", "1",
    "--threads", "{threads}", "--timeout", "60", "--no-control-socket",
]
run()
"""


@dataclass(frozen=True)
class Served:
    """Where a server listens, and the file that it waits for."""

    port: int
    path: Path
    file: Path

    def dial(self, target: str, *, buffer: int = 0) -> socket.socket:
        """Send a request and read nothing."""
        made = socket.socket(socket.AF_INET)
        made.settimeout(SECONDS)
        if buffer:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        made.connect(("127.0.0.1", self.port))
        made.sendall(f"GET {target} HTTP/1.0\r\nHost: d\r\n\r\n".encode())
        return made


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of pages, static files, downloads, and a view that waits."""
    folder = tmp_path_factory.mktemp("s")
    made = Served(ports.free(1), folder / "s.sock", folder / "go")
    (folder / "static").write_bytes(b"s" * PAGE_BYTES)
    code = SERVER.format(port=made.port, path=made.path, threads=THREADS, page=PAGE_BYTES)
    environment = os.environ | {"HEAVY": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, *child.words("-c", code)], env=environment, stderr=subprocess.PIPE
    ) as process:
        try:
            assert process.stderr is not None
            assert any(b"Booting worker" in line for line in process.stderr)
            yield made
        finally:
            process.terminate()


def whole(connected: socket.socket) -> bytes:
    """Read until the end."""
    pieces = []
    while piece := connected.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def begins(connected: socket.socket) -> bool:
    """Whether an answer begins in good time."""
    try:
        return connected.recv(1) == b"H"
    except TimeoutError:
        return False


def ends(connected: socket.socket) -> bool:
    """Whether an answer comes, and its end in good time."""
    try:
        return whole(connected)[-5:] == b"short"
    except TimeoutError:
        return False


@pytest.fixture
def many(served: Served) -> Iterator[Callable[..., list[socket.socket]]]:
    """Dials more at once than there are threads, and hangs up after the test."""
    with ExitStack() as held:

        def dial(target: str, count: int = READERS, buffer: int = 0) -> list[socket.socket]:
            return [held.enter_context(served.dial(target, buffer=buffer)) for _ in range(count)]

        yield dial


def quick(served: Served) -> bytes:
    """Ask for something short, read it all and hang up."""
    with served.dial("/short") as connected:
        return whole(connected)[-5:]


@pytest.mark.parametrize("target", ["/page", "/static"])
def test_readers_that_do_not_read_hold_no_thread_and_get_it_all_when_they_do(
    served: Served, many: Callable[..., list[socket.socket]], target: str
) -> None:
    slow = many(target, buffer=SMALLEST_BUFFER)
    # Each has the beginning of its answer, though there are fewer threads than readers.
    assert all(map(begins, slow)), "readers hold every thread of the portal"
    assert quick(served) == b"short"
    assert len(whole(slow[-1])) >= PAGE_BYTES


def test_who_does_not_close_keeps_nobody_from_being_served(
    served: Served, many: Callable[..., list[socket.socket]]
) -> None:
    """gunicorn waits two seconds for each, one after the other: twenty take longer than we wait."""
    assert all(map(ends, many("/short", 20))), "who does not close holds up the one thread that accepts"
    assert quick(served) == b"short"


def test_readers_of_long_answers_leave_a_thread(
    served: Served, many: Callable[..., list[socket.socket]]
) -> None:
    """One may wait for its reader here; the others that would are cut."""
    slow = many("/long", buffer=SMALLEST_BUFFER)
    assert all(map(begins, slow)), "readers of long answers hold every thread of the portal"
    assert quick(served) == b"short"


def test_the_enclaves_own_processes_have_threads_that_no_browser_gets(
    served: Served, many: Callable[..., list[socket.socket]]
) -> None:
    busy = many("/wait")
    end = time.monotonic() + SECONDS
    while len(list(served.file.parent.glob("waits-*"))) < THREADS:
        assert time.monotonic() < end, "not every thread is busy"
        time.sleep(0.01)
    with socket.socket(socket.AF_UNIX) as inside:
        inside.settimeout(SECONDS)
        inside.connect(str(served.path))
        inside.sendall(b"GET /short HTTP/1.0\r\nHost: portal\r\n\r\n")
        assert begins(inside), "browsers hold the threads of the enclave's own processes"
    served.file.touch()
    assert [whole(one)[-6:] for one in busy] == [b"waited"] * READERS


def test_enough_threads_are_left_for_pages() -> None:
    line = programs.portal(places)
    assert int(line[line.index("--threads") + 1]) / 2 >= workers.LONG_ANSWERS
