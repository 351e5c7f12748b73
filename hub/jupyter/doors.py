"""The two unix sockets the hub uses: the portal's for grants, the engine's for sessions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import httpx

from hub import trace

UNREACHABLE = "The portal did not answer, so no session was started. Try again in a minute."
UNREADABLE = "The portal's answer could not be read, so no session was started. Tell the enclave's admin."
ENGINE_UNREACHABLE = "The engine did not answer, so no session was started. Tell the enclave's admin."

ENDED = "The session's server ended by itself (exit code {code})."


class Denied(Exception):
    """No session: the message is the reason, for the person who asked."""


@dataclass(frozen=True)
class Granted:
    """A signed grant and the session it is for."""

    session: str
    grant: str


@dataclass(frozen=True)
class Ended:
    """How a session ended by itself: its server's exit code, and the reason in a sentence."""

    code: int
    reason: str


class PortalDoor:
    """Asks the portal for grants and tells it what ended."""

    def __init__(self, *, socket: str, token: str, seconds: float = 10.0) -> None:
        self._socket, self._token, self._seconds = socket, token, seconds

    async def grant(self, *, person: str, server: str) -> Granted:
        """Return the portal's grant; anything but a readable yes is a no."""
        try:
            status, answer = await self._post("/internal/grants", {"person": person, "server": server})
        except httpx.HTTPError as error:
            raise Denied(UNREACHABLE) from error
        if status == 403 and isinstance(answer.get("reason"), str):
            raise Denied(answer["reason"][:1000])
        session, grant = answer.get("session"), answer.get("grant")
        if status != 200 or not _is_id(session) or not isinstance(grant, str) or not grant:
            raise Denied(UNREADABLE)
        return Granted(str(session), grant)

    async def ended(self, *, session: str, reason: str) -> bool:
        """Tell the portal that a session has ended; False when it could not be told."""
        try:
            status, _ = await self._post(f"/internal/sessions/{session}/ended", {"reason": reason})
        except httpx.HTTPError:
            return False
        return status < 500

    async def _post(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {self._token}"}
        async with _client(self._socket, self._seconds) as client:
            response = await client.post(path, json=body, headers=headers)
        return response.status_code, _object(response.content)


class EngineDoor:
    """Starts sessions from grants; the hub can ask for nothing else."""

    def __init__(self, *, socket: str, seconds: float = 60.0) -> None:
        self._socket, self._seconds = socket, seconds

    async def start(self, granted: Granted) -> None:
        """Start the session, or say why not."""
        try:
            async with _client(self._socket, self._seconds) as client:
                response = await client.post("/sessions", json={"grant": granted.grant})
        except httpx.HTTPError as error:
            raise Denied(ENGINE_UNREACHABLE) from error
        answer = _object(response.content)
        if response.status_code != 201 or answer.get("session") != granted.session:
            reason = answer.get("error")
            raise Denied(reason[:1000] if isinstance(reason, str) else ENGINE_UNREACHABLE)

    async def ended(self, session: str) -> Ended | None:
        """Return None while the session runs, else how it ended; a silent engine says nothing new."""
        try:
            async with _client(self._socket, 10.0) as client:
                response = await client.get(f"/sessions/{session}")
        except httpx.HTTPError:
            return None
        if response.status_code == 404:
            return Ended(0, ENDED.format(code=0))
        answer = _object(response.content)
        if response.status_code != 200 or answer.get("state") != "exited":
            return None
        said, reason = answer.get("exit_code"), answer.get("reason")
        code = said if isinstance(said, int) else 0
        return Ended(code, reason[:1000] if isinstance(reason, str) and reason else ENDED.format(code=code))

    async def stop(self, session: str) -> None:
        """Stop and remove the session; one that is gone already is fine."""
        try:
            async with _client(self._socket, self._seconds) as client:
                response = await client.delete(f"/sessions/{session}")
        except httpx.HTTPError as error:
            raise Denied("The engine did not answer, so the session may still run.") from error
        if response.status_code >= 400 and response.status_code != 404:
            raise Denied("The engine could not stop the session.")


def _client(socket: str, seconds: float) -> httpx.AsyncClient:
    transport = httpx.AsyncHTTPTransport(uds=socket)
    return httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1", timeout=seconds, headers=trace.headers()
    )


def _object(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _is_id(value: object) -> bool:
    return isinstance(value, str) and len(value) == 26 and value.isalnum() and value == value.lower()
