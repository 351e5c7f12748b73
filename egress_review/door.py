"""The hand-in door: one unix socket for each live session, and nothing else that a session can reach.

`python -m egress_review.door` runs as parlatory-door. It writes into the host's side of a session's `out`
folder, which the container sees read-only, and opens nothing that a container could have made.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream
from tornado.netutil import bind_unix_socket
from tornado.web import Application

from egress_review.uploads import LONGEST_BODY_BYTES
from hub import beside

log = logging.getLogger("parlatory.door")

POLL_SECONDS = 0.5
SOCKET = "handin.sock"
MOST_CONNECTIONS = 16
HEADER_BYTES = 16 * 1024
CHUNK_BYTES = 256 * 1024
IDLE_SECONDS = 60
BODY_SECONDS = 900


class SessionServer(HTTPServer):
    """Serves one session, and no more connections at once than a client needs."""

    def handle_stream(self, stream: IOStream, address: tuple[str, int]) -> None:
        """Accept a connection unless this session already holds too many."""
        if len(self._connections) >= MOST_CONNECTIONS:
            stream.close()
            return
        super().handle_stream(stream, address)


class Door:
    """Keeps exactly one listening socket for each session that is live."""

    def __init__(
        self,
        *,
        folder: Callable[[str], Path],
        live: Callable[[], Iterable[str]],
        application: Callable[[str], Application],
        body_seconds: float = BODY_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
        standing: Path | None = None,
    ) -> None:
        self._folder = folder
        self._live = live
        self._application = application
        self._body_seconds = body_seconds
        self._idle_seconds = idle_seconds
        # Where it says how it is, and when it did so last.
        self._standing, self._said = standing, -beside.BEAT_SECONDS
        self._servers: dict[str, SessionServer] = {}
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="door-poll")

    async def poll(self) -> None:
        """Open sockets for sessions that are new, close those of sessions that ended."""
        live = set(await asyncio.get_running_loop().run_in_executor(self._pool, self._live_now))
        for session in set(self._servers) - live:
            await self.close(session)
        for session in live:
            if session not in self._servers or not self._socket(session).is_socket():
                await self.close(session)
                self.open(session)

    def open(self, session: str) -> None:
        """Listen for one session, if its folder has been made yet."""
        path = self._socket(session)
        if not path.parent.is_dir():
            return
        try:
            listening = bind_unix_socket(str(path), mode=0o666)
        except OSError as error:
            log.warning("door_not_opened session=%s reason=%s", session, error.strerror)
            return
        server = SessionServer(
            self._application(session),
            max_header_size=HEADER_BYTES,
            max_body_size=LONGEST_BODY_BYTES,
            chunk_size=CHUNK_BYTES,
            body_timeout=self._body_seconds,
            idle_connection_timeout=self._idle_seconds,
        )
        server.add_socket(listening)
        self._servers[session] = server
        log.info("door_opened session=%s", session)

    async def close(self, session: str) -> None:
        """Stop listening for a session and cut the connections it still holds."""
        server = self._servers.pop(session, None)
        if server is None:
            return
        server.stop()
        self._socket(session).unlink(missing_ok=True)
        await server.close_all_connections()
        log.info("door_closed session=%s", session)

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until told to stop, then close every socket."""
        while not stop.is_set():
            try:
                await self.poll()
                self._say()
            except OSError as error:
                log.error("door_poll_failed reason=%s", error)
            try:
                await asyncio.wait_for(stop.wait(), POLL_SECONDS)
            except TimeoutError:
                continue
        for session in tuple(self._servers):
            await self.close(session)
        self._pool.shutdown()

    def _say(self) -> None:
        """Say now and then that sessions are looked for: a door that hangs has no socket to be asked at."""
        if self._standing is not None and beside.now() - self._said >= beside.BEAT_SECONDS:
            self._said = beside.now()
            beside.say(self._standing, doors=len(self._servers))

    def _live_now(self) -> list[str]:
        return [session for session in self._live() if session.isalnum()]

    def _socket(self, session: str) -> Path:
        return self._folder(session) / "out" / SOCKET


async def serve() -> None:
    """Serve every session's door until told to stop."""
    # The desk needs the database: it can be imported only after Django is set up.
    from egress_review import desk
    from egress_review.vault import Vault
    from hub.places import places

    vault = Vault(places.state / "vault")
    vault.prepare()
    if left := vault.forget_orphans():
        log.warning("incoming_forgotten files=%s", left)
    beside.door_file(places).parent.mkdir(parents=True, exist_ok=True)
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    door = Door(
        folder=places.session,
        live=desk.live_sessions,
        application=lambda session: desk.application(session=session, vault=vault),
        standing=beside.door_file(places),
    )
    await door.run(stop)


def main() -> None:
    """Start the door."""
    import django

    os.umask(0o007)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
    django.setup()
    asyncio.run(serve())


if __name__ == "__main__":
    main()
