"""What stands behind a session's hand-in socket: who it is, taking files in, what became of them."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.db import DatabaseError, OperationalError, close_old_connections, connections
from django.utils import timezone
from tornado.web import Application, RequestHandler, stream_request_body

from egress_review import answers, submissions
from egress_review.models import Submission
from egress_review.uploads import LONGEST_BODY_BYTES, TooLarge, Upload, UploadLimits, too_large
from egress_review.vault import Vault, VaultAltered
from hub import room, trace
from hub.datasets.models import DatasetVersion
from hub.errors import Busy, Invalid, NotFound, ParlatoryError, Refused, Unavailable, WrongState
from hub.places import places
from hub.workspaces.leases import budget_left
from hub.workspaces.models import Session, SessionState

log = logging.getLogger("parlatory.door")


STATUS: dict[type[ParlatoryError], int] = {
    Refused: 403,
    NotFound: 404,
    WrongState: 409,
    Invalid: 400,
    TooLarge: 413,
    Busy: 429,
    Unavailable: 503,
    VaultAltered: 500,
}
BUSY = "Another hand-in of this session is still arriving; wait until it is done."
BROKEN = "The hand-in door could not do this; nothing was handed in. Try again or tell the enclave's admin."
FULL = "The enclave’s disk is full; nothing was handed in. Try again later, and tell the enclave’s admin."
SHORT = (
    "The enclave is short of memory; nothing was handed in. Try again later, and tell the enclave’s admin."
)
# What may go wrong on our side: the disk, the database, memory, and with it the start of a thread.
UNDONE = (OSError, DatabaseError, MemoryError, RuntimeError)
MOST_LISTED = 200
# A length of more digits is refused by their number; Python makes no number of more than 4,300.
MOST_DIGITS = 18
# More than any chunk can say it is: what comes in chunks is counted here, so that its sender reads why.
UNCOUNTED_BYTES = 1 << 256
# Files of several sessions arrive at once; hashing and writing them must not stop the others.
_pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="desk")

T = TypeVar("T")


def live_sessions() -> list[str]:
    """Return the ids of the sessions that may hold a door."""
    try:
        return list(Session.objects.live().values_list("id", flat=True))
    except OperationalError as error:
        raise OSError(f"the database did not answer: {error}") from error
    finally:
        connections.close_all()


def application(*, session: str, vault: Vault, limits: UploadLimits | None = None) -> Application:
    """Return the web application of one session; which session it is follows from the socket alone."""
    desk = {"desk": Desk(session=session, vault=vault, limits=limits or UploadLimits())}
    return Application(
        [(r"/v1/context", Context, desk), (r"/v1/submissions", Submissions, desk)],
        default_handler_class=Nothing,
        default_handler_args=desk,
        log_function=lambda handler: None,
    )


class Desk:
    """One session's side of the door."""

    def __init__(self, *, session: str, vault: Vault, limits: UploadLimits) -> None:
        self.session_id = session
        self.vault = vault
        self.limits = limits
        self.busy = False

    def session(self) -> Session:
        """Return the session, if it still runs."""
        session = Session.objects.with_people().filter(pk=self.session_id).first()
        if session is None or session.state != SessionState.RUNNING:
            raise WrongState("This session is not running; start one from the portal and hand in there.")
        return session

    def context(self) -> dict[str, Any]:
        """Return who this session is, what it may read, and what is left of its limits."""
        session = self.session()
        workspace, project = session.workspace, session.workspace.project
        versions = DatasetVersion.objects.filter(pk__in=session.versions).select_related("dataset")
        return {
            "person": {"id": workspace.person.id, "name": workspace.person.name},
            "project": {"id": project.id, "slug": project.slug, "title": project.title},
            "purpose": project.purpose,
            "datasets": [_dataset(version) for version in versions],
            "session": {
                "id": session.id,
                "ends_at": session.expires_at.isoformat() if session.expires_at else None,
                "budget_bytes": project.budget_bytes_per_day,
                "budget_left_bytes": budget_left(session, timezone.now()),
            },
        }

    def listing(self) -> list[dict[str, Any]]:
        """Return what this person handed in from this project, the newest first."""
        workspace = self.session().workspace
        mine = Submission.objects.filter(project_id=workspace.project_id, author_id=workspace.person_id)
        listed = mine.prefetch_related("findings__file")[:MOST_LISTED]
        said = answers.to_author(workspace.person_id, [item.id for item in listed])
        return [_listed(item, said.get(item.id, [])) for item in listed]

    def hand_in(self, upload: Upload) -> dict[str, Any]:
        """Make a submission of a finished upload."""
        session = self.session()
        made = submissions.hand_in(
            by=session.workspace.person,
            session=session,
            files=upload.arrived,
            vault=self.vault,
            **upload.fields,
        )
        log.info("handed_in submission=%s session=%s", made.id, session.id)
        return {
            "submission": made.id,
            "state": made.state,
            "url": _address(made.id),
            "files": [
                {"name": file.name, "sha256": file.sha256, "bytes": file.size_bytes}
                for file in made.files.all()
            ],
        }


