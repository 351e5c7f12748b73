"""Making a backup: each part at one moment of its own, in the order that makes them fit together.

The ledger's files and the database under the publisher's lock, so that the database holds all that was
published; the vault after the database, so that it holds all that the database speaks of.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import pyrage

from hub.backup import contents, database, homes, manifest, postgresql, sealed, tail
from hub.backup.archive import Writer
from hub.backup.contents import Found
from hub.backup.failure import BackupFailed
from hub.ledger import tree
from hub.ledger.checkpoint import CheckpointRefused, Signer
from hub.ledger.tiles import Tiles
from hub.places import Places

Say = Callable[[str], None]
SCRATCH = ".backing-up-"


@dataclass(frozen=True)
class Made:
    """What a backup holds, in numbers, and the last signed word of its ledger."""

    files: int
    size_bytes: int
    entries: int
    checkpoint: str


def make(
    places: Places,
    target: Path,
    *,
    recipients: Sequence[pyrage.x25519.Recipient],
    with_datasets: bool,
    say: Say,
) -> Made:
    """Write a backup of the state to a new file, sealed to the recipients."""
    if target.resolve().is_relative_to(places.state.resolve()):
        raise BackupFailed(
            f"{target} lies inside the state; a backup belongs elsewhere, best on another machine"
        )
    if not postgresql.chosen() and not (places.state / contents.DATABASE).is_file():
        raise BackupFailed(f"there is no enclave in {places.state}; a backup of nothing is not made")
    with (
        _alone(places),
        _scratch(places) as scratch,
        _new(target) as out,
        sealed.sealing(out, recipients) as stream,
        Writer(stream) as writer,
    ):
        made = _fill(places, writer, scratch, with_datasets=with_datasets, say=say)
    size = target.stat().st_size
    beside = target.with_name(f"{target.name}.checkpoint")
    beside.write_text(made.checkpoint, encoding="utf-8")
    if made.checkpoint:
        tail.remember(places, signer(places).verifier, made.checkpoint)
    return Made(made.files, size, made.entries, made.checkpoint)


def signer(places: Places, state: Path | None = None) -> Signer:
    """Return the signer of the ledger whose key lies in a state folder."""
    key = (state or places.state) / "secrets" / "data" / "ledger.key"
    try:
        return Signer.from_pem(f"{places.enclave}.localhost/ledger", key.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BackupFailed(f"the ledger’s key {key} can’t be read: {error}") from error


def _fill(places: Places, writer: Writer, scratch: Path, *, with_datasets: bool, say: Say) -> Made:
    state = places.state
    copy = scratch / "database"
    with _unpublished(state / contents.LEDGER):
        say("database and ledger")
        if postgresql.chosen():
            postgresql.snapshot(scratch / "dump", copy)
        else:
            database.snapshot(state / contents.DATABASE, copy)
        note = Tiles(state / contents.LEDGER).read_checkpoint() or ""
        _put(writer, contents.walk(state, contents.LEDGER))
    entries = _require_sound(places, copy, note)
    writer.add_folder("db", state / "db")
    if postgresql.chosen():
        writer.add(contents.DUMP, scratch / "dump")
        writer.add(contents.DATABASE, copy)
    else:
        writer.add(contents.DATABASE, copy, like=state / contents.DATABASE)
    say("secrets, vault, logs of sessions")
    for top in contents.ALWAYS:
        _put(writer, contents.walk(state, top))
    for name in (*contents.SINGLE, "prepared.json"):
        if (state / name).exists():
            writer.add(name, state / name)
    say("datasets" if with_datasets else "the datasets’ manifests")
    _put(writer, contents.data(state, whole=with_datasets))
    _put_homes(places, writer, scratch, say=say)
    found = manifest.Manifest(
        format=manifest.FORMAT,
        enclave=places.enclave,
        made_at=datetime.now(UTC).isoformat(),
        with_datasets=with_datasets,
        entries=entries,
        folders=tuple(writer.folders),
        files=tuple(writer.files),
    )
    text = found.model_dump_json().encode()
    writer.end(text, manifest.sign(text, found, signer(places)))
    return Made(len(writer.files), 0, entries, note)


def _put(writer: Writer, items: Iterable[Found]) -> None:
    for item in items:
        try:
            if item.is_folder:
                writer.add_folder(item.name, item.path)
            else:
                writer.add(item.name, item.path)
        except FileNotFoundError:
            # The logs and notes of sessions come and go; what must not be missing is asked for by name.
            if not item.name.startswith(("sessions/", "engine/")):
                raise


def _put_homes(places: Places, writer: Writer, scratch: Path, *, say: Say) -> None:
    if not (places.state / contents.HOMES).is_dir():
        return
    writer.add_folder(contents.HOMES, places.state / contents.HOMES)
    for workspace in homes.workspaces(places):
        say(f"home {workspace}")
        image = places.state / contents.HOMES / f"{workspace}.img"
        copy = scratch / "home"
        homes.copy(places, workspace, copy)
        writer.add(f"{contents.HOMES}/{workspace}.img", copy, like=image)
        copy.unlink()


def _require_sound(places: Places, copy: Path, note: str) -> int:
    """Return how many entries the copy's ledger has; one that is not what was signed is no backup."""
    database.require_whole(copy)
    hashes = database.leaf_hashes(copy)
    if note:
        try:
            checkpoint = signer(places).verifier.read(note)
        except CheckpointRefused as error:
            raise BackupFailed(f"{error}; `python3 -m hub ledger verify` says more") from error
        if len(hashes) < checkpoint.size or tree.root(hashes[: checkpoint.size]) != checkpoint.root:
            raise BackupFailed(
                "the database is not the ledger that was published, and could not be restored; "
                "`python3 -m hub ledger verify` says more"
            )
    return len(hashes)


@contextmanager
def _unpublished(folder: Path) -> Iterator[None]:
    """Hold the publisher's lock: who appends meanwhile is published a moment later."""
    descriptor = os.open(folder / ".lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o660)
    try:
        if os.fstat(descriptor).st_uid == os.geteuid():
            # Where nobody has published yet: the publishers take turns with this file, too.
            os.fchmod(descriptor, 0o660)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _alone(places: Places) -> Iterator[None]:
    """Hold the lock of backups, and take away what a killed one left."""
    places.run.mkdir(parents=True, exist_ok=True)
    with (places.run / "backup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupFailed("another backup of this enclave is being made; wait for it") from error
        for left in places.state.glob(f"{SCRATCH}*"):
            shutil.rmtree(left)
        yield


def _database_size(places: Places) -> int:
    if postgresql.chosen():
        return postgresql.size()
    return (places.state / contents.DATABASE).stat().st_size


@contextmanager
def _scratch(places: Places) -> Iterator[Path]:
    need = max([*homes.sizes(places), 0]) + 2 * _database_size(places)
    if shutil.disk_usage(places.state).free < need:
        raise BackupFailed(f"{need / 2**20:.0f} MiB of room are needed in {places.state} while copying")
    # Such a folder is its owner's alone.
    folder = Path(tempfile.mkdtemp(prefix=SCRATCH, dir=places.state))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def _new(target: Path) -> Iterator[IO[bytes]]:
    """Yield a file that gets its name when all went well; what lies there already is never replaced."""
    partial = target.with_name(f".{target.name}.partial")
    try:
        if target.exists():
            raise FileExistsError(errno.EEXIST, "it exists already")
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise BackupFailed(f"{target} can’t be written: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        os.link(partial, target)
    finally:
        partial.unlink(missing_ok=True)


def plain_sha256(path: Path) -> str:
    """Return a file's own hash, as manifests of datasets are known by."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
