"""`bench sounds`: which disguised recordings are recognised, by disguise and length, and what is mistaken."""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import re
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from egress_review.bench import chance, disguises, material
from egress_review.bench.scores import Share, wilson
from egress_review.screening import dataset, index, inspection
from egress_review.screening.context import Context
from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.manifest import NoDataset
from egress_review.screening.recordings import Recording

CROPS = (0.5, 1.0, 2.0, 5.0)  # seconds
SUFFIXES = {".wav", ".flac", ".ogg", ".opus", ".mp3", ".aiff", ".au", ".sph"}
SPEAKER = r"([^/-]+)-[^/]*$"  # LibriSpeech's names begin with the speaker's number
STRANGERS = 0.4  # of the speakers that are not in the index
LEVEL = 0.25  # of a recording's power that a crop must have: silence is nobody's
KNOWN = {"sound_known", "numbers_known", "picture_known"}  # checks that name a recording as the source
# A loaded machine must not count as a miss: how long files take is reported beside.
LIMITS = Limits(seconds_per_file=120)
# What no reader knows is examined instead of refused, or headless samples would be stopped unheard.
CONTEXT = Context(unknown="flag")

_loaded: dict[str, Index] = {}


@dataclass(frozen=True)
class Trial:
    """One file: its disguise and seconds, the recording it is cropped from, whether that is indexed."""

    disguise: str
    seconds: float
    path: str
    other: str
    indexed: bool
    testing: bool
    seed: int


@dataclass(frozen=True)
class Heard:
    """What came of a trial: recognised as a recording of the data, stopped by any check, and in how long."""

    trial: Trial
    known: bool
    blocked: bool
    took: float
    said: str = ""


def main(arguments: list[str]) -> int:
    """Print recall by disguise and length of crop, and false alarms on speakers that are not in the index."""
    options = _options(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="bench-sounds-") as folder:
            trials = _prepared(options, Path(folder))
            if options.chance:
                sys.stdout.write(chance.table(_loaded["index"].sounds))
                return 0
            results = list(_kept(_run(trials, options.jobs), options.json))
    except (material.NoCorpus, NoDataset, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(table(results, options.parameters))
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m egress_review bench sounds", description=main.__doc__)
    parser.add_argument("--dataset", type=Path, metavar="DIR", required=True, help="speech of many speakers")
    parser.add_argument(
        "--speaker",
        default=SPEAKER,
        metavar="REGEX",
        help="whose first group is the speaker in a file's path, where DIR has no recordings.csv",
    )
    parser.add_argument("--files", type=int, default=10, help="files of each disguise and length (10)")
    parser.add_argument("--strangers", type=int, help="the same of speakers not in the index; as --files")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="part of a disguise's name"
    )
    parser.add_argument("--crop", action="append", type=float, default=[], metavar="SECONDS")
    parser.add_argument("--chance", action="store_true", help="measure what fits by chance instead")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--parameters",
        choices=("testing", "tuning"),
        default="testing",
        help="disguises and speakers: those the checks were tuned on, or others (default)",
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", type=Path, metavar="FILE", help="every result, a line of JSON each")
    return parser.parse_args(arguments)


def _prepared(options: argparse.Namespace, folder: Path) -> list[Trial]:
    """Build the index of most speakers, and return the files to be made of those in it and of the others."""
    rows = recordings(options.dataset, options.speaker)
    indexed, strangers = parted(rows)
    began = time.monotonic()
    index.build(options.dataset.name, indexed, options.dataset, folder)
    _loaded["index"] = Index.open([folder])
    _loaded["index"].prepare()
    hours = sum(one.hours for one in _loaded["index"].sounds)
    sys.stderr.write(
        f"index: {len(indexed)} recordings of {len({row.speaker for row in indexed})} speakers, "
        f"{hours:.2f} h, "
        f"{time.monotonic() - began:.1f} s; {len({row.speaker for row in strangers})} other speakers\n"
    )
    testing = options.parameters == "testing"
    names = [name for name in disguises.NAMES if not options.only or any(o in name for o in options.only)]
    chosen = [(row, True) for row in indexed if _half(row.speaker) == testing]
    others = [(row, False) for row in strangers if _half(row.speaker) == testing]
    counts = (options.files, options.files if options.strangers is None else options.strangers)
    trials: list[Trial] = []
    for group, count in zip((chosen, others), counts, strict=True):
        trials += _drawn(options, group, names, count, testing)
    return trials


def _drawn(
    options: argparse.Namespace,
    group: list[tuple[Recording, bool]],
    names: list[str],
    count: int,
    testing: bool,
) -> Iterator[Trial]:
    """Yield files of one group; each disguise gets the same crops, so that rows of the table compare."""
    lengths = {row.path: soundfile.info(options.dataset / row.path).duration for row, _ in group}
    for seconds in options.crop or CROPS:
        enough = [one for one in group if lengths[one[0].path] >= seconds + 0.05]
        lot = np.random.default_rng([options.seed, round(seconds * 100)])
        if len({row.speaker for row, _ in enough}) < 2:
            continue
        for number in range(count):
            row, known = enough[int(lot.integers(len(enough)))]
            rest = [one for one, _ in group if one.speaker != row.speaker]
            other = rest[int(lot.integers(len(rest)))]
            seed = options.seed * 1000 + number
            for name in names:
                path, second = (str(options.dataset / one.path) for one in (row, other))
                yield Trial(name, seconds, path, second, known, testing, seed)


