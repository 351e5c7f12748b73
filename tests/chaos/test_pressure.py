"""Full disks, floods and slow ends: refused with a reason, bounded, and over when the pressure is."""

from __future__ import annotations

import http.client
import io
import json
import os
import socket
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests import ports
from tests.chaos import power, world
from tests.chaos.book import Book
from tests.chaos.load import Load
from tests.chaos.memory import SHORT, short_of_memory
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


def answered(path: Path, body: bytes) -> tuple[int, str]:
    """Hand in, and return what the door answers, if it does: 0 where it cuts the connection."""
    with dial(path) as connected:
        with suppress(BrokenPipeError, ConnectionResetError):
            connected.sendall(f"{HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = http.client.HTTPResponse(connected)
        try:
            answer.begin()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""


def test_a_door_that_is_short_of_memory_loses_nothing_that_it_took(small: World) -> None:
    path, before, taken = door(small), count(small), 0
    body = multipart([("noise.csv", os.urandom(24 * MIB))])
    refusals = []
    for but in SHORT:
        if small.running["door"].ended(0):
            small.kill("door")
            small.start("door")
            door(small)
        with short_of_memory(small.running["door"].pid, but=but):
            status, said = answered(path, body)
        taken += status == 201
        refusals += [(status, said)] if status not in (0, 201) else []
    if small.running["door"].ended(0):
        small.kill("door")
        small.start("door")
    small.stage.until(lambda: hand_in(door(small), body).status == 201, "the door takes files again")
    # One may have been taken whose answer was cut.
    assert before + taken + 1 <= count(small) <= before + len(SHORT) + 1
    # Whichever part found no memory says so: the upload, the database, the policies' answer.
    assert all(status >= 400 and json.loads(said)["error"].endswith(".") for status, said in refusals), (
        refusals
    )
    still_whole(small)


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


@pytest.fixture(scope="module")
def gunicorn(small: World) -> tuple[Load, int]:
    """The people of a small enclave at a real gunicorn with the enclave's own worker, and its process."""
    port = small.stage.port + 1
    master = small.stage.start("-c", GUNICORN.format(port=port))
    load = people(small)
    load.port = port
    small.stage.until(lambda: ports.listens(port), "gunicorn listens", seconds=30)
    # The first request reads all the portal's code; it is not what this is about.
    small.stage.until(lambda: serves(load), "gunicorn serves", seconds=60)
    return load, master.pid


@contextmanager
def short_portal(small: World, gunicorn: tuple[Load, int], *, but: int) -> Iterator[None]:
    """Let the portal's worker be short of memory; afterwards it serves, or another that gunicorn started."""
    load, master = gunicorn
    children = Path(f"/proc/{master}/task/{master}/children")
    with short_of_memory(int(children.read_text().split()[0]), but=but):
        yield
    small.stage.until(lambda: serves(load), "the portal serves again", seconds=60)


def test_a_table_comes_in_whole_or_not_at_all_where_the_portal_is_short_of_memory(
    small: World, gunicorn: tuple[Load, int]
) -> None:
    load, admin = gunicorn[0], small.people["authors"][1]
    small.ask(f"RoleAssignment.objects.create(person_id={admin[0]!r}, role=Role.ADMIN); answer = 1")
    records = "answer = Training.objects.count()"
    email = small.ask(f"answer = Person.objects.get(pk={small.people['authors'][0][0]!r}).email")
    answers, before = [], small.ask(records)
    for number, but in enumerate((*SHORT, 1024 * MIB)):
        days = [date(2020 - number, 1, 1) + timedelta(days=day) for day in range(40)]
        rows = [f"{email},safe-researcher,{day},2030-01-01" for day in days]
        form = {"text": "\n".join(["email,course,completed_on,valid_until", *rows]), "confirmed": "on"}
        status = 0
        with short_portal(small, gunicorn, but=but), suppress(OSError, http.client.HTTPException):
            status, _ = load.posts(admin, "/provisioning/training/", form)
        answers.append(status)
        now = small.ask(records)
        assert now - before in ({40} if status == 302 else {0, 40}), status
        before = now
    assert answers[-1] == 302


def test_an_export_of_the_ledger_is_whole_or_seen_to_be_cut_where_the_portal_is_short_of_memory(
    small: World, gunicorn: tuple[Load, int]
) -> None:
    load, auditor = gunicorn[0], small.people["authors"][2]
    small.ask(
        f"RoleAssignment.objects.create(person_id={auditor[0]!r}, role=Role.AUDITOR)\n"
        "from django.db import transaction\nfrom hub.ledger import entries, publisher\n"
        "from hub.ledger.kinds import Kind\nwith transaction.atomic():\n"
        "    for number in range(500):\n"
        "        facts = {'what': 'n' * 4000}\n"
        "        entries.append(Kind.VIEWED, by='nobody', subject=str(number), facts=facts)\n"
        # While the enclave's own worker publishes, another does not, and the worker may have looked before.
        "import time\nwhile publisher.publish() is None:\n    time.sleep(0.1)\nanswer = 1"
    )
    whole = []
    for but in (*SHORT, 1024 * MIB):
        status, data = 0, b""
        with short_portal(small, gunicorn, but=but), suppress(OSError, http.client.HTTPException):
            status, data = load.get(auditor, "/ledger/export.zip?text=1")
        if status == 200:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                assert archive.testzip() is None
                assert archive.read("entries.jsonl").count(b"\n") >= 500
        whole.append((status, len(data)))
    assert whole[-1][0] == 200


def test_slow_senders_leave_the_portal_its_threads(small: World, gunicorn: tuple[Load, int]) -> None:
    """In a hurry; more slow senders than it has threads."""
    load, port = gunicorn[0], gunicorn[0].port
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
