"""What can go wrong, each told in a sentence its reader can act on."""

from __future__ import annotations


class ParlatoryError(Exception):
    """An error of this package; its message is meant to be read."""

    def _render_traceback_(self) -> list[str]:
        """Show the sentence in a notebook instead of the stack of this package's own calls."""
        return [f"{type(self).__name__}: {self}"]


class NoSuchData(ParlatoryError):
    """There is no such dataset, version or recording in this session."""


class Refused(ParlatoryError):
    """The hand-in was not accepted; nothing was handed in."""


class NotChecked(ParlatoryError):
    """The checks could not be run; nothing is known of the files."""


class DoorClosed(ParlatoryError):
    """The enclave did not answer; whether it acted is not known."""
