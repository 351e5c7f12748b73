"""`python -m egress_review.promises`: every release there is, held against what is promised of releases."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from egress_review.models import Release
    from egress_review.vault import Vault

# The newest; hashing every file ever released would take as long as there are files.
LOOKED_AT = 200


def broken(release: Release, vault: Vault) -> Iterator[str]:
    """Yield what a release lacks: a screening, two votes of people not its author, its very bytes."""
    from egress_review.models import Vote
    from egress_review.vault import Stored, VaultAltered
    from hub.projects.models import FEWEST_APPROVALS

    submission = release.submission
    if submission.screened_at is None:
        yield "it left without a screening that finished"
    counted = submission.reviews.standing(at=release.released_at).exclude(reviewer=submission.author_id)
    approving = counted.filter(vote=Vote.APPROVE.value).count()
    if approving < FEWEST_APPROVALS:
        yield f"{approving} output checkers approved it"
    for file in submission.files.all():
        if not file.canonical_sha256:
            yield f"file {file.pk} has no rebuilt copy"
            continue
        try:
            vault.verify(Stored(file.canonical_sha256, file.canonical_size_bytes or 0))
        except VaultAltered as error:
            yield str(error)


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
    said = "; ".join(wrong[:3]) if wrong else "each was screened, approved by two, and is unchanged"
    sys.stdout.write(f"{len(newest)} releases: {said}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
