"""What a server under pressure serves: a long page, a file, a download without end in sight, a slow view."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

PAGE = b"p" * 8_000_000


def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Answer by the path."""
    folder = Path(os.environ["HEAVY"])
    path = environ["PATH_INFO"]
    if path == "/static":
        start("200 OK", [("Content-Length", str(len(PAGE)))])
        return environ["wsgi.file_wrapper"]((folder / "static").open("rb"))
    if path == "/long":
        start("200 OK", [("Content-Length", str(100 * len(PAGE)))])
        return (PAGE for _ in range(100))
    if path == "/wait":
        (folder / f"waits-{threading.get_ident()}").touch()
        while not (folder / "go").exists():
            time.sleep(0.02)
    said = {"/page": PAGE, "/wait": b"waited"}.get(path, b"short")
    start("200 OK", [("Content-Length", str(len(said)))])
    return [said]
