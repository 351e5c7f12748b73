"""What each host lets in, tried port by port with somebody who listens at each."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.integration.ansible.conftest import Root
from tests.integration.ansible.network import Network

# The last is nobody's; 8080 on the enclave is what a container of somebody's would publish.
PORTS = (22, 80, 443, 5432, 8080, 8443, 9999)
PUBLISHED = 8080
FOREIGN = """
table ip others {
    chain prerouting {
        type nat hook prerouting priority dstnat;
        tcp dport 8080 dnat to 192.0.2.11:22
    }
    chain postrouting {
        type nat hook postrouting priority srcnat;
        masquerade
    }
}
"""
LISTEN = """
import json, os, signal, socket, sys
kept = []
for port in json.loads(sys.argv[1]):
    one = socket.socket()
    try:
        one.bind(("0.0.0.0", port))
    except OSError:  # what runs there answers by itself
        continue
    one.listen()
    kept.append(one)
if child := os.fork():
    print(child)
else:
    for stream in (0, 1, 2):
        os.dup2(os.open(os.devnull, os.O_RDWR), stream)
    signal.pause()
"""
REACH = """
import asyncio, json, sys
async def reached(address, port):
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(address, port), 3)
    except OSError:
        return None
    writer.close()
    return port
async def main(addresses, ports):
    ways = [[reached(address, port) for port in ports] for address in addresses]
    found = await asyncio.gather(*(asyncio.gather(*way) for way in ways))
    print(json.dumps([[port for port in way if port] for way in found]))
asyncio.run(main(*json.loads(sys.argv[1])))
"""
UNIT = Path("etc/systemd/system/parlatory-firewall.service")


@contextmanager
def listening(roots: Mapping[str, Root]) -> Iterator[None]:
    """Have somebody listen at each port of each host."""
    with ExitStack() as ends:
        for root in roots.values():
            ran = root.run("python3", "-c", LISTEN, json.dumps(PORTS))
            assert ran.returncode == 0, ran.stderr
            ends.callback(root.run, "sh", "-c", f"kill {ran.stdout.strip()}")
        yield


def publish(enclave: Root) -> None:
    """Pass a port of the enclave's on to another host, as Docker passes one on to a container."""
    assert enclave.run("nft", "-f", "-", stdin=FOREIGN).returncode == 0
    assert enclave.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward").returncode == 0


def unit(root: Root, does: str) -> None:
    """Do what the unit does, for there is no systemd."""
    (words,) = re.findall(rf"^Exec{does}=-?(.+)$", (root.folder / UNIT).read_text(), re.MULTILINE)
    ran = root.run(*words.split())
    assert ran.returncode == 0, ran.stderr


def tables(root: Root) -> list[str]:
    """Return the tables of a host's rules."""
    return root.run("nft", "list", "tables").stdout.splitlines()


def reached(
    roots: Mapping[str, Root], network: Network, addresses: Mapping[str, str]
) -> dict[tuple[str, str], set[int]]:
    """Return which ports each host, and somebody outside, reaches of each other host."""
    found = {}
    for who in ("outside", *roots):
        others = [name for name in roots if name != who]
        asked = json.dumps([[addresses[name] for name in others], PORTS])
        if who == "outside":
            ran = network.run(sys.executable, "-c", REACH, asked)
        else:
            ran = roots[who].run("python3", "-c", REACH, asked)
        assert ran.returncode == 0, ran.stderr
        for name, ports in zip(others, json.loads(ran.stdout), strict=True):
            found[who, name] = set(ports)
    return found
