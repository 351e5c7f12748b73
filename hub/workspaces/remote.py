"""The hub and the engine, as far as the portal may ask them: start, look, stop."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

import httpx
from django.conf import settings

from hub import trace
from hub.errors import Unavailable
from hub.places import places

POLL_SECONDS = 0.3
READY_SECONDS = 90.0
GONE_SECONDS = 20.0
# Somebody waits for the page that says it is done.
SIGN_OUT_SECONDS = 5.0
USAGE_SECONDS = 2.0


class NotStarted(Unavailable):
    """The hub did not start a server; the message says why, as far as it said."""


@dataclass(frozen=True)
class Usage:
    """What a running session uses, as the engine measured it; the first answer knows no processor share."""

    memory_bytes: int
    cpu_percent: float | None
    home_used_bytes: int
    home_bytes: int


class Remote(Protocol):
    """What the portal needs of hub and engine."""

    def start(self, *, person: str, server: str) -> None:
        """Start a server and return when it is ready; raise NotStarted otherwise."""

    def stop(self, *, person: str, server: str) -> None:
        """Stop a server; one that does not run is fine. Raise Unavailable when nobody answers."""

    def sign_out(self, *, person: str) -> None:
        """End a person's sign-in in the lab; raise Unavailable when nobody answers."""

    def remove(self, *, session: str) -> None:
        """Remove a session's container; none is fine. Raise Unavailable when nobody answers."""

    def usage(self, *, session: str) -> Usage:
        """Return what a running session uses; raise Unavailable when it doesn't run or nobody answers."""

    def gpus(self) -> int:
        """Return how many GPUs sessions can be given; raise Unavailable when nobody answers."""


@dataclass(frozen=True)
class Live:
    """The hub on loopback and the engine on its unix socket."""

    def start(self, *, person: str, server: str) -> None:
        """Start a named server of a person and wait until the hub calls it ready."""
        path = f"/users/{person}/servers/{server}"
        with _hub() as hub:
            made = _ask(hub, "POST", f"/users/{person}")
            if made.status_code not in (201, 409):
                raise NotStarted(_said(made))
            self._clear(hub, person, server)
            deadline = time.monotonic() + READY_SECONDS
            # The hub answers when the server is ready, or after eighty seconds.
            answer = _ask(hub, "POST", path, seconds=READY_SECONDS)
            if answer.status_code not in (201, 202):
                raise NotStarted(_said(answer))
            while time.monotonic() < deadline:
                found = self._find(hub, person, server)
                if found is None:
                    raise NotStarted("Notebooks could not start your session; ask an admin for its log.")
                if found:
                    return
                time.sleep(POLL_SECONDS)
        raise NotStarted(f"Your session was not ready within {READY_SECONDS:.0f} seconds.")

    def stop(self, *, person: str, server: str) -> None:
        """Ask the hub to stop a server."""
        with _hub() as hub:
            answer = _ask(hub, "DELETE", f"/users/{person}/servers/{server}", seconds=15.0)
            # 400: it is being stopped already, or was never started.
            if answer.status_code not in (202, 204, 400, 404):
                raise Unavailable(_said(answer))

    def sign_out(self, *, person: str) -> None:
        """Have the hub forget a person's tokens and what their login cookies name."""
        with _hub() as hub:
            answer = _ask(hub, "POST", f"/users/{person}/sign-out", seconds=SIGN_OUT_SECONDS)
            if answer.status_code != httpx.codes.NO_CONTENT:
                raise Unavailable(_said(answer))

    def remove(self, *, session: str) -> None:
        """Ask the engine to remove a container."""
        with _engine() as engine:
            answer = _ask(engine, "DELETE", f"/sessions/{session}", seconds=30.0)
            if not answer.is_success and answer.status_code != httpx.codes.NOT_FOUND:
                raise Unavailable(_said(answer))

    def usage(self, *, session: str) -> Usage:
        """Ask the engine what a session uses; a page waits for it, so not for long."""
        with _engine() as engine:
            answer = _ask(engine, "GET", f"/sessions/{session}/usage", seconds=USAGE_SECONDS)
            if not answer.is_success:
                raise Unavailable(_said(answer))
            return Usage(**answer.json())

    def gpus(self) -> int:
        """Ask the engine how many GPUs its machine has; a page waits for it, so not for long."""
        with _engine() as engine:
            answer = _ask(engine, "GET", "/health", seconds=USAGE_SECONDS)
            if not answer.is_success:
                raise Unavailable(_said(answer))
            return int(answer.json().get("gpus", 0))

    def _clear(self, hub: httpx.Client, person: str, server: str) -> None:
        deadline = time.monotonic() + GONE_SECONDS
        while self._find(hub, person, server) is not None:
            if time.monotonic() > deadline:
                raise NotStarted("An earlier session in this workspace has not ended yet; try again shortly.")
            _ask(hub, "DELETE", f"/users/{person}/servers/{server}", seconds=15.0)
            time.sleep(POLL_SECONDS)

    def _find(self, hub: httpx.Client, person: str, server: str) -> bool | None:
        """Return whether a server is ready; None when the hub knows no such server."""
        answer = _ask(hub, "GET", f"/users/{person}")
        if answer.status_code != httpx.codes.OK:
            raise NotStarted(_said(answer))
        found = answer.json().get("servers", {}).get(server)
        if found is None:
            return None
        return bool(found["ready"])


def _hub() -> httpx.Client:
    return httpx.Client(
        base_url=f"{places.url('hub')}/hub/api",
        headers={"Authorization": f"token {settings.PARLATORY_HUB_API_TOKEN}", **trace.headers()},
        timeout=10.0,
        # An institution's proxy variables must not send loopback calls elsewhere.
        trust_env=False,
    )


def _engine() -> httpx.Client:
    transport = httpx.HTTPTransport(uds=str(places.engine_socket))
    return httpx.Client(transport=transport, base_url="http://engine", timeout=30.0, headers=trace.headers())


def _ask(client: httpx.Client, method: str, path: str, *, seconds: float = 10.0) -> httpx.Response:
    try:
        return client.request(method, path, timeout=seconds)
    except httpx.HTTPError as error:
        raise NotStarted(
            f"A part of the enclave does not answer ({type(error).__name__}); tell an admin."
        ) from error


def _said(answer: httpx.Response) -> str:
    try:
        document = answer.json()
    except ValueError:
        return f"The enclave answered {answer.status_code}; tell an admin."
    return str(
        document.get("message") or document.get("error") or f"The enclave answered {answer.status_code}."
    )
