"""What a client does not read: held and sent later, cut after its time, and never more than fits."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from threading import BoundedSemaphore

import pytest

from hub.pages import outgoing
from hub.pages.outgoing import Drain, Outgoing

# More than a pair of sockets holds.
PAGE = b"p" * 900_000


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A server's socket and its client's."""
    server, client = socket.socketpair()
    client.settimeout(5)
    with server, client:
        yield server, client


@pytest.fixture
def drain() -> Iterator[Drain]:
    """What sends later, closed after the test."""
    made = Drain()
    yield made
    made.close()


def answer(server: socket.socket, data: bytes, *, places: int = 1) -> Outgoing:
    made = Outgoing(server, BoundedSemaphore(places) if places else _none())
    made.sendall(data)
    return made


def _none() -> BoundedSemaphore:
    made = BoundedSemaphore(1)
    made.acquire()
    return made


def drained(drain: Drain, client: socket.socket) -> bytes:
    """Read all that a client gets while the drain works."""
    client.setblocking(False)
    found = bytearray()
    for _ in range(1000):
        drain.step(0.01)
        try:
            piece = client.recv(65536)
        except BlockingIOError:
            continue
        if not piece:
            return bytes(found)
        found += piece
    raise AssertionError("it never ends")


def test_what_is_not_read_is_held_and_sent_later(
    pair: tuple[socket.socket, socket.socket], drain: Drain
) -> None:
    server, client = pair
    made = answer(server, PAGE)
    assert 0 < len(made.held) < len(PAGE)
    drain.take(server, made.held)
    assert drained(drain, client) == PAGE


def test_a_client_that_takes_too_long_is_cut(
    pair: tuple[socket.socket, socket.socket], drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, client = pair
    monkeypatch.setattr(outgoing, "TAKE_SECONDS", 0.0)
    drain.take(server, bytearray(PAGE))
    drain.step(0.01)
    assert len(drained(drain, client)) < len(PAGE)


def test_a_client_that_does_not_close_is_closed(
    pair: tuple[socket.socket, socket.socket], drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, client = pair
    monkeypatch.setattr(outgoing, "CLOSE_SECONDS", 0.0)
    drain.take(server, bytearray(b"all"))
    drain.step(0.01)
    drain.step(0.01)
    assert client.recv(10) == b"all"
    with pytest.raises(BrokenPipeError):
        client.sendall(b"more")


@pytest.mark.parametrize(("name", "value"), [("CLIENTS", 1), ("ALL_BYTES", len(PAGE))])
def test_who_is_slow_the_longest_goes_first(
    name: str, value: int, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, name, value)
    pairs = [socket.socketpair() for _ in range(2)]
    for server, _ in pairs:
        drain.take(server, bytearray(PAGE))
    drain.step(0.01)
    (_, first), (_, second) = pairs
    assert drained(drain, second) == PAGE
    assert drained(drain, first) == b""
    first.close()
    second.close()


def test_a_long_answer_is_cut_where_too_many_wait(pair: tuple[socket.socket, socket.socket]) -> None:
    server, _ = pair
    with pytest.raises(BrokenPipeError):
        answer(server, PAGE * 2, places=0)


def test_a_long_answer_waits_so_long_and_gives_its_place_back(
    pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "TAKE_SECONDS", 0.05)
    server, _ = pair
    places = BoundedSemaphore(1)
    for _ in range(2):
        with pytest.raises(BrokenPipeError):
            Outgoing(server, places).sendall(PAGE * 2)