@stream_request_body
class Handler(RequestHandler):
    """Answers in JSON; an error is a sentence, and a body that nobody asked for is not kept."""

    desk: Desk

    def initialize(self, desk: Desk) -> None:
        """Know the session, and begin a request; what the session calls it is not asked."""
        self.desk = desk
        trace.begin()

    def set_default_headers(self) -> None:
        """Say as little as possible."""
        self.clear_header("Server")
        self.set_header("Content-Type", "application/json; charset=utf-8")

    def answer(self, document: object, status: int = 200) -> None:
        """Finish with a JSON document."""
        if not self._finished:
            self.set_status(status)
            self.finish(json.dumps(document, ensure_ascii=False))

    def refuse(self, error: ParlatoryError) -> None:
        """Finish with the sentence of an error."""
        status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 400)
        self.answer({"error": str(error)}, status)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Finish with a sentence also where tornado or a bug raised."""
        reason = (
            BROKEN if status_code >= 500 else f"The hand-in door does not know this request ({status_code})."
        )
        self.finish(json.dumps({"error": reason}))

    async def data_received(self, chunk: bytes) -> None:
        """Forget what was sent: tornado would keep it, up to the longest hand-in, in memory."""

    async def ask(self, function: Callable[[], T]) -> T:
        """Run what needs the database on a thread of its own."""
        return await asyncio.get_running_loop().run_in_executor(
            _pool, trace.carried(_with_database), function
        )


class Nothing(Handler):
    """Every other path."""

    def prepare(self) -> None:
        """Refuse before anything is read."""
        self.set_header("Connection", "close")
        self.refuse(NotFound("The hand-in door knows /v1/context and /v1/submissions only."))


class Context(Handler):
    """Who this session is."""

    async def get(self) -> None:
        """Answer with the session's context."""
        try:
            self.answer(await self.ask(self.desk.context))
        except ParlatoryError as error:
            self.refuse(error)


