"""An engine's stand-in that screens nothing: it passes every file but one by its name; for throw-away states.

`python -m hub.bench.unsafe_screening` serves it in place of the engine, where a measurement has no Docker.
"""

from __future__ import annotations

import json
import shutil
import socketserver
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from random import Random
from socketserver import ThreadingMixIn, UnixStreamServer

from hub.bench import ground
from hub.places import places

# A file of this name is what the stand-in blocks.
BLOCKED = "voices.csv"
LONGEST_SECONDS = 0.15


class Dock(ThreadingMixIn, UnixStreamServer):
    """The engine's socket."""

    daemon_threads = True


class Screening(BaseHTTPRequestHandler):
    """Answers as the engine does, and screens by the files' names."""

    def do_POST(self) -> None:
        """Screen: a verdict and canonical copies where the engine leaves them."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        time.sleep(Random().uniform(0, LONGEST_SECONDS))  # noqa: S311 - a pause, no secret
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


def serve() -> None:
    """Answer in the engine's place; what a killed one left is cleared first, as the real one does."""
    shutil.rmtree(places.run / "screenings", ignore_errors=True)
    places.engine_socket.parent.mkdir(exist_ok=True)
    places.engine_socket.unlink(missing_ok=True)
    socketserver.BaseServer.handle_error = lambda *_: None  # type: ignore[method-assign]  # a cut-off asker
    with Dock(str(places.engine_socket), Screening) as server:
        server.serve_forever()


def main() -> None:
    """Serve, in a measurement's own state folder and nowhere else."""
    ground.require(places, why="real files are really screened")
    serve()


if __name__ == "__main__":
    main()
