"""`python -m hub.workspaces.restored`: end what ran when the backup was made, and enter the restore."""

from __future__ import annotations

import json
import os
import sys

import django

from hub.places import places

REASON = "The enclave was restored from a backup, in which this session was still running."


def main() -> int:
    """Put the restore that `{state}/restored.json` tells of on the ledger, with what it lost."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
    django.setup()
    said = json.loads((places.state / "restored.json").read_text(encoding="utf-8"))
    sys.stdout.write(f"ended {record(said)} sessions of the time of the backup\n")
    return 0


def record(said: dict[str, object]) -> int:
    """End every session that the backup took for live and append the restore; return how many ended."""
    from django.db import transaction

    from hub.ledger import entries
    from hub.ledger.kinds import Kind
    from hub.workspaces import sessions
    from hub.workspaces.models import Session

    with transaction.atomic():
        # Numbers, times and a hash: an outsider whose checkpoint is longer than the ledger reads here why.
        entries.append(Kind.RESTORED, by="enclave", subject="state", facts=said, public=said)
    live = Session.objects.live().with_people()
    return sum(sessions.end(by="enclave", session=session, reason=REASON) for session in live)


if __name__ == "__main__":
    sys.exit(main())
