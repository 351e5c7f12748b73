"""`python -m egress_review.promises`: every release there is, held against what is promised of releases."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from egress_review.models import Release
    from egress_review.vault import Vault


@dataclass(frozen=True)
class Asked:
    """What a project asked of its reviews: how many approvals, and of whom; of anybody if none is named."""

    approvals: int
    named: frozenset[str]


# The newest; hashing every file ever released would take as long as there are files.
LOOKED_AT = 200


def broken(release: Release, vault: Vault) -> Iterator[str]:
    """Yield what a release lacks: a screening, the votes its project asked for, its very bytes."""
    from egress_review.vault import Stored, VaultAltered

    submission = release.submission
    if submission.screened_at is None:
        yield "it left without a screening that finished"
    yield from _missing_votes(release)
    for file in submission.files.all():
        if not file.canonical_sha256:
            yield f"file {file.pk} has no rebuilt copy"
            continue
        try:
            vault.verify(Stored(file.canonical_sha256, file.canonical_size_bytes or 0))
        except VaultAltered as error:
            yield str(error)


def _missing_votes(release: Release) -> Iterator[str]:
    """Yield where fewer approved than two, or than the project asked for when it left, of those it named."""
    from egress_review.models import Vote
    from hub.projects.models import FEWEST_APPROVALS

    submission = release.submission
    counted = submission.reviews.standing(at=release.released_at).exclude(reviewer=submission.author_id)
    approving = set(counted.filter(vote=Vote.APPROVE.value).values_list("reviewer_id", flat=True))
    if len(approving) < FEWEST_APPROVALS:
        yield f"{_counted(len(approving), 'output checker')} approved it"
        return
    for asked in dict.fromkeys([*_said_on_ledger(release), *_said_to_policies(release)]):
        of_those = approving & asked.named if asked.named else approving
        if len(of_those) < asked.approvals:
            who = _counted(len(of_those), "named checker" if asked.named else "output checker")
            yield f"{who} approved it, and its project asked for {asked.approvals}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _said_on_ledger(release: Release) -> Iterator[Asked]:
    """Yield what was chosen last before the release; nothing where nothing ever was, or it was erased."""
    from django.db.models import Q

    from hub.ledger.kinds import Kind
    from hub.ledger.models import Entry

    chosen = Q(subject=release.submission.project_id, facts__what="project reviewers")
    # What was erased may have been a later word: whose it was, nobody can tell any more.
    said = Entry.objects.filter(chosen | Q(subject=""), kind=Kind.PROVISIONED.value)
    index = release.receipt.get("ledger", {}).get("entry_index")
    last = said.filter(**({} if index is None else {"index__lt": index})).order_by("index").last()
    if last is not None and last.facts:
        yield Asked(int(last.facts["approvals"]), frozenset(last.facts["named"]))


def _said_to_policies(release: Release) -> Iterator[Asked]:
    """Yield what the policies were told when they let it leave; nothing where that was erased."""
    from hub.access import tiers
    from hub.ledger.models import Decision

    made = Decision.objects.filter(pk=release.receipt.get("document", {}).get("decision")).first()
    reviewing = (made.question or {}).get("reviewing") if made is not None else None
    if reviewing:
        # What left before the tier was told was held to the project's own number.
        least = tiers.fewest(int(reviewing["tier"])) if "tier" in reviewing else 0
        yield Asked(max(int(reviewing["approvals"]), least), frozenset(reviewing["named"]))


def main() -> int:
    """Print what is wrong, a line each, and at last how many were looked at; 1 when something is wrong."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
    django.setup()
    from egress_review.models import Release
    from egress_review.vault import Vault
    from hub.places import places

    vault = Vault(places.state / "vault")
    newest = Release.objects.select_related("submission").order_by("-released_at")[:LOOKED_AT]
    wrong = [f"release {one.pk}: {lack}" for one in newest for lack in broken(one, vault)]
    sys.stdout.write("".join(f"{line}\n" for line in wrong))
    said = (
        "; ".join(wrong[:3])
        if wrong
        else "each was screened, approved as its project asked, by two at least, and is unchanged"
    )
    sys.stdout.write(f"{_counted(len(newest), 'release')}: {said}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
