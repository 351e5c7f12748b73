"""Searches maps in the fingerprints: lists of like stretches first, then correlation along the diagonal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.sound import compact
from egress_review.screening.sound.compact import STRETCH
from egress_review.screening.sound.features import BANDS, Change, Floats
from egress_review.screening.sound.fingerprints import EVERY, Sounds

LENGTHS = (6, 12, 25, 50, 100)  # frames over which a find is judged: 0.5, 1, 2, 4, 8 seconds
FIRST = 12  # frames over which candidates are ranked
PROBES = 8  # lists read for one stretch
SHORT_PROBES = 24  # read where a view is too short to ask several times
KEPT = 6  # candidates a stretch keeps
AT_ONCE, CHUNK = 1024, 2048  # stretches looked up, and candidates compared, at once
OF_A_LIST, OF_ALL = 8, 20  # places of a list, and of all, whose patch is compared
DAMPING = 0.8  # of whitened values, about 1.8: what quantisation and half a step between frames leave
JITTER = (-1, 0, 1)  # frames
PARTS = (-0.25, -0.125, 0.125, 0.25)  # of a frame
DRIFT = (-0.04, -0.02, 0.0, 0.02, 0.04)  # of tempo, between the steps of the grid


@dataclass(frozen=True)
class View:
    """A map to search for: (frames, 16) in dB, which bands count, and the change it would undo."""

    levels: Floats
    valid: NDArray[np.bool_]
    change: Change
    shift: float = 0.0
    tone: float = compact.TONE
    # The view drawn again, its frames begun so much later and at so many times the pitch.
    redraw: Callable[[View, float, float], View] | None = None
    between: tuple[float, ...] = ()  # times the pitch that lie between the grid's
    orders: tuple[int, int] = (0, BANDS)  # of a cosine transform over the bands, which the view can show

    @property
    def weight(self) -> float:
        """By what a fit counts: with fewer independent values chance fits better. Source: Fisher 1915."""
        return float(np.sqrt(min(int(self.valid.sum()), self.orders[1] - self.orders[0]) / BANDS))


@dataclass(frozen=True)
class Hit:
    """A place of the index where a view fits: frames in both, and how well over each length (atanh of r)."""

    view: View
    at: int  # frame of the view
    frame: int  # frame of the index
    first: float
    # length, fit (atanh of the correlation, weighted), first frame in the view, in the index
    fits: tuple[tuple[int, float, int, int], ...] = ()


def starts(view: View, most: int) -> NDArray[np.int64]:
    """Return first frames of stretches of a view, neighbours in pairs, the most telling ones first.

    Shape (stretches,), in the view's frames; `most` bounds their number.
    """
    count = max(len(view.levels) - STRETCH + 1, 1)
    if count <= most:
        return np.arange(count)
    patches = np.lib.stride_tricks.sliding_window_view(view.levels, STRETCH, axis=0).transpose(0, 2, 1)
    _, contrast = compact.describe(np.ascontiguousarray(patches), view.tone)
    # Pairs of neighbours: recordings are listed at every second frame only.
    pairs = np.minimum(contrast[:-1], contrast[1:])
    chosen: list[int] = []
    width = max(len(pairs) // max(most // 2, 1), 1)
    for begin in range(0, len(pairs) - width + 1, width):
        best = begin + int(pairs[begin : begin + width].argmax())
        chosen += [best, best + 1]
    return np.array(sorted(set(chosen))[: most + 1])


@dataclass(frozen=True)
class Asked:
    """One stretch of a view, and the patch around it by which candidates are ranked."""

    view: View
    at: int  # first frame of the patch in the view
    ahead: int  # frames from the patch's beginning to the stretch's
    patch: Floats
    stretch: Floats


def asked(view: View, most: int) -> list[Asked]:
    """Return at most about `most` stretches of a view to look up."""
    levels = view.levels
    if len(levels) < STRETCH:
        levels = np.pad(levels, ((0, STRETCH - len(levels)), (0, 0)), constant_values=float(levels.min()))
        view = replace(view, levels=levels)
    length = min(len(levels), FIRST)
    # The index lists every second frame: a short view also asks with its stretch one frame earlier and later.
    wider = np.pad(levels, ((EVERY - 1, EVERY - 1), (0, 0)), mode="edge")
    short = len(levels) < FIRST
    begins = np.arange(1 - EVERY, len(levels) - STRETCH + EVERY) if short else starts(view, most)
    found = []
    for begin in begins.tolist():
        first = int(np.clip(begin + STRETCH // 2 - length // 2, 0, len(levels) - length))
        stretch = wider[begin + EVERY - 1 : begin + EVERY - 1 + STRETCH]
        found.append(Asked(view, first, begin - first, levels[first : first + length], stretch))
    return found


def search(
    sounds: Sounds, views: Sequence[View], most: int, *, barred: NDArray[np.bool_] | None = None
) -> list[Hit]:
    """Return candidates for stretches of views, the best KEPT of each; `barred` recordings are left out.

    `barred` has shape (recordings,).
    """
    groups: dict[tuple[bytes, int, float, tuple[int, int]], list[Asked]] = {}
    for view in views:
        for one in asked(view, most):
            alike = (view.valid.tobytes(), len(one.patch), view.tone, view.orders)
            groups.setdefault(alike, []).append(one)
    alike_ones = [some[at : at + AT_ONCE] for some in groups.values() for at in range(0, len(some), AT_ONCE)]
    hits: list[Hit] = []
    while alike_ones:
        # Lists are unpacked once for all that is looked up together.
        sizes = np.cumsum([len(some) for some in alike_ones])
        count = max(int(np.searchsorted(sizes, AT_ONCE, side="right")), 1)
        hits += _search(sounds, alike_ones[:count], barred)
        alike_ones = alike_ones[count:]
    return hits


def _search(sounds: Sounds, groups: Sequence[list[Asked]], barred: NDArray[np.bool_] | None) -> list[Hit]:
    described = [_lists(sounds, some) for some in groups]
    width = max(lists.shape[1] for _, lists in described)
    padded = [
        np.pad(lists, ((0, 0), (0, width - lists.shape[1])), constant_values=-1) for _, lists in described
    ]
    vectors = np.concatenate([vectors for vectors, _ in described])
    owners, places = _candidates(sounds, vectors, np.concatenate(padded), barred)
    hits: list[Hit] = []
    first = 0
    for some in groups:
        begin, end = np.searchsorted(owners, (first, first + len(some)))
        hits += _ranked(sounds, some, owners[begin:end] - first, places[begin:end])
        first += len(some)
    return hits


def _lists(sounds: Sounds, some: Sequence[Asked]) -> tuple[Floats, NDArray[np.int64]]:
    """Return what describes stretches of like views, and the lists they are looked up in, -1 for none."""
    asking, length = some[0].view, len(some[0].patch)
    stretches = np.stack([one.stretch for one in some])
    if not asking.valid.all():
        stretches[:, :, ~asking.valid] = stretches[:, :, asking.valid].mean(axis=2, keepdims=True)
    vectors, contrast = compact.describe(stretches, asking.tone)
    near = vectors @ sounds.centroids.T
    probes = min(PROBES if length >= FIRST else SHORT_PROBES, near.shape[1])
    lists = np.argpartition(-near, probes - 1, axis=1)[:, :probes]
    lists[contrast <= compact.CONTRAST] = -1
    return vectors, lists


def _ranked(
    sounds: Sounds, some: Sequence[Asked], owners: NDArray[np.int64], places: NDArray[np.int64]
) -> list[Hit]:
    """Return the best candidates of each of some stretches of like views; `owners` says whose a place is."""
    asking, length = some[0].view, len(some[0].patch)
    ahead = np.array([one.ahead for one in some])
    frames = np.clip(places - ahead[owners], 0, len(sounds.map) - length)
    patches = np.stack([one.patch for one in some])
    patches = compact.whitened(patches, asking.valid, asking.tone, asking.orders)
    fits = np.empty(len(frames), np.float32)
    for at in range(0, len(frames), CHUNK):
        part = slice(at, at + CHUNK)
        fits[part] = fit(patches[owners[part]], sounds, frames[part, None] + np.arange(length), asking)
    hits = []
    edges = np.searchsorted(owners, np.arange(len(some) + 1))
    for one, begin, end in zip(some, edges[:-1], edges[1:], strict=True):
        mine = fits[begin:end]
        top = np.argpartition(-mine, KEPT)[:KEPT] if len(mine) > KEPT else np.arange(len(mine))
        hits += [Hit(one.view, one.at, int(frames[begin + best]), float(mine[best])) for best in top]
    return hits


def _candidates(
    sounds: Sounds, vectors: Floats, lists: NDArray[np.int64], barred: NDArray[np.bool_] | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows of `vectors`, ascending, and for each the places in its lists that are most like it.

    Each list is unpacked once for all who ask for it; -1 names no list.
    """
    order = np.argsort(lists, axis=None, kind="stable")
    wanted = lists.ravel()[order]
    rows = (order // lists.shape[1])[wanted >= 0]
    wanted = wanted[wanted >= 0]
    names, begins = np.unique(wanted, return_index=True)
    bounds = np.append(begins, len(wanted))
    owners, places, likeness = [], [], []
    for begin, here, held in _held(sounds, names, barred):
        who = rows[bounds[begin] : bounds[begin + 1]]
        alike = vectors[who] @ held.T
        top = min(OF_A_LIST, len(here))
        chosen = np.argpartition(-alike, top - 1, axis=1)[:, :top]
        owners.append(np.repeat(who, top))
        places.append(here[chosen].ravel())
        likeness.append(np.take_along_axis(alike, chosen, axis=1).ravel())
    if not owners:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return _nearest(np.concatenate(owners), np.concatenate(places), np.concatenate(likeness))


def _held(
    sounds: Sounds, names: NDArray[np.int64], barred: NDArray[np.bool_] | None
) -> Iterator[tuple[int, NDArray[np.int64], Floats]]:
    """Yield the position of each named list, the places it holds, and what describes them; empty ones not."""
    for number, (places, held) in enumerate(sounds.described(names)):
        if barred is not None:
            kept = ~barred[np.searchsorted(sounds.starts, places, side="right") - 1]
            places, held = places[kept], held[kept]
        if len(places):
            yield number, places, held


def _nearest(
    owners: NDArray[np.int64], places: NDArray[np.int64], likeness: Floats
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return of each owner the OF_ALL places most alike, owners ascending."""
    order = np.lexsort((-likeness, owners))
    owners, places = owners[order], places[order]
    rank = np.arange(len(owners)) - np.searchsorted(owners, owners)
    return owners[rank < OF_ALL], places[rank < OF_ALL]


def fit(
    patches: Floats,
    sounds: Sounds,
    frames: NDArray[np.int64],
    view: View,
) -> Floats:
    """Return correlations of whitened patches (count or 1, length, 16) with the index at (count, length)."""
    heard = compact.whitened(sounds.levels(frames), view.valid, view.tone, view.orders)
    above = (heard * patches).sum(axis=(1, 2))
    power = np.einsum("nlb,nlb->n", heard, heard)
    asked_power = np.einsum("nlb,nlb->n", patches, patches)
    # A patch that hardly changes resembles any other: its fit is damped.
    damping = DAMPING**2 * heard.shape[1] * heard.shape[2]
    found: Floats = above / np.sqrt((power + damping) * (asked_power + damping))
    return found


def refined(sounds: Sounds, hit: Hit) -> Hit:
    """Return a hit with its best fit over each length, frames jittered and the tempo allowed to drift."""
    levels = hit.view.levels
    fits = []
    middle = hit.at + min(FIRST, len(levels)) // 2
    lengths = sorted(
        {*(length for length in LENGTHS if length <= len(levels)), min(len(levels), LENGTHS[-1])}
    )
    for length in lengths:
        first = int(np.clip(middle - length // 2, 0, len(levels) - length))
        steps = np.arange(first, first + length)
        jitter, drift = np.meshgrid(JITTER, DRIFT if length > STRETCH else (0.0,))
        frames = (
            hit.frame
            + jitter.reshape(-1, 1)
            + np.round((steps - middle) * (1 + drift.reshape(-1, 1))).astype(np.int64)
            + (middle - hit.at)
        )
        frames = np.clip(frames, 0, len(sounds.map) - 1)
        view = hit.view
        patch = compact.whitened(levels[None, first : first + length], view.valid, view.tone, view.orders)
        found = fit(patch, sounds, frames, view)
        best = int(found.argmax())
        alike = float(np.arctanh(np.clip(found[best], -0.99, 0.9999))) * view.weight
        fits.append((length, alike, first, int(frames[best, 0])))
    return Hit(hit.view, hit.at, hit.frame, hit.first, tuple(fits))


def finer(sounds: Sounds, hit: Hit) -> Hit:
    """Return a hit judged with frames begun earlier and later, then at pitches between those of the grid."""
    redraw = hit.view.redraw
    if redraw is None:
        return hit
    for others in ([(part, 1.0) for part in PARTS], [(0.0, pitch) for pitch in hit.view.between]):
        tried = [refined(sounds, replace(hit, view=redraw(hit.view, *other))) for other in others]
        hit = _best_of(hit, tried)
    return hit


def _best_of(hit: Hit, others: Sequence[Hit]) -> Hit:
    """Return a hit with the best fit of all over each length, and the view that has the best of these."""
    found = {length: (fit, first, frame) for length, fit, first, frame in hit.fits}
    gains = []
    for other in others:
        gain = 0.0
        for length, fit, first, frame in other.fits:
            gain = max(gain, fit - found.get(length, (fit, 0, 0))[0])
            if fit > found.get(length, (-1.0, 0, 0))[0]:
                found[length] = (fit, first, frame)
        gains.append(gain)
    view = others[int(np.argmax(gains))].view if gains and max(gains) > 0 else hit.view
    fits = tuple((length, *rest) for length, rest in sorted(found.items()))
    return replace(hit, view=view, fits=fits)


def best(hits: Sequence[Hit], most: int) -> list[Hit]:
    """Return the `most` best candidates, of those at one place under one change the best alone."""
    chosen: dict[tuple[int, Change], Hit] = {}
    for hit in sorted(hits, key=lambda hit: -hit.first):
        key = ((hit.frame - hit.at) // 4, hit.view.change)
        chosen.setdefault(key, hit)
        if len(chosen) >= most:
            break
    return list(chosen.values())
