"""A request that is sent again with its Idempotency-Key is answered as it was, and done no second time."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from hub.api import answers, caller
from hub.api.models import Answer
from hub.errors import Invalid, WrongState

HEADER = "Idempotency-Key"
KEY = re.compile(r"[\x21-\x7e]{1,80}")
KEPT = timedelta(hours=24)
UNDER_WAY = (
    "The request with this Idempotency-Key is being answered, or its answer was lost. "
    "Look whether it was done before you send it with another key."
)


def once(request: HttpRequest, make: Callable[[], HttpResponse]) -> HttpResponse:
    """Do it, and keep the answer under the request's key; the same request again gets the kept answer."""
    key = request.headers.get(HEADER)
    if key is None:
        return make()
    if not KEY.fullmatch(key):
        raise Invalid(f"An {HEADER} has 1 to 80 visible ASCII characters.")
    kept = _begin(request, key)
    if kept.status is not None:
        return _again(kept)
    try:
        response = make()
    except Exception:
        # What was not done may be tried again with the same key; what was, its service then refuses by name.
        kept.delete()
        raise
    Answer.objects.filter(pk=kept.pk).update(
        status=response.status_code, body=response.content, etag=response.headers.get("ETag", "")
    )
    return response


def _begin(request: HttpRequest, key: str) -> Answer:
    token = caller.of(request).token
    asked = _fingerprint(request)
    now = datetime.now(UTC)
    try:
        with transaction.atomic():
            Answer.objects.filter(token=token, asked_at__lt=now - KEPT).delete()
            return Answer.objects.create(token=token, key=key, request_sha256=asked, asked_at=now)
    except IntegrityError:
        known = Answer.objects.filter(token=token, key=key).first()
    if known is None:
        # It failed in between, and gave its key back.
        raise WrongState(UNDER_WAY)
    if known.request_sha256 != asked:
        raise Invalid(f"This {HEADER} belongs to another request; take a new key for each.")
    if known.status is None:
        raise WrongState(UNDER_WAY)
    return known


def _again(kept: Answer) -> HttpResponse:
    response = HttpResponse(bytes(kept.body), status=kept.status or HTTPStatus.OK, content_type=answers.TYPE)
    response.headers["Idempotent-Replay"] = "true"
    if kept.etag:
        response.headers["ETag"] = kept.etag
    return response


def _fingerprint(request: HttpRequest) -> str:
    said = f"{request.method} {request.get_full_path()}\n".encode() + request.body
    return hashlib.sha256(said).hexdigest()
