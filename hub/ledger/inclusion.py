"""One entry's proof as a file, checked by anybody who holds the ledger's public key. No Django."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any

from hub.ledger import downloaded
from hub.ledger.checkpoint import Verifier
from hub.ledger.downloaded import DownloadRefused
from hub.ledger.findings import Finding
from hub.ledger.proofs import Proof

_FIELDS = {"entry": int, "leaf": str, "proof": str}


class InclusionRefused(DownloadRefused):
    """The file is no proof of an entry as the enclave gave it out."""


def written(leaf: bytes, proof: Proof) -> str:
    """Return the proof of an entry in its one written form: the leaf, and why it is in the signed tree."""
    return downloaded.written({"entry": proof.index, "leaf": leaf.decode(), "proof": proof.text()})


def check(text: str, verifier: Verifier) -> Iterator[Finding]:
    """Yield what holds; the first that does not hold is raised as its sentence.

    Raises `InclusionRefused`, `ProofRefused` or `CheckpointRefused`.
    """
    document = _read(text)
    leaf, proof = document["leaf"].encode(), Proof.read(document["proof"])
    if proof.index != document["entry"]:
        raise InclusionRefused(f"the file names entry {document['entry']}, its proof {proof.index}")
    said = _leaf(leaf)
    checkpoint = proof.checkpoint(leaf, verifier)
    yield Finding(True, f"entry {proof.index} says “{said['kind']}” at {said['at']}")
    yield Finding(True, f"{len(proof.nodes)} hashes lead from it to the root {checkpoint.root.hex()}")
    yield Finding(
        True, f"that root over {checkpoint.size} entries is signed by the key of {checkpoint.origin}"
    )


def options(parser: argparse.ArgumentParser) -> None:
    """Add what the check is told to a parser."""
    downloaded.options(parser, what="proof")


def run(given: argparse.Namespace) -> int:
    """Print what was checked, one line each; 0 only if everything holds."""
    return downloaded.report(given.file, given.key, what="proof", check=check)


def main(arguments: list[str] | None = None) -> int:
    """Check a proof; the exit status is 0 only if all of it holds."""
    parser = argparse.ArgumentParser(prog="python -m hub.ledger.inclusion", description=__doc__)
    options(parser)
    return run(parser.parse_args(arguments))


def _read(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InclusionRefused("this is no proof of an entry: it cannot be read as JSON") from error
    if not isinstance(document, dict) or set(document) != set(_FIELDS):
        raise InclusionRefused("this is no proof of an entry: download it again from the entry's page")
    if not all(type(document[name]) is kind for name, kind in _FIELDS.items()):
        raise InclusionRefused("this is no proof of an entry: download it again from the entry's page")
    if downloaded.written(document) != text:
        raise InclusionRefused("the proof is not written as the enclave wrote it; download it again")
    return dict(document)


def _leaf(leaf: bytes) -> dict[str, Any]:
    try:
        said = json.loads(leaf)
    except (ValueError, RecursionError) as error:
        raise InclusionRefused("the entry's leaf cannot be read") from error
    if not isinstance(said, dict) or not {"at", "kind"} <= set(said):
        raise InclusionRefused("the entry's leaf does not say what happened and when")
    return said


if __name__ == "__main__":
    sys.exit(main())
