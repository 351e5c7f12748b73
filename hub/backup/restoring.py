"""Restoring: a backup is read and checked to its last byte beside the state, then put in its place."""

from __future__ import annotations

import grp
import json
import os
import pwd
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyrage

from hub import ids
from hub.backup import archive, contents, database, manifest, postgresql, sealed, tail, writing
from hub.backup.failure import BackupFailed, BackupRefused
from hub.backup.manifest import Folder, Manifest
from hub.backup.tail import Lost
from hub.ledger import tree
from hub.ledger.checkpoint import Checkpoint, CheckpointRefused, Signer, Verifier
from hub.ledger.tiles import Tiles, TilesBroken
from hub.places import Places

Say = Callable[[str], None]
# While this lies in the state, it is half old and half new: `up` refuses to start it.
UNFINISHED, RESTORED = "restore-unfinished", "restored.json"
EXPECTED = "datasets-in-backup"
# What was in PostgreSQL before: root's alone, removed by hand.
KEPT_DUMP = "database-before-restore.pgdump"
# Who has the one is of the demo; who has the other is to stay without it.
DEMO, WITHOUT_DEMO = "demo-passwords.json", "without-demo"
# What `up` need not do again; the rest of what it remembers follows from files that no backup holds.
KEPT_STAMPS = ("demo", "revision", "shown")


@dataclass(frozen=True)
class Wish:
    """What the one who restores has said."""

    checkpoint: Path | None = None
    over: bool = False
    lose_the_tail: bool = False
    without_checkpoint: bool = False


@dataclass(frozen=True)
class Restored:
    """What was put back, what was not in the backup, and where the old state lies."""

    manifest: Manifest
    lost: Lost | None
    missing_data: tuple[str, ...]
    aside: Path | None


def restore(
    places: Places, source: Path, *, keys: Sequence[pyrage.x25519.Identity], wish: Wish, say: Say
) -> Restored:
    """Put a backup in the state's place; whatever is wrong with it is found before anything is changed."""
    state = places.state
    if not wish.over and not contents.is_empty(state):
        raise BackupRefused(
            f"{state} holds an enclave already; `--over-what-is-there` puts the backup in its place and "
            "keeps what was there beside it"
        )
    with _staging(state, source) as staging:
        say("reading the backup and checking every file in it")
        found = _unpack(source, keys, staging)
        if found.enclave != places.enclave:
            raise BackupRefused(f"this is a backup of the enclave {found.enclave}; here is {places.enclave}")
        say("checking database, vault and ledger")
        verifier, note, lost = _check(places, staging, found, wish)
        missing = tuple(_missing_data(staging, state, found))
        database.forget_sign_ins(staging / contents.DATABASE)
        _note(staging, found, lost, demo_is_there=not missing)
        _stay_without_demo(staging)
        _own(staging, found)
        say("putting it in place")
        _load(staging, state, wish)
        aside = _swap(state, staging)
    if note:
        tail.remember(places, verifier, note, lower=lost is not None)
    return Restored(found, lost, missing, aside)


def _unpack(source: Path, keys: Sequence[pyrage.x25519.Identity], staging: Path) -> Manifest:
    """Write every file of a backup below `staging`; return its manifest if it is true to each of them."""
    digests: dict[str, tuple[int, str]] = {}
    folders: set[str] = set()
    ends: dict[str, bytes] = {}
    with source.open("rb") as sealed_file, sealed.opening(sealed_file, keys) as stream:
        for info, content in archive.members(stream):
            if content is None:
                folders.add(info.name)
                _inside(staging, info.name).mkdir(mode=0o700, parents=True, exist_ok=True)
            elif info.name in (manifest.NAME, manifest.SIGNATURE):
                if info.size > manifest.LARGEST_BYTES:
                    raise BackupRefused(f"{info.name} in the backup is too long; it is not ours")
                ends[info.name] = b"".join(archive.take(content, info.size))
            elif ends or info.name in digests:
                raise BackupRefused(
                    f"{info.name} comes twice, or after the manifest; this backup is not ours"
                )
            else:
                target = _inside(staging, info.name)
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                digests[info.name] = info.size, archive.unpack(info, content, target)
    text = ends.get(manifest.NAME, b"")
    found = manifest.read(text)
    _require_same(found, digests, folders)
    note = ends.get(manifest.SIGNATURE, b"").decode("utf-8", "replace")
    manifest.require_signed(text, found, note, _verifier(found, staging))
    return found


