"""By which token an act came in: said once at the door, written into every entry of that request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_token: ContextVar[str] = ContextVar("parlatory_through", default="")


@contextmanager
def request() -> Iterator[None]:
    """Forget, when a request is over, what was said while it was answered."""
    before = _token.set("")
    try:
        yield
    finally:
        _token.reset(before)


def say(token: str) -> None:
    """Have every entry from here to the request's end name this token by its id."""
    _token.set(token)


def facts() -> dict[str, str]:
    """Return what an entry says about the token that its act came through."""
    token = _token.get()
    return {"token": token} if token else {}
