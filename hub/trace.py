"""Which request a line belongs to: one id from the edge through portal, hub, gate and engine; and the lines.

An id is made where a request comes in and taken over only from the enclave's own processes: what a browser or
a session sends as one is never read. Lines are JSON, one object each: an event, its fields, the request.
"""

from __future__ import annotations

import contextvars
import json
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar

from hub import ids

HEADER = "X-Parlatory-Request"
# Supervisor's processes are told their name; a command has none.
PART = os.environ.get("PARLATORY_PROCESS", "command")
FIELD_CHARACTERS = 2000
_ID = re.compile(r"[0-9a-z]{26}")
_FIELD = r"([a-z_]+)=(%(?:\.\d+)?[a-z]|[a-z_]+)"
_EVENT = re.compile(rf"[a-z_]+(?: {_FIELD})*")
_current: contextvars.ContextVar[str] = contextvars.ContextVar("request", default="")

Given = ParamSpec("Given")
Result = TypeVar("Result")


def current() -> str:
    """Return the id of the request at work, or an empty text outside of any."""
    return _current.get()


def begin(given: str | None = None) -> str:
    """Begin a request in this task: with the id given, if it is one, else with a new one."""
    request = given if given and _ID.fullmatch(given) else ids.new()
    _current.set(request)
    return request


@contextmanager
def following(given: str | None = None) -> Iterator[str]:
    """Begin a request and go back to the one before afterwards."""
    before = _current.get()
    try:
        yield begin(given)
    finally:
        _current.set(before)


def headers() -> dict[str, str]:
    """Return what tells the next process which request this is."""
    return {HEADER: current()} if current() else {}


def carried(work: Callable[Given, Result]) -> Callable[Given, Result]:
    """Return the work, to be done on another thread under the request at work here."""
    request = current()

    def carry(*given: Given.args, **named: Given.kwargs) -> Result:
        before = _current.get()
        _current.set(request)
        try:
            return work(*given, **named)
        finally:
            _current.set(before)

    return carry


class Lines(logging.Formatter):
    """Writes a record as one JSON object; `"thing_done thing=%s"` becomes an event with a field."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        document: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "part": PART,
            "from": record.name,
            **_event(record),
            "request": current(),
        }
        if record.exc_info:
            document["trace"] = self.formatException(record.exc_info)
        return json.dumps(document, ensure_ascii=False)


def configure() -> None:
    """Write this process's log as lines to its standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    # The one writes whole addresses, the other a malformed header's value, which may be a cookie.
    for name in ("httpx", "tornado.general"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _event(record: logging.LogRecord) -> dict[str, Any]:
    said = str(record.msg)
    values = list(record.args) if isinstance(record.args, tuple) else []
    found = re.findall(_FIELD, said)
    if not _EVENT.fullmatch(said) or len(values) != sum(value.startswith("%") for _, value in found):
        return {"event": "said", "message": record.getMessage()[:FIELD_CHARACTERS]}
    fields = {name: _plain(values.pop(0)) if value.startswith("%") else value for name, value in found}
    return {"event": said.split(" ", 1)[0], "fields": fields}


def _plain(value: object) -> object:
    return value if isinstance(value, bool | int | float) else str(value)[:FIELD_CHARACTERS]
