"""The process that opens one file for a preview, with little memory, little time and no files to write."""

from __future__ import annotations

import base64
import json
import os
import resource
import subprocess
import sys
from dataclasses import asdict
from typing import Any

from egress_review.previews.shown import Cell, Lines, Picture, Shown, Sound, Table

SECONDS = 20
MEMORY_BYTES = 2 * 1024**3
ANSWER_BYTES = 64 * 1024**2
BROKEN = "No preview: this file could not be opened within the limits of time and memory."


def shown(data: bytes, *, media_type: str, page: int) -> Shown:
    """Return a page of a preview made in a process of its own; one that fails says so."""
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "egress_review.previews.child", media_type, str(page)],
            input=data,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Shown(why_not=BROKEN)
    if ran.returncode != 0 or len(ran.stdout) > ANSWER_BYTES:
        return Shown(why_not=BROKEN)
    return _read(json.loads(ran.stdout))


def main() -> None:
    """Read a file from standard input and write its preview."""
    media_type, page = sys.argv[1], int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from egress_review.previews.preview import APART

    found = APART[media_type](sys.stdin.buffer.read(), page)
    sys.stdout.write(json.dumps(asdict(found), default=lambda data: base64.b64encode(data).decode()))
    sys.stdout.flush()
    # Arrow's threads may still stand there: Python's own way out would now and then end in an abort.
    os._exit(0)


def _read(said: dict[str, Any]) -> Shown:
    return Shown(
        tables=tuple(
            Table(**{**one, "head": tuple(one["head"]), "rows": tuple(map(tuple, one["rows"]))})
            for one in said["tables"]
        ),
        lines=Lines(tuple(said["lines"]["lines"]), said["lines"]["first"]) if said["lines"] else None,
        cells=tuple(
            Cell(**{**one, "outputs": tuple(one["outputs"]), "pictures": _pictures(one["pictures"])})
            for one in said["cells"]
        ),
        pictures=_pictures(said["pictures"]),
        sounds=tuple(Sound(base64.b64decode(one["wav"]), one["label"]) for one in said["sounds"]),
        **{name: said[name] for name in ("page", "pages", "cut", "why_not")},
    )


def _pictures(said: list[dict[str, Any]]) -> tuple[Picture, ...]:
    return tuple(Picture(**{**one, "png": base64.b64decode(one["png"])}) for one in said)


if __name__ == "__main__":
    main()