def recordings(folder: Path, pattern: str) -> list[Recording]:
    """Return a folder's recordings: by its table, or each sound file with the speaker its path names."""
    if any((folder / name).exists() for name in (dataset.TABLE, dataset.MANIFEST)):
        return [row for row in dataset.recordings(folder) if row.path]
    found = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in SUFFIXES:
            continue
        inside = path.relative_to(folder).as_posix()
        match = re.search(pattern, inside)
        if match is None:
            raise NoDataset(f"{inside} names no speaker by {pattern!r}; say how with --speaker.")
        found.append(Recording(path.stem, match[1], "", inside))
    if len({row.speaker for row in found}) < 6:
        raise NoDataset(f"{folder} holds speech of fewer than 6 speakers.")
    return found


def parted(rows: Sequence[Recording]) -> tuple[list[Recording], list[Recording]]:
    """Return the recordings of indexed speakers and of strangers; in both, some are for testing."""
    strangers: set[str] = set()
    for testing in (False, True):
        half = sorted({row.speaker for row in rows if _half(row.speaker) == testing}, key=_drawn_lot)
        strangers |= set(half[: max(2, round(STRANGERS * len(half)))])
    return (
        [row for row in rows if row.speaker not in strangers],
        [row for row in rows if row.speaker in strangers],
    )


def _drawn_lot(speaker: str) -> bytes:
    return hashlib.sha256(f"stranger {speaker}".encode()).digest()


def _half(speaker: str) -> bool:
    """Return whether a speaker is one for testing, which nothing was tuned on."""
    return hashlib.sha256(f"half {speaker}".encode()).digest()[0] % 2 == 1


def _run(trials: list[Trial], jobs: int) -> Iterator[Heard]:
    if jobs == 1:
        yield from map(_one, trials)
        return
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("fork")) as pool:
        for number, result in enumerate(pool.map(_one, trials, chunksize=4), start=1):
            if sys.stderr.isatty():
                sys.stderr.write(f"\r{number}/{len(trials)} ")
            yield result


def _kept(results: Iterator[Heard], path: Path | None) -> Iterator[Heard]:
    if path is None:
        yield from results
        return
    with path.open("w", encoding="utf-8") as lines:
        for result in results:
            lines.write(json.dumps(asdict(result)) + "\n")
            lines.flush()
            yield result


def cropped(samples: NDArray[np.float32], rate: int, seconds: float, seed: int) -> NDArray[np.float32]:
    """Return a stretch of a recording that is not mostly silence, by chance."""
    lot = np.random.default_rng(seed)
    length = round(seconds * rate)
    power = float((samples**2).mean())
    for _ in range(50):
        start = int(lot.integers(len(samples) - length + 1))
        found = samples[start : start + length]
        if float((found**2).mean()) >= LEVEL * power:
            return found
    return found


def _one(trial: Trial) -> Heard:
    """Make a file, look through it as the screening does, and say whether its source was recognised."""
    samples, rate = _read(trial.path)
    voice = cropped(samples, rate, trial.seconds, trial.seed)
    second, other_rate = _read(trial.other)
    disguised = disguises.Voice(
        voice,
        rate,
        cropped(second, other_rate, min(trial.seconds, len(second) / other_rate), trial.seed),
        other_rate,
        np.random.default_rng(trial.seed),
        trial.testing,
    )
    name, data = disguises.made(trial.disguise, disguised)
    began = time.monotonic()
    looked = inspection.look(data, name, _loaded["index"], LIMITS, CONTEXT)
    took = time.monotonic() - began
    blocks = [finding for finding in looked.findings if finding.severity == "block"]
    known = [finding for finding in blocks if finding.check in KNOWN]
    said = (known or blocks)[0].message if blocks else ""
    return Heard(trial, bool(known), bool(blocks), round(took, 3), said)


def _read(path: str) -> tuple[NDArray[np.float32], int]:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return samples.mean(axis=1), int(rate)


def table(results: Sequence[Heard], parameters: str) -> str:
    """Return recall by disguise and crop, false alarms by disguise, and how long files took."""
    crops = sorted({result.trial.seconds for result in results})
    cells: dict[tuple[str, float, bool], list[Heard]] = defaultdict(list)
    for result in results:
        cells[result.trial.disguise, result.trial.seconds, result.trial.indexed].append(result)
    head = "".join(f"  {f'{crop:g} s':>16}" for crop in crops)
    lines = [
        f"Parameters and speakers: {parameters}. Recognised as a recording of the data, in % "
        "(95 % interval) of n.",
        f"{'disguise':<28}{head}  {'false alarms':>20}",
    ]
    for name in dict.fromkeys(result.trial.disguise for result in results):
        row = "".join(f"  {_cell(cells[name, crop, True]):>16}" for crop in crops)
        wrong = [result for crop in crops for result in cells[name, crop, False]]
        lines.append(f"{name:<28}{row}  {_alarms(wrong):>20}")
    strangers = [result for result in results if not result.trial.indexed]
    lines += ["", f"All false alarms: {_alarms(strangers)} files of speakers who are not in the index."]
    lines += [
        f"  {one.trial.disguise}, {one.trial.seconds:g} s: {one.said}" for one in strangers if one.known
    ]
    took = np.array([result.took for result in results])
    lines.append(
        f"Seconds a file: median {np.median(took):.2f}, p95 {np.percentile(took, 95):.2f}, "
        f"most {took.max():.2f}."
    )
    return "\n".join(lines) + "\n"


def _cell(found: Sequence[Heard]) -> str:
    if not found:
        return "–"
    share = Share(sum(result.known for result in found), len(found))
    low, high = wilson(share.hits, share.of)
    return f"{100 * share.hits / share.of:.0f} ({100 * low:.0f}–{100 * high:.0f}) {share.of}"


def _alarms(found: Sequence[Heard]) -> str:
    if not found:
        return "–"
    hits = sum(result.known for result in found)
    return f"{hits}/{len(found)} (≤ {100 * wilson(hits, len(found))[1]:.2f} %)"
