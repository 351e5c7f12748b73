"""The sounds of the leak index: compact maps of all recordings, and lists of their half-second stretches."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.progress import GoesOn, silent, told
from egress_review.screening.sound import compact, moments, voiceprints
from egress_review.screening.sound.chance import Chance
from egress_review.screening.sound.compact import STRETCH
from egress_review.screening.sound.features import FRAME, Floats
from egress_review.screening.sound.packing import Packed

MAP, STARTS, SPEAKERS = "sounds.map.npy", "sounds.starts.npy", "sounds.speakers.npy"
CENTROIDS, OFFSETS, LISTS = "sounds.centroids.npy", "sounds.offsets.npy", "sounds.lists.npy"
CHANCE, VOICES, MOMENTS = "sounds.chance.json", "sounds.voices.npy", "sounds.moments.npy"
EVERY = 2  # frames between stretches that are listed
SAMPLED_PER_LIST, ROUNDS = 24, 8
CHUNK = 8192  # stretches described at once
WHOLE = np.float32(127)  # what 1 in a centroid is kept as

NO_VOICES: NDArray[np.int8] = np.zeros((0, voiceprints.NUMBERS), np.int8)
REMEMBERED = 1 << 19  # stretches, 130 bytes each, of which a process remembers what describes them


@dataclass(frozen=True)
class Sounds:
    """The fingerprints of one dataset's recordings, by memory map; frames are numbered through all."""

    map: NDArray[np.uint16]  # (frames, 3), see `compact`
    starts: NDArray[np.uint32]  # each recording's first frame, and the end of the last
    speakers: NDArray[np.unsignedinteger]  # each recording's speaker, as a number
    centroids: NDArray[np.float32]  # (lists, 31)
    offsets: NDArray[np.uint32]  # where each list begins in `lists`, and the end of the last
    lists: Packed  # first frames of stretches in steps of EVERY, list after list
    chance: Chance | None = None
    voices: NDArray[np.int8] = field(default_factory=lambda: NO_VOICES)  # (speakers, 48), see `voiceprints`
    moments: NDArray[np.uint8] = field(default_factory=lambda: moments.NONE)  # (frames,), see `moments`
    _described: dict[int, tuple[NDArray[np.int64], Floats]] = field(default_factory=dict, compare=False)

    @classmethod
    def open(cls, folder: Path) -> Sounds | None:
        """Return the fingerprints in an index's folder, None where it was built without sound."""
        if not (folder / LISTS).is_file():
            return None

        def load(name: str) -> NDArray[Any]:
            # An empty array can't be mapped.
            array = np.load(folder / name, mmap_mode="r", allow_pickle=False)
            return np.asarray(array) if array.size < 65536 else array

        return cls(
            load(MAP),
            Packed(load(STARTS)).places().astype(np.uint32),
            load(SPEAKERS),
            np.asarray(load(CENTROIDS), dtype=np.float32) / WHOLE,
            load(OFFSETS),
            Packed(load(LISTS)),
            read_chance(folder),
            load(VOICES) if (folder / VOICES).is_file() else NO_VOICES,
            load(MOMENTS) if (folder / MOMENTS).is_file() else moments.NONE,
        )

    @property
    def hours(self) -> float:
        """Hours of sound in the index."""
        return len(self.map) * FRAME / 3600

    def levels(self, frames: NDArray[np.integer]) -> Floats:
        """Return the frames of these numbers in dB, with 16 bands for each.

        `frames` has shape (frames,) or more dimensions, the answer one more, of 16 bands.
        """
        return compact.unpack(self.map[frames])

    def described(self, numbers: NDArray[np.int64]) -> list[tuple[NDArray[np.int64], Floats]]:
        """Return of each of these lists its stretches' first frames, and what describes them.

        Of each list shapes (stretches,), in frames, and (stretches, 31).
        """
        missing = [number for number in numbers.tolist() if number not in self._described]
        found = {number: known for number in numbers.tolist() if (known := self._described.get(number))}
        places = [
            EVERY * self.lists.part(int(self.offsets[number]), int(self.offsets[number + 1]))
            for number in missing
        ]
        for group in _groups(list(map(len, places))):
            several = np.concatenate([places[one] for one in group])
            vectors, _ = compact.describe(self.levels(several[:, None] + np.arange(STRETCH)))
            ends = np.cumsum([len(places[one]) for one in group])
            for one, part in zip(group, np.split(vectors, ends[:-1]), strict=True):
                found[missing[one]] = (places[one], part)
        if missing:
            held = sum(len(one) for one, _ in self._described.values())
            if held + sum(map(len, places)) > REMEMBERED:
                self._described.clear()
            self._described.update(found)
        return [found[number] for number in numbers.tolist()]

    def recording_at(self, frame: int) -> tuple[int, float]:
        """Return the number of the recording that holds a frame, and the seconds from its beginning."""
        number = int(np.searchsorted(self.starts, frame, side="right")) - 1
        number = min(max(number, 0), len(self.starts) - 2)
        return number, max(frame - int(self.starts[number]), 0) * FRAME


