"""The command line: `python -m egress_review index DIR --to FOLDER` writes a dataset's leak index."""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
import time
from pathlib import Path

from egress_review.screening import dataset, index
from egress_review.screening.manifest import NoDataset
from egress_review.screening.progress import GoesOn, silent

FAILED = "failed.json"
SAY_SECONDS = 1.0


class _Teller:
    """Says on standard output that the work goes on, not too often."""

    def __init__(self) -> None:
        self._said = 0.0

    def __call__(self) -> None:
        """Say it, unless it was said just now."""
        if time.monotonic() - self._said > SAY_SECONDS:
            self._said = time.monotonic()
            sys.stdout.write("it goes on\n")
            sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Write the leak index of a dataset's folder; a folder that holds a finished one is replaced at once."""
    parser = argparse.ArgumentParser(prog="python -m egress_review index", description=main.__doc__)
    parser.add_argument(
        "dataset", type=Path, metavar="DIR", help="a folder with manifest.jsonl or recordings.csv"
    )
    parser.add_argument("--to", type=Path, metavar="FOLDER", required=True, help="where the index is kept")
    parser.add_argument("--name", help="what findings call the dataset; the folder's name if not given")
    parser.add_argument("--manifest-sha256", help="refuse a manifest that is not this one")
    options = parser.parse_args(arguments)
    try:
        write(
            options.dataset,
            options.to,
            name=options.name or options.dataset.resolve().name,
            manifest_sha256=options.manifest_sha256,
            goes_on=_Teller(),
        )
    except (NoDataset, OSError) as error:
        sys.stderr.write(f"The leak index of {options.dataset} was not written: {error}\n")
        return 1
    return 0


def write(
    folder: Path,
    target: Path,
    *,
    name: str,
    manifest_sha256: str | None = None,
    goes_on: GoesOn = silent,
) -> None:
    """Write the index of a dataset's folder to `target`, complete or not at all.

    Raises NoDataset where the folder's table can't be read or is not the one expected, OSError for the disk.
    """
    facts = {}
    if manifest_sha256 is not None:
        data = (folder / dataset.MANIFEST).read_bytes()
        if hashlib.sha256(data).hexdigest() != manifest_sha256:
            raise NoDataset(f"{folder / dataset.MANIFEST} is not the one that was registered")
        facts["manifest_sha256"] = manifest_sha256
    rows = dataset.recordings(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    index.build(name, rows, folder, fresh, facts=facts, goes_on=goes_on)
    # The screener has a user of its own; outsiders are kept out by the folder above.
    fresh.chmod(0o755)
    for entry in fresh.rglob("*"):
        entry.chmod(0o755 if entry.is_dir() else 0o444)
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    fresh.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def note_failure(target: Path, reason: str, *, manifest_sha256: str) -> None:
    """Leave word of a build that failed, so that pages can say so and nobody waits for it."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    waiting = target / f".{FAILED}"
    waiting.write_text(
        json.dumps({"reason": reason[:1000], "manifest_sha256": manifest_sha256}), encoding="utf-8"
    )
    waiting.replace(target / FAILED)
