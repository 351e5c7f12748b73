"""Who a step runs as: an enclave's own user where root started it, else whoever did."""

from __future__ import annotations

import os
import pwd

from hub.cli import programs


def of(user: str) -> programs.Credentials:
    """Return what `subprocess` needs to become `user`; nothing where that is not ours to do."""
    if os.geteuid() != 0:
        return {}
    try:
        pwd.getpwnam(user)
    except KeyError:
        return {}
    return programs.credentials(user)
