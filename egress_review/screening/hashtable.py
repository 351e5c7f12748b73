"""A set of hashes on disk: about 5 bytes a member, looked up by many at once in time that hardly grows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.folding import Hashes, Positions
from egress_review.screening.sound.packing import Packed

PER_BUCKET = 8
MOST_BUCKET_BITS = 28

MOST_HIGH_BITS = 24

Arrays = Mapping[str, NDArray[np.generic]]


def packed(values: NDArray[np.uint32], name: str) -> dict[str, NDArray[np.generic]]:
    """Return sorted values in about 2 bits more than the logarithm of the gaps between them, to be kept.

    Source: Elias 1974, Fano 1971. `values` has shape (values,).
    """
    bits = min(max(len(values), 1).bit_length() - 1, MOST_HIGH_BITS)
    shift = np.uint32(32 - bits)
    high = (values.astype(np.uint64) >> np.uint64(shift)).astype(np.int64)
    marks = np.zeros(len(values) + (1 << bits), dtype=np.uint8)
    marks[high + np.arange(len(values))] = 1
    low = values.astype(np.uint64) & np.uint64((1 << int(shift)) - 1)
    return {f"{name}.high": np.packbits(marks), f"{name}.low": Packed.of(low.astype(np.uint32)).raw}


def unpacked(arrays: Arrays, name: str) -> NDArray[np.uint32]:
    """Return the sorted values kept under a name. Shape (values,)."""
    low = Packed(np.asarray(arrays[f"{name}.low"], dtype=np.uint8))
    count = len(low)
    shift = 32 - min(max(count, 1).bit_length() - 1, MOST_HIGH_BITS)
    places = np.flatnonzero(np.unpackbits(np.asarray(arrays[f"{name}.high"], dtype=np.uint8)))
    high = (places - np.arange(count)).astype(np.uint64) << np.uint64(shift)
    return np.asarray(high | low.whole().astype(np.uint64), dtype=np.uint32)


@dataclass(frozen=True)
class HashTable:
    """Sorted hashes: the highest bits say where a bucket starts, the next 32 are kept.

    Two different values meet by chance once in about 2**(32 + bucket bits) looks per member. Source:
    quotienting (Cleary 1984). Members are numbered in the order of their hashes.
    """

    kept: NDArray[np.uint32]
    buckets: NDArray[np.unsignedinteger]

    @classmethod
    def of(cls, hashes: Hashes) -> HashTable:
        """Return the table of these hashes, which must be sorted and different.

        `hashes` has shape (members,).
        """
        bits = min(max(len(hashes) // PER_BUCKET, 1).bit_length(), MOST_BUCKET_BITS)
        places = hashes >> np.uint64(64 - bits)
        buckets = np.searchsorted(places, np.arange((1 << bits) + 1, dtype=np.uint64)).astype(np.uint32)
        kept = ((hashes >> np.uint64(32 - bits)) & np.uint64(0xFFFFFFFF)).astype(np.uint32)
        return cls(kept, buckets)

    @classmethod
    def read(cls, arrays: Arrays, name: str) -> HashTable:
        """Return the table kept under a name."""
        return cls(
            np.asarray(arrays[f"{name}.kept"], dtype=np.uint32),
            np.asarray(arrays[f"{name}.buckets"]),
        )

    def arrays(self, name: str) -> dict[str, NDArray[np.generic]]:
        """Return the arrays to keep under a name.

        `kept` has shape (members,), `buckets` one more than there are buckets, a power of two.
        """
        narrow = np.min_scalar_type(len(self.kept))
        return {f"{name}.kept": self.kept, f"{name}.buckets": self.buckets.astype(narrow)}

    def __len__(self) -> int:
        return len(self.kept)

    def find(self, hashes: Hashes) -> Positions:
        """Return the number of the member each hash is, -1 for none. Both have shape (hashes,)."""
        found = np.full(len(hashes), -1, dtype=np.int64)
        if not len(self.kept) or not len(hashes):
            return found
        bits = (len(self.buckets) - 1).bit_length() - 1
        places = (hashes >> np.uint64(64 - bits)).astype(np.int64)
        wanted = ((hashes >> np.uint64(32 - bits)) & np.uint64(0xFFFFFFFF)).astype(np.uint32)
        at = self.buckets[places].astype(np.int64)
        last = self.buckets[places + 1].astype(np.int64)
        left = np.flatnonzero(at < last)
        while len(left):
            same = self.kept[at[left]] == wanted[left]
            found[left[same]] = at[left[same]]
            left = left[~same]
            at[left] += 1
            left = left[at[left] < last[left]]
        return found

    def __contains__(self, hashed: int) -> bool:
        return bool(self.find(np.array([hashed], dtype=np.uint64))[0] >= 0)
