"""`python -m hub.ledger`: verify, show and prove entries and receipts, publish, ask past decisions again."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import django

from hub.ledger import inclusion, offline, receipt
from hub.places import places

if TYPE_CHECKING:
    from hub.ledger.models import Entry


def main(arguments: list[str] | None = None) -> int:
    """Do what the first word says; the exit status is 0 only if all is well."""
    given = _parser().parse_args(arguments)
    if given.verb == "receipt":
        return receipt.run(given)
    if given.verb == "inclusion":
        return inclusion.run(given)
    if given.verb == "verify" and given.export:
        return offline.run(given.export, given.key or places.state / "keys" / "ledger.pub", given.since)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
    django.setup()
    from hub.ledger import publisher
    from hub.ledger.checkpoint import CheckpointRefused

    acts: dict[str, Callable[[], int]] = {
        "verify": lambda: verify(given.since),
        "show": lambda: listing(given.count),
        "proof": lambda: proof(given.index),
        "publish": publish,
        "restore": restore,
        "replay": replay,
        "revision": revision,
        "clock": lambda: clock(accept=given.accept),
        "rotated": lambda: rotation(given.name),
    }
    try:
        return acts[given.verb]()
    except (publisher.HistoryChanged, CheckpointRefused) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201  # a command's answer
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m hub.ledger", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verifying = verbs.add_parser("verify", help="recompute the ledger from database and files, and compare")
    verifying.add_argument("--export", type=Path, metavar="FILE", help="check an export offline instead")
    verifying.add_argument(
        "--key", type=Path, metavar="PUBKEYFILE", help="the public key; without it, this enclave's own"
    )
    verifying.add_argument(
        "--since",
        type=Path,
        metavar="CHECKPOINTFILE",
        help="a checkpoint kept before, which it must continue",
    )
    show = verbs.add_parser("show", help="list the newest entries")
    show.add_argument("--count", type=int, default=20)
    prove = verbs.add_parser("proof", help="print why an entry is in the signed tree")
    prove.add_argument("index", type=int)
    receipt.options(verbs.add_parser("receipt", help="check a downloaded receipt; needs nothing but a key"))
    inclusion.options(verbs.add_parser("inclusion", help="check an entry's downloaded proof with a key"))
    verbs.add_parser("publish", help="write tiles and checkpoint for what is new")
    verbs.add_parser("restore", help="write every published file again from the database")
    verbs.add_parser("replay", help="ask past decisions again under today's policies")
    verbs.add_parser("revision", help="put the policies' revision on the ledger if it changed")
    setting = verbs.add_parser("clock", help="compare this machine's clock with the ledger's newest entry")
    setting.add_argument("--accept", action="store_true", help="say that it is right now and was wrong")
    rotated = verbs.add_parser("rotated", help="put on the ledger that these secrets are being changed")
    rotated.add_argument("name", nargs="+")
    return parser


def verify(since: Path | None) -> int:
    """Print what was checked, one line each; 1 when something is wrong."""
    from hub.ledger import audit, publisher
    from hub.ledger.tiles import Tiles

    try:
        note = since.read_text(encoding="utf-8") if since else ""
    except (OSError, UnicodeDecodeError) as error:
        say(f"error: {since} can't be read: {error}")
        return 1
    report = audit.verify(Tiles(publisher.folder()), publisher.signer().verifier, since=note)
    for finding in report.findings:
        say(f"{'ok   ' if finding.good else 'WRONG'} {finding.text}")
    say("The ledger is sound." if report.good else "The ledger is NOT sound.")
    return 0 if report.good else 1


def listing(count: int) -> int:
    """Print the newest entries, oldest first."""
    from hub.ledger.models import Entry

    for entry in reversed(Entry.objects.order_by("-index")[:count]):
        say(line(entry))
    return 0


def proof(index: int) -> int:
    """Print an entry's inclusion proof as JSON."""
    from hub.ledger import audit
    from hub.ledger.models import Entry

    checkpoint = audit.published()
    if not Entry.objects.filter(index=index).exists() or checkpoint is None:
        say(f"error: the ledger has no published entry {index}")
        return 1
    found = audit.proof(index, checkpoint)
    if found is None:
        say(f"error: entry {index} is newer than the checkpoint; run `python -m hub.ledger publish`")
        return 1
    document = {
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
        "index": index,
        "leaf": bytes(found.entry.leaf).decode(),
        "leaf_hash": bytes(found.entry.leaf_hash).hex(),
        "proof": [node.hex() for node in found.nodes],
        "verifies": found.good,
    }
    say(json.dumps(document, indent=2))
    return 0 if found.good else 1


