"""The API as the command line uses it: with a person's token, or as root at the portal's unix socket."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from hub.errors import ParlatoryError, Refused
from hub.places import places

VARIABLE = "PARLATORY_TOKEN"
TIMEOUT_SECONDS = 60
Json = dict[str, Any]


class Answered(ParlatoryError):
    """The portal said no; the message is its own sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        self.status = status
        super().__init__(sentence)


class Client:
    """Sends requests and returns documents; a problem is raised with its sentence."""

    def __init__(self, http: httpx.Client) -> None:
        """Take a client that knows the portal's address and shows a token."""
        self._http = http

    def get(self, path: str, **query: str) -> Json:
        """Return a document."""
        return self._send("GET", path, params=query)

    def find(self, path: str) -> Json | None:
        """Return a document, or None where there is none."""
        try:
            return self.get(path)
        except Answered as error:
            if error.status == httpx.codes.NOT_FOUND:
                return None
            raise

    def all(self, path: str, **query: str) -> Iterator[Json]:
        """Return every item of a list, page by page."""
        number, pages = 1, 1
        while number <= pages:
            page = self.get(path, page=str(number), size="100", **query)
            yield from page["items"]
            number, pages = number + 1, page["pages"]

    def post(self, path: str, body: Json | None = None) -> Json:
        """Have something made or done, once even if the answer gets lost and httpx sends it again."""
        return self._send("POST", path, json=body or {}, headers={"Idempotency-Key": uuid.uuid4().hex})

    def put(self, path: str, body: Json) -> Json:
        """Put something in its place."""
        return self._send("PUT", path, json=body)

    def patch(self, path: str, body: Json, *, etag: str = "*") -> Json:
        """Change some of something."""
        return self._send("PATCH", path, json=body, headers={"If-Match": etag})

    def delete(self, path: str) -> Json:
        """Take something away."""
        return self._send("DELETE", path)

    def person(self, email: str) -> Json:
        """Return the person with an address."""
        found = next(self.all("/people", email=email.lower()), None)
        if found is None:
            raise Answered(httpx.codes.NOT_FOUND, f"Nobody has the address {email}.")
        return found

    def _send(self, method: str, path: str, **more: Any) -> Json:
        try:
            response = self._http.request(method, path, **more)
        except httpx.TransportError as error:
            why = f"The portal does not answer ({error}); `python3 -m hub status` says why."
            raise Answered(0, why) from error
        if response.is_success:
            found: Json = response.json() if response.content else {}
            return found
        try:
            sentence = str(response.json()["detail"])
        except (ValueError, KeyError, TypeError):
            sentence = f"The portal answered {response.status_code} without a sentence."
        raise Answered(response.status_code, sentence)


def connect(*, url: str | None, token_file: Path | None) -> Client:
    """Return a client with the token that was given, or as the operator if root gave none."""
    token = _token(token_file)
    if token:
        base = url or places.url("portal")
        return Client(httpx.Client(base_url=f"{base}/api/v1", headers=_shows(token), timeout=TIMEOUT_SECONDS))
    if url is not None or os.geteuid() != 0:
        raise Refused(
            [
                f"Set {VARIABLE} or give --token-file: a token made on your account page. "
                "Without one, only root on the enclave’s own machine may provision."
            ]
        )
    transport = httpx.HTTPTransport(uds=str(places.portal_socket))
    at_socket = httpx.Client(transport=transport, base_url="http://portal/", timeout=TIMEOUT_SECONDS)
    made = Client(at_socket).post("/internal/operator/token/")
    return Client(
        httpx.Client(
            transport=httpx.HTTPTransport(uds=str(places.portal_socket)),
            base_url="http://portal/api/v1",
            headers=_shows(made["token"]),
            timeout=TIMEOUT_SECONDS,
        )
    )


def _token(file: Path | None) -> str:
    if file is None:
        return os.environ.get(VARIABLE, "").strip()
    if file.stat().st_mode & 0o077:
        raise Refused([f"Others can read {file}; a token is only its person’s (chmod 600 {file})."])
    return file.read_text(encoding="utf-8").strip()


def _shows(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
