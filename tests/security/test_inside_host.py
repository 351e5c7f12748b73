"""Attacks from a real kernel on what lies behind its session: the host's disk, and the host's sockets."""

from __future__ import annotations

import json
import secrets
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import docker
import pytest

from tests.enclave import Enclave, until
from tests.indoors import Inside, inside

__all__ = ["inside"]

pytestmark = pytest.mark.timeout(300)

MIB = 1 << 20
SAYS = "said by another socket"
# The server goes on listening where its socket was moved; a thread of the kernel puts it back when told to.
SWAP = """
import os, threading, time
own, kept, over = (f"/run/parlatory-in/{{name}}" for name in ("jupyter.sock", "kept.sock", "over"))
os.rename(own, kept)
os.symlink({target!r}, own)
def back():
    while not os.path.lexists(over):
        time.sleep(0.2)
    os.unlink(own)
    os.rename(kept, own)
threading.Thread(target=back).start()
print(os.readlink(own))
"""


def log_bytes(enclave: Enclave, session: str) -> int:
    """Return how much of the host's disk a session's output takes."""
    engine = docker.APIClient(version="auto")
    log = Path(engine.inspect_container(f"{enclave.places.enclave}-session-{session}")["LogPath"])
    engine.close()
    return sum(one.stat().st_size for one in log.parent.glob(f"{log.name}*"))


def test_a_flood_on_the_servers_output_fills_no_disk(inside: Inside, enclave: Enclave) -> None:
    flood = """
with open("/proc/1/fd/1", "w") as out:
    for _ in range(40):
        out.write("y" * (1 << 20) + "\\n")
print("flooded")
"""
    assert inside.say(flood, seconds=90) == "flooded"
    until(lambda: log_bytes(enclave, inside.session) > MIB // 2, seconds=10, what="the flood in the log")
    written = log_bytes(enclave, inside.session)
    assert written < 3 * MIB, f"{written} bytes of output lie on the host's disk"


@dataclass
class Other:
    """A socket of the host's that answers whoever connects, as another session's or Docker's would."""

    path: Path
    reached: int = 0
    _over: threading.Event = field(default_factory=threading.Event)

    def serve(self, listener: socket.socket) -> None:
        """Answer until told to stop."""
        # A document as the gate lets it out: the control alone stands in the way.
        body = json.dumps([{"id": str(uuid.uuid4()), "name": SAYS}]).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        listener.settimeout(0.1)
        while not self._over.is_set():
            try:
                with listener.accept()[0] as caller:
                    self.reached += 1
                    caller.recv(65536)
                    caller.sendall(head.encode() + body)
            except (TimeoutError, ConnectionError):
                continue

    def stop(self) -> None:
        """Answer nobody any more."""
        self._over.set()


@contextmanager
def other(enclave: Enclave) -> Iterator[Other]:
    """Listen on a socket that everybody on the host may use, the gate's user too."""
    folder = enclave.places.run / f"test-{secrets.token_hex(4)}"
    folder.mkdir(mode=0o755)
    there = Other(folder / "docker.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(there.path))
        listener.listen()
        there.path.chmod(0o666)
        thread = threading.Thread(target=there.serve, args=(listener,))
        thread.start()
        try:
            yield there
        finally:
            there.stop()
            thread.join()
    there.path.unlink()
    folder.rmdir()


def test_a_symlink_in_the_sockets_place_leads_to_no_socket_of_the_hosts(
    inside: Inside, enclave: Enclave
) -> None:
    kernels = inside.base + "api/kernels"
    with other(enclave) as there:
        with socket.socket(socket.AF_UNIX) as same:
            same.connect(str(there.path))
            same.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert SAYS in same.recv(65536).decode()
        assert inside.say(SWAP.format(target=str(there.path))) == str(there.path)
        try:
            status, text = inside.fetch(kernels)
            assert SAYS not in text, f"the browser reads what was {SAYS}: {status} {text}"
            assert status == 502 and there.reached == 1, f"{status}, reached {there.reached} times"
        finally:
            (enclave.places.session(inside.session) / "in" / "over").touch()
            until(
                lambda: inside.fetch(kernels)[0] == 200 and SAYS not in inside.fetch(kernels)[1],
                seconds=30,
                what="the session's own server answers again",
            )