def _require_same(found: Manifest, digests: Mapping[str, tuple[int, str]], folders: Set[str]) -> None:
    """Refuse a backup that holds another file or folder than its manifest says, or lacks one."""
    if {one.name: (one.size, one.sha256) for one in found.files} != digests:
        raise BackupRefused("the files in the backup are not those of its manifest; it is damaged")
    if {one.name for one in found.folders} != folders:
        raise BackupRefused("the folders in the backup are not those of its manifest; it is damaged")


def _inside(staging: Path, name: str) -> Path:
    parts = name.split("/")
    if parts[0] not in contents.TOPS or not all(parts) or ".." in parts or "." in parts:
        raise BackupRefused(f"{name!r} in the backup does not belong to an enclave’s state; it is not ours")
    return staging / name


def _verifier(found: Manifest, staging: Path) -> Verifier:
    # The secret key's own public half: who made this backup had the ledger's key, not just its name.
    key = staging / "secrets" / "data" / "ledger.key"
    try:
        return Signer.from_pem(f"{found.enclave}.localhost/ledger", key.read_text("utf-8")).verifier
    except (OSError, ValueError) as error:
        raise BackupRefused("the backup does not hold the ledger’s key; it can’t be restored") from error


def _check(places: Places, staging: Path, found: Manifest, wish: Wish) -> tuple[Verifier, str, Lost | None]:
    """Hold the ledger against itself and what was seen of it; return key, last note and what is lost."""
    path = staging / contents.DATABASE
    database.require_whole(path)
    hashes = database.leaf_hashes(path)
    if len(hashes) != found.entries:
        raise BackupRefused(
            f"the backup’s ledger has {len(hashes)} entries; its manifest says {found.entries}"
        )
    absent = [one for one in database.vault_hashes(path) if not _in_vault(staging, one)]
    if absent:
        raise BackupRefused(f"the vault in the backup lacks {len(absent)} contents, as {absent[0][:12]}…")
    verifier = _verifier(found, staging)
    note = Tiles(staging / contents.LEDGER).read_checkpoint() or ""
    if note:
        _require_published(staging, hashes, verifier, note)
    seen = tail.seen(places, verifier, given=wish.checkpoint)
    if seen is None:
        if not wish.without_checkpoint:
            raise BackupRefused(
                "nothing here says how long this enclave’s ledger was, so entries missing at its end could "
                "not be noticed; give the last checkpoint you kept with `--checkpoint FILE`, or say "
                "`--without-checkpoint`"
            )
        return verifier, note, None
    lost = tail.compare(hashes, seen)
    if lost and not wish.lose_the_tail:
        raise BackupRefused(
            f"the ledger in this backup ends too early: {lost.sentence()}. What they did, revocations "
            "included, would be undone; take a later backup, or say `--lose-the-tail`"
        )
    return verifier, note, lost


def _require_published(staging: Path, hashes: list[bytes], verifier: Verifier, note: str) -> None:
    try:
        checkpoint: Checkpoint = verifier.read(note)
        published = Tiles(staging / contents.LEDGER).check(checkpoint.size)
    except (CheckpointRefused, TilesBroken) as error:
        raise BackupRefused(f"the ledger in the backup is broken: {error}") from error
    if published != checkpoint.root or tree.root(hashes[: checkpoint.size]) != checkpoint.root:
        raise BackupRefused("the ledger in the backup is not the one that was signed")


def _in_vault(staging: Path, digest: str) -> bool:
    return (staging / "vault" / "sha256" / digest[:2] / digest).is_file()


def _missing_data(staging: Path, state: Path, found: Manifest) -> Iterator[str]:
    """Yield the dataset versions whose files must be put back by hand, or are not those registered."""
    root = (staging if found.with_datasets else state) / contents.DATASETS
    for folder, digest in database.versions(staging / contents.DATABASE):
        path = root / folder / "manifest.jsonl"
        if not _holds_data(path.parent) or writing.plain_sha256(path) != digest:
            yield folder


