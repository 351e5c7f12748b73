"""The engine under malformed requests and forged grants: none crashes it, none gets as far as Docker."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hub import ids
from hub.engine import server
from hub.engine.dock import Docker
from hub.engine.owners import Owners
from hub.engine.screenings import Screenings
from hub.engine.sessions import Sessions
from hub.grant import CONTEXT, Grant, Mount, sign
from hub.places import Places, from_environment
from tests.engine_room import served
from tests.fuzz import noise, trial
from tests.fuzz.trial import Report

HOST = b"Host: engine\r\n"
CLOSE = b"Connection: close\r\n"
HEADERS = (HOST, b"Content-Type: application/json\r\n", CLOSE)


@dataclass
class NoDocker:
    """Stands where Docker's API is asked: a grant that gets here was taken for good."""

    reached: int = 0

    def has_image(self, _tag: str) -> bool:
        """Note that somebody came this far, and let nobody further."""
        self.reached += 1
        return False

    def list(self, _enclave: str, _label: str) -> list[Any]:
        """Show no container."""
        return []

    def find(self, _name: str) -> None:
        """Find no container."""

    def hands_gpus_in(self) -> bool:
        """Answer as an engine without GPUs."""
        return False

    def version(self) -> str:
        """Answer as an engine that is well."""
        return "0"


@dataclass(frozen=True)
class Stage:
    """An engine on a socket of its own, and the portal's key."""

    places: Places
    key: Ed25519PrivateKey
    docker: NoDocker

    def grant(self) -> Grant:
        """Return a grant that the engine would take, were it signed and well formed."""
        now = datetime.now(UTC)
        source = f"{self.places.state}/datasets/talk/1"
        return Grant(
            id=ids.new(), session=ids.new(), person=ids.new(), project="a-project", workspace=ids.new(),
            server="a-server", uid=200_042, image="parlatory/workspace:0123abcd",
            mounts=(Mount("talk", "1", source, "/data/talk/1"),), home_bytes=64 << 20, memory_bytes=128 << 20,
            cpus=1.0, pids=40, issued_at=now, start_before=now + timedelta(minutes=1),
            ends_at=now + timedelta(hours=1), decision=ids.new(),
        )  # fmt: skip

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection to the engine."""
        return await asyncio.open_unix_connection(str(self.places.engine_socket))


@contextmanager
def stage() -> Iterator[Stage]:
    """Yield an engine whose only caller is this process, and behind which no Docker is."""
    with tempfile.TemporaryDirectory(prefix="fuzz-engine-") as name:
        folder = Path(name)
        places = replace(from_environment(), state=folder / "state", run=folder / "run")
        for one in (places.state / "keys", places.state / "datasets/talk/1", places.engine_socket.parent):
            one.mkdir(parents=True)
        key = Ed25519PrivateKey.generate()
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (places.state / "keys/grant.pub").write_bytes(public)
        made = Stage(places, key, NoDocker())
        with _served(made):
            yield made


@contextmanager
def _served(made: Stage) -> Iterator[None]:
    docker = cast(Docker, made.docker)
    with ThreadPoolExecutor(4) as pool, ThreadPoolExecutor(1) as slow:
        engine = server.Engine(
            docker=docker,
            sessions=Sessions(docker, made.places, Owners()),
            screenings=Screenings(docker, made.places, Owners()),
            callers=lambda: {os.geteuid(): "hub"},
            pool=pool,
            slow_pool=slow,
        )
        with served(engine, made.places.engine_socket):
            yield


def run(*, seed: int, count: int, start: int = 0) -> Report:
    """Try so many cases; each must be refused by a sentence or a closed connection."""
    report = Report()
    with stage() as made, trial.listening() as errors:
        asyncio.run(_run(made, errors, report, seed=seed, count=count, start=start))
    return report


async def _run(made: Stage, errors: Any, report: Report, *, seed: int, count: int, start: int) -> None:
    for batch in trial.picks(seed, start, count):
        where = f"seed {seed}, cases {batch[0][0]} to {batch[-1][0]}"
        before = made.docker.reached
        answers = await trial.together(made.connect, [_case(made, pick) for _, pick in batch])
        for raw in answers:
            report.answered(raw)
            report.faults += [f"{where}: {wrong}" for wrong in _wrong(raw)]
        if made.docker.reached != before:
            report.faults.append(f"{where}: a grant that the portal never gave got as far as Docker")
        report.faults += [f"{where}: {line}" for line in errors()]
        report.faults += [f"{where}: {wrong}" for wrong in await _still_well(made)]
        report.cases += len(batch)


def _wrong(raw: bytes) -> Iterator[str]:
    if raw == b"hung":
        yield "the engine neither answered nor closed the connection"
    status = raw[9:12]
    if raw and (not raw.startswith(b"HTTP/1.1 ") or status == b"500"):
        yield f"answered {raw[:200]!r}"
    if status == b"201":
        yield "a session was started"


async def _still_well(made: Stage) -> list[str]:
    """Say what an honest caller misses: health, and a grant that is taken once."""
    health = await trial.answer(made.connect, noise.request(b"GET", b"/health", (HOST, CLOSE)))
    before = made.docker.reached
    body = json.dumps({"grant": sign(made.grant(), made.key)}).encode()
    await trial.answer(made.connect, noise.request(b"POST", b"/sessions", HEADERS, body))
    wrong = []
    if not health.startswith(b"HTTP/1.1 200"):
        wrong.append(f"the engine's health is {health[:100]!r}")
    if made.docker.reached != before + 1:
        wrong.append("an honest grant was not taken")
    return wrong


def _case(made: Stage, pick: random.Random) -> bytes:
    """Return one request: a grant that is not the portal's, or a request that is none."""
    if pick.random() < 0.7:
        body = json.dumps({"grant": _forged(made, pick)}).encode()
        if pick.random() < 0.1:
            body = noise.garbled(body, pick)
        return noise.request(b"POST", b"/sessions", HEADERS, body)
    target = pick.choice(
        (
            b"/sessions",
            b"/health",
            b"/screenings",
            b"/sessions/" + b"a" * 26,
            b"/sessions/%s/log" % (b"a" * 26),
        )
    )
    method = pick.choice((b"GET", b"POST", b"DELETE"))
    forged = json.dumps({"grant": _forged(made, pick), "id": "a" * 26}).encode()
    return noise.malformed(method, target, HEADERS, forged, pick)


