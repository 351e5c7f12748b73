"""Calling the API as a script does, through the whole portal."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.test import Client

from hub.api import tokens
from hub.api.models import Token
from hub.api.scopes import Scope
from hub.people.models import Person

HOST = "portal.localhost"


def token_of(person: Person | None, *scopes: Scope, days: int = 30) -> str:
    """Return the text of a token as `tokens.make` makes it, without asking who may."""
    wanted = [scope.value for scope in scopes or Scope]
    name = f"token {Token.objects.count()}"
    token, text = tokens._new(person, name, wanted, datetime.now(UTC) + timedelta(days=days))
    token.save(force_insert=True)
    return text


@dataclass
class Caller:
    """A script with a token."""

    token: str

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        """Send a request and return its answer."""
        said = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        if self.token:
            said.setdefault("HTTP_AUTHORIZATION", f"Bearer {self.token}")
        data = body if isinstance(body, str | bytes) else json.dumps(body) if body is not None else ""
        client = Client(HTTP_HOST=HOST, raise_request_exception=False)
        return client.generic(method, f"/api/v1{path}", data, content_type="application/json", **said)

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.call("POST", path, {} if body is None else body, **headers)

    def put(self, path: str, body: Any, **headers: str) -> HttpResponse:
        return self.call("PUT", path, body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> HttpResponse:
        return self.call("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> HttpResponse:
        return self.call("DELETE", path, **headers)
