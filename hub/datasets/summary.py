"""The audio facts of a version: what its recordings are like together."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from hub.speech.quality import Sound

# A recording with more than one sample in a thousand at the ceiling is worth a listen.
CLIPPED = 0.001
LEVEL_STEP_DB = 3
LOWEST_DB, HIGHEST_DB = -60, 0
MOST_SPEAKERS_DRAWN = 40


@dataclass(frozen=True)
class Said:
    """Who speaks how long in a recording."""

    speaker: str
    language: str
    seconds: float
    has_text: bool


@dataclass(frozen=True)
class Heard:
    """A recording that was measured."""

    id: str
    sha256: str
    sound: Sound
    said: tuple[Said, ...]

    def row(self) -> list[Any]:
        """Return what two versions are compared by: id, speakers, hash, seconds, level in dBFS."""
        speakers = sorted({said.speaker for said in self.said})
        level = round(self.sound.rms_dbfs, 1)
        return [self.id, speakers, self.sha256, round(self.sound.seconds, 3), level]


def of(heard: Sequence[Heard]) -> dict[str, Any]:
    """Return the facts, plain enough to be kept as JSON; speakers are told by rank, never by name."""
    seconds = sum(one.sound.seconds for one in heard)
    speakers = _seconds((said.speaker, said.seconds) for one in heard for said in one.said)
    languages = _seconds((said.language, said.seconds) for one in heard for said in one.said)
    levels = [one.sound.rms_dbfs for one in heard]
    return {
        "recordings": len(heard),
        "speakers": len(speakers),
        "seconds": round(seconds, 3),
        "longest_seconds": round(max(one.sound.seconds for one in heard), 3),
        "shortest_seconds": round(min(one.sound.seconds for one in heard), 3),
        "languages": [[language, round(held, 1)] for language, held in languages.items()],
        "rates": _kinds(heard, lambda sound: f"{sound.rate_hz:,} Hz"),
        "bits": _kinds(heard, lambda sound: f"{sound.bits} bit" if sound.bits else "compressed"),
        "channels": _kinds(heard, lambda sound: f"{sound.channels}"),
        "levels": _levels(levels),
        "level_median_dbfs": round(statistics.median(levels), 1),
        "level_lowest_dbfs": round(min(levels), 1),
        "level_highest_dbfs": round(max(levels), 1),
        "clipped_recordings": sum(one.sound.clipped_share > CLIPPED for one in heard),
        "clipped_share": _weighted(heard, [one.sound.clipped_share for one in heard]),
        "silent_share": _weighted(heard, [one.sound.silent_share for one in heard]),
        "with_text": sum(all(said.has_text for said in one.said) for one in heard),
        "per_speaker": _per_speaker(list(speakers.values())),
        "per_speaker_is_counted": len(speakers) > MOST_SPEAKERS_DRAWN,
    }


def _seconds(parts: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Return the seconds of each name, the longest first."""
    found: dict[str, float] = {}
    for name, seconds in parts:
        found[name] = found.get(name, 0.0) + seconds
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _kinds(heard: Iterable[Heard], name: Callable[[Sound], str]) -> list[list[Any]]:
    found = _seconds((name(one.sound), one.sound.seconds) for one in heard)
    return [[label, round(held, 1)] for label, held in found.items()]


def _levels(levels: Sequence[float]) -> list[list[Any]]:
    """Return how many recordings lie in each step of 3 dB, the ends open."""
    bins = range(LOWEST_DB, HIGHEST_DB, LEVEL_STEP_DB)
    count = Counter(
        min(max(math.floor(level / LEVEL_STEP_DB) * LEVEL_STEP_DB, bins[0]), bins[-1]) for level in levels
    )
    return [[str(start), count[start]] for start in bins]


def _weighted(heard: Sequence[Heard], shares: Sequence[float]) -> float:
    whole = sum(one.sound.samples * one.sound.channels for one in heard)
    parts = zip(heard, shares, strict=True)
    return round(sum(one.sound.samples * one.sound.channels * share for one, share in parts) / whole, 6)


def _per_speaker(seconds: Sequence[float]) -> list[list[Any]]:
    """Return each speaker's minutes by rank, or, of many speakers, how many speak about how long."""
    if len(seconds) <= MOST_SPEAKERS_DRAWN:
        return [[f"{rank}", round(held / 60, 2)] for rank, held in enumerate(seconds, start=1)]
    step = max(1.0, seconds[0] / 60 / 20)
    count = Counter(min(19, int(held / 60 / step)) for held in seconds)
    return [[f"{at * step:.0f}–{(at + 1) * step:.0f} min", count[at]] for at in range(20)]