def _forged(made: Stage, pick: random.Random) -> object:
    """Return what is not a grant of the portal's: altered, signed by others, signed for something else."""
    honest = sign(made.grant(), made.key)
    payload, _, signature = honest.partition(".")
    other = sign(made.grant(), Ed25519PrivateKey.generate())
    ways = pick.randrange(8)
    if ways == 0:
        return f"{payload}.{other.partition('.')[2]}"
    if ways == 1:
        return f"{other.partition('.')[0]}.{signature}"
    if ways == 2:
        return other
    if ways == 3:
        # Signed, but without the words that say what is signed.
        raw = _decoded(payload)
        return f"{payload}.{_encoded(made.key.sign(raw))}"
    if ways == 4:
        return pick.choice(noise.VALUES)
    if ways == 5:
        flipped = bytearray(_decoded(pick.choice((payload, signature))))
        flipped[pick.randrange(len(flipped))] ^= 1 << pick.randrange(8)
        return (
            f"{_encoded(bytes(flipped))}.{signature}"
            if pick.random() < 0.5
            else f"{payload}.{_encoded(bytes(flipped))}"
        )
    if ways == 6:
        return pick.choice((" ", "\n", "=", "!", "é", "..", "\0")).join((payload, signature))
    return _misshapen(made, pick)


def _misshapen(made: Stage, pick: random.Random) -> str:
    """Return a grant with the portal's own signature over a document that no grant may be."""
    document: Any = json.loads(_decoded(sign(made.grant(), made.key).partition(".")[0]))
    name = pick.choice(sorted(set(document) - {"project", "decision", "issued_at"}))
    # A date without its time may well be a server's name, and no mount at all may be granted.
    wrong = [value for value in noise.VALUES if value not in ("2026-01-01", [])] + [document["id"] + "/.."]
    document[name] = pick.choice(wrong)
    if pick.random() < 0.2:
        document |= {"privileged": True}
    if pick.random() < 0.1:
        document = pick.choice(noise.VALUES)
    payload = json.dumps(document).encode()
    if pick.random() < 0.1:
        payload = payload[: pick.randrange(len(payload))]
    return f"{_encoded(payload)}.{_encoded(made.key.sign(CONTEXT + payload))}"


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
