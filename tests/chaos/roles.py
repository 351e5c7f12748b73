"""What each process of the small enclave does: the enclave's own code, and an engine without Docker."""

from __future__ import annotations

import asyncio
import json
import shutil
import socketserver
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from random import Random
from socketserver import ThreadingMixIn, UnixStreamServer
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from hub.places import places

# A file of this name is what the stand-in's screening blocks.
BLOCKED = "voices.csv"
LONGEST_SCREENING_SECONDS = 0.15


def hurry() -> None:
    """Shorten what waits for a clock, so that a run of hundreds of kills takes minutes."""
    from egress_review import door, releases, screenings, worker

    door.POLL_SECONDS = 0.1
    worker.POLL_SECONDS, worker.RENEW_SECONDS, worker.SWEEP_SECONDS = 0.05, 0.3, 2.0
    screenings.LEASE_SECONDS, screenings.RETRY_SECONDS = 1.5, 0.3  # type: ignore[assignment]  # half a second
    releases.LEFT_SECONDS, releases.AGAIN_SECONDS = 1, 1
    asked = door.Door.__init__.__kwdefaults__
    asked["body_seconds"], asked["idle_seconds"] = 8.0, 8.0


def door() -> None:
    """Take files in."""
    from egress_review.door import serve

    asyncio.run(serve())


def worker() -> None:
    """Screen, and finish what was left."""
    from egress_review.worker import main

    main()


def publisher() -> None:
    """Publish the ledger, again and again."""
    from django.db import connections

    from hub.ledger.publisher import publish

    while True:
        publish()
        connections.close_all()
        time.sleep(0.05)


class Pages(ThreadingMixIn, WSGIServer):
    """The portal's WSGI application on its port."""

    daemon_threads = True
    request_queue_size = 64


class Quiet(WSGIRequestHandler):
    """Writes no line a request."""

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


def portal() -> None:
    """Serve the pages."""
    from hub.wsgi import application

    server = Pages(("127.0.0.1", places.port("portal")), Quiet)
    server.set_app(application)
    server.serve_forever()


class Dock(ThreadingMixIn, UnixStreamServer):
    """The engine's socket."""

    daemon_threads = True


class Screening(BaseHTTPRequestHandler):
    """Answers as the engine does, and screens by the files' names."""

    def do_POST(self) -> None:
        """Screen: a verdict and canonical copies where the engine leaves them."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        time.sleep(Random().uniform(0, LONGEST_SCREENING_SECONDS))
        out = screened(asked["id"])
        self._answer({"outcome": "finished", "exit_code": 0, "out": str(out)})

    def do_DELETE(self) -> None:
        """Forget a screening."""
        shutil.rmtree(places.run / "screenings" / self.path.rsplit("/", 1)[1], ignore_errors=True)
        self._answer({})

    def address_string(self) -> str:
        """A unix socket's other end has no address."""
        return "worker"

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""

    def _answer(self, document: object) -> None:
        data = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def screened(submission: str) -> Path:
    """Write the answer of a screening and return its folder."""
    given = places.state / "vault" / "screening" / submission / "in"
    out = places.run / "screenings" / submission / "out"
    out.mkdir(parents=True)
    judged, findings = [], []
    for file in json.loads((given / "request.json").read_text())["files"]:
        passes = file["name"] != BLOCKED
        judged.append(
            {"id": file["id"], "kind": "table", "media_type": "text/csv", "canonical": passes}
            | ({"canonical_name": file["name"], "canonical_bits": 1.0} if passes else {})
        )
        if passes:
            (out / file["id"]).write_bytes(canonical((given / file["id"]).read_bytes()))
        else:
            said = {"check": "names", "severity": "block", "where": "", "message": "Voices stay.", "fix": ""}
            findings.append({"file": file["id"], **said})
    outcome = "block" if findings else "pass"
    verdict = {"version": 2, "outcome": outcome, "files": judged, "findings": findings}
    (out / "verdict.json").write_text(json.dumps(verdict))
    return out


def canonical(data: bytes) -> bytes:
    """Return what the stand-in rebuilds of a table."""
    return b"canonical\r\n" + data.replace(b"\n", b"\r\n")


def engine() -> None:
    """Screen without Docker; what a killed one left is cleared first, as the real one does."""
    shutil.rmtree(places.run / "screenings", ignore_errors=True)
    places.engine_socket.parent.mkdir(exist_ok=True)
    places.engine_socket.unlink(missing_ok=True)
    socketserver.BaseServer.handle_error = lambda *_: None  # type: ignore[method-assign]  # a cut-off asker
    with Dock(str(places.engine_socket), Screening) as server:
        server.serve_forever()


ROLES: dict[str, Callable[[], None]] = {
    "door": door,
    "worker": worker,
    "publisher": publisher,
    "portal": portal,
    "engine": engine,
}
