"""What a kill or a power cut may not undo: taken out, the promises of `tests/chaos` break."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from tests.security.without.removal import Removal, replaced

KILLS, POWER = "chaos/test_kills.py", "chaos/test_power.py"


def unsynced() -> None:
    """Leave it to the kernel when a file reaches the disk."""
    from hub import files

    replaced(files, "sync", lambda path: None)
    replaced(os, "fsync", lambda descriptor: None)


def unfinished() -> None:
    """Let nobody finish what a killed voter's request had begun."""
    from egress_review import releases

    replaced(releases, "finish_all", lambda *, vault: None)


def unforgotten() -> None:
    """Keep what a killed process left half written."""
    from egress_review import vault

    replaced(vault, "forget_orphans", lambda incoming, writers: 0)


def unleased() -> None:
    """Leave a claimed submission to the worker that claimed it, dead or not."""
    from egress_review.models import SubmissionQuerySet

    def due(self: Any, at: object) -> Any:
        return self.filter(state="submitted").order_by("submitted_at")

    replaced(SubmissionQuerySet, "due_for_screening", due)


def appended_apart() -> None:
    """Write the ledger once the act has been done, and not with it."""
    from django.db import transaction

    from egress_review import submissions

    append: Callable[..., object] = submissions.entries.append

    class Later:
        @staticmethod
        def append(*given: Any, **named: Any) -> None:
            def act() -> None:
                with transaction.atomic():
                    append(*given, **named)

            transaction.on_commit(act)

    replaced(submissions, "entries", Later)


REMOVALS = {
    "synced": Removal(
        "what was acknowledged is on the disk",
        unsynced,
        POWER,
        "test_what_was_acknowledged_survives_a_power_cut",
        shows="missing or was changed",
    ),
    "finished": Removal(
        "a reconciler releases what a killed request left approved",
        unfinished,
        KILLS,
        "test_no_kill_loses_or_doubles_anything",
        shows="stays approved",
    ),
    "forgotten": Removal(
        "what a killed process left half written is removed",
        unforgotten,
        KILLS,
        "test_no_kill_loses_or_doubles_anything",
        shows="stays in incoming",
    ),
    "leases": Removal(
        "a claim ends by time when its worker was killed",
        unleased,
        KILLS,
        "test_no_kill_loses_or_doubles_anything",
        shows="stays screening",
    ),
    "together": Removal(
        "an act and its ledger entry are one transaction",
        appended_apart,
        KILLS,
        "test_no_kill_loses_or_doubles_anything",
        shows="entries are not the submissions'",
    ),
}
