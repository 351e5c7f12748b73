"""The errors of every floor; each message is a sentence its reader can act on."""

from __future__ import annotations

from collections.abc import Iterable


class ParlatoryError(Exception):
    """An error whose message may be shown to the person who caused it."""


class Refused(ParlatoryError):
    """A policy said no; the reasons are for the refused person."""

    def __init__(self, reasons: Iterable[str]) -> None:
        self.reasons = tuple(reasons) or ("No rule allows this; ask the enclave's admin which rule should.",)
        super().__init__(" ".join(self.reasons))


class WrongState(ParlatoryError):
    """The object exists but is not in a state that allows the wish."""


class Overtaken(WrongState):
    """Somebody else changed what this was decided on, after it was read; nothing was done."""


class NotFound(ParlatoryError):
    """There is no such object, or none this person may know of."""


class Invalid(ParlatoryError):
    """What was given cannot be used; the message says what to change."""


class Unavailable(ParlatoryError):
    """A part of the enclave did not answer; nothing was changed."""


class Busy(ParlatoryError):
    """As much of this is going on for this person as may at a time; later it is possible."""
