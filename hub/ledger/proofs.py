"""Proofs that travel: why an entry is in the signed tree, as one text after C2SP tlog-proof. No Django."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from hub.ledger import tree
from hub.ledger.checkpoint import Checkpoint, Verifier

_HEAD = "c2sp.org/tlog-proof@v1"
_INDEX = "index "


class ProofRefused(Exception):
    """A proof cannot be read, or does not lead from the entry to the signed root."""


@dataclass(frozen=True)
class Proof:
    """An entry's place, the nodes that lead from it to the root, and the signed note that holds the root."""

    index: int
    nodes: tuple[bytes, ...]
    note: str

    def text(self) -> str:
        """Return the proof in its one written form."""
        nodes = [base64.b64encode(node).decode() for node in self.nodes]
        return "\n".join([_HEAD, f"{_INDEX}{self.index}", *nodes, "", self.note])

    @classmethod
    def read(cls, text: str) -> Proof:
        """Return the proof in a text; one that is written in any other form is refused."""
        head, _, note = text.partition("\n\n")
        _, place, *nodes = [*head.split("\n"), ""]
        try:
            number = int(place.removeprefix(_INDEX))
            proof = cls(number, tuple(base64.b64decode(node, validate=True) for node in nodes[:-1]), note)
        except ValueError as error:
            raise ProofRefused("the proof of the ledger's entry cannot be read") from error
        if proof.text() != text:
            raise ProofRefused("the proof of the ledger's entry is not written as it was given out")
        return proof

    def checkpoint(self, leaf: bytes, verifier: Verifier) -> Checkpoint:
        """Return the signed checkpoint that holds the leaf; anything else is refused.

        Raises `CheckpointRefused` when this key did not sign the note, `ProofRefused` when the leaf is
        not in the tree that was signed.
        """
        checkpoint = verifier.read(self.note)
        if verifier.own(self.note) != self.note:
            raise ProofRefused("the checkpoint's signature is not written as it was given out")
        found = tree.verify_inclusion(
            leaf=tree.leaf_hash(leaf),
            index=self.index,
            size=checkpoint.size,
            proof=self.nodes,
            root=checkpoint.root,
        )
        if not found:
            raise ProofRefused(
                f"the proof does not lead from entry {self.index} to the root that the ledger signed over "
                f"{checkpoint.size} entries"
            )
        return checkpoint
