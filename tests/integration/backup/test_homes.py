"""Homes: real ext4 file systems, copied while somebody writes in them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.backup import freezer, homes, restoring, writing
from hub.backup.failure import BackupFailed
from hub.backup.restoring import Wish
from hub.engine import homes as engine_homes
from tests import statefolder
from tests.enclave import until
from tests.statefolder import Enclave

WORKSPACE = "w1"
# Each line is on the disk in the first file before it is in the second: a copy of one moment shows no other.
WRITES = """
import os, sys, itertools
a, b = (open(f"{sys.argv[1]}/{name}", "wb", buffering=0) for name in "ab")
for number in itertools.count():
    for file in (a, b):
        file.write(b"%08d\\n" % number)
        os.fsync(file.fileno())
"""


@pytest.fixture
def enclave(tmp_path: Path) -> Iterator[Enclave]:
    made = statefolder.make(tmp_path)
    (made.places.run / "homes").mkdir(parents=True)
    engine_homes.mount(made.places, WORKSPACE, uid=0, size_bytes=64 * 2**20)
    yield made
    engine_homes.unmount(made.places, WORKSPACE)


@pytest.fixture
def writer(enclave: Enclave) -> Iterator[subprocess.Popen[bytes]]:
    folder = engine_homes.point(enclave.places, WORKSPACE)
    running = subprocess.Popen([sys.executable, "-c", WRITES, str(folder)])
    written = folder / "b"
    until(lambda: written.exists() and written.stat().st_size, seconds=30, what="it writes")
    yield running
    running.kill()
    running.wait()


def lines(path: Path) -> int:
    content = path.read_bytes()
    assert content == b"".join(b"%08d\n" % number for number in range(len(content) // 9)), "torn"
    return len(content) // 9


def test_a_home_in_use_is_copied_at_one_moment(enclave: Enclave, writer: subprocess.Popen[bytes]) -> None:
    folder = engine_homes.point(enclave.places, WORKSPACE)
    file = enclave.places.checkout / "b"
    writing.make(
        enclave.places, file, recipients=[enclave.key.to_public()], with_datasets=False, say=lambda _: None
    )
    at_backup = lines(folder / "b")
    until(lambda: lines(folder / "b") > at_backup, seconds=30, what="the session is let go on")
    assert writer.poll() is None
    new = statefolder.elsewhere(enclave, "new")
    (new.places.run / "homes").mkdir(parents=True)
    restoring.restore(
        new.places, file, keys=[enclave.key], wish=Wish(without_checkpoint=True), say=lambda _: None
    )
    image = engine_homes.image(new.places, WORKSPACE)
    header = subprocess.run(["/usr/sbin/dumpe2fs", "-h", str(image)], capture_output=True, check=True).stdout
    assert b"needs_recovery" not in header, "what was written is left to its journal"
    fsck = ["/usr/sbin/e2fsck", "-f", "-n", str(image)]
    assert subprocess.run(fsck, capture_output=True, check=False).returncode == 0, "not whole without repair"
    back = engine_homes.mount(new.places, WORKSPACE, uid=0, size_bytes=64 * 2**20)
    try:
        first, second = lines(back / "a"), lines(back / "b")
    finally:
        engine_homes.unmount(new.places, WORKSPACE)
    assert first - second in (0, 1)
    assert 0 < second <= at_backup


def test_a_home_that_wakes_while_it_is_copied_is_copied_again(
    enclave: Enclave, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine_homes.unmount(enclave.places, WORKSPACE)
    copied: list[Path] = []
    plain = homes._copy

    def wakes(source: Path, target: Path) -> None:
        plain(source, target)
        copied.append(target)
        if len(copied) == 1:
            engine_homes.mount(enclave.places, WORKSPACE, uid=0, size_bytes=64 * 2**20)

    monkeypatch.setattr(homes, "_copy", wakes)
    homes.copy(enclave.places, WORKSPACE, tmp_path / "copy")
    assert len(copied) == 2


def test_a_home_is_let_go_when_the_backup_dies(enclave: Enclave) -> None:
    folder = engine_homes.point(enclave.places, WORKSPACE)
    code = (
        "import sys, pathlib, time; from hub.backup import freezer\n"
        "with freezer.still(pathlib.Path(sys.argv[1])):\n"
        "    print('still', flush=True); time.sleep(60)"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True, env=os.environ
    )
    assert child.stdout
    assert child.stdout.readline() == "still\n"
    wrote = threading.Thread(target=(folder / "x").write_text, args=("x",))
    wrote.start()
    wrote.join(0.5)
    assert wrote.is_alive(), "the home was not held still"
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    wrote.join(10)
    assert not wrote.is_alive(), "a dead backup holds a session for ever"


def test_no_session_is_held_for_longer_than_the_limit(enclave: Enclave) -> None:
    folder = engine_homes.point(enclave.places, WORKSPACE)
    began = time.monotonic()
    with pytest.raises(BackupFailed, match="not held up for longer"), freezer.still(folder, seconds=1):
        (folder / "x").write_text("waits until it is let go")
    assert 0.9 < time.monotonic() - began < 10
