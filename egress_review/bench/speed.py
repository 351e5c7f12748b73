"""`bench speed`: how long twenty files take, how fast each type is read, and how both grow with the data."""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from egress_review.bench import baselines, hours, material, ordinary
from egress_review.screening import Limits, indexing
from egress_review.screening.index import Index
from egress_review.screening.run import screen

SEED = 100
SOUNDS, CROP = 5, 3.0  # sounds per verdict over growing data, and their seconds
AT_LEAST = 2.0  # seconds that a type is read for


@dataclass(frozen=True)
class Took:
    """How long a verdict took from the start of its process, by clock and by processor, and what it was."""

    clock: float
    processor: float
    outcome: str


@dataclass(frozen=True)
class Grown:
    """What so many hours of speech cost: bytes of sound and index, seconds to build and to judge."""

    hours: float
    sound: int
    index: int
    build: float
    files: tuple[Took, ...]
    sounds: tuple[Took, ...]


@dataclass
class Measured:
    """All figures of a run; times in seconds, rates in bytes a second."""

    files: list[Took] = field(default_factory=list)
    types: dict[str, tuple[int, float, float | None]] = field(default_factory=dict)
    grown: list[Grown] = field(default_factory=list)
    wall: float = 0.0


def main(arguments: list[str]) -> int:
    """Print how long verdicts take and how fast files are read, beside clamscan where it is installed."""
    parser = argparse.ArgumentParser(prog="python3 -m egress_review bench speed", description=main.__doc__)
    parser.add_argument("--dataset", type=Path, metavar="DIR", help="instead of the demo's")
    parser.add_argument("--hours", type=float, action="append", default=[], help="of speech (1 and 10)")
    parser.add_argument("--runs", type=int, default=20, help="submissions of twenty files")
    parser.add_argument("--with-clamav", action="store_true", help="install Debian's clamscan where missing")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every figure")
    options = parser.parse_args(arguments)
    began = time.monotonic()
    try:
        measured = _measured(options)
    except (material.NoCorpus, baselines.NoTool) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    measured.wall = time.monotonic() - began
    if options.json:
        options.json.write_text(json.dumps(asdict(measured), indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(report(measured))
    return 0


def _measured(options: argparse.Namespace) -> Measured:
    folder = material.datasets([options.dataset] if options.dataset else [])[0]
    corpus = material.module("dataset").read(folder)
    measured = Measured()
    with tempfile.TemporaryDirectory(prefix="bench-speed-") as work:
        index = Path(work) / "index"
        indexing.write(folder, index, name="bench")
        requests = _requests(corpus, options.runs, Path(work))
        measured.files = [_verdict(request, index, Path(work)) for request in requests]
        measured.types = _types(Path(work), baselines.clamav(install=options.with_clamav))
        for size in options.hours or [1.0, 10.0]:
            measured.grown.append(_grown(corpus, size, requests[:5], Path(work)))
            sys.stderr.write(f"{size:g} hours measured\n")
    return measured


def _requests(corpus: Any, runs: int, work: Path) -> list[Path]:
    return [
        ordinary.twenty(corpus, SEED + number).request(work / f"request-{number}") for number in range(runs)
    ]


def _verdict(request: Path, index: Path, work: Path) -> Took:
    """Return how long the screener's process takes for a request, as its container starts it."""
    known, answer = work / "known", work / "answer"
    for folder in (known, answer):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    (known / "0").symlink_to(index)
    command = [sys.executable, "-m", "egress_review.screening", str(request), str(answer), str(known)]
    began, used = time.monotonic(), _processor()
    subprocess.run(command, check=True, cwd=material.CHECKOUT)
    clock, used = time.monotonic() - began, _processor() - used
    return Took(clock, used, str(json.loads((answer / "verdict.json").read_bytes())["outcome"]))


def _processor() -> float:
    """Return the processor's seconds that all processes begun here and ended have used."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _types(work: Path, clamav: baselines.ClamAV | None) -> dict[str, tuple[int, float, float | None]]:
    """Return for each type the bytes of its file, bytes a second here, and with clamscan."""
    index = Index()
    index.prepare()
    found: dict[str, tuple[int, float, float | None]] = {}
    for name, data in ordinary.large().items():
        path = work / "large"
        path.write_bytes(data)
        ours = _rate(len(data), partial(screen, {"a": (path, name)}, index, Limits()))
        # Many copies at once, so that its start does not count for one file's reading.
        copies = [work / f"copy-{number}" for number in range(max(1, min(60, (16 << 20) // len(data))))]
        for copy in copies:
            shutil.copy(path, copy)
        theirs = _rate(len(data) * len(copies), partial(clamav.finds, copies)) if clamav else None
        for copy in copies:
            copy.unlink()
        found[name] = (len(data), ours, theirs)
    return found


def _rate(size: int, act: Callable[[], object]) -> float:
    """Return bytes a second over as many rounds as take long enough to measure, the first left out."""
    act()
    began, rounds = time.monotonic(), 0
    while rounds < 2 or time.monotonic() - began < AT_LEAST:
        act()
        rounds += 1
    return size * rounds / (time.monotonic() - began)


def _grown(corpus: Any, size: float, requests: Sequence[Path], work: Path) -> Grown:
    folder, index = work / "grown", work / "grown-index"
    sound = hours.dataset(corpus, size, folder)
    began = time.monotonic()
    indexing.write(folder, index, name="grown")
    build = time.monotonic() - began
    crops = hours.crops(folder, SOUNDS, CROP)
    files = {f"sound-{number}.wav": data for number, data in enumerate(crops)}
    asked = ordinary.Ordinary(files).request(work / "request-sounds")
    plain = tuple(_verdict(request, index, work) for request in requests)
    heard = tuple(_verdict(asked, index, work) for _ in range(3))
    total = sum(path.stat().st_size for path in index.rglob("*") if path.is_file())
    for path in (folder, index, asked):
        shutil.rmtree(path)
    return Grown(size, sound, total, build, plain, heard)


def report(measured: Measured) -> str:
    """Return the figures as tables."""
    files = [took.clock for took in measured.files]
    lines = [
        f"{ordinary.COUNT} ordinary files, start of the process to verdict, {len(files)} submissions:",
        f"by the clock     p50 {_share(files, 50):.2f} s, p95 {_share(files, 95):.2f} s, "
        f"longest {max(files):.2f} s",
        f"by the processor p50 {_used(measured.files, 50):.2f} s, p95 {_used(measured.files, 95):.2f} s",
        "",
        "type                     bytes      MB/s   clamscan MB/s",
    ]
    for name, (size, ours, theirs) in measured.types.items():
        other = f"{theirs / 1e6:16.1f}" if theirs is not None else f"{'not here':>16}"
        lines.append(f"{name:<20}{size:>10,}{ours / 1e6:>10.2f}{other}")
    lines += [
        "",
        "                                              20 files, p50 s   5 sounds, p50 s",
        "hours   sound MB  index MB   share  build s    clock      cpu    clock      cpu   blocked",
    ]
    for one in measured.grown:
        stopped = sum(took.outcome == "block" for took in one.sounds)
        lines.append(
            f"{one.hours:>5g}{one.sound / 1e6:>11,.0f}{one.index / 1e6:>10.1f}"
            f"{100 * one.index / one.sound:>7.2f}%{one.build:>9.1f}"
            f"{_clock(one.files, 50):>9.2f}{_used(one.files, 50):>9.2f}"
            f"{_clock(one.sounds, 50):>9.2f}{_used(one.sounds, 50):>9.2f}{stopped:>7}/{len(one.sounds)}"
        )
    lines += ["", f"The whole measurement took {measured.wall:,.0f} s.", ""]
    return "\n".join(lines)


def _clock(took: Sequence[Took], percent: float) -> float:
    return _share([one.clock for one in took], percent)


def _used(took: Sequence[Took], percent: float) -> float:
    return _share([one.processor for one in took], percent)


def _share(seconds: Sequence[float], percent: float) -> float:
    return float(np.percentile(seconds, percent))
