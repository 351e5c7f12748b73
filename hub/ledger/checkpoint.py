"""Checkpoints: the tree's size and root in an Ed25519 signed note, as C2SP tlog-checkpoint says."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

_ED25519 = b"\x01"
_SIGNATURE = "\u2014 "


class CheckpointRefused(Exception):
    """A checkpoint is unsigned, altered, of another log or unreadable."""


@dataclass(frozen=True)
class Checkpoint:
    """What the log says it is: how many entries, under which root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True)
class Verifier:
    """The log's public key and name: all that an outsider needs."""

    origin: str
    key: Ed25519PublicKey

    @property
    def key_id(self) -> bytes:
        """Return the four bytes by which a signature names its key."""
        return hashlib.sha256(self.origin.encode() + b"\n" + _ED25519 + self._raw()).digest()[:4]

    def vkey(self) -> str:
        """Return the key in the one line that other programs take."""
        encoded = base64.b64encode(_ED25519 + self._raw()).decode()
        return f"{self.origin}+{self.key_id.hex()}+{encoded}"

    @classmethod
    def from_vkey(cls, line: str) -> Verifier:
        """Return the verifier that `vkey` wrote; a line that is no key of a log is refused."""
        origin, _, rest = line.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        try:
            key = base64.b64decode(encoded, validate=True)
            made = cls(origin, Ed25519PublicKey.from_public_bytes(key[1:]))
        except ValueError as error:
            raise CheckpointRefused("this is not the public key of a ledger") from error
        if key[:1] != _ED25519 or made.key_id.hex() != key_id:
            raise CheckpointRefused("this is not the public key of a ledger: it does not fit its own number")
        return made

    def read(self, note: str) -> Checkpoint:
        """Return the checkpoint in a signed note, if this key signed it for this log."""
        text, separator, signatures = note.partition("\n\n")
        text += "\n"
        if not separator or not self._signature(text, signatures):
            raise CheckpointRefused(f"the checkpoint is not signed by the key of {self.origin}")
        try:
            origin, size, root = text.splitlines()[:3]
            checkpoint = Checkpoint(origin, int(size), base64.b64decode(root, validate=True))
        except ValueError as error:
            raise CheckpointRefused("the checkpoint's lines cannot be read") from error
        if checkpoint.origin != self.origin:
            raise CheckpointRefused(f"the checkpoint is of {checkpoint.origin}, not of {self.origin}")
        return checkpoint

    def own(self, note: str) -> str:
        """Return a note with this key's signature alone, in its one written form; "" if it has none."""
        text, _, signatures = note.partition("\n\n")
        blob = self._signature(f"{text}\n", signatures)
        return f"{text}\n\n{self.signature_line(blob)}" if blob else ""

    def _signature(self, text: str, signatures: str) -> bytes:
        for line in signatures.splitlines():
            if not line.startswith(f"{_SIGNATURE}{self.origin} "):
                continue
            try:
                blob = base64.b64decode(line.rsplit(" ", 1)[1], validate=True)
                if blob[:4] == self.key_id:
                    self.key.verify(blob[4:], text.encode())
                    return blob
            except (ValueError, InvalidSignature):
                continue
        return b""

    def signature_line(self, blob: bytes) -> str:
        """Return the line of a note that carries a signature of this key."""
        return f"{_SIGNATURE}{self.origin} {base64.b64encode(blob).decode()}\n"

    def _raw(self) -> bytes:
        return self.key.public_bytes(Encoding.Raw, PublicFormat.Raw)


@dataclass(frozen=True)
class Signer:
    """The log's private key and name."""

    origin: str
    key: Ed25519PrivateKey

    @classmethod
    def from_pem(cls, origin: str, pem: str) -> Signer:
        """Return the signer for a key file's text."""
        key = load_pem_private_key(pem.encode(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("the ledger's key is not an Ed25519 key; `python3 -m hub up` makes one")
        return cls(origin, key)

    @property
    def verifier(self) -> Verifier:
        """Return the public half."""
        return Verifier(self.origin, self.key.public_key())

    def sign(self, *, size: int, root: bytes) -> str:
        """Return the signed note for a tree."""
        text = Checkpoint(self.origin, size, root).text()
        blob = self.verifier.key_id + self.key.sign(text.encode())
        return f"{text}\n{self.verifier.signature_line(blob)}"
