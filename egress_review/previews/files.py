"""Previews of a submission's files: of the canonical copy, the same bytes that would leave."""

from __future__ import annotations

from functools import lru_cache

from egress_review import releases
from egress_review.models import File
from egress_review.previews import child
from egress_review.previews.preview import APART, HERE, READ_BYTES
from egress_review.previews.shown import Shown
from egress_review.vault import Stored, Vault

KEPT = 4


def of(file: File, *, page: int, vault: Vault) -> Shown:
    """Return a page of a file's preview."""
    if not file.canonical_sha256:
        return Shown(why_not="There is no canonical copy of this file, so it can't leave.")
    if (file.canonical_size_bytes or 0) > READ_BYTES:
        return Shown(why_not=f"No preview: the file has more than {READ_BYTES // 1024**2} MiB.")
    if file.media_type not in {*HERE, *APART}:
        return Shown(why_not=f"No preview is made of {file.media_type or 'this type'}.")
    return _made(vault, releases.canonical(file), file.media_type, page)


@lru_cache(maxsize=KEPT)
def _made(vault: Vault, stored: Stored, media_type: str, page: int) -> Shown:
    """Return a page of a preview; the page around the frame and the frame ask for the same one."""
    data = vault.read(stored, most_bytes=READ_BYTES)
    if media_type in HERE:
        return HERE[media_type](data, page)
    return child.shown(data, media_type=media_type, page=page)
