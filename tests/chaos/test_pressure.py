"""Full disks, floods and slow ends: refused with a reason, bounded, and over when the pressure is."""

from __future__ import annotations

import os
import socket
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests import ports
from tests.chaos import power, world
from tests.chaos.book import Book
from tests.chaos.load import Load
from tests.chaos.world import World
from tests.integration.egress_review.stage import dial, get, hand_in, multipart

MIB = 1024**2
HEAD = "POST /v1/submissions HTTP/1.1\r\nHost: d\r\nContent-Type: multipart/form-data; boundary=line\r\n"
# More than what a door holds for one upload, far less than what is thrown at it.
MOST_GROWTH = 96 * MIB

GUNICORN = """
import sys
from gunicorn.app.wsgiapp import run
from hub.pages import workers
workers.HEAD_SECONDS = workers.BODY_SECONDS = 1.0
sys.argv = [
    "gunicorn", "hub.wsgi", "--bind", "127.0.0.1:{port}", "--worker-class", "hub.pages.workers.Bounded",
    "--workers", "1", "--threads", "4", "--timeout", "60", "--no-control-socket",
]
run()
"""

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def small() -> Iterator[World]:
    """A small enclave whose state lies on a disk of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="plt-", dir="/dev/shm") as at,
        tempfile.TemporaryDirectory(prefix="plt-") as run,
        power.disk(Path(at)) as (_, where),
        world.opened(Path(run), parent=where) as made,
    ):
        people(made).come_in()
        yield made


def people(small: World) -> Load:
    """Return the people of a small enclave."""
    return Load.of(small, seed=0)


def door(small: World, author: int = 0) -> Path:
    """Return an author's hand-in socket."""
    return small.stage.door(small.people["sessions"][author])


def free(small: World) -> int:
    """Return how much room the disk has."""
    facts = os.statvfs(small.stage.state)
    return facts.f_bavail * facts.f_frsize


@contextmanager
def filled(small: World, *, but: int) -> Iterator[Path]:
    """Fill the disk but for so many bytes."""
    filler = small.stage.state.parent / "filler"
    fill(filler, free(small) - but)
    try:
        yield filler
    finally:
        filler.unlink()


def fill(filler: Path, more: int) -> None:
    """Make a file so much longer, in real blocks that cost no memory."""
    with filler.open("ab") as out:
        at, step = out.tell(), max(more, 4096)
        while step >= 4096 and more > 0:
            try:
                os.posix_fallocate(out.fileno(), at, min(step, more))
                at, more = at + min(step, more), more - min(step, more)
            except OSError:
                step //= 2


def still_whole(small: World) -> None:
    """Demand that nothing is lost, half done or left over."""
    assert [*small.at_rest(), *small.broken(Book(), {})] == []


def memory(small: World, role: str) -> int:
    """Return the most memory that a process ever held, in bytes."""
    status = Path(f"/proc/{small.running[role].pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM:")).split()[1]) * 1024


def count(small: World) -> int:
    return int(small.ask("answer = Submission.objects.count()"))


def test_a_hand_in_that_has_no_room_is_refused_before_it_arrives(small: World) -> None:
    path, before = door(small), count(small)
    with filled(small, but=512 * MIB):
        answer = hand_in(path, multipart([("table.csv", b"a,1\n")]))
        assert (answer.status, "no room" in answer.document["error"]) == (413, True)
    assert count(small) == before
    assert hand_in(path, multipart([("table.csv", b"a,1\n")])).status == 201
    still_whole(small)


