"""The manifest of a backup: files with their hashes, folders, and the ledger's signature over it all."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hub.backup.failure import BackupRefused
from hub.ledger.checkpoint import Checkpoint, CheckpointRefused, Signer, Verifier

NAME, SIGNATURE = "MANIFEST.json", "MANIFEST.sig"
FORMAT: Literal["parlatory-backup/1"] = "parlatory-backup/1"
LARGEST_BYTES = 512 * 1024 * 1024

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
# Where such a path may lie is for the one to say who writes there.
Path = Annotated[str, Field(min_length=1, max_length=4096)]
Mode = Annotated[int, Field(ge=0, le=0o7777)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Folder(_Strict):
    """A folder with its owner, group and mode."""

    name: Path
    mode: Mode
    user: str
    group: str


class File(Folder):
    """A file; its hash is over the list of its pieces and what they hold."""

    size: int = Field(ge=0)
    sha256: Hash


class Manifest(_Strict):
    """What a backup holds, of which enclave, and how long its ledger is."""

    format: Literal["parlatory-backup/1"]
    enclave: str
    made_at: str
    with_datasets: bool
    entries: int = Field(ge=0)
    folders: tuple[Folder, ...]
    files: tuple[File, ...]


def origin(enclave: str) -> str:
    """Return the name that manifests are signed under: not the ledger's, so neither passes for the other."""
    return f"{enclave}.localhost/backup"


def sign(text: bytes, made: Manifest, signer: Signer) -> str:
    """Return the signed note over a manifest's bytes."""
    return Signer(origin(made.enclave), signer.key).sign(size=len(made.files), root=_root(text))


def read(text: bytes) -> Manifest:
    """Return the manifest in these bytes, or refuse them as none."""
    try:
        found = Manifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BackupRefused(
            f"this is no backup of this kind: its manifest says {where} {first['msg']}"
        ) from error
    names = [one.name for one in (*found.folders, *found.files)]
    if len(set(names)) != len(names) or any(".." in name.split("/") for name in names):
        raise BackupRefused("the backup's manifest names a file twice or outside the state; it is not ours")
    return found


def require_signed(text: bytes, found: Manifest, note: str, verifier: Verifier) -> None:
    """Refuse a manifest that the enclave's ledger key did not sign."""
    try:
        signed = Verifier(origin(found.enclave), verifier.key).read(note)
    except CheckpointRefused as error:
        raise BackupRefused(
            "the backup's manifest is not signed by the ledger's key that is in it"
        ) from error
    if signed != Checkpoint(origin(found.enclave), len(found.files), _root(text)):
        raise BackupRefused("the backup's manifest is not the one that was signed")


def _root(text: bytes) -> bytes:
    return hashlib.sha256(FORMAT.encode() + b"\n" + text).digest()
