"""The backup's controls: it shows nothing, is whole, and is not restored damaged, forged or cut short."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

from tests.security.without.removal import Removal, replaced

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
}
