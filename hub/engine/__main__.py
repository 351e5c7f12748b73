"""`python -m hub.engine`: the one root process, alone on Docker's socket."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

from tornado.netutil import bind_unix_socket

from hub import trace
from hub.engine import mounts, peers, server
from hub.engine.dock import Docker
from hub.engine.owners import Owners
from hub.engine.screenings import Screenings
from hub.engine.sessions import Sessions
from hub.errors import ParlatoryError, Unavailable
from hub.places import Places, places

log = logging.getLogger("parlatory.engine")

LOOK_SECONDS = 2
WORKERS = 8
SCREENINGS_AT_ONCE = 2


def folders(where: Places) -> None:
    """Make the folders the engine owns, each as open as it must be and no more."""
    where.run.mkdir(parents=True, exist_ok=True)
    where.state.mkdir(parents=True, exist_ok=True)
    mounts.make(where.run / "engine", 0o711)
    # Entered by those who know a session's id, listed by none but root.
    mounts.make(where.run / "sessions", 0o711)
    mounts.make(where.run / "screenings", 0o711)
    mounts.make(where.run / "homes", 0o700)
    mounts.make(where.state / "engine", 0o700)
    mounts.make(where.state / "homes", 0o700)


def make(where: Places, docker: Docker, owners: Owners) -> server.Engine:
    """Put an engine together."""
    return server.Engine(
        docker=docker,
        sessions=Sessions(docker, where, owners),
        screenings=Screenings(docker, where, owners),
        callers=peers.known,
        pool=ThreadPoolExecutor(WORKERS, thread_name_prefix="docker"),
        slow_pool=ThreadPoolExecutor(SCREENINGS_AT_ONCE, thread_name_prefix="screening"),
    )


async def watch(engine: server.Engine) -> None:
    """Look after sessions and screenings every few seconds; a Docker that is away is asked again."""
    loop = asyncio.get_running_loop()
    while True:
        # One that fails holds up no other.
        for look in (engine.sessions.look, engine.screenings.look):
            try:
                await loop.run_in_executor(engine.pool, look)
            except (ParlatoryError, OSError) as error:
                log.warning("look_failed error=%s", error)
        await asyncio.sleep(LOOK_SECONDS)


async def adopt(engine: server.Engine) -> None:
    """Find what runs, however long Docker is away: nothing is started before that."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            await loop.run_in_executor(engine.pool, engine.sessions.adopt)
            await loop.run_in_executor(engine.pool, engine.screenings.adopt)
        except Unavailable as error:
            log.warning("not_ready error=%s", error)
            await asyncio.sleep(LOOK_SECONDS)
        else:
            return


async def serve(where: Places) -> None:
    """Serve until told to stop; sessions go on without us and are found again."""
    engine = make(where, Docker(), Owners())
    loop = asyncio.get_running_loop()
    await adopt(engine)
    http = server.server(engine)
    # Anyone may connect: who may ask what is decided by the uid the kernel tells us.
    http.add_socket(bind_unix_socket(str(where.engine_socket), mode=0o666))
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    watching = asyncio.create_task(watch(engine))
    # Without looks no time limit is kept: an error that nobody foresaw ends the engine, not the looks alone.
    watching.add_done_callback(lambda _: stopped.set())
    log.info("engine_ready socket=%s", where.engine_socket)
    await stopped.wait()
    http.stop()
    where.engine_socket.unlink(missing_ok=True)
    if not watching.cancel():
        await watching


def main() -> int:
    """Run the engine; return the exit status."""
    trace.configure()
    if os.geteuid() != 0:
        log.error("engine_refused reason=%s", "the engine must run as root: it mounts homes and asks Docker")
        return 1
    os.umask(0o022)
    folders(places)
    try:
        asyncio.run(serve(places))
    except Unavailable as error:
        log.error("engine_failed error=%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
