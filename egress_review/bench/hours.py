"""As many hours of speech as wanted: short pieces of a dataset in new orders and at other speeds."""

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

# Seconds of a piece of a recording, and of an utterance; what is made must not repeat itself.
PIECE = (0.1, 0.35)
UTTERANCE = (2.0, 8.0)
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
        soundfile.write(path, np.clip(samples, -1, 1), rate, subtype="PCM_16")
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
    heard: dict[str, list[tuple[NDArray[np.float32], int]]] = {}
    voices = [(pick.choice(names), pick.uniform(*SPEEDS)) for _ in range(max(8, round(VOICES * hours)))]
    for number in itertools.count():
        at = number % len(voices)
        name, speed = voices[at]
        if name not in heard:
            found = [sound(row.path) for row in sources[name]]
            heard[name] = [one for one in found if one[1] == found[0][1]]
        yield f"voice-{at:05d}", utterance(heard[name], speed, pick), heard[name][0][1]


def utterance(
    heard: Sequence[tuple[NDArray[np.float32], int]], speed: float, pick: random.Random
) -> NDArray[np.float32]:
    """Return pieces of a speaker's recordings in an order that nobody spoke, each at about the same speed."""
    seconds, rate = pick.uniform(*UTTERANCE), heard[0][1]
    parts: list[NDArray[np.float32]] = []
    while sum(map(len, parts)) < seconds * rate:
        samples, _ = pick.choice(heard)
        length = min(round(pick.uniform(*PIECE) * rate), len(samples))
        start = pick.randrange(len(samples) - length + 1)
        places = np.arange(0, length - 1, speed * pick.uniform(0.93, 1.07))
        part = np.interp(places, np.arange(length), samples[start : start + length])
        parts.append(np.asarray(part * pick.uniform(0.6, 1.2), np.float32))
    return np.concatenate(parts)


def crops(folder: Path, count: int, seconds: float) -> Sequence[bytes]:
    """Return parts of so many of a dataset's recordings as WAV files."""
    signal = material.module("signal")
    found = sorted((folder / "recordings").glob("*.wav"))
    out = []
    for path in material.chance(5).sample(found, min(count, len(found))):
        samples, rate = soundfile.read(path, dtype="float32")
        out.append(signal.encoded(samples[: round(seconds * rate)], rate, "WAV", "PCM_16"))
    return out
