"""The backup's controls: it shows nothing, is whole, and is not restored damaged, forged or cut short."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

from tests.security.without.removal import Removal, nothing, put, replaced

FORMAT, HOMES = "unit/backup/test_backup.py", "integration/backup/test_homes.py"
NOT_RAISED = "DID NOT RAISE"


def unsealed() -> None:
    """Write a backup as it is."""
    from hub.backup import sealed

    @contextmanager
    def plain(target: IO[bytes], keys: object) -> Iterator[IO[bytes]]:
        yield target

    replaced(sealed, "sealing", plain)


def any_file() -> None:
    """Restore files that are not those of the manifest."""
    from hub.backup import restoring

    replaced(restoring, "_require_same", lambda found, digests, folders: None)


def any_manifest() -> None:
    """Restore by a manifest that nobody signed."""
    from hub.backup import manifest

    replaced(manifest, "require_signed", lambda text, found, note, verifier: None)


def any_ledger() -> None:
    """Restore a ledger without comparing it with what was seen of it."""
    from hub.backup import tail

    replaced(tail, "compare", lambda hashes, checkpoint: None)


def forgetful() -> None:
    """Keep no checkpoint outside the state."""
    from hub.backup import tail

    replaced(tail, "kept_at", lambda places, verifier: Path("/nonexistent"))
    replaced(tail, "remember", lambda places, verifier, note, lower=False: None)


def any_state() -> None:
    """Take every state for an empty one."""
    from hub.backup import contents

    replaced(contents, "is_empty", lambda state: True)


def signed_in() -> None:
    """Bring sign-ins back with the database."""
    from hub.backup import database

    replaced(database, "forget_sign_ins", lambda path: None)


def moving() -> None:
    """Copy a home in use as it lies."""
    from hub.backup import homes

    def copy(places: Any, workspace: str, target: Path) -> None:
        homes._copy(homes.homes.image(places, workspace), target)

    replaced(homes, "_copy_still", copy)


def left_changed() -> None:
    """Leave the database as a failed upgrade made it."""
    from hub.cli import upgrade

    replaced(upgrade, "_put_back", lambda before, names: None)


def any_copy() -> None:
    """Take a kept program for whole that bears the right name."""
    from hub.cli import kept, version

    named = SimpleNamespace(running=version.running, PARTS=version.PARTS, of=lambda copy: copy.name)
    replaced(kept, "version", named)


def any_kind() -> None:
    """Take whatever a backup holds for a file."""
    import tarfile

    regular = tarfile.TarInfo.isreg
    replaced(tarfile.TarInfo, "isreg", lambda self: regular(self) or not self.isdir())
    any_file()


def anywhere() -> None:
    """Write each file where its name leads."""
    from hub.backup import restoring

    replaced(restoring, "_inside", lambda staging, name: staging / name.strip("/"))
    any_file()


def followed_by_anything() -> None:
    """Read a sealed file as far as it is one."""
    import io

    from hub.backup import restoring, sealed

    opening = sealed.opening

    @contextmanager
    def opened(source: IO[bytes], keys: Any) -> Iterator[IO[bytes]]:
        with opening(io.BytesIO(source.read()[:-1]), keys) as stream:
            yield stream

    replaced(restoring, "sealed", SimpleNamespace(opening=opened))


def other_names() -> None:
    """Take any enclave's backup for this one's."""
    from dataclasses import replace

    from hub.backup import restoring

    restore = restoring.restore

    def restored(places: Any, source: Path, **named: Any) -> Any:
        return restore(replace(places, enclave="unit"), source, **named)

    replaced(restoring, "restore", restored)


def unmarked() -> None:
    """Leave no mark while a restore is under way."""
    from hub.backup import restoring

    replaced(restoring, "UNFINISHED", "restored.tmp")


def nobody_asked() -> None:
    """Restore where nobody knows how long the ledger was, and nobody said so."""
    from hub.backup import restoring

    wish = restoring.Wish
    replaced(wish, "without_checkpoint", True)
    begin = wish.__init__
    replaced(wish, "__init__", lambda self, **said: begin(self, **{**said, "without_checkpoint": True}))


@contextmanager
def over_what_is_there(target: Path) -> Iterator[IO[bytes]]:
    """Write over what lies there."""
    with target.open("wb") as out:
        yield out


@contextmanager
def not_alone(places: Any) -> Iterator[None]:
    """Make a backup beside another."""
    yield


def into_links() -> None:
    """Follow the links in the state."""
    from hub.backup import archive

    replaced(archive.os, "O_NOFOLLOW", 0)


def unheld() -> None:
    """Publish on, whatever was seen published before."""
    from hub.backup import tail

    look = tail.look

    def looked(places: Any, verifier: Any) -> str:
        try:
            return look(places, verifier)
        except tail.BackupRefused as error:
            return str(error)

    replaced(tail, "look", looked)


REMOVALS = {
    "seal": Removal(
        "a backup is sealed to its keys",
        unsealed,
        FORMAT,
        "test_nothing_of_the_state_can_be_read_in_the_file",
        shows="not \\[",
    ),
    "hashes": Removal(
        "every file is the one whose hash the manifest has",
        any_file,
        FORMAT,
        "test_who_has_only_the_seals_key_changes_no_file",
        shows=NOT_RAISED,
    ),
    "signature": Removal(
        "the manifest is signed by the ledger's key",
        any_manifest,
        FORMAT,
        "test_who_has_only_the_seals_key_changes_no_manifest",
        shows=NOT_RAISED,
    ),
    "tail": Removal(
        "a restored ledger continues the last checkpoint seen",
        any_ledger,
        FORMAT,
        "test_a_shorter_ledger_is_refused or test_another_history_of_the_same_length_is_refused",
        shows=NOT_RAISED,
    ),
    "seen": Removal(
        "the machine keeps the highest checkpoint outside the state",
        forgetful,
        FORMAT,
        "test_an_older_checkpoint_does_not_make_the_machine_forget",
        shows=NOT_RAISED,
    ),
    "over": Removal(
        "a state that holds something is replaced only when told",
        any_state,
        FORMAT,
        "test_a_state_that_holds_something_is_replaced_only_when_told",
        shows=NOT_RAISED,
    ),
    "sign-ins": Removal(
        "a restore signs everybody out",
        signed_in,
        FORMAT,
        "test_a_restored_state_is_the_one_that_was_backed_up",
        shows="==",
    ),
    "still": Removal(
        "a home in use is held still while it is copied",
        moving,
        HOMES,
        "test_a_home_in_use_is_copied_at_one_moment",
        shows="left to its journal|not whole without repair|torn",
    ),
    "put-back": Removal(
        "an upgrade that fails puts the database back as it was",
        left_changed,
        "unit/cli/test_upgrade.py",
        "test_a_database_that_was_changed_is_put_back",
        shows="changed",
    ),
    "whole": Removal(
        "a program that was altered is no way back for an upgrade that fails",
        any_copy,
        "unit/cli/test_kept.py",
        "test_a_copy_that_is_not_whole_is_no_way_back and altered",
        shows="is None",
    ),
    "kinds": Removal(
        "a backup holds files and folders, no link or device (two layers: the manifest would not name it)",
        any_kind,
        FORMAT,
        "test_links_and_devices_are_refused",
        shows="DID NOT RAISE",
    ),
    "after": Removal(
        "nothing follows after a backup's end",
        followed_by_anything,
        FORMAT,
        "test_a_file_with_something_after_it_is_refused",
        shows="DID NOT RAISE",
    ),
    "outside": Removal(
        "a backup writes nothing outside the state (two layers: the manifest would not name it)",
        anywhere,
        FORMAT,
        "test_what_is_no_backup_of_ours_is_refused and (climbs or root or state)",
        shows="DID NOT RAISE",
    ),
    "another": Removal(
        "an enclave is not replaced by one of another name",
        other_names,
        FORMAT,
        "test_an_enclave_is_not_replaced_by_another_of_another_name",
        shows="DID NOT RAISE",
    ),
    "half": Removal(
        "a restore that died half-way is noticed",
        unmarked,
        FORMAT,
        "test_a_restore_that_dies_half_way_is_noticed_and_done_again",
        shows="was interrupted",
    ),
    "content": Removal(
        "content that the database speaks of is there",
        put("hub.backup.restoring:_in_vault", lambda staging, digest: True),
        FORMAT,
        "test_content_that_the_database_speaks_of_must_be_there",
        shows="DID NOT RAISE",
    ),
    "unknown": Removal(
        "where nobody knows how long the ledger was, that has to be said",
        nobody_asked,
        FORMAT,
        "test_without_a_checkpoint_nobody_can_say_what_is_missing",
        shows="DID NOT RAISE",
    ),
    "signed": Removal(
        "a ledger that is not what was signed is not backed up",
        put("hub.backup.writing:_require_sound", lambda places, copy, note: 3),
        "unit/backup/test_writing.py",
        "test_a_ledger_that_is_not_what_was_signed_is_not_backed_up",
        shows="DID NOT RAISE",
    ),
    "replaces": Removal(
        "a backup replaces no file",
        put("hub.backup.writing:_new", over_what_is_there),
        "unit/backup/test_writing.py",
        "test_a_backup_replaces_no_file_and_lies_outside_the_state",
        shows="DID NOT RAISE",
    ),
    "alone": Removal(
        "one backup is made at a time",
        put("hub.backup.writing:_alone", not_alone),
        "unit/backup/test_writing.py",
        "test_one_backup_is_made_at_a_time",
        shows="DID NOT RAISE",
    ),
    "followed": Removal(
        "no link in the state is followed",
        into_links,
        "unit/backup/test_writing.py",
        "test_a_link_in_the_state_is_not_followed",
        shows="DID NOT RAISE",
    ),
    "published": Removal(
        "the published ledger is held against what was seen of it",
        unheld,
        "unit/backup/test_tail.py",
        "test_the_published_ledger_is_held_against_what_was_seen",
        shows="DID NOT RAISE",
    ),
    "overwritten": Removal(
        "a PostgreSQL database is overwritten only where it says that it is empty",
        put("hub.backup.postgresql:require_empty", nothing),
        "unit/backup/test_postgresql.py",
        "test_only_a_database_that_says_it_is_empty_is_overwritten and (Refused or Failed)",
        shows="DID NOT RAISE",
    ),
}