def _groups(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield the numbers of lists in groups of about CHUNK stretches."""
    group: list[int] = []
    size = 0
    for number, length in enumerate(lengths):
        group.append(number)
        size += length
        if size >= CHUNK:
            yield group
            group, size = [], 0
    if group:
        yield group


def levels_of(sounds: Sounds, begin: int, end: int) -> Floats:
    """Return the map of some frames of the index in dB. Shape (end - begin, 16)."""
    return sounds.levels(np.arange(begin, end))


def read_chance(folder: Path) -> Chance | None:
    """Return what was measured when the index was built, None where nothing was."""
    try:
        raw = json.loads((folder / CHANCE).read_bytes())
        return Chance(
            {int(key): float(value) for key, value in raw["place"].items()},
            {int(key): float(value) for key, value in raw["scale"].items()},
            float(raw["comparisons"]),
        )
    except FileNotFoundError:
        return None


def assemble(maps: Iterable[Floats], speakers: Sequence[int], goes_on: GoesOn = silent) -> Sounds:
    """Return the fingerprints of maps (frames, 16) in dB, one a recording; deterministic."""
    packed: list[NDArray[np.uint16]] = []
    for levels in maps:
        # A frame of nothing at the end, and never shorter than a stretch: no match reaches into the next.
        # Each begins at a multiple of EVERY, as stretches do.
        length = max(len(levels), STRETCH) + 1
        length += -length % EVERY
        packed.append(np.pad(compact.pack(levels), ((0, length - len(levels)), (0, 0))))
    starts = np.cumsum([0, *(len(one) for one in packed)]).astype(np.uint32)
    whole = np.concatenate(packed) if packed else np.zeros((0, len(compact.WORDS)), np.uint16)
    places, vectors = _stretches(whole, starts, goes_on)
    centroids = _centroids(vectors, goes_on)
    nearest = _nearest(vectors, centroids, goes_on)
    goes_on()
    order = np.argsort(nearest, kind="stable")
    goes_on()
    offsets = np.searchsorted(nearest[order], np.arange(len(centroids) + 1)).astype(np.uint32)
    numbers = np.asarray(speakers, dtype=np.min_scalar_type(max(speakers, default=0)))
    lists = Packed.of(places[order] // EVERY)
    like = moments.of(whole, goes_on)
    return Sounds(whole, starts, numbers, centroids, offsets, lists, moments=like)


def save(sounds: Sounds, folder: Path) -> None:
    """Write fingerprints into an index's folder."""
    np.save(folder / MAP, sounds.map, allow_pickle=False)
    np.save(folder / STARTS, Packed.starts(sounds.starts).raw, allow_pickle=False)
    np.save(folder / SPEAKERS, sounds.speakers, allow_pickle=False)
    centroids = np.round(sounds.centroids * WHOLE).astype(np.int8)
    np.save(folder / CENTROIDS, centroids, allow_pickle=False)
    np.save(folder / OFFSETS, sounds.offsets, allow_pickle=False)
    np.save(folder / LISTS, sounds.lists.raw, allow_pickle=False)
    np.save(folder / VOICES, sounds.voices, allow_pickle=False)
    if len(sounds.moments):
        np.save(folder / MOMENTS, sounds.moments, allow_pickle=False)
    if sounds.chance is not None:
        chance = asdict(sounds.chance)
        (folder / CHANCE).write_text(json.dumps(chance), encoding="utf-8")


def _stretches(
    whole: NDArray[np.uint16], starts: NDArray[np.uint32], goes_on: GoesOn
) -> tuple[NDArray[np.uint32], NDArray[np.float16]]:
    """Return the first frames of all stretches that say something, and what describes them."""
    firsts = [
        np.arange(int(begin), int(end) - STRETCH, EVERY, dtype=np.uint32)
        for begin, end in itertools.pairwise(starts)
    ]
    places = np.concatenate(firsts) if firsts else np.zeros(0, np.uint32)
    kept: list[NDArray[np.uint32]] = [np.zeros(0, np.uint32)]
    described = [np.zeros((0, compact.DIMENSIONS), np.float16)]
    for at in told(range(0, len(places), CHUNK), goes_on):
        some = places[at : at + CHUNK]
        vectors, contrast = compact.describe(compact.unpack(whole[some[:, None] + np.arange(STRETCH)]))
        telling = contrast > compact.CONTRAST
        kept.append(some[telling])
        described.append(vectors[telling].astype(np.float16))
    return np.concatenate(kept), np.concatenate(described)


def _centroids(vectors: NDArray[np.float16], goes_on: GoesOn) -> NDArray[np.float32]:
    """Return about 4 sqrt(n) centres of n vectors: spherical k-means over a sample. Source: Lloyd 1982."""
    count = max(min(int(4 * np.sqrt(len(vectors))), len(vectors) // 4), 1)
    chosen = np.random.default_rng(0).permutation(len(vectors))[: count * SAMPLED_PER_LIST]
    sample = vectors[np.sort(chosen)].astype(np.float32)
    if not len(sample):
        return np.zeros((1, compact.DIMENSIONS), np.float32)
    centres: NDArray[np.float32] = sample[np.linspace(0, len(sample) - 1, count).astype(int)].copy()
    for _ in range(ROUNDS):
        nearest = _nearest(sample, centres, goes_on)
        goes_on()
        order = np.argsort(nearest, kind="stable")
        found, begins = np.unique(nearest[order], return_index=True)
        centres[found] = np.add.reduceat(sample[order], begins, axis=0)
        centres /= np.linalg.norm(centres, axis=1, keepdims=True) + 1e-6
    # As they are kept: stretches must be listed under the centre that is found again.
    rounded: NDArray[np.float32] = (np.round(centres * WHOLE) / WHOLE).astype(np.float32)
    return rounded


def _nearest(
    vectors: NDArray[np.floating], centres: NDArray[np.float32], goes_on: GoesOn
) -> NDArray[np.uint32]:
    out = np.empty(len(vectors), np.uint32)
    for at in told(range(0, len(vectors), CHUNK), goes_on):
        out[at : at + CHUNK] = (vectors[at : at + CHUNK].astype(np.float32) @ centres.T).argmax(axis=1)
    return out