def publish() -> int:
    """Publish what is new."""
    from hub.ledger import publisher

    checkpoint = publisher.publish()
    if checkpoint is None:
        say("another process is publishing; nothing was left to do")
    else:
        say(f"published {checkpoint.size} entries, root {checkpoint.root.hex()}")
    return 0


def restore() -> int:
    """Write the published files again, for when `verify` finds a broken one."""
    from hub.ledger import publisher

    checkpoint = publisher.restore()
    size = 0 if checkpoint is None else checkpoint.size
    say(f"wrote the tiles of {size} entries again; run verify")
    return 0


def replay() -> int:
    """Print which past allows today's policies would refuse, and why; 1 when the engine does not answer."""
    from hub.ledger import replays

    count, unaskable = 0, 0
    for changed in replays.changes():
        if changed.other_facts:
            unaskable += 1
            verdict = "can't be asked again"
            why: tuple[str, ...] = (f"today's rules read other facts: {', '.join(changed.other_facts)}",)
        else:
            count += 1
            verdict = "would be allowed today" if changed.now.allow else "would be refused today"
            why = changed.now.reasons
        say(f"{changed.past.asked_at:%Y-%m-%d %H:%M} {changed.past.id} {changed.action} {verdict}")
        for reason in why:
            say(f"    {reason}")
    say(f"{count} past decisions would be different today.")
    if unaskable:
        say(f"{unaskable} can't be asked again: today's rules read other facts.")
    return 0


def revision() -> int:
    """Put the revision that OPA serves on the ledger, if it is another one than the last."""
    from hub.ledger import replays

    entry = replays.record_revision()
    say("the policies' revision is on the ledger already" if entry is None else line(entry))
    return 0


def clock(*, accept: bool) -> int:
    """Say whether the clock can be believed; with `accept` the ledger says that it can, from now on."""
    from datetime import UTC, datetime

    from django.db import transaction

    from hub.ledger import clock, entries
    from hub.ledger.kinds import Kind

    try:
        clock.require()
    except clock.ClockSetBack as error:
        if not accept:
            say(f"error: {error}")
            return 1
        with transaction.atomic():
            said = {"why": str(error)}
            entry = entries.append(
                Kind.CLOCK_ACCEPTED, by="operator", subject="clock", facts=said, at=datetime.now(UTC)
            )
        say(line(entry))
        return 0
    say("the clock shows a time after the ledger's newest entry")
    return 0


def rotation(names: list[str]) -> int:
    """Put on the ledger which secrets root is changing; what they are is nobody's to read."""
    from django.db import transaction

    from hub.ledger import entries
    from hub.ledger.kinds import Kind

    facts = {"secrets": names}
    with transaction.atomic():
        entry = entries.append(
            Kind.SECRETS_ROTATED, by="enclave", subject="secrets", facts=facts, public=facts
        )
    say(line(entry))
    return 0


def line(entry: Entry) -> str:
    """Return an entry as one line of text."""
    who = "(erased)" if entry.erased else f"by {entry.by or '-'} on {entry.subject or '-'}"
    return f"{entry.index:>6} {entry.at:%Y-%m-%d %H:%M:%S} {entry.kind:<18} {who}"


def say(text: str) -> None:
    """Print a line."""
    print(text)  # noqa: T201  # a command's answer


if __name__ == "__main__":
    sys.exit(main())
