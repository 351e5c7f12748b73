"""A dataset made from nothing, for tests without an enclave: harmonics through formants, made sentences."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from tests.leaks import signal, words

RATE = 16_000
SPEAKERS, RECORDINGS = 24, 7
REGIONS = ("north", "south", "coast")
# The first three formants of vowels in Hz, of a man's voice; a woman's lie about a sixth higher.
VOWELS = (
    (730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240),
    (530, 1840, 2480), (570, 840, 2410), (490, 1350, 1690),
)  # fmt: skip


def dataset(folder: Path, seed: int = 7) -> Path:
    """Return the folder with a recordings.csv and its sounds, the same for the same seed."""
    pick = random.Random(seed)
    (folder / "audio").mkdir(parents=True)
    rows = []
    for number in range(SPEAKERS):
        speaker = {
            "speaker": f"spk-{pick.randrange(16**6):06x}",
            "region": REGIONS[number % len(REGIONS)],
            "sex": "fm"[number // len(REGIONS) % 2],
            "age": pick.randrange(19, 84),
        }
        for _ in range(RECORDINGS):
            recording = f"rec-{pick.randrange(16**7):07x}"
            said = words.sentence(pick)
            sound = spoken(pick, str(speaker["sex"]), 170 + 9 * number, 0.18 * len(said.split()) + 0.8)
            soundfile.write(folder / "audio" / f"{recording}.wav", sound, RATE, subtype="PCM_16")
            path = f"audio/{recording}.wav"
            rows.append({"recording": recording, "path": path, **speaker, "transcript": said})
    with (folder / "recordings.csv").open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder


def spoken(pick: random.Random, sex: str, tract: int, seconds: float) -> NDArray[np.float32]:
    """Return so many seconds of vowels and hisses by a voice; `tract` sets its formants apart."""
    chance = np.random.default_rng(pick.randrange(2**32))
    base = (190 if sex == "f" else 105) + pick.uniform(-18, 18)
    scale = (1.16 if sex == "f" else 1.0) * (1 + (tract - 280) / 2000)
    parts = []
    while sum(map(len, parts)) < seconds * RATE:
        if pick.random() < 0.25:
            noise = chance.normal(size=round(pick.uniform(0.04, 0.11) * RATE))
            parts.append(0.15 * np.diff(noise, prepend=0) * np.hanning(len(noise)))
        else:
            formants = [hertz * scale * pick.uniform(0.94, 1.06) for hertz in pick.choice(VOWELS)]
            parts.append(_voiced(chance, base * pick.uniform(0.85, 1.2), formants, pick.uniform(0.07, 0.22)))
    whole = np.concatenate(parts)[: round(seconds * RATE)]
    return signal.level(whole + 0.002 * chance.normal(size=len(whole)))


def _voiced(
    chance: np.random.Generator, pitch: float, formants: list[float], seconds: float
) -> NDArray[np.float64]:
    """Return a vowel: harmonics of a falling pitch, each as loud as the formants let it be."""
    time = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(pitch * (1 - 0.12 * time / seconds)) / RATE
    out = np.zeros(len(time))
    for harmonic in range(1, int(RATE / 2 / pitch)):
        hertz = harmonic * pitch
        gain = sum(1 / (1 + ((hertz - formant) / (60 + 0.04 * formant)) ** 2) for formant in formants)
        out += (gain / harmonic**0.5) * np.sin(harmonic * phase + chance.uniform(0, 0.3))
    return out * np.hanning(len(time)) ** 0.3
