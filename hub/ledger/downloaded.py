"""The check of a downloaded file as a command: its options, the lines it prints, its status. No Django."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hub.ledger.checkpoint import CheckpointRefused, Verifier
from hub.ledger.findings import Finding
from hub.ledger.proofs import ProofRefused
from hub.places import places

MOST_BYTES = 32_000_000


class DownloadRefused(Exception):
    """A file is not as the enclave gave it out, or cannot be read."""


def written(document: Mapping[str, Any]) -> str:
    """Return a document in the one form in which it is given out."""
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def options(parser: argparse.ArgumentParser, *, what: str) -> None:
    """Add the file and the key to a parser."""
    parser.add_argument("file", type=Path, help=f"the {what} as it was downloaded")
    parser.add_argument(
        "--key",
        type=Path,
        metavar="PUBKEYFILE",
        default=places.state / "keys" / "ledger.pub",
        help="the ledger's public key, in one line; without it, this enclave's own",
    )


def report(file: Path, key: Path, *, what: str, check: Callable[[str, Verifier], Iterator[Finding]]) -> int:
    """Print what was checked, one line each; return 0 only if everything holds."""
    good = True
    try:
        verifier = Verifier.from_vkey(_text(key))
        for finding in check(_text(file), verifier):
            good &= finding.good
            _say(finding)
    except (DownloadRefused, ProofRefused, CheckpointRefused) as error:
        good = False
        _say(Finding(False, str(error)))
    print(f"The {what} holds." if good else f"The {what} does NOT hold.")  # noqa: T201  # a command's answer
    return 0 if good else 1


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise DownloadRefused(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > MOST_BYTES:
        raise DownloadRefused(f"{path} is too long: nothing the enclave gives out for checking is")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DownloadRefused(f"{path} is not text in UTF-8") from error


def _say(finding: Finding) -> None:
    print(f"{'ok   ' if finding.good else 'WRONG'} {finding.text}")  # noqa: T201  # a command's answer
