"""The engine's HTTP API on a unix socket: who calls is told by the kernel, what they may by one table."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast

import tornado.web
from tornado.http1connection import HTTP1Connection
from tornado.httpserver import HTTPServer

from hub import trace
from hub.engine import gpus, peers
from hub.engine.dock import Docker
from hub.engine.peers import Verb
from hub.engine.screenings import Screenings
from hub.engine.sessions import Sessions
from hub.errors import Invalid, NotFound, ParlatoryError, Refused, Unavailable, WrongState

log = logging.getLogger("parlatory.engine")

ID = r"([0-9a-z]{26})"
# A grant with hundreds of mounts is far below this.
BODY_BYTES = 1 << 18
STATUS: Mapping[type[ParlatoryError], HTTPStatus] = {
    Refused: HTTPStatus.FORBIDDEN,
    Invalid: HTTPStatus.BAD_REQUEST,
    NotFound: HTTPStatus.NOT_FOUND,
    WrongState: HTTPStatus.CONFLICT,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}


@dataclass(frozen=True)
class Engine:
    """Everything a request may need."""

    docker: Docker
    sessions: Sessions
    screenings: Screenings
    callers: Callable[[], Mapping[int, str]]
    # Docker's calls block: eight at once keep many starts from waiting for each other.
    pool: ThreadPoolExecutor
    # Screenings take minutes: in a pool of their own they can't keep a session from being stopped.
    slow_pool: ThreadPoolExecutor


class Handler(tornado.web.RequestHandler):
    """One request, authorised before its body is looked at."""

    verbs: Mapping[str, Verb] = {}

    def initialize(self, engine: Engine) -> None:
        """Take what the application was given."""
        self.engine = engine

    def prepare(self) -> None:
        """Refuse a caller that may not do this."""
        verb = self.verbs.get(self.request.method or "")
        if verb is None:
            raise tornado.web.HTTPError(HTTPStatus.METHOD_NOT_ALLOWED)
        connection = cast(HTTP1Connection, self.request.connection)
        if connection.stream.socket is None:
            # Who has left cannot be told apart any more.
            raise tornado.web.HTTPError(HTTPStatus.FORBIDDEN)
        uid = peers.uid_of(connection.stream.socket)
        try:
            self.caller = peers.require(uid, verb, self.engine.callers())
        except Refused:
            log.warning("call_refused uid=%s verb=%s", uid, verb.name)
            raise
        # Who may call is one of our own: its word for which request this is is taken.
        trace.begin(self.request.headers.get(trace.HEADER))

    async def call(self, work: Callable[..., Any], *arguments: object, slow: bool = False) -> Any:
        """Run blocking work beside the loop."""
        pool = self.engine.slow_pool if slow else self.engine.pool
        return await asyncio.get_running_loop().run_in_executor(pool, trace.carried(work), *arguments)

    def field(self, name: str, default: object = ...) -> object:
        """Return one field of the request's JSON object; the default, where one is given, if it is absent."""
        try:
            document = json.loads(self.request.body)
            return document[name] if default is ... else document.get(name, default)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Invalid(f'the request needs a JSON object with "{name}"') from error

    def answer(self, document: object, status: HTTPStatus = HTTPStatus.OK) -> None:
        """Answer with JSON."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(document))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer an error as a sentence; what was not foreseen says no more than that."""
        error = kwargs["exc_info"][1] if "exc_info" in kwargs else None
        for kind, status in STATUS.items():
            if isinstance(error, kind):
                self.answer({"error": str(error)}, status)
                return
        sentence = {404: "There is nothing of that name here.", 405: "This cannot be asked here."}
        message = sentence.get(status_code, "The engine failed; its log says why.")
        self.answer({"error": message}, HTTPStatus(status_code))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log what was not foreseen; a refusal is an answer."""
        if not isinstance(value, ParlatoryError | tornado.web.HTTPError):
            log.error("request_failed uri=%s", self.request.uri, exc_info=(typ, value, tb))


class SessionsHandler(Handler):
    """POST starts a session, GET lists them."""

    verbs = {"POST": Verb.START, "GET": Verb.LIST}

    async def get(self) -> None:
        """List sessions."""
        self.answer(await self.call(self.engine.sessions.list))

    async def post(self) -> None:
        """Start the session of a signed grant."""
        started = await self.call(self.engine.sessions.start, self.field("grant"))
        self.answer(started, HTTPStatus.CREATED)


class SessionHandler(Handler):
    """GET shows a session, DELETE stops it."""

    verbs = {"GET": Verb.SHOW, "DELETE": Verb.STOP}

    async def get(self, session: str) -> None:
        """Show a session."""
        self.answer(await self.call(self.engine.sessions.show, session))

    async def delete(self, session: str) -> None:
        """Stop a session; twice is fine."""
        await self.call(self.engine.sessions.stop, session)
        log.info("session_stopped session=%s by=%s", session, self.caller)
        self.answer({"session": session, "state": "ended"})


class LogHandler(Handler):
    """GET reads a session's log."""

    verbs = {"GET": Verb.LOG}

    async def get(self, session: str) -> None:
        """Answer the log as plain bytes that no browser would take for a page."""
        content = await self.call(self.engine.sessions.log, session)
        self.set_header("Content-Type", "application/octet-stream")
        self.finish(content)


