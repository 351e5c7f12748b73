"""A small state folder with everything a backup looks at: real database, ledger, vault, home and secrets."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pyrage
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.backup import restoring, writing
from hub.backup.restoring import Restored, Wish
from hub.ledger import tree
from hub.ledger.checkpoint import Signer
from hub.ledger.tiles import Tiles
from hub.places import Places
from tests.throwaway import pem

TABLES = """
CREATE TABLE ledger_entry ("index" integer PRIMARY KEY, leaf blob);
CREATE TABLE datasets_datasetversion (folder text, manifest_sha256 text);
CREATE TABLE egress_review_file (sha256 text, canonical_sha256 text);
CREATE TABLE django_session (session_key text);
CREATE TABLE api_token (id text, revoked_at datetime);
CREATE TABLE people_invitation (id text, accepted_at datetime, revoked_at datetime);
INSERT INTO api_token VALUES ('live', NULL), ('over', '2020-01-02 03:04:05');
INSERT INTO people_invitation VALUES ('waits', NULL, NULL), ('accepted', '2020-01-02 03:04:05', NULL);
"""


@dataclass
class Enclave:
    """An enclave of files only."""

    places: Places
    key: pyrage.x25519.Identity

    @property
    def state(self) -> Path:
        """Where it lies."""
        return self.places.state

    @property
    def signer(self) -> Signer:
        """Who signs its ledger."""
        text = (self.state / "secrets/data/ledger.key").read_text()
        return Signer.from_pem(f"{self.places.enclave}.localhost/ledger", text)

    def database(self) -> sqlite3.Connection:
        """Open its database, which waits for no disk."""
        database = sqlite3.connect(self.state / "db/parlatory.sqlite3")
        database.execute("PRAGMA synchronous = OFF")
        return database

    def append(self, count: int) -> str:
        """Append entries to its ledger and publish them; return the checkpoint."""
        with closing(self.database()) as database, database:
            (old,) = database.execute("SELECT count(*) FROM ledger_entry").fetchone()
            for index in range(old, old + count):
                leaf = json.dumps({"kind": "viewed", "number": index}).encode()
                database.execute("INSERT INTO ledger_entry VALUES (?, ?)", (index, leaf))
            leaves = [bytes(leaf) for (leaf,) in database.execute("SELECT leaf FROM ledger_entry ORDER BY 1")]
        tiles = Tiles(self.state / "ledger")
        tiles.extend(old=0, first=0, leaves=leaves)
        note = self.signer.sign(size=len(leaves), root=tree.root([tree.leaf_hash(leaf) for leaf in leaves]))
        tiles.write_checkpoint(note)
        return note

    def keep(self, content: bytes) -> str:
        """Put content into the vault and the database."""
        digest = hashlib.sha256(content).hexdigest()
        place = self.state / "vault/sha256" / digest[:2] / digest
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        place.chmod(0o440)
        with closing(self.database()) as database, database:
            database.execute("INSERT INTO egress_review_file VALUES (?, '')", (digest,))
        return digest


def elsewhere(enclave: Enclave, name: str = "new") -> Enclave:
    """Return a new machine beside: nothing in its state, nothing seen before."""
    root = enclave.places.checkout / name
    places = replace(enclave.places, state=root / "state", tools=root / "tools", run=root / "run")
    return Enclave(places, enclave.key)


def make(root: Path, *, entries: int = 3) -> Enclave:
    """Make an enclave's state below `root`."""
    state = root / "state"
    for name in (
        "db",
        "ledger",
        "vault/sha256",
        "vault/incoming",
        "homes",
        "secrets/data",
        "keys",
        "sessions",
    ):
        (state / name).mkdir(parents=True)
    places = Places(
        checkout=root, state=state, run=root / "run", tools=root / "tools", base_port=31000, enclave="unit"
    )
    (state / "secrets/data/ledger.key").write_text(pem(Ed25519PrivateKey.generate()))
    (state / "secrets/data/django").write_text("the-secret-of-all-cookies")
    (state / "demo-passwords.json").write_text('{"demo": "a-demo-password"}')
    (state / "prepared.json").write_text('{"database": "1", "demo": "2", "shown": "3"}')
    enclave = Enclave(places, pyrage.x25519.Identity.generate())
    with closing(enclave.database()) as database, database:
        database.executescript(TABLES)
        database.execute("INSERT INTO django_session VALUES ('somebody-signed-in')")
    enclave.append(entries)
    enclave.keep(b"a table that was handed in")
    data = state / "datasets/voices/1.0"
    (data / "recordings").mkdir(parents=True)
    (data / "manifest.jsonl").write_text('{"id": "a"}\n')
    (data / "recordings/a.wav").write_bytes(b"RIFF-a-recording")
    with closing(enclave.database()) as database, database:
        digest = hashlib.sha256((data / "manifest.jsonl").read_bytes()).hexdigest()
        database.execute("INSERT INTO datasets_datasetversion VALUES ('voices/1.0', ?)", (digest,))
    return enclave


def quiet(_text: str) -> None:
    """Say nothing of what is being done."""


def back_up(enclave: Enclave, name: str = "b", *, with_datasets: bool = False) -> Path:
    """Back an enclave up to a file beside it."""
    file = enclave.places.checkout / name
    writing.make(
        enclave.places, file, recipients=[enclave.key.to_public()], with_datasets=with_datasets, say=quiet
    )
    return file


def put_back(enclave: Enclave, file: Path, wish: Wish | None = None) -> Restored:
    """Restore an enclave from a file; without a wish, without a checkpoint to hold it against."""
    return restoring.restore(
        enclave.places, file, keys=[enclave.key], wish=wish or Wish(without_checkpoint=True), say=quiet
    )
