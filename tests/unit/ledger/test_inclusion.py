"""An entry's proof as a file: it holds as it was given out, and not when a byte of it is another."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.ledger import inclusion, tree
from hub.ledger.checkpoint import CheckpointRefused, Signer
from hub.ledger.proofs import Proof, ProofRefused

LEAVES = [json.dumps({"at": f"2026-01-0{n}T00:00:00.000000Z", "kind": "saved"}).encode() for n in range(1, 8)]


@pytest.fixture
def signer() -> Signer:
    return Signer("unit.localhost/ledger", Ed25519PrivateKey.generate())


@pytest.fixture
def text(signer: Signer) -> str:
    hashes = [tree.leaf_hash(leaf) for leaf in LEAVES]
    note = signer.sign(size=len(hashes), root=tree.root(hashes))
    return inclusion.written(LEAVES[4], Proof(4, tuple(tree.inclusion_proof(hashes, 4)), note))


REFUSALS = (inclusion.InclusionRefused, ProofRefused, CheckpointRefused)


def test_it_holds_as_it_was_given_out(text: str, signer: Signer) -> None:
    assert [finding.good for finding in inclusion.check(text, signer.verifier)] == [True] * 3


def test_no_byte_of_it_can_be_another(text: str, signer: Signer) -> None:
    data = text.encode()
    for place in range(len(data)):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        with pytest.raises(REFUSALS):
            list(inclusion.check(changed.decode(errors="replace"), signer.verifier))


def test_another_key_does_not_do(text: str) -> None:
    other = Signer("unit.localhost/ledger", Ed25519PrivateKey.generate())
    with pytest.raises(CheckpointRefused):
        list(inclusion.check(text, other.verifier))


@pytest.mark.parametrize("bad", ["", "[]", "{}", "[" * 100_000, '{"entry":"4","leaf":"","proof":""}'])
def test_what_is_no_proof_is_refused(bad: str, signer: Signer) -> None:
    with pytest.raises(inclusion.InclusionRefused):
        list(inclusion.check(bad, signer.verifier))


def test_the_command_says_whether_it_holds(
    text: str, signer: Signer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "key").write_text(signer.verifier.vkey())
    (tmp_path / "proof.json").write_text(text)
    given = [str(tmp_path / "proof.json"), "--key", str(tmp_path / "key")]
    assert inclusion.main(given) == 0 and "The proof holds." in capsys.readouterr().out
    (tmp_path / "proof.json").write_text(text.replace("saved", "voted"))
    assert inclusion.main(given) == 1 and "does NOT hold" in capsys.readouterr().out
    (tmp_path / "proof.json").write_bytes(b"\xff" * 10)
    assert inclusion.main(given) == 1
    (tmp_path / "proof.json").write_bytes(b"x" * 10_000_000)
    assert inclusion.main(given) == 1
    assert inclusion.main([str(tmp_path / "none"), "--key", str(tmp_path / "key")]) == 1