class UsageHandler(Handler):
    """GET reads what a session uses."""

    verbs = {"GET": Verb.USAGE}

    async def get(self, session: str) -> None:
        """Answer memory, processor and home."""
        self.answer(await self.call(self.engine.sessions.usage, session))


class ScreeningsHandler(Handler):
    """POST screens a submission and answers when its container is gone."""

    verbs = {"POST": Verb.SCREEN}

    async def post(self) -> None:
        """Screen a submission."""
        run, indexes = self.engine.screenings.run, self.field("indexes", ())
        self.answer(await self.call(run, self.field("id"), indexes, slow=True))


class ScreeningHandler(Handler):
    """DELETE clears a screening."""

    verbs = {"DELETE": Verb.CLEAR}

    async def delete(self, screening: str) -> None:
        """Clear a screening; twice is fine."""
        await self.call(self.engine.screenings.clear, screening)
        self.answer({"id": screening})


class HealthHandler(Handler):
    """GET says whether Docker answers."""

    verbs = {"GET": Verb.HEALTH}

    async def get(self) -> None:
        """Answer the version of the Docker engine behind, and how many GPUs sessions can be given."""
        docker = self.engine.docker
        found = {"docker": await self.call(docker.version), "gpus": len(await self.call(gpus.here, docker))}
        self.answer({"healthy": True, **found})


class NothingHandler(Handler):
    """What is not named above; who may not even ask for health is told no more than that."""

    verbs = dict.fromkeys(("GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS"), Verb.HEALTH)

    def prepare(self) -> None:
        """Refuse."""
        super().prepare()
        raise NotFound("there is nothing of that name here")


def application(engine: Engine) -> tornado.web.Application:
    """Return the engine's routes."""
    given = {"engine": engine}
    return tornado.web.Application(
        [
            (r"/health", HealthHandler, given),
            (r"/sessions", SessionsHandler, given),
            (rf"/sessions/{ID}", SessionHandler, given),
            (rf"/sessions/{ID}/log", LogHandler, given),
            (rf"/sessions/{ID}/usage", UsageHandler, given),
            (r"/screenings", ScreeningsHandler, given),
            (rf"/screenings/{ID}", ScreeningHandler, given),
        ],
        default_handler_class=NothingHandler,
        default_handler_args=given,
        log_function=lambda handler: None,
    )


def server(engine: Engine) -> HTTPServer:
    """Return an HTTP server with bounded bodies."""
    return HTTPServer(application(engine), max_body_size=BODY_BYTES, max_buffer_size=BODY_BYTES * 2)
