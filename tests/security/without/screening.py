"""The controls on what leaves: a screening that ended well, bytes that stayed the same, blind votes."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Collection, Iterator
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


def unchecked(*checks: str) -> Callable[[], None]:
    """Return a removal after which nothing is found by checks of these names."""

    def remove() -> None:
        from egress_review.screening import inspection

        seen = inspection._seen

        def left(kind: Any, canonical: bytes, findings: Any) -> Any:
            return seen(kind, canonical, [one for one in findings if one.check not in checks])

        replaced(inspection, "_seen", left)

    return remove


def as_written() -> None:
    """Let a text leave as it was written."""
    from egress_review.screening import text

    replaced(text, "rebuild", lambda content: (content, []))


def as_drawn() -> None:
    """Let a picture leave as it came."""
    from egress_review.screening import pictures

    opened = pictures.open
    replaced(
        pictures,
        "open",
        lambda data, limits: dataclasses.replace(opened(data, limits), canonical=data),
    )


def whole_notebooks() -> None:
    """Let a notebook leave with all that is in it."""
    from egress_review.screening import notebooks

    screen = notebooks.screen

    def kept(content: str, *given: Any, **named: Any) -> Any:
        return content, screen(content, *given, **named)[1]

    replaced(notebooks, "screen", kept)


def twin(*checks: str, control: str) -> Removal:
    """Return the removal of checks whose leak then passes, or waits for a human like any file."""
    attack = " or ".join(checks)
    attack = f"({attack})" if len(checks) > 1 else attack
    return Removal(
        control,
        unchecked(*checks),
        "integration/screening/test_twins.py",
        f"test_a_check_stops_the_leak_and_lets_its_twin_through and {attack}",
        shows="'(pass|flag)' == 'block'",
    )


REBUILT = "integration/screening/test_rebuild.py"
REMOVALS = {
    "few-people": twin("small_cells", control="no count of few people leaves"),
    "suppressed": twin("suppression", control="no count leaves that suppressed ones can be worked out from"),
    "rows": twin("row_level", "identifiers", control="no row of one person or recording leaves, and no id"),
    "said": twin("transcripts", control="no words of a recording leave"),
    "encoded": twin("encoded", control="nothing that is encoded leaves unread"),
    "words": Removal(
        "a text leaves without what its reader does not see",
        as_written,
        REBUILT,
        "test_zero_width_characters or test_invisible_characters or test_trailing_blanks",
        shows="assert b",
    ),
    "drawn": Removal(
        "a picture leaves drawn again: nothing beside, behind or below what is seen",
        as_drawn,
        REBUILT,
        "test_a_text_chunk or test_bytes_behind or test_the_lowest_bits",
        shows="assert ",
    ),
    "notebook": Removal(
        "a notebook leaves with what its reader sees and nothing else",
        whole_notebooks,
        REBUILT,
        "test_a_notebook_keeps_only_what_a_reader_sees",
        shows="zebra",
    ),
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