def test_a_disk_that_fills_while_a_file_arrives_leaves_nothing_half_and_says_why(small: World) -> None:
    path, before = door(small), count(small)
    body = multipart([("noise.csv", os.urandom(24 * MIB))])
    with filled(small, but=1024 * MIB + 32 * MIB) as filler, dial(path) as connected:
        connected.sendall(f"{HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body[: 2 * MIB])
        small.stage.until(lambda: bool(small.stage.incoming()), "the upload has begun")
        fill(filler, free(small) - 4 * MIB)
        connected.sendall(body[2 * MIB :])
        said = connected.recv(65536).decode()
        assert said.split(" ")[1] == "503", said
        assert "disk is full" in said
        small.stage.until(lambda: not small.stage.incoming(), "the half is forgotten")
    assert count(small) == before
    assert hand_in(path, body).status == 201
    still_whole(small)


def test_on_a_full_disk_the_portal_reads_on_and_says_why_it_writes_nothing(small: World) -> None:
    load = people(small)
    path, author = door(small), small.people["authors"][0]
    made = hand_in(path, multipart([("table.csv", b"a,1\n")])).document["submission"]
    with filled(small, but=0) as filler:
        emptied(small)
        fill(filler, free(small))
        status, page = load.get(author, "/releases/")
        assert (status, b"Vowel table" in page) == (200, True)
        status, page = refused(load, author, made)
        assert (status, b"disk is full" in page) == (503, True), page[:2000]
    # The worker moves what was handed in meanwhile; a page that is stale by then is refused, and sent again.
    withdraw = f"/releases/{made}/withdraw/"
    small.stage.until(lambda: load.takes(author, withdraw, {}), "what was handed in is withdrawn")
    still_whole(small)


def emptied(small: World) -> None:
    """Bring the database's journal to its file, so that the next write needs room."""
    known = sqlite3.connect(small.stage.state / "db" / "parlatory.sqlite3", timeout=10)
    with suppress(sqlite3.Error):
        known.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    known.close()


def refused(load: Load, author: list[Any], submission: str) -> tuple[int, bytes]:
    """Look at a page that writes each look down, until that is refused: old blocks may last a while."""
    for _ in range(400):
        status, page = load.get(author, f"/releases/{submission}/")
        if status != 200:
            return status, page
    raise AssertionError("the disk is full, and everything is written all the same")


def test_ten_thousand_tiny_files_are_refused_and_held_nowhere(small: World) -> None:
    path, before, held = door(small), count(small), memory(small, "door")
    answer = hand_in(path, multipart((f"t{number}.csv", b"1") for number in range(10_000)))
    assert (answer.status, "at most 50 files" in answer.document["error"]) == (413, True)
    assert memory(small, "door") - held < MOST_GROWTH
    assert count(small) == before
    small.stage.until(lambda: not small.stage.incoming(), "nothing stays")


def test_five_gigabytes_are_refused_by_their_length_alone(small: World) -> None:
    with dial(door(small)) as connected:
        connected.sendall(f"{HEAD}Content-Length: {5 * 1024**3}\r\n\r\n".encode())
        said = connected.recv(4096)
        assert said.startswith(b"HTTP/1.1 413")
        assert b"at most 500 MiB" in said and b"5,120 MiB" in said


def test_five_gigabytes_of_unknown_length_are_cut_and_held_nowhere(small: World) -> None:
    path, before, held = door(small), count(small), memory(small, "door")
    opening = multipart([("huge.csv", b"")])[: -len(b"\r\n--line--\r\n")]
    piece = b"%x\r\n" % MIB + b"\0" * MIB + b"\r\n"
    sent = 0
    with dial(path) as connected:
        connected.sendall(f"{HEAD}Transfer-Encoding: chunked\r\n\r\n".encode())
        connected.sendall(b"%x\r\n" % len(opening) + opening + b"\r\n")
        with suppress(OSError):
            while sent < 5 * 1024**3:
                connected.sendall(piece)
                sent += MIB
        said = connected.recv(4096)
        assert said.startswith(b"HTTP/1.1 413") and b"at most 500 MiB" in said
    assert sent <= 1024**3 + 16 * MIB, "all of it was taken"
    assert memory(small, "door") - held < MOST_GROWTH
    assert count(small) == before
    small.stage.until(lambda: not small.stage.incoming(), "nothing stays")


def test_a_slow_sender_is_cut_and_the_next_hand_in_of_its_session_comes_through(small: World) -> None:
    path = door(small, 1)
    body = multipart([("table.csv", b"a,1\n")])
    begun = f"{HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body[:40]
    with ExitStack() as stack:
        slow = stack.enter_context(dial(path, 60))
        slow.sendall(begun)

        def is_held() -> bool:
            nonlocal slow
            if hand_in(path, body).status == 429:
                return True
            # The other came first, or took so long that the slow one is cut already.
            slow = stack.enter_context(dial(path, 60))
            slow.sendall(begun)
            return False

        small.stage.until(is_held, "the door takes the slow one", seconds=30)
        # Ends of its own accord: the nursery's door waits a few seconds for a body, and not fifteen minutes.
        assert slow.recv(4096) == b""
    assert hand_in(path, body).status == 201


def test_readers_that_do_not_read_hold_up_nobody(small: World) -> None:
    path = door(small, 2)
    held = []
    for _ in range(8):
        connected = dial(path)
        connected.sendall(b"GET /v1/submissions HTTP/1.1\r\nHost: d\r\n\r\n" * 50)
        held.append(connected)
    try:
        assert get(path, "/v1/context").status == 200
        assert get(door(small, 0), "/v1/context").status == 200
    finally:
        for connected in held:
            connected.close()


def test_slow_senders_leave_the_portal_its_threads(small: World) -> None:
    """Real gunicorn with the enclave's own worker, in a hurry; more slow senders than it has threads."""
    port = small.stage.port + 1
    small.stage.start("-c", GUNICORN.format(port=port))
    load = people(small)
    load.port = port
    small.stage.until(lambda: ports.listens(port), "gunicorn listens", seconds=30)
    # The first request reads all the portal's code; it is not what this is about.
    small.stage.until(lambda: serves(load), "gunicorn serves", seconds=60)
    head = f"POST /releases/ HTTP/1.1\r\nHost: portal.localhost:{port}\r\n"
    slow = []
    for number in range(12):
        connected = socket.create_connection(("127.0.0.1", port))
        # Some stop in the middle of the headers, some in the middle of a body.
        rest = "Content-Length: 1000\r\n\r\nhalf" if number % 2 else "X-Slow: "
        connected.sendall((head + rest).encode())
        slow.append(connected)
    try:
        assert serves(load), "slow senders hold every thread of the portal"
    finally:
        for connected in slow:
            connected.close()


def serves(load: Load) -> bool:
    """Say whether the portal answers a page while its people are patient."""
    try:
        return load.get(load.people["authors"][0], "/releases/")[0] == 200
    except OSError:
        return False
