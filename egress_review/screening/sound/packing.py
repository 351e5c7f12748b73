"""Keeps whole numbers in as many bits as the largest needs; any run of them is read without the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HEAD = 9  # bytes: how wide a number is in bits, then how many there are
MOST_BITS = 32
SPARE = 8  # bytes behind the last number, so that it is read as any other


@dataclass(frozen=True)
class Packed:
    """Numbers of at most 32 bits, back to back, in bytes that may be a memory map."""

    raw: NDArray[np.uint8]

    @classmethod
    def of(cls, values: NDArray[np.integer]) -> Packed:
        """Return numbers packed; they must not be negative.

        `values` has shape (numbers,). Raises ValueError for numbers under 0 or of more than 32 bits.
        """
        bits = max(int(values.max(initial=0)).bit_length(), 1)
        if bits > MOST_BITS or values.min(initial=0) < 0:
            raise ValueError("numbers of 0 to 32 bits can be packed")
        places = np.arange(bits, dtype=np.uint64)
        alone = ((values[:, None].astype(np.uint64) >> places) & np.uint64(1)).astype(np.uint8)
        body = np.packbits(alone.ravel(), bitorder="little")
        head = np.frombuffer(bytes([bits]) + len(values).to_bytes(HEAD - 1, "little"), np.uint8)
        return cls(np.concatenate([head, body, np.zeros(SPARE, np.uint8)]))

    @classmethod
    def starts(cls, places: NDArray[np.integer]) -> Packed:
        """Return where runs begin, 0 first, and where the last ends, kept as their lengths.

        `places` has shape (runs + 1,).
        """
        whole = places.astype(np.int64)
        return cls.of(whole[1:] - whole[:-1])

    def places(self) -> NDArray[np.int64]:
        """Return what `starts` was made of. Shape (runs + 1,)."""
        return np.concatenate([np.zeros(1, np.int64), np.cumsum(self.whole())])

    @property
    def bits(self) -> int:
        """How many bits a number takes."""
        return int(self.raw[0])

    def __len__(self) -> int:
        return int.from_bytes(self.raw[1:HEAD].tobytes(), "little")

    def whole(self) -> NDArray[np.int64]:
        """Return all numbers. Shape (numbers,)."""
        return self.part(0, len(self))

    def part(self, begin: int, end: int) -> NDArray[np.int64]:
        """Return the numbers from one up to another. Shape (end - begin,)."""
        bits = self.bits
        at = np.arange(begin, end, dtype=np.int64) * bits
        first = HEAD + (begin * bits >> 3)
        raw = np.asarray(self.raw[first : HEAD + (end * bits >> 3) + SPARE], dtype=np.uint64)
        place = (at >> 3) + (HEAD - first)
        found = np.zeros(len(at), np.uint64)
        for byte in range((bits + 14) // 8):
            found |= raw[place + byte] << np.uint64(8 * byte)
        found = (found >> (at & 7).astype(np.uint64)) & np.uint64((1 << bits) - 1)
        return found.astype(np.int64)
