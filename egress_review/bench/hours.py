"""As many hours of speech as wanted, varied out of a dataset's own: at other speeds, tilted, in noise."""

from __future__ import annotations

import csv
import itertools
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from egress_review.bench import material

JOINED = 4  # recordings of one speaker that make one here: an utterance, not a prompt
SPEEDS = (0.8, 1.25)
VOICES = 40  # speakers an hour; each is a speaker of the data at a speed of their own


def dataset(corpus: Any, hours: float, folder: Path, seed: int = 1) -> int:
    """Write a dataset's folder of about so many hours; return the bytes of its sound."""
    (folder / "recordings").mkdir(parents=True)
    pick = material.chance(seed)
    rows: list[dict[str, str]] = []
    seconds, size = 0.0, 0
    for number, (speaker, samples, rate) in enumerate(_spoken(corpus, pick, hours)):
        path = folder / "recordings" / f"h{number:06d}.wav"
        soundfile.write(path, samples, rate, subtype="PCM_16")
        size += path.stat().st_size
        seconds += len(samples) / rate
        said = material.module("words").sentence(pick)
        rows.append(
            {
                "recording": f"hour-{number:06d}-{pick.randrange(16**4):04x}",
                "path": f"recordings/{path.name}",
                "speaker": speaker,
                "transcript": f"{said} {number:x}",
            }
        )
        if seconds >= hours * 3600:
            break
    with (folder / "recordings.csv").open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return size


def _spoken(corpus: Any, pick: random.Random, hours: float) -> Iterator[tuple[str, NDArray[np.float32], int]]:
    """Yield utterances without end, as a speaker's name, samples and their rate."""
    sound = material.module("dataset").sound
    sources = {name: [row for row in rows if row.path] for name, rows in corpus.by_speaker.items()}
    names = [name for name, rows in sorted(sources.items()) if rows]
    voices = [
        (pick.choice(names), pick.uniform(*SPEEDS), pick.uniform(-4, 4))
        for _ in range(max(8, round(VOICES * hours)))
    ]
    for number in itertools.count():
        at = number % len(voices)
        name, speed, tilt = voices[at]
        parts = [sound(row.path) for row in pick.choices(sources[name], k=JOINED)]
        rate = parts[0][1]
        samples = np.concatenate([part for part, its in parts if its == rate])
        yield f"voice-{at:05d}", varied(samples, rate, speed, tilt, pick), rate


def varied(
    samples: NDArray[np.float32], rate: int, speed: float, tilt: float, pick: random.Random
) -> NDArray[np.float32]:
    """Return sound at another speed, through a tilted spectrum (decibels an octave), in a little noise."""
    signal = material.module("signal")
    chance = np.random.default_rng(pick.randrange(2**32))
    faster = signal.speed(samples, speed * pick.uniform(0.97, 1.03))
    sound: NDArray[np.float32] = signal.noised(signal.equalised(faster, rate, tilt), 35, chance)
    return sound


def crops(folder: Path, count: int, seconds: float) -> Sequence[bytes]:
    """Return parts of so many of a dataset's recordings as WAV files."""
    signal = material.module("signal")
    found = sorted((folder / "recordings").glob("*.wav"))
    out = []
    for path in material.chance(5).sample(found, min(count, len(found))):
        samples, rate = soundfile.read(path, dtype="float32")
        out.append(signal.encoded(samples[: round(seconds * rate)], rate, "WAV", "PCM_16"))
    return out
