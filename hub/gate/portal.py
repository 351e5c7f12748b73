"""What the gate says to the portal and to the engine, over their unix sockets."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import httpx
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from hub import trace

log = logging.getLogger("parlatory.gate")

# Less than the time after which silence freezes; on a busy machine an answer was measured to take 2.2 s.
PORTAL_SECONDS = 4.0
# The portal closes a connection after two idle seconds, which is when the next report would use it again.
NOT_KEPT = httpx.Limits(max_keepalive_connections=0)

Text = Annotated[str, StringConstraints(max_length=500)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,64}$")]


class NoAnswer(Exception):
    """The other side did not answer, or not in a way that can be read."""


class NotTaken(Exception):
    """The other side answered, and does not want what was sent; sending it again changes nothing."""


class Lease(BaseModel):
    """What the portal says about one session, true for a few seconds."""

    model_config = ConfigDict(frozen=True)

    session: Slug
    person: Slug
    server: Slug
    live: bool
    reason: Text | None = None
    image: Text | None = None
    budget_bytes: int = Field(ge=0)
    budget_left_bytes: int
    idle_ends_at: datetime | None = None
    ends_at: datetime | None = None
    access_ends_at: datetime | None = None
    access_ends_why: Text | None = None


class Answer(BaseModel):
    """The portal's answer to a report."""

    sessions: list[Lease]


class Portal:
    """The portal's internal interface, as far as the gate may use it."""

    def __init__(self, *, socket: str, token: str, seconds: float = PORTAL_SECONDS) -> None:
        self._client = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(uds=socket, limits=NOT_KEPT),
            base_url="http://127.0.0.1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=seconds,
        )

    async def renew(self, report: Mapping[str, Mapping[str, Any]]) -> list[Lease]:
        """Report what was sent and return the leases of all sessions."""
        try:
            response = await self._post("/internal/leases", {"sessions": report})
            return Answer.model_validate_json(response.content).sessions
        except (NotTaken, ValidationError) as error:
            raise NoAnswer("the portal's answer about leases cannot be read") from error

    async def tell(self, kind: str, session: str, facts: Mapping[str, Any]) -> None:
        """Put one event about a session on the ledger."""
        try:
            await self._post("/internal/events", {"kind": kind, "session": session, "facts": dict(facts)})
        except NotTaken as error:
            log.warning("event_not_taken kind=%s session=%s reason=%s", kind, session, error)

    async def _post(self, path: str, body: Mapping[str, Any]) -> httpx.Response:
        try:
            response = await self._client.post(path, json=body, headers=trace.headers())
        except httpx.HTTPError as error:
            raise NoAnswer(f"the portal does not answer ({type(error).__name__})") from error
        if response.status_code in (400, 404, 409, 413, 422):
            raise NotTaken(f"the portal answers {response.status_code}")
        if response.status_code // 100 != 2:
            raise NoAnswer(f"the portal answers {response.status_code}")
        return response

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()


class Engine:
    """The engine's interface, as far as the gate may use it: it may only stop sessions."""

    def __init__(self, *, socket: str, seconds: float = 30.0) -> None:
        self._client = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(uds=socket), base_url="http://127.0.0.1", timeout=seconds
        )

    async def stop(self, session: str) -> None:
        """Stop a session for good."""
        try:
            response = await self._client.delete(f"/sessions/{session}", headers=trace.headers())
        except httpx.HTTPError as error:
            raise NoAnswer("the engine does not answer") from error
        if response.status_code not in (200, 202, 204, 404):
            raise NoAnswer(f"the engine answers {response.status_code}")

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()