def _note(staging: Path, found: Manifest, lost: Lost | None, *, demo_is_there: bool) -> None:
    stamps = staging / "prepared.json"
    if stamps.exists():
        known = json.loads(stamps.read_text(encoding="utf-8"))
        stamps.chmod(0o600)
        kept = [name for name in KEPT_STAMPS if name in known and (demo_is_there or name != "demo")]
        stamps.write_text(json.dumps({name: known[name] for name in kept}), encoding="utf-8")
    said = {"made_at": found.made_at, "entries": found.entries, "restored_at": datetime.now(UTC).isoformat()}
    if lost:
        said |= {"lost_first": lost.first, "lost_last": lost.last, "lost_root": lost.root}
    (staging / RESTORED).write_text(json.dumps(said), encoding="utf-8")
    (staging / RESTORED).chmod(0o644)


def _stay_without_demo(staging: Path) -> None:
    """Keep `up` from putting the demo's people into an enclave that was backed up without them."""
    if not (staging / DEMO).exists():
        (staging / WITHOUT_DEMO).touch()


def _own(staging: Path, found: Manifest) -> None:
    """Give every file and folder its owner and mode, the deepest first."""
    for one in (*found.files, *sorted(found.folders, key=lambda folder: -folder.name.count("/"))):
        path = staging / one.name
        try:
            uid, gid = pwd.getpwnam(one.user).pw_uid, grp.getgrnam(one.group).gr_gid
        except KeyError as error:
            raise BackupRefused(
                f"{one.name} belongs to {one.user}:{one.group}, whom this machine lacks"
            ) from error
        os.chown(path, uid, gid)
        path.chmod(_mode(one))


def _mode(one: Folder) -> int:
    # Nothing in a state is a program, whatever a manifest says.
    return one.mode & (0o666 if isinstance(one, manifest.File) else 0o2777)


def _load(staging: Path, state: Path, wish: Wish) -> None:
    """Fill PostgreSQL from its dump before the files are swapped; the marker tells of a half-done one."""
    dump = staging / contents.DUMP
    if dump.exists() != postgresql.chosen():
        there, here = ("PostgreSQL", "SQLite") if dump.exists() else ("SQLite", "PostgreSQL")
        raise BackupRefused(
            f"the backup’s database is {there}’s and this enclave’s is {here}’s: "
            f"{'set' if dump.exists() else 'unset'} PARLATORY_DATABASE_FILE, then restore"
        )
    if not dump.exists():
        return
    postgresql.require_empty(over=wish.over)
    (state / UNFINISHED).write_text("a restore was interrupted; run it again\n", encoding="utf-8")
    try:
        postgresql.load(dump, keep=staging / KEPT_DUMP)
    except BackupFailed:
        (state / UNFINISHED).unlink()
        raise
    dump.unlink()
    (staging / contents.DATABASE).unlink()


def _swap(state: Path, staging: Path) -> Path | None:
    """Move the new in and the old aside, marked as unfinished until all is done."""
    marker = state / UNFINISHED
    marker.write_text("a restore was interrupted; run it again\n", encoding="utf-8")
    aside = state / f".before-restore-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{ids.new()}"
    aside.mkdir(mode=0o700)
    for path in sorted(staging.iterdir()):
        target = state / path.name
        if path.name == contents.DATASETS and not _holds_data(path):
            # Manifests alone take no dataset's place: they lie beside, to compare with.
            target = state / EXPECTED
        if os.path.lexists(target):
            target.rename(aside / path.name)
        path.rename(target)
    os.sync()
    marker.unlink()
    if any(path.is_file() for path in aside.rglob("*")):
        return aside
    # Folders that `up` made and nobody has filled.
    shutil.rmtree(aside)
    return None


def _holds_data(path: Path) -> bool:
    files = [one for one in path.rglob("*") if one.is_file()]
    return any(one.name not in contents.MANIFESTS for one in files)


@contextmanager
def _staging(state: Path, source: Path) -> Iterator[Path]:
    try:
        size = source.stat().st_size
    except OSError as error:
        raise BackupRefused(f"the backup {source} can’t be read: {error.strerror}") from error
    state.mkdir(mode=0o755, parents=True, exist_ok=True)
    if shutil.disk_usage(state).free < size:
        raise BackupFailed(f"{size / 2**20:.0f} MiB of room are needed at {state}")
    # In the state folder itself: a rename must not cross file systems.
    staging = state / f".restoring-{ids.new()}"
    staging.mkdir(mode=0o700)
    try:
        yield staging
    finally:
        shutil.rmtree(staging)
