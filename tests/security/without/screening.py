"""The controls on what leaves: a screening that ended well, bytes that stayed the same, blind votes."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from tests.security.without import engine
from tests.security.without.removal import Removal, replaced

ENDS, UNIT = "security/test_screening_ends.py", "unit/egress_review/test_screenings.py"
RELEASE, REVIEWS = "security/test_release_attacks.py", "unit/egress_review/test_reviews.py"


def any_end() -> None:
    """Read the verdict of a screener however it ended."""
    from egress_review import screenings
    from egress_review.screener import End

    judge = screenings._judge

    def judged(submission: Any, ran: Any, **options: Any) -> None:
        judge(submission, dataclasses.replace(ran, end=End.FINISHED, exit_code=0), **options)

    replaced(screenings, "_judge", judged)


def any_time() -> None:
    """Wait for a screener for as long as it takes."""
    from hub.engine.dock import Docker

    wait = Docker.wait
    replaced(Docker, "wait", lambda self, made, seconds: wait(self, made, 300.0))


def any_folder() -> None:
    """Mount what a name leads to."""
    from hub.engine import mounts

    def followed(source: Path, root: Path, target: Path) -> None:
        mounts._mount(os.fsencode(source.resolve()), target, None, mounts.MS_BIND, None)

    replaced(mounts, "bind_without_links", followed)


def any_verdict() -> None:
    """Read a verdict for what is in it, whatever else is."""
    from egress_review import verdicts

    def read(out: Path, *, files: Collection[str]) -> Any:
        said = json.loads((out / verdicts.VERDICT).read_text())
        judged = [
            verdicts.JudgedFile.model_construct(**{"canonical_bits": None, **one}) for one in said["files"]
        ]
        return verdicts.Verdict.model_construct(
            outcome=said.get("outcome", "pass"), files=judged, findings=[]
        )

    replaced(verdicts, "read", read)
    replaced(verdicts.Verdict, "blocks", property(lambda self: self.outcome == "block"))


def any_file() -> None:
    """Open what the screener left by its name."""
    from egress_review import verdicts

    replaced(verdicts, "_open_file", lambda folder, name: os.open(name, os.O_RDONLY, dir_fd=folder))


def unverified() -> None:
    """Read the vault's bytes without hashing them again."""
    from egress_review.vault import Stored, Vault

    def chunks(self: Vault, stored: Stored) -> Iterator[bytes]:
        yield self.path(stored.sha256).read_bytes()

    replaced(Vault, "chunks", chunks)


def votes_in_sight() -> None:
    """Show every vote to everybody."""
    from egress_review.models import ReviewQuerySet

    replaced(ReviewQuerySet, "readable_by", lambda self, person: self.all())


def any_name() -> None:
    """Take a file under any name."""
    from egress_review import names

    replaced(names, "accepted", lambda name: name)


REMOVALS = {
    "ends": Removal(
        "a screener that crashed, was killed or ran out of memory blocks",
        any_end,
        ENDS,
        "test_a_screener_that_broke_blocks_whatever_it_said_before",
        shows="in_review",
    ),
    "time": Removal(
        "a screener that takes too long is ended and blocks",
        any_time,
        ENDS,
        "test_a_screener_that_takes_too_long_blocks_whatever_it_said_before",
        shows="in_review",
    ),
    "network": Removal(
        "a screener has no network",
        engine.wall(NetworkMode="bridge"),
        ENDS,
        "test_a_screener_has_no_network_and_writes_nowhere_but_its_verdict",
        shows="eth0",
    ),
    "writing": Removal(
        "a screener writes nowhere but where its verdict goes",
        engine.writable("/in"),
        ENDS,
        "test_a_screener_has_no_network_and_writes_nowhere_but_its_verdict",
        shows="/in/new",
    ),
    "folder": Removal(
        "the vault lends the screener no folder of the host's",
        any_folder,
        "security/test_engine_grants.py",
        "test_the_vault_cannot_lend_the_screener_a_folder_of_the_hosts",
        shows=r"\(200",
    ),
    "protocol": Removal(
        "a verdict that is not exactly the protocol blocks",
        any_verdict,
        UNIT,
        "test_a_verdict_that_is_not_exactly_the_protocol_blocks",
        shows="in_review",
    ),
    "links": Removal(
        "links that a screener leaves are not followed",
        any_file,
        UNIT,
        "test_links_in_the_screeners_folder_are_not_followed",
        shows="in_review",
    ),
    "name": Removal(
        "no file name that climbs",
        any_name,
        RELEASE,
        "test_a_name_that_climbs_writes_nothing_anywhere",
        shows="201 == 400",
    ),
    "bytes": Removal(
        "bytes of the vault are hashed again before they leave",
        unverified,
        RELEASE,
        "test_bytes_swapped_between_approval_and_release_do_not_leave "
        "or test_bytes_swapped_after_release_are_not_served",
        shows="released|served",
    ),
    "blind": Removal(
        "votes are not seen before both are in",
        votes_in_sight,
        REVIEWS,
        "test_a_reviewer_cannot_read_the_others_vote or test_the_author_reads_no_vote",
        shows="not True",
    ),
}
