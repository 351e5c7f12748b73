"""A parser that misbehaves is a block, and harms neither the file beside it nor its parent."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from egress_review.screening import isolation
from egress_review.screening.inspection import Looked
from egress_review.screening.isolation import Bounds, side_by_side

BOUNDS = Bounds(256 << 20, 1 << 20)


def isolated(inspect: Callable[[], Any], seconds: float) -> Looked:
    """Return what comes of one inspection by itself."""
    return side_by_side({None: inspect}, lambda: seconds, BOUNDS, 1)[None]


@pytest.mark.parametrize(
    ("what", "misdeed"),
    [
        ("loops", "while True: pass"),
        ("sleeps", "import time; time.sleep(60)"),
        ("eats memory", "x = bytearray(8 << 30)"),
        ("recurses", "def f(): f()\nf()"),
        ("crashes", "import faulthandler, os; faulthandler.disable(); os.kill(os.getpid(), 11)"),
        ("leaves early", "import os; os._exit(0)"),
        ("raises", "raise ZeroDivisionError('secret')"),
        ("interrupts", "raise KeyboardInterrupt"),
        ("writes files", "open('/tmp/screening-wrote-this', 'w').write('x' * 10**6)"),
    ],
)
def test_a_parser_that_misbehaves_is_a_block(
    what: str, misdeed: str, capfd: pytest.CaptureFixture[str]
) -> None:
    def inspect() -> None:
        exec(misdeed, {})

    began = time.monotonic()
    looked = isolated(inspect, 2)
    assert looked.canonical is None
    assert [str(finding.severity) for finding in looked.findings] == ["block"]
    assert time.monotonic() - began < 20
    assert "secret" not in capfd.readouterr().err


def test_a_parser_that_takes_too_much_memory_is_told_so() -> None:
    def inspect() -> None:
        bytearray(1 << 30)

    looked = isolated(inspect, 5)
    assert "too much memory" in looked.findings[0].message


def test_a_parser_may_not_answer_with_more_than_a_copy() -> None:
    ours = set(os.listdir("/proc/self/fd"))

    def inspect() -> None:
        # Only the pipe for the answer: the test's own output must not be flooded.
        for descriptor in sorted(set(os.listdir("/proc/self/fd")) - ours):
            with contextlib.suppress(OSError):
                while True:
                    os.write(int(descriptor), b"\xff" * (1 << 20))

    looked = isolated(inspect, 5)
    assert looked.canonical is None


def found(what: str) -> Looked:
    return Looked(what, "text/plain", ".txt", b"", ())


def test_whoever_has_many_files_open_is_answered_too() -> None:
    with contextlib.ExitStack() as held:
        while held.enter_context(Path(os.devnull).open("rb")).fileno() < 1100:
            pass
        looked = isolated(lambda: found("seen"), 5)
    assert looked == found("seen")


def test_a_parser_that_hangs_or_floods_holds_up_no_other() -> None:
    def hang() -> Looked:
        time.sleep(60)
        return found("late")

    def flood() -> Looked:
        return Looked("flood", "text/plain", ".txt", bytes(8 << 20), ())

    quick = {f"quick {number}": lambda: found("quick") for number in range(4)}
    began = time.monotonic()
    seen = side_by_side({"hang": hang, "flood": flood, **quick}, lambda: 3.0, BOUNDS, 2)
    assert time.monotonic() - began < 20
    assert {key for key, looked in seen.items() if looked.kind == "quick"} == set(quick)
    assert [seen[key].findings[0].severity for key in ("hang", "flood")] == ["block", "block"]


def test_standing_in_line_for_a_processor_is_not_held_against_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def takes_two_seconds() -> Looked:
        time.sleep(2)
        return found("slow")

    def kind(**limits: float) -> str:
        bounds = Bounds(256 << 20, 1 << 20, **limits)
        return side_by_side({None: takes_two_seconds}, lambda: 1.9, bounds, 1)[None].kind

    assert kind() == "other"
    monkeypatch.setattr(isolation, "_in_line", lambda process: 60.0)
    assert kind() == "slow"
    # The end of the whole submission is kept, and no file has more than twice its time.
    assert kind(all_end_at=time.monotonic() + 1) == "other"
    assert side_by_side({None: takes_two_seconds}, lambda: 0.5, BOUNDS, 1)[None].kind == "other"


def test_the_kernel_says_how_long_a_process_stood_in_line() -> None:
    busy = [subprocess.Popen([sys.executable, "-c", PINNED]) for _ in range(2)]
    try:
        ends = time.monotonic() + 20
        while not all(isolation._in_line(one.pid) > 0.2 for one in busy):
            assert time.monotonic() < ends
            time.sleep(0.1)
        assert isolation._in_line(2**22 + 1) == 0.0
    finally:
        for one in busy:
            one.kill()
            one.wait()


def test_what_is_not_begun_has_no_answer() -> None:
    left = iter([3.0, 0.0])
    seen = side_by_side(
        {"a": lambda: found("a"), "b": lambda: found("b")}, lambda: next(left), Bounds(256 << 20, 1 << 20), 1
    )
    assert set(seen) == {"a"}


PINNED = """
import os
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
while True:
    pass
"""


FORGED = """
import os, time
from pathlib import Path
from egress_review.screening.inspection import Looked
from egress_review.screening.isolation import Bounds, closed, side_by_side

def honest():
    time.sleep(2)
    return Looked("honest", "text/plain", ".txt", b"", ())

def taken_over():
    time.sleep(0.5)
    tried = 0
    parent = os.getppid()
    beside = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    for process in [Path("/proc") / pid for pid in {str(parent), *beside} - {str(os.getpid())}]:
        tried += 0 if process.exists() else 100
        for handle in range(3, 12):
            try:
                with open(process / "fd" / str(handle), "wb", buffering=0) as pipe:
                    pipe.write(b"forged")
                    tried += 1
            except OSError:
                pass
        try:
            with open(process / "mem", "r+b"):
                tried += 1
        except OSError:
            pass
    return Looked(f"wrote {tried}", "text/plain", ".txt", b"", ())

if CLOSED:
    closed()
seen = side_by_side({"a": honest, "b": taken_over}, lambda: 10.0, Bounds(512 << 20, 1 << 20), 2)
print([seen[key].kind for key in "ab"])
"""


def test_a_parser_taken_over_reaches_neither_the_file_beside_it_nor_its_parent() -> None:
    other = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    done = subprocess.run(
        [sys.executable, "-c", FORGED.replace("CLOSED", "True")],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        **other,
    )
    assert done.stdout.strip() == "['honest', 'wrote 0']", done.stdout + done.stderr
