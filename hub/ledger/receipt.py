"""Receipts, checked by anybody who holds the ledger's public key.

`python -m hub.ledger.receipt FILE --key KEY` needs no enclave, no network and no Django.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hub.ledger import downloaded
from hub.ledger.canonical import canonical
from hub.ledger.checkpoint import Checkpoint, Verifier
from hub.ledger.downloaded import DownloadRefused
from hub.ledger.findings import Finding
from hub.ledger.kinds import Kind
from hub.ledger.proofs import Proof

_FIELDS = {"document": dict, "receipt_sha256": str, "ledger": dict}
_LEDGER_FIELDS = {"entry_index": int, "leaf": str, "proof": str}


class ReceiptRefused(DownloadRefused):
    """A receipt is not the one that the enclave gave out, or cannot be read."""


def digest(document: Mapping[str, Any]) -> str:
    """Return the hash that stands for a receipt's document on the ledger."""
    return hashlib.sha256(canonical(document)).hexdigest()


def proved(document: dict[str, Any], *, leaf: bytes, proof: Proof) -> str:
    """Return the receipt as it is given out: with the ledger's entry and why that is in the signed tree."""
    ledger = {"entry_index": proof.index, "leaf": leaf.decode(), "proof": proof.text()}
    return downloaded.written({"document": document, "receipt_sha256": digest(document), "ledger": ledger})


def check(text: str, verifier: Verifier) -> Iterator[Finding]:
    """Yield what holds, one finding a check; the first that does not hold is raised as its sentence.

    Raises `ReceiptRefused`, `ProofRefused` or `CheckpointRefused`.
    """
    receipt = _read(text)
    document, ledger = receipt["document"], receipt["ledger"]
    if digest(document) != receipt["receipt_sha256"]:
        raise ReceiptRefused("the document was changed: its SHA-256 is not the one the receipt names")
    yield Finding(True, f"the document has the SHA-256 {receipt['receipt_sha256']}")
    leaf, proof = ledger["leaf"].encode(), Proof.read(ledger["proof"])
    if proof.index != ledger["entry_index"]:
        raise ReceiptRefused(f"the receipt names entry {ledger['entry_index']}, its proof {proof.index}")
    said = _leaf(leaf)
    if said.get("kind") != Kind.RELEASED.value:
        raise ReceiptRefused(f"entry {proof.index} of the ledger is no release")
    if _public(said).get("receipt_sha256") != receipt["receipt_sha256"]:
        raise ReceiptRefused(f"entry {proof.index} of the ledger is the release of another receipt")
    yield Finding(True, f"entry {proof.index} of the ledger, of {said.get('at')}, is the release it names")
    checkpoint: Checkpoint = proof.checkpoint(leaf, verifier)
    yield Finding(True, f"the proof leads from it to the root {checkpoint.root.hex()}")
    yield Finding(
        True, f"that root over {checkpoint.size} entries is signed by the key of {checkpoint.origin}"
    )


def check_files(text: str, folder: Path) -> Iterator[Finding]:
    """Yield for each file that was released whether the folder holds it as it left."""
    for file in _read(text)["document"].get("files", []):
        name, left = str(file["name"]), str(file["released"]["sha256"])
        path = folder / name
        if Path(name).name != name or not path.is_file():
            yield Finding(False, f"{name} is not in {folder}")
            continue
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found == left:
            yield Finding(True, f"{name} is the file that left, SHA-256 {left}")
        else:
            yield Finding(False, f"{name} is not the file that left: its SHA-256 is {found}, not {left}")


def options(parser: argparse.ArgumentParser) -> None:
    """Add what the check is told to a parser."""
    downloaded.options(parser, what="receipt")
    parser.add_argument("--files", type=Path, metavar="DIR", help="compare the released files lying here")


def run(given: argparse.Namespace) -> int:
    """Print what was checked, one line each; 0 only if everything holds."""

    def both(text: str, verifier: Verifier) -> Iterator[Finding]:
        yield from check(text, verifier)
        yield from check_files(text, given.files) if given.files else ()

    return downloaded.report(given.file, given.key, what="receipt", check=both)


def main(arguments: list[str] | None = None) -> int:
    """Check a receipt; the exit status is 0 only if all of it holds."""
    parser = argparse.ArgumentParser(prog="python -m hub.ledger.receipt", description=__doc__)
    options(parser)
    return run(parser.parse_args(arguments))


def _read(text: str) -> dict[str, Any]:
    try:
        receipt = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ReceiptRefused("this is not a receipt: it cannot be read as JSON") from error
    if not _has(receipt, _FIELDS) or not _has(receipt["ledger"], _LEDGER_FIELDS):
        raise ReceiptRefused("this is not a receipt with a proof: download it again from the release's page")
    # One form only: what stands outside the hashes, a blank included, cannot have been changed either.
    if downloaded.written(receipt) != text:
        raise ReceiptRefused("the receipt is not written as the enclave wrote it; download it again")
    return dict(receipt)


def _has(value: object, fields: Mapping[str, type]) -> bool:
    if not isinstance(value, dict) or set(value) != set(fields):
        return False
    return all(type(value[name]) is kind for name, kind in fields.items())


def _leaf(leaf: bytes) -> dict[str, Any]:
    try:
        said = json.loads(leaf)
    except (ValueError, RecursionError) as error:
        raise ReceiptRefused("the ledger's entry in the receipt cannot be read") from error
    return said if isinstance(said, dict) else {}


def _public(leaf: Mapping[str, Any]) -> Mapping[str, Any]:
    public = leaf.get("public")
    return public if isinstance(public, dict) else {}


if __name__ == "__main__":
    sys.exit(main())