class Submissions(Handler):
    """Taking files in, and what became of them."""

    upload: Upload | None = None
    # Said once the body is read: a sender that is cut off while sending would never read why.
    refused: ParlatoryError | None = None
    read_bytes = 0

    def prepare(self) -> None:
        """Begin an upload before its body arrives."""
        if self.request.method != "POST":
            return
        headers = self.request.headers
        if (length := length_said(headers.get("Content-Length", ""))) > LONGEST_BODY_BYTES:
            self.refuse_unread(length)
            return
        if length < 0:
            connection: Any = self.request.connection
            connection.set_max_body_size(UNCOUNTED_BYTES)
        if self.desk.busy:
            self.refused = Busy(BUSY)
            return
        try:
            self.upload = Upload(
                vault=self.desk.vault,
                limits=self.desk.limits,
                content_type=headers.get("Content-Type", ""),
                content_length=length,
            )
        except ParlatoryError as error:
            self.refused = error
            return
        self.desk.busy = True

    def refuse_unread(self, length: int) -> None:
        """Answer at once and close: tornado's own answer to so long a body is an empty 400."""
        # So that it doesn't give that one as well.
        self.request.headers["Content-Length"] = "0"
        self.set_header("Connection", "close")
        self.refuse(too_large(self.desk.limits, length))

    async def data_received(self, chunk: bytes) -> None:
        """Take the next bytes; after a refusal the rest is read and forgotten, up to the longest body."""
        self.read_bytes += len(chunk)
        if self.read_bytes > LONGEST_BODY_BYTES:
            self.set_header("Connection", "close")
            self.refuse(too_large(self.desk.limits, self.read_bytes))
            return
        if self.upload is None:
            return
        try:
            await asyncio.get_running_loop().run_in_executor(_pool, self.upload.feed, chunk)
        except ParlatoryError as error:
            self.refused = error
            self.done()
        except UNDONE as error:
            log.error("upload_failed session=%s reason=%s", self.desk.session_id, error)
            self.refused = Unavailable(undone(error))
            self.done()

    async def get(self) -> None:
        """Answer with the person's submissions."""
        try:
            self.answer(await self.ask(self.desk.listing))
        except ParlatoryError as error:
            self.refuse(error)

    async def post(self) -> None:
        """Make a submission of what arrived."""
        upload = self.upload
        if upload is None:
            self.refuse(self.refused or Invalid("The hand-in holds no file; give at least one."))
            return
        try:
            upload.finish()
            self.answer(await self.ask(lambda: self.desk.hand_in(upload)), 201)
        except ParlatoryError as error:
            self.refuse(error)
        except UNDONE as error:
            log.error("hand_in_failed session=%s reason=%s", self.desk.session_id, error)
            self.refuse(Unavailable(undone(error)))
        finally:
            self.done()

    def on_connection_close(self) -> None:
        """Forget an upload that broke off."""
        self.done()

    def on_finish(self) -> None:
        """Leave nothing behind."""
        self.done()

    def done(self) -> None:
        """Forget the upload and let the next one begin."""
        if self.upload is not None:
            self.upload.drop()
            self.upload = None
            self.desk.busy = False


def undone(error: BaseException) -> str:
    """Return the sentence of what went wrong on our side."""
    return FULL if room.lacks(error) else SHORT if room.lacks_memory(error) else BROKEN


def length_said(header: str) -> int:
    """Return how long a body is said to be, or that it is longer than any; -1 where no one number says it."""
    if not (header.isascii() and header.isdecimal()):
        return -1
    digits = header.lstrip("0") or "0"
    return int(digits) if len(digits) <= MOST_DIGITS else 10**MOST_DIGITS


def _with_database(function: Callable[[], T]) -> T:
    # As at the begin and the end of a request: threads of the pool keep their connections for a while.
    close_old_connections()
    try:
        return function()
    finally:
        close_old_connections()


def _dataset(version: DatasetVersion) -> dict[str, Any]:
    return {
        "dataset": version.dataset.slug,
        "version": version.version,
        "path": version.path,
        "title": version.dataset.title,
        "licence": version.dataset.licence,
        "attribution": version.dataset.attribution,
    }


def _listed(item: Submission, said: list[answers.Said]) -> dict[str, Any]:
    return {
        "submission": item.id,
        "title": item.title,
        "state": item.state,
        "submitted_at": item.submitted_at.isoformat(),
        "findings": [finding.as_dict() for finding in item.findings.all()],
        "replaces": item.replaces_id,
        "comments": [{"file": one.file, "comment": one.comment} for one in said],
        "url": _address(item.id),
    }


def _address(submission: str) -> str:
    return f"{places.portal_url}/releases/{submission}/"
