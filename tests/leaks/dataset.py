"""The data that leaks are built from: a folder with a recordings.csv, its sounds, and covariates."""

from __future__ import annotations

import csv
import hashlib
import io
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from tests.leaks import signal, words

REGIONS = ("north", "south", "east", "west", "coast")
# With fewer transcripts than this, text cases would all be about the same few sentences.
ENOUGH_TRANSCRIPTS = 40
TOLD = ("recording", "path", "speaker", "transcript", "seconds")
LABEL = "synthetic-transcripts"
Samples = NDArray[np.float32]


class TooLittle(Exception):
    """The dataset lacks what a case is built from; the message says what."""


@dataclass(frozen=True)
class Row:
    """One recording: its ids, its sound, its words, and who speaks (made up from the id where unsaid)."""

    recording: str
    speaker: str
    path: Path | None
    transcript: str
    region: str
    sex: str
    age: int
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Corpus:
    """The rows of a dataset's folder, and what cases need of them."""

    folder: Path
    rows: tuple[Row, ...]
    by_speaker: dict[str, list[Row]] = field(default_factory=dict)

    @cached_property
    def speakers(self) -> tuple[str, ...]:
        """The speakers' ids, in order."""
        return tuple(sorted(self.by_speaker))

    @cached_property
    def spoken(self) -> tuple[Row, ...]:
        """Recordings with a transcript of at least five words."""
        return tuple(row for row in self.rows if len(row.transcript.split()) >= 5)

    @cached_property
    def heard(self) -> tuple[Row, ...]:
        """Recordings with a sound file."""
        return tuple(row for row in self.rows if row.path is not None)

    @cached_property
    def grouping(self) -> str:
        """What recordings are best grouped by: a column with 2 to 30 values, else the region."""
        for name, _ in self.rows[0].fields:
            values = {dict(row.fields)[name] for row in self.rows}
            if 2 <= len(values) <= 30 and not all(value.replace(".", "").isdigit() for value in values):
                return name
        return "region"

    def grouped(self) -> dict[str, list[Row]]:
        """Return the recordings by group."""
        groups: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            groups[{**dict(row.fields), "region": row.region}[self.grouping]].append(row)
        return dict(sorted(groups.items()))

    def texts(self, pick: random.Random, count: int) -> list[Row]:
        """Return recordings with distinct transcripts, at most `count`."""
        unique = {row.transcript: row for row in self.spoken}
        if len(unique) < 2:
            raise TooLittle("no transcripts of five words")
        return pick.sample(list(unique.values()), min(count, len(unique)))

    def some(self, pick: random.Random, count: int) -> list[Row]:
        """Return recordings by chance, at most `count`, in order."""
        chosen = pick.sample(range(len(self.rows)), min(count, len(self.rows)))
        return [self.rows[number] for number in sorted(chosen)]

    def clip(self, pick: random.Random, seconds: float, least: float = 0.3) -> tuple[Row, Samples, int]:
        """Return a recording with about `seconds` of its sound: the longest of a few if none lasts."""
        best: tuple[Row, Samples, int] | None = None
        for row in pick.sample(self.heard, min(60, len(self.heard))):
            samples, rate = sound(row.path or Path())
            if best is None or len(samples) / rate > len(best[1]) / best[2]:
                best = row, samples, rate
            if len(samples) / rate >= seconds + 0.3:
                break
        if best is None or len(best[1]) / best[2] < least:
            raise TooLittle(f"no recording of {least} seconds")
        row, samples, rate = best
        spare = len(samples) - round(seconds * rate)
        start = pick.randrange(spare) if spare > 0 else 0
        return row, samples[start : start + round(seconds * rate)], rate

    def seconds(self, row: Row) -> float:
        """Return how long a recording is."""
        if row.path is None:
            return round(len(row.transcript.split()) * 0.4 + 0.5, 2)
        return round(float(soundfile.info(row.path).duration), 3)

    def record(self, row: Row) -> dict[str, object]:
        """Return a recording's row of D: ids, covariates, length, words, derived numbers."""
        chance = random.Random(row.recording)
        pitch = (
            (205 if row.sex == "f" else 118) + random.Random(row.speaker).gauss(0, 14) + chance.gauss(0, 6)
        )
        return {
            "recording": row.recording,
            "speaker": row.speaker,
            "region": row.region,
            "sex": row.sex,
            "age": row.age,
            "seconds": self.seconds(row),
            "transcript": row.transcript,
            "wer": round(max(0.0, chance.gauss(0.18, 0.09)), 4),
            "f0_mean": round(pitch, 2),
        }

    def embedding(self, speaker: str, recordings: int = 4, size: int = 64) -> NDArray[np.float32]:
        """Return a speaker's vector of unit length: log-mel statistics, projected by a fixed matrix."""
        parts = []
        for row in [row for row in self.by_speaker[speaker] if row.path is not None][:recordings]:
            samples, rate = sound(row.path or Path())
            parts.append(signal.log_mel(signal.resample(samples, rate, 8000), 8000, bands=40))
        if not parts:
            raise TooLittle("no sound of this speaker")
        frames = np.concatenate(parts)
        statistics = np.concatenate([frames.mean(0), frames.std(0), np.diff(frames, axis=0).std(0)])
        statistics -= statistics.mean()
        matrix = np.random.default_rng(11).normal(size=(len(statistics), size))
        vector = statistics @ matrix
        return np.asarray(vector / np.linalg.norm(vector), np.float32)


