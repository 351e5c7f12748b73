"""Decides whether a sound is one of the index: as it is first, then under each change, until time is up."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from egress_review.screening.sound import chance, grid, search
from egress_review.screening.sound.compact import STRETCH
from egress_review.screening.sound.features import FRAME, Change, Floats, Spectra
from egress_review.screening.sound.fingerprints import Sounds
from egress_review.screening.sound.search import Hit, View

PIECE = 8.0  # seconds compared at once
SHORTEST = 0.2  # seconds; less is a click
STRETCHES_A_SECOND = (10, 6, 5)  # looked up for a view, by stage
MOST_STRETCHES = (80, 12, 8)
VIEWS_AT_ONCE = 300
READINGS_AT_ONCE, READING_STRETCHES, READINGS_JUDGED = 60, 16, 16  # of rows of numbers
JUDGED = 40  # candidates judged of those views
FINER = 6  # of them judged once more, at finer shifts
HOPELESS = 20.0  # finds by chance, from which a finer look never made a find
MORE = 3.0  # times the comparisons that this adds
BETWEEN = tuple(2.0 ** (part / 12) for part in (-0.5, -0.25, 0.25, 0.5))  # pitches, in semitones
SHIFTS = (0.0, 0.5)  # frames
LEAST_BANDS = 6  # that a change leaves to be heard


@dataclass(frozen=True)
class Match:
    """A sound that is one of the index: seconds in both, over how many, how changed, and how surely."""

    second: float
    recording: int
    recording_second: float
    seconds: float
    change: Change
    doubt: float


@dataclass(frozen=True)
class Looked:
    """What a comparison found, and whether time sufficed for all of it."""

    matches: tuple[Match, ...]
    complete: bool
    doubt: float = np.inf  # of what fitted best but did not count


def pieces(samples: Floats, rate: float) -> list[tuple[float, Floats]]:
    """Return parts of at most PIECE seconds with their beginning in seconds; silent ones are left out."""
    length = max(int(PIECE * rate), 1)
    count = max(int(np.ceil(len(samples) / length)), 1)
    edges = np.linspace(0, len(samples), count + 1).astype(int)
    found = [(float(begin / rate), samples[begin:end]) for begin, end in itertools.pairwise(edges)]
    power = [float(np.mean(part**2)) if len(part) else 0.0 for _, part in found]
    loud = max(power, default=0.0)
    return [one for one, level in zip(found, power, strict=True) if level > 0 and level > loud * 1e-5]


def match(
    indexes: Sequence[Sounds],
    samples: Floats,
    rate: float,
    seconds: float,
    *,
    most: int = 3,
    stages: Sequence[int] = (0, 1, 2),
) -> Looked:
    """Return where a sound matches recordings, at most `most` places, searching for at most `seconds`."""
    ends_at = time.process_time() + seconds
    if not indexes or len(samples) < SHORTEST * rate:
        return Looked((), True)
    if seconds <= 0:
        return Looked((), False)
    parts = [(begin, Spectra.of(part, rate)) for begin, part in pieces(samples, rate)]
    matches: list[Match] = []
    asked = 0
    for stage in stages:
        changes = grid.stages(rate / 2)[stage]
        for number, (begin, spectra) in enumerate(spread(parts)):
            for at in range(0, len(changes), VIEWS_AT_ONCE // 2):
                if time.process_time() > ends_at:
                    return Looked(tuple(matches), False)
                drawn = [
                    view_of(spectra, change, shift)
                    for change in changes[at : at + VIEWS_AT_ONCE // 2]
                    for shift in SHIFTS
                ]
                views = [view for view in drawn if view.valid.sum() >= LEAST_BANDS]
                found, count = look(indexes, views, stretches(spectra, stage), asked)
                asked += count
                if found is not None:
                    matches.append(placed(found, begin, spectra))
                    break
            if len(matches) >= most:
                return Looked(tuple(matches), number + 1 == len(parts))
        if matches:
            return Looked(tuple(matches), True)
    return Looked((), True)


def spread(parts: list[tuple[float, Spectra]]) -> Iterator[tuple[float, Spectra]]:
    """Yield parts in an order that covers the whole early: where time runs out, none was left for last."""
    order = np.argsort([(number * 0.6180339887) % 1.0 for number in range(len(parts))])
    yield from (parts[number] for number in order)


def stretches(spectra: Spectra, stage: int) -> int:
    """Return how many stretches of a view are looked up at a stage."""
    seconds = len(spectra.power) * 0.008
    return int(min(max(seconds * STRETCHES_A_SECOND[stage], 4), MOST_STRETCHES[stage]))


def view_of(spectra: Spectra, change: Change, shift: float) -> View:
    """Return what a sound was before a change."""
    levels, valid = spectra.map(change, shift)
    return View(levels, valid, change, shift, redraw=partial(_redrawn, spectra), between=BETWEEN)


def _redrawn(spectra: Spectra, view: View, later: float, pitch: float) -> View:
    change = replace(view.change, pitch=view.change.pitch * pitch)
    return view_of(spectra, change, view.shift + later)


@dataclass(frozen=True)
class Found:
    """The surest hit of a look: its length in frames, its first frame in the index, in which index."""

    hit: Hit
    length: int
    first: int
    frame: int
    sounds: Sounds
    doubt: float


def look(
    indexes: Sequence[Sounds],
    views: Sequence[View],
    most: int,
    asked: int = 0,
    candidates: int = JUDGED,
    alarm: float = chance.ALARM,
) -> tuple[Found | None, int]:
    """Return the surest hit of views that chance does not explain, None for none, and how many were asked.

    `asked` counts the stretches looked up for the same file before: chance grows with each. `alarm` is the
    doubt that a hit must stay under.
    """
    count = sum(min(max(len(view.levels) - 5, 1), most + 1) for view in views)
    surest: Found | None = None
    for sounds in indexes:
        law = sounds.chance or chance.Chance.usual()
        comparisons = float(np.log(MORE * (asked + count) * max(len(sounds.lists), 1)))
        judged = [
            search.refined(sounds, hit) for hit in search.best(search.search(sounds, views, most), candidates)
        ]
        judged.sort(key=lambda hit: -max(law.over(fit[0], fit[1]) for fit in hit.fits))
        for hit in judged[:FINER]:
            close = search.finer(sounds, hit) if _doubt(law, hit, comparisons) < HOPELESS else hit
            for length, fit, first, frame in close.fits:
                # Chance is not measured over less than half a second.
                if length < STRETCH:
                    continue
                doubt = law.doubt(length, fit, comparisons)
                if doubt < alarm and (surest is None or doubt < surest.doubt):
                    surest = Found(close, length, first, frame, sounds, doubt)
    return surest, count


def _doubt(law: chance.Chance, hit: Hit, comparisons: float) -> float:
    """Return the least doubt of a hit over the lengths that chance is measured over."""
    doubts = (law.doubt(length, fit, comparisons) for length, fit, _, _ in hit.fits if length >= STRETCH)
    return min(doubts, default=np.inf)


def placed(found: Found, begin: float, spectra: Spectra) -> Match:
    """Return a find in seconds of the sound handed in and of the recording."""
    change, shift = found.hit.view.change, found.hit.view.shift
    at = (found.first + shift) * FRAME / change.tempo
    length = found.length * FRAME / change.tempo
    if change.backwards:
        at = max(len(spectra.power) * 0.008 - at - length, 0.0)
    recording, second = found.sounds.recording_at(found.frame)
    return Match(begin + at, recording, second, length, change, found.doubt)


def match_views(indexes: Sequence[Sounds], views: Iterable[View], seconds: float) -> Looked:
    """Return where one of many readings of the same rows fits; positions as each reading has them.

    Where none does, `doubt` says how near the nearest came.
    """
    ends_at = time.process_time() + seconds
    if seconds <= 0:
        return Looked((), False)
    asked, doubt = 0, np.inf
    some: list[View] = []
    for view in itertools.chain(views, [None]):
        if view is not None:
            some.append(view)
        if some and (view is None or len(some) >= READINGS_AT_ONCE):
            if time.process_time() > ends_at:
                return Looked((), False, doubt)
            found, count = look(indexes, some, READING_STRETCHES, asked, READINGS_JUDGED, np.inf)
            asked += count
            some = []
            if found is not None and found.doubt < chance.ALARM:
                recording, second = found.sounds.recording_at(found.frame)
                at, length = (found.first + found.hit.view.shift) * FRAME, found.length * FRAME
                return Looked((Match(at, recording, second, length, Change(), found.doubt),), True)
            doubt = min(doubt, found.doubt) if found is not None else doubt
    return Looked((), True, doubt)
