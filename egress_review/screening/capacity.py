"""Estimates how many bits a canonical copy could still carry: an upper bound by the best packer at hand."""

from __future__ import annotations

import bz2
import lzma
import math
import re
import zlib

from egress_review.screening.kinds import Kind

# Above this, the slow packers are left out: the estimate only grows.
SLOW_BYTES = 2 * 1024 * 1024
DIGIT = re.compile(rb"\d")
# Formats whose digits are free to choose; elsewhere digits are a part of the packed bytes.
WRITTEN = ("text/", "application/json", "application/x-ndjson", "application/x-ipynb+json")


def of(canonical: bytes, kind: Kind) -> float:
    """Return the most bits that a copy of this kind can carry, estimated.

    Text: the larger of its packed length and of its free digits beside its packed words. Anything else: its
    packed length, as what was quantised or drawn anew packs no further. An estimate for this copy, not a
    proof: who knows the packer's model of a text can carry a little more.
    """
    packed = 8.0 * _packed(canonical)
    if not kind.media_type.startswith(WRITTEN):
        return packed
    digits = len(DIGIT.findall(canonical))
    return max(packed, digits * math.log2(10) + 8.0 * _packed(DIGIT.sub(b"0", canonical)))


def _packed(data: bytes) -> int:
    """Return the length of bytes under the best of the packers, without what each of them always adds."""
    lengths = [len(data), max(0, len(zlib.compress(data, 9)) - 8)]
    if len(data) <= SLOW_BYTES:
        lengths.append(max(0, len(bz2.compress(data, 9)) - 14))
        lengths.append(
            len(lzma.compress(data, lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2, "preset": 6}]))
        )
    return min(lengths)
