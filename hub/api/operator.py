"""Root at this machine: told by the kernel, at the portal's unix socket, and by nothing else."""

from __future__ import annotations

import socket
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from hub.api import problems, tokens
from hub.api.problems import Unproved
from hub.engine import peers

ROOT = 0
ONLY_ROOT = "The operator is root on the enclave’s own machine, at the portal’s unix socket; this is not."


def caller_uid(request: HttpRequest) -> int | None:
    """Return the user at the other end of a unix socket, as the kernel knows them; None over a network."""
    # The portal's worker gives its own writer to a socket, which is that socket in all but the writing.
    connection: Any = request.META.get("gunicorn.socket")
    if getattr(connection, "family", None) != socket.AF_UNIX:
        return None
    return peers.uid_of(connection)


def require_root(request: HttpRequest) -> None:
    """Refuse everybody but root at this machine."""
    if caller_uid(request) != ROOT:
        raise Unproved(ONLY_ROOT)


# Who asks is told by the socket, not by a cookie that a browser would send along.
@csrf_exempt
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    """Give root a token that lives for minutes and works at this socket only."""
    try:
        require_root(request)
    except Unproved as error:
        return problems.of(error)
    made = tokens.make_operators()
    return JsonResponse({"token": made.text, "expires_at": made.token.expires_at}, status=HTTPStatus.CREATED)