@lru_cache(maxsize=256)
def sound(path: Path) -> tuple[Samples, int]:
    """Return a file's samples, mono, float32 in -1 to 1, and its rate in Hz."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return samples.mean(1), int(rate)


def read(folder: Path) -> Corpus:
    """Return the corpus in a dataset's folder; covariates it lacks are drawn by a hash of the speaker."""
    rows = []
    by_speaker: dict[str, list[Row]] = defaultdict(list)
    with (folder / "recordings.csv").open(encoding="utf-8-sig", newline="") as opened:
        for raw in csv.DictReader(opened):
            path = folder / raw["path"] if raw.get("path") else None
            drawn = hashlib.sha256(f"covariates {raw['speaker']}".encode()).digest()
            row = Row(
                raw["recording"],
                raw["speaker"],
                path if path is not None and path.is_file() else None,
                raw.get("transcript") or "",
                raw.get("region") or raw.get("accent") or REGIONS[drawn[0] % len(REGIONS)],
                (raw.get("sex") or raw.get("gender") or "fm"[drawn[1] % 2])[:1].lower(),
                int(raw["age"]) if (raw.get("age") or "").isdigit() else 20 + drawn[2] % 60,
                tuple((name, raw[name] or "") for name in raw if name and name not in TOLD),
            )
            rows.append(row)
            by_speaker[row.speaker].append(row)
    return Corpus(folder, tuple(rows), dict(by_speaker))


def composed(folders: Sequence[Path], target: Path) -> Path:
    """Return a dataset's folder that text cases can be built from.

    One folder with enough transcripts is used as it is. Otherwise `target` becomes a dataset of the same
    recordings, linked, in which those without a transcript get a made sentence; its name says so.
    """
    tables = {folder: _table(folder) for folder in folders}
    spoken = sum(bool(row.get("transcript")) for table in tables.values() for row in table)
    if len(folders) == 1 and spoken >= ENOUGH_TRANSCRIPTS:
        return folders[0]
    made = target / f"{'+'.join(folder.parent.name or folder.name for folder in folders)}-{LABEL}"
    made.mkdir(parents=True, exist_ok=True)
    rows = []
    for number, (folder, table) in enumerate(tables.items()):
        link = made / f"part-{number}"
        if not link.is_symlink():
            link.symlink_to(folder.resolve(), target_is_directory=True)
        for row in table:
            path = row.get("path") or ""
            text = row.get("transcript") or words.sentence(random.Random(row["recording"]))
            rows.append({**row, "path": f"part-{number}/{path}" if path else "", "transcript": text})
    columns = list(dict.fromkeys(name for row in rows for name in row if name))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    (made / "recordings.csv").write_text(out.getvalue(), encoding="utf-8")
    return made


def _table(folder: Path) -> list[dict[str, str]]:
    with (folder / "recordings.csv").open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.DictReader(opened))
