"""Users and groups of the enclave as numbers; one that is absent is root, so nobody else gets in."""

from __future__ import annotations

import grp
import pwd


class Owners:
    """The machine's users and groups."""

    def uid(self, user: str) -> int:
        """Return a user's number."""
        try:
            return pwd.getpwnam(user).pw_uid
        except KeyError:
            return 0

    def gid(self, group: str) -> int:
        """Return a group's number."""
        try:
            return grp.getgrnam(group).gr_gid
        except KeyError:
            return 0
