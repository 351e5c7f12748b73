"""What backup and restore say when they stop."""

from __future__ import annotations


class BackupFailed(Exception):
    """No backup was made; the message says why and what to do."""


class BackupRefused(Exception):
    """A backup is damaged, foreign, or must not be restored like this; nothing was changed."""
