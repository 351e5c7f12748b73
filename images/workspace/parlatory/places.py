"""Where a session finds its data and its one way to the enclave; tests point these elsewhere."""

from __future__ import annotations

import os
from pathlib import Path


def data_folder() -> Path:
    """Return the folder that holds the mounted datasets as <dataset>/<version>."""
    return Path(os.environ.get("PARLATORY_DATA", "/data"))


def door_socket() -> Path:
    """Return the socket on which the enclave answers this session."""
    return Path(os.environ.get("PARLATORY_DOOR", "/run/parlatory-out/handin.sock"))
