"""Checkpoints: what this key signed for this log is read, everything else refused."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.cli.secrets import verifier_key
from hub.ledger.checkpoint import CheckpointRefused, Signer

SIGNER = Signer("enclave.localhost/ledger", Ed25519PrivateKey.generate())
ROOT = bytes(range(32))
NOTE = SIGNER.sign(size=7, root=ROOT)


def test_what_was_signed_is_read() -> None:
    found = SIGNER.verifier.read(NOTE)
    assert (found.origin, found.size, found.root) == (SIGNER.origin, 7, ROOT)


def test_the_public_key_is_the_one_that_up_publishes() -> None:
    assert SIGNER.verifier.vkey() == verifier_key(SIGNER.origin, SIGNER.key.public_key())


@pytest.mark.parametrize(
    "note",
    [
        "",
        NOTE.replace("\n7\n", "\n8\n"),
        NOTE.replace("enclave", "another"),
        NOTE.split("\n\n")[0] + "\n\n",
        NOTE[:-10] + "AAAAAAAA==",
        NOTE.replace("\u2014 ", "- "),
        Signer(SIGNER.origin, Ed25519PrivateKey.generate()).sign(size=7, root=ROOT),
        Signer("another.localhost/ledger", SIGNER.key).sign(size=7, root=ROOT),
    ],
    ids=["empty", "size", "origin", "unsigned", "signature", "mark", "another key", "another log"],
)
def test_anything_else_is_refused(note: str) -> None:
    with pytest.raises(CheckpointRefused):
        SIGNER.verifier.read(note)


def test_a_key_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError):
        Signer.from_pem("x", "not a key")
