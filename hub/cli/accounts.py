"""The unprivileged users: one for each process, and the group of those that write the enclave's data."""

from __future__ import annotations

import grp
import pwd

from hub.cli.running import Step
from hub.places import DATA_GROUP, USERS

WRITERS = ("portal", "door", "worker")


def ensure(step: Step) -> None:
    """Make the system users and groups that are missing."""
    if not _group_exists(DATA_GROUP):
        step.say(f"group {DATA_GROUP}")
        step.run(["groupadd", "--system", DATA_GROUP])
    for user in USERS.values():
        if not _user_exists(user):
            step.say(f"user {user}")
            step.run(
                [
                    *("useradd", "--system", "--user-group", "--no-create-home"),
                    *("--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", user),
                ]
            )
    members = grp.getgrnam(DATA_GROUP).gr_mem
    for part in WRITERS:
        if USERS[part] not in members:
            step.run(["usermod", "--append", "--groups", DATA_GROUP, USERS[part]])


def _user_exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _group_exists(name: str) -> bool:
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True
