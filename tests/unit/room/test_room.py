"""Which errors say that there is no room, on the disk or in memory; the portal says so in a sentence."""

from __future__ import annotations

import errno

import pytest
from django.db import OperationalError
from django.test import RequestFactory

from egress_review import desk
from hub import room
from hub.pages import errors


def caused(outer: Exception, by: Exception) -> Exception:
    outer.__cause__ = by
    return outer


FULL = [
    OSError(errno.ENOSPC, "No space left on device"),
    OSError(errno.EDQUOT, "Disk quota exceeded"),
    OperationalError("database or disk is full"),
    caused(ValueError("x"), OSError(errno.ENOSPC, "No space left on device")),
]
SHORT = [
    MemoryError(),
    OSError(errno.ENOMEM, "Cannot allocate memory"),
    RuntimeError("can't start new thread"),
    caused(OperationalError("x"), MemoryError()),
]
OTHER = [OSError(errno.EIO, "Input/output error"), RuntimeError("a bug"), OperationalError("locked")]


@pytest.mark.parametrize("error", [*FULL, *SHORT, *OTHER], ids=repr)
def test_each_lack_is_known_and_said_by_door_and_portal(error: Exception) -> None:
    assert (room.lacks(error), room.lacks_memory(error)) == (error in FULL, error in SHORT)
    said = {True: desk.FULL if error in FULL else desk.SHORT, False: desk.BROKEN}[error not in OTHER]
    assert desk.undone(error) == said
    answer = errors.explained(RequestFactory().get("/"), error)
    if error in OTHER:
        assert answer is None
        return
    assert answer is not None and answer.status_code == 503
    sentence = room.FULL if error in FULL else room.SHORT
    assert sentence in answer.content.decode()
