"""The examination as a process of its own: what reads unjudged files can't harm who asked for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hub import children
from hub.errors import ParlatoryError
from hub.places import places

# It says how far it is at each piece of a file and each so many lines of the manifest.
SILENT_SECONDS = 480.0
MOST_REASON = 400

Progress = Callable[[int, int], bool]


class ExaminationFailed(ParlatoryError):
    """The examining process ended without a report; the message says what it said last."""


class Superseded(ParlatoryError):
    """Nobody wants this examination any more."""


def examine(folder: Path, *, progress: Progress) -> dict[str, Any]:
    """Return the report on a folder; ends the process and raises Superseded once `progress` says False."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            ["nice", "-n", "10", sys.executable, "-m", "hub.datasets", str(folder)],
            stdout=subprocess.PIPE,
            stderr=said,
            stdin=subprocess.DEVNULL,
            cwd=places.checkout,
            # No secret, no database: it needs none.
            env={"PATH": os.defpath, "PYTHONPATH": str(places.checkout), "OPENBLAS_NUM_THREADS": "1"},
        )
        try:
            report = _followed(process, progress)
        except children.Silent as error:
            raise ExaminationFailed(str(error)) from error
        finally:
            process.kill()
            process.wait()
        if report is None:
            said.seek(0)
            last = said.read().decode("utf-8", "replace").strip().rsplit("\n", 1)[-1]
            raise ExaminationFailed(last[:MOST_REASON] or "The examination ended without saying why.")
        return report


def _followed(process: subprocess.Popen[bytes], progress: Progress) -> dict[str, Any] | None:
    assert process.stdout is not None
    with process.stdout:
        for line in children.lines(process, silent_seconds=SILENT_SECONDS):
            told = json.loads(line)
            if "report" in told:
                return dict(told["report"])
            if not progress(told["done"], told["of"]):
                raise Superseded("The examination was given up.")
    return None
