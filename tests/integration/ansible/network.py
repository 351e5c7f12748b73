"""A network of the test's own; nothing of it is left when the processes at it have ended."""

from __future__ import annotations

import ctypes
import os
import socket
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.integration.ansible.conftest import Root

CLONE_NEWNET = 0x40000000
# Addresses that are for examples; .1 is whoever asks from outside.
SWITCH = """
ip link set lo up
ip link add switch type bridge
ip address add 192.0.2.1/24 dev switch
ip link set switch up
echo in
exec cat
"""


@dataclass(frozen=True)
class Network:
    """A switch, and a place at it from where browsers come."""

    leader: int

    def run(self, *command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command from outside of the hosts."""
        enter = ["nsenter", f"--net=/proc/{self.leader}/ns/net"]
        return subprocess.run([*enter, *command], check=False, capture_output=True, text=True, input=stdin)

    def plug(self, root: Root, number: int) -> None:
        """Give a host its address, 192.0.2.<number>."""
        end = f"host{number}"
        self._ip(f"link add {end} type veth peer name eth0 netns {root.leader}")
        self._ip(f"link set {end} master switch up")
        inside = ["nsenter", f"--net=/proc/{root.leader}/ns/net", "ip"]
        for words in (
            "link set lo up",
            f"address add 192.0.2.{number}/24 dev eth0",
            "link set eth0 up",
            "route add default via 192.0.2.1",
        ):
            subprocess.run([*inside, *words.split()], check=True)

    def _ip(self, words: str) -> None:
        done = self.run("ip", *words.split())
        assert done.returncode == 0, done.stderr

    @contextmanager
    def lending(self, *mirrors: str) -> Iterator[dict[str, str]]:
        """Stand here for these mirrors and pass on what is sent to them; return the address of each name."""
        lent = {}
        ways = set()
        for url in mirrors:
            parts = urlsplit(url)
            assert parts.hostname
            port = parts.port or {"http": 80, "https": 443}[parts.scheme]
            lent[parts.hostname] = str(socket.getaddrinfo(parts.hostname, port, socket.AF_INET)[0][4][0])
            # Two names may have one address: who is meant stands in what is sent.
            ways.add((lent[parts.hostname], port))
        for address in {address for address, _ in ways}:
            self._ip(f"address add {address}/32 dev switch")
        with ExitStack() as relays:
            for address, port in sorted(ways):
                relays.enter_context(self._relay(address, port))
            yield lent

    @contextmanager
    def _relay(self, address: str, port: int) -> Iterator[None]:
        made: list[socketserver.ThreadingTCPServer] = []

        def listen() -> None:
            # A socket stays in the network of the thread that made it; what answers it is in ours.
            with open(f"/proc/{self.leader}/ns/net") as net:
                assert ctypes.CDLL(None, use_errno=True).setns(net.fileno(), CLONE_NEWNET) == 0
            made.append(Relay((address, port), relay_to(address, port)))

        maker = threading.Thread(target=listen)
        maker.start()
        maker.join()
        (server,) = made
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()


class Relay(socketserver.ThreadingTCPServer):
    """Takes connections and waits for none of them at its end."""

    daemon_threads = True
    block_on_close = False


def relay_to(address: str, port: int) -> type[socketserver.BaseRequestHandler]:
    """Return what passes bytes on in both directions."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection((address, port), timeout=60) as there:
                back = threading.Thread(target=pour, args=(there, self.request), daemon=True)
                back.start()
                pour(self.request, there)
                back.join()

    return Handler


def pour(source: socket.socket, target: socket.socket) -> None:
    """Pass on all that comes until there is no more."""
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        # One of the two hung up; apt asks again.
        return


@contextmanager
def network() -> Iterator[Network]:
    """Make a network; it ends with the process that holds it, which ends with the test."""
    words = ["setpriv", "--pdeathsig=KILL", "unshare", "--net", "sh", "-ec", SWITCH]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    ) as holder:
        try:
            assert holder.stdout is not None and holder.stdout.readline() == "in\n"
            yield Network(holder.pid)
        finally:
            holder.kill()
