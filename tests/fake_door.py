"""A hand-in door for tests of what stands in a session: real parsing and limits, nothing behind it.

Uploads go through `egress_review.uploads`, as the real door's do; the answers' shape is held against the real
desk in tests/integration/workspace.
"""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from egress_review.uploads import Upload, UploadLimits
from egress_review.vault import Vault
from hub.errors import ParlatoryError

LIMITS = UploadLimits(files=5, file_bytes=20_000_000, total_bytes=30_000_000, free_bytes=0)
CONTEXT = {
    "person": {"id": "01p", "name": "Demo Researcher One"},
    "project": {"id": "01q", "slug": "pitch", "title": "Pitch"},
    "purpose": "prosody research",
    "datasets": [],
    "session": {
        "id": "01s",
        "ends_at": "2126-01-01T12:00:00+00:00",
        "budget_bytes": 8_000_000,
        "budget_left_bytes": 5_250_000,
    },
}


@dataclass
class FakeDoor:
    """What was handed in, and what the door says next."""

    vault: Vault
    limits: UploadLimits = LIMITS
    submissions: list[dict[str, Any]] = field(default_factory=list)
    fields: list[dict[str, str]] = field(default_factory=list)
    contents: dict[str, bytes] = field(default_factory=dict)
    # When set, every request is answered with this, whatever it is.
    says_instead: tuple[int, bytes] | None = None
    # Refuse an upload from its headers, as a door may, without reading what is still coming.
    hangs_up: bool = False

    def take(self, request: BaseHTTPRequestHandler) -> dict[str, Any]:
        """Take an upload in and return the receipt."""
        length = int(request.headers["Content-Length"])
        with Upload(self.vault, self.limits, request.headers["Content-Type"], length) as upload:
            while length:
                piece = request.rfile.read(min(length, 65_536))
                assert piece, "the body is shorter than its Content-Length"
                length -= len(piece)
                upload.feed(piece)
            upload.finish()
            self.fields.append(dict(upload.fields))
            files = []
            for arrived in upload.arrived:
                self.contents[arrived.name] = arrived.content.path.read_bytes()
                size, sha256 = arrived.content.size_bytes, arrived.content.sha256
                files.append({"name": arrived.name, "sha256": sha256, "bytes": size})
        number = f"01submission{len(self.submissions)}"
        title = upload.fields["title"]
        at = "2026-01-01T12:00:00+00:00"
        url = f"http://portal.localhost:8000/releases/{number}/"
        known = {"submission": number, "title": title, "state": "submitted", "submitted_at": at}
        self.submissions.insert(0, {**known, "findings": [], "url": url})
        return {"submission": number, "state": "submitted", "url": url, "files": files}


@contextmanager
def opened(folder: Path, socket: Path) -> Iterator[FakeDoor]:
    """Serve a door on `socket`, its files below `folder`."""
    vault = Vault(folder)
    vault.prepare()
    fake = FakeDoor(vault)
    server = _Server(str(socket), _handler(fake))
    socket.chmod(0o666)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        socket.unlink(missing_ok=True)


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = False
    block_on_close = True


def _handler(fake: FakeDoor) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def address_string(self) -> str:
            return "session"

        def log_message(self, *args: object) -> None:
            """Stay quiet."""

        def do_GET(self) -> None:
            known = {"/v1/context": CONTEXT, "/v1/submissions": fake.submissions}
            self._answer(200, known[self.path])

        def do_POST(self) -> None:
            if fake.hangs_up:
                self._answer(413, {"error": "A hand-in holds at most 30 MB; hand in less."})
                return
            try:
                assert self.path == "/v1/submissions"
                self._answer(201, fake.take(self))
            except ParlatoryError as error:
                self._answer(400, {"error": str(error)})

        def _answer(self, status: int, document: object) -> None:
            content = json.dumps(document).encode()
            if fake.says_instead is not None:
                status, content = fake.says_instead
            self.close_connection = True
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Handler
