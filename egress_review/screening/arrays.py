"""Judges arrays of numbers: samples, frames of features, embeddings, weights."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from egress_review.screening import disclosure, disguised, encoded, encodings, series, undone, unpacking
from egress_review.screening.carriers import signatures
from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.parts import Array
from egress_review.screening.sound import (
    decode,
    frames,
    matching,
    numbers,
    patience,
    recurrence,
    rows,
    voices,
)
from egress_review.screening.sound.features import Floats
from egress_review.screening.sound.fingerprints import Sounds
from egress_review.screening.sound.matching import Looked, Match
from egress_review.screening.tables import Table
from egress_review.screening.verdict import Finding, block, flag, outcome_of

T = TypeVar("T")
UNFINISHED = "time did not suffice to compare them with all recordings"
AGGREGATE = "Hand in aggregated numbers, or a plot."
SHARE = 0.25  # of the time for a file that comparing numbers may take
TABLED_SHARE = 0.2  # the same of a table, which are many more
LEAST_TABLED = 600  # numbers in a table, half a second of 13 cepstra, under which it is not compared
MOST_TABLED, MOST_IN_FILE = 2_000, 4_000  # numbers of a table, and of all tables of a file, that are compared
LEAST_MEASURED = 2  # columns of measured numbers that may be vectors, one way round or the other
NUMERIC = 0.9  # of a column's cells that are numbers
RAW = "raw"  # what arrays of unknown bytes are called
MOST_FRAMES = 6_000  # rows compared at once
LARGEST = 1e100  # numbers are cut there, so that their squares are numbers
MOST_PLANES = 16  # matrices of a stack that are compared
LEAST_COUNTS, MOST_COUNTED = 3, 100_000  # whole numbers that may be counts, and how far they go
LEAST_BYTES, MOST_BYTES = 16, 2_000_000  # numbers that may be bytes of something written
LEAST_RANDOM = 1_024  # bytes as numbers; fewer are even by chance
MOST_VALUES = 4_000_000
NOUGHT = 0.2  # of its spread, how far a column's mean is where it swings about nought
LIKELY = 0.4  # of the time that is left, for the likeliest of several readings
PAIRED = 0.4  # by how much columns are more like the second next
UNLIKE, LOOSE = 0.2, 0.7  # how alike columns are to their neighbours, and rows to the next


def check(array: Array, index: Index, limits: Limits) -> list[Finding]:
    """Return what an array gives away: sound or its frames are blocked, what stays unknown a human sees.

    Any shape and numeric type; complex numbers are taken by their magnitude, and as a whole sound's spectrum.
    """
    values = array.values
    where = array.where or array.name
    findings = _written(values, index, limits, where)
    findings = (
        findings or disclosure.in_array(values, index, where) or voices.check(_matrix(values), index, where)
    )
    if outcome_of(findings) == "block":
        return findings
    if values.size <= limits.table_rows:
        return [*findings, *series.in_array(_matrix(values), where), *_few(values, limits, where)]
    complete = False
    if values.dtype.kind in "biufc":
        looked = _compared(array, index, patience.seconds(limits, SHARE))
        if looked.matches:
            return [_finding(looked.matches[0], where)]
        complete = looked.complete
    shape = " by ".join(str(side) for side in values.shape)
    compared = "it matches none that is known" if complete else UNFINISHED
    return [
        *findings,
        flag(
            "numbers_many",
            f"An array of {shape} numbers can hold a recording or its features; {compared}.",
            AGGREGATE,
            where,
        ),
    ]


def _few(values: NDArray[np.generic], limits: Limits, where: str) -> list[Finding]:
    """Return the flag for a few whole numbers, small ones among them, which may count people."""
    if values.dtype.kind not in "iuf" or values.size < LEAST_COUNTS or not _are_whole(values):
        return []
    numbers = values.astype(np.float64).ravel()
    small = int(((numbers > 0) & (numbers < limits.minimum_count)).sum())
    even = len(np.unique(np.diff(numbers))) == 1
    if not small or even or numbers.min() < 0 or not limits.minimum_count <= numbers.max() < MOST_COUNTED:
        return []
    message = (
        f"{small} of {numbers.size} whole numbers are under {limits.minimum_count}; they may count people."
    )
    return [
        flag("small_counts", message, "Hand them in as a table that says what each of them counts.", where)
    ]


def _written(values: NDArray[np.generic], index: Index, limits: Limits, where: str) -> list[Finding]:
    """Return the block for numbers that are the letters, or hold the bytes, of ids or transcripts."""
    if values.dtype.kind not in "iuf" or not LEAST_BYTES <= values.size <= MOST_BYTES:
        return []
    whole = _are_whole(values)
    found = disguised.coded(values.ravel().tolist(), index, where) if whole else []
    return found or held(values, index, limits, where)


def _are_whole(values: NDArray[np.generic]) -> bool:
    return values.dtype.kind != "f" or bool(np.equal(values, np.round(values.astype(np.float64))).all())


def held(values: NDArray[np.generic], index: Index, limits: Limits, where: str) -> list[Finding]:
    """Return the block for numbers whose bytes, or that as bytes, are a file, ids, transcripts or random."""
    if values.dtype.kind not in "iuf" or not LEAST_BYTES <= values.size <= MOST_BYTES:
        return []
    data = _as_bytes(values)
    grown = (
        unpacking.lzw(values.ravel().tolist(), limits.decoded_bytes) if values.dtype.kind in "iu" else None
    )
    data += [grown] if grown else []
    for one in (*data, values.tobytes(), values.byteswap().tobytes()):
        hidden = encoded.held(one, index, limits, where) if encodings.is_likely(one) else None
        if hidden:
            return [hidden]
    if any(map(_is_file, data)):
        return [block("encoded", "These numbers are the bytes of a file.", "Hand in the file itself.", where)]
    if len(values.shape) == 1 and any(len(one) >= LEAST_RANDOM and unpacking.is_random(one) for one in data):
        message = f"{values.size:,} numbers are bytes as even as chance makes them: encrypted or packed."
        return [block("encrypted", message, "Hand in the content itself, in a known format.", where)]
    return []


def _is_file(data: bytes) -> bool:
    """Return whether bytes begin as a file does; what only two bytes tell is met by chance."""
    if data[:1] == b"\x80":
        return signatures.is_pickle(data)
    return data[:1] != b"\xff" and encodings.is_known_file(data)


def _as_bytes(values: NDArray[np.generic]) -> list[bytes]:
    """Return numbers that each fit a byte, with a sign or without, or two or four bytes, as those bytes."""
    if not _are_whole(values):
        return []
    low, high = float(values.min()), float(values.max())
    kinds = [kind for kind, least in ((np.uint8, 0), (np.int8, -128)) if least <= low and high < least + 256]
    if not kinds and low >= 0:
        fits = next((size for size in (2, 4) if high < 256**size), 0)
        return [values.astype(f"{order}u{fits}").tobytes() for order in "<>"] if fits else []
    return [values.astype(kind).tobytes() for kind in kinds]


def from_table(table: Table, index: Index, limits: Limits) -> list[Finding]:
    """Return the block for a table whose columns of numbers are samples, frames, or a vector a voice."""
    columns = _columns(table)
    measured = [column for column in columns if (column != np.round(column)).any()]
    found = voices.check(np.array(measured).T, index, table.where) if len(measured) >= LEAST_MEASURED else []
    if outcome_of(found) == "block":
        return found
    return found + from_columns(columns, index, limits, table.where)


def from_columns(
    columns: Sequence[Sequence[float] | NDArray[np.floating]], index: Index, limits: Limits, where: str = ""
) -> list[Finding]:
    """Return the block for numeric columns of equal length that are samples or frames of a recording."""
    if not columns or len(columns) * len(columns[0]) < LEAST_TABLED or not index.sounds:
        return []
    matrix = np.array([np.asarray(column, dtype=np.float64) for column in columns]).T
    plain = _plain(matrix)
    small = plain.size <= MOST_TABLED
    seconds = patience.seconds(limits, SHARE if small else TABLED_SHARE)
    # JSON is looked through as it was handed in and as it leaves, which are the same numbers, rounded.
    looked, count = patience.once(
        plain, lambda: (_known(list(_matrices(plain)), index, seconds), patience.counted(plain.size))
    )
    if looked.matches:
        return [_finding(looked.matches[0], where)]
    if small and count <= MOST_IN_FILE and looked.complete:
        return []
    # Whether many numbers reach a human depends on how many there are, not on how soon they were compared.
    why = f"{count:,} are more than are compared to the end" if looked.complete or not small else UNFINISHED
    return [flag("numbers_many", f"The table's numbers can be a recording's; {why}.", AGGREGATE, where)]


def _columns(table: Table) -> list[NDArray[np.float64]]:
    """Return a table's columns of numbers, 0 for the few cells that are none; a numeric header is a row."""
    columns = [
        np.array([_number(cell) for cell in (name, *table.column(at))])
        for at, name in enumerate(table.header)
    ]
    numeric = [column for column in columns if np.isnan(column[1:]).sum() <= (1 - NUMERIC) * len(column)]
    head = np.array([column[0] for column in numeric])
    named = bool(np.isnan(head).any() or (np.diff(head) == 1).all())
    return [np.nan_to_num(column[1:] if named else column) for column in numeric]


def _number(cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        return float("nan")
    return value if np.isfinite(value) else float("nan")


def _compared(array: Array, index: Index, seconds: float) -> Looked:
    """Return what an array matches; bytes without a format are tried in each way that samples are written."""
    if array.name == RAW and index.sounds:
        found = [one.samples for one in decode.candidates_from_bytes(array.values.tobytes())]
        # All as they are first: that costs little.
        for look in (numbers.as_recorded, numbers.as_changed):
            looked = _first(look(index.sounds, one, share) for one, share in _shared(found, seconds / 3))
            if looked.matches:
                return looked
    return _known([*_matrices(_plain(array.values)), *_waves(array.values)], index, seconds)


def _waves(values: NDArray[np.generic]) -> Iterator[NDArray[np.float64]]:
    """Yield a row of complex numbers as samples: their real parts, and the sound whose spectrum they are."""
    row = np.squeeze(values)
    if row.dtype.kind == "c" and row.ndim == 1 and len(row) > 1:
        yield _plain(row.real)[:MOST_VALUES, None]
        yield np.fft.irfft(_plain(row.real) + 1j * _plain(row.imag))[:MOST_VALUES, None]


def _matrix(values: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return an array without sides of length one."""
    return np.squeeze(values)


def _plain(values: NDArray[np.generic]) -> NDArray[np.float64]:
    with np.errstate(all="ignore"):
        real = np.abs(values) if values.dtype.kind == "c" else values
        found: NDArray[np.float64] = np.squeeze(np.nan_to_num(real.astype(np.float64), posinf=0, neginf=0))
    return np.clip(found, -LARGEST, LARGEST)


def _known(matrices: Sequence[NDArray[np.float64]], index: Index, seconds: float) -> Looked:
    """Return what any reading of some matrices matches, and whether `seconds` sufficed for all readings."""
    if not index.sounds:
        return Looked((), True)
    ends_at = time.process_time() + seconds
    # Cheap ones first: samples as they are, then frames, then samples under the grid of changes; last what no
    # reading of frames explains.
    looks = [_as_recorded, _as_frames, _as_changed, _as_recurring]
    complete = True
    for done, look in enumerate(looks):
        for number, matrix in enumerate(matrices):
            left = ends_at - time.process_time()
            looked = look(matrix, index.sounds, left / ((len(looks) - done) * (len(matrices) - number)))
            if looked.matches:
                return looked
            complete = complete and looked.complete
    return Looked((), complete)


def _as_recorded(matrix: NDArray[np.float64], sounds: Sequence[Sounds], seconds: float) -> Looked:
    return _first(numbers.as_recorded(sounds, samples, share) for samples, share in _heard(matrix, seconds))


def _as_changed(matrix: NDArray[np.float64], sounds: Sequence[Sounds], seconds: float) -> Looked:
    return _first(numbers.as_changed(sounds, samples, share) for samples, share in _heard(matrix, seconds))


def _heard(matrix: NDArray[np.float64], seconds: float) -> Iterator[tuple[Floats, float]]:
    """Yield what may be samples, each with its share of the time that is left."""
    yield from _shared([samples for _, samples in numbers.sequences(matrix)], seconds)


def _shared(things: Sequence[T], seconds: float, least: float = 0.0) -> Iterator[tuple[T, float]]:
    """Yield each with its share of the time that is left, no less than `least`: likely ones come first."""
    ends_at = time.process_time() + seconds
    for number, thing in enumerate(things):
        yield thing, (ends_at - time.process_time()) * max(1 / (len(things) - number), least)


def _as_frames(matrix: NDArray[np.float64], sounds: Sequence[Sounds], seconds: float) -> Looked:
    return _first(
        matching.match_views(sounds, frames.views(one), share)
        for one, share in _shared(list(_turned(matrix)), seconds, LIKELY)
    )


def _as_recurring(matrix: NDArray[np.float64], sounds: Sequence[Sounds], seconds: float) -> Looked:
    """Return what a matrix matches as frames of any features, both ways round."""
    turned = [_cleaned(one) for one in (matrix, matrix.T) if len(one) >= frames.LEAST_FRAMES]
    # The longer side is time, where there is enough of both.
    turned.sort(key=len, reverse=True)
    return _first(
        recurrence.in_rows(sounds, one[:MOST_FRAMES], share) for one, share in _shared(turned, seconds)
    )


def _first(looks: Iterator[Looked]) -> Looked:
    """Return the first that found something; without one, whether all were complete."""
    complete = True
    for looked in looks:
        if looked.matches:
            return looked
        complete = complete and looked.complete
    return Looked((), complete)


def _matrices(values: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    if values.ndim <= 2:
        flat = values.reshape(len(values), -1) if values.ndim else values.reshape(1, 1)
        yield from (found[:, None] for found in undone.samples(flat))
        yield flat[: max(MOST_VALUES // flat.shape[1], 1)]
        if min(flat.shape) == 1:
            stream = flat.ravel()[:MOST_VALUES]
            yield from (
                stream[: len(stream) // width * width].reshape(-1, width) for width in rows.widths(stream)
            )
        return
    # Samples may be folded into any shape.
    yield values.reshape(-1, 1)[:MOST_VALUES]
    if 2 in values.shape and values.ndim == 3:
        # Real and imaginary parts side by side.
        yield np.sqrt((values**2).sum(axis=values.shape.index(2)))
    planes = values.reshape(-1, *values.shape[-2:])
    chosen = np.unique(np.linspace(0, len(planes) - 1, MOST_PLANES).astype(int))
    yield from (planes[number] for number in chosen)


def _turned(matrix: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    """Yield a matrix as frames by bands, both ways round where both could be, then from the last frame on."""
    found: list[NDArray[np.float64]] = []
    others: list[NDArray[np.float64]] = []
    for turned in (matrix, matrix.T):
        count, width = turned.shape
        if frames.LEAST_BANDS <= width <= frames.MOST_BANDS and count >= frames.LEAST_FRAMES:
            cleaned = _cleaned(turned)
            found += [*rows.together(cleaned, frames.LEAST_BANDS), cleaned]
            others += _other_frames(cleaned)
    # One change at a time: what was changed otherwise is not turned round as well.
    for one in (*found, *others, *(one[::-1] for one in found)):
        yield from (one[at : at + MOST_FRAMES] for at in range(0, len(one), MOST_FRAMES))


def _other_frames(matrix: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    """Yield what frames may have been: lines of a transform, before they were differences, turned bands."""
    # Two numbers a band in turn: amounts beside phases.
    halves = [one for one in (matrix[:, ::2], matrix[:, 1::2]) if one.shape[1] >= frames.LEAST_BANDS]
    alike = [frames.alikeness(one) for one in halves]
    near = frames.alikeness(matrix)
    # Where neighbours are each other's opposites, they are lines of one transform.
    if near > -UNLIKE and max(alike, default=0.0) > near + PAIRED:
        yield halves[int(np.argmax(alike))]
        return
    centre = matrix.mean(axis=0)
    if (np.abs(centre) <= NOUGHT * matrix.std(axis=0)).mean() >= NUMERIC:
        if frames.alikeness(matrix) < UNLIKE:
            yield np.abs(matrix)
        elif frames.steadiness(matrix) < LOOSE:
            yield np.cumsum(matrix - centre, axis=0)
    elif (np.arange(len(centre)) - (len(centre) - 1) / 2) @ centre > 0 and frames.alikeness(matrix) >= UNLIKE:
        # Speech has less power in higher bands.
        yield matrix[:, ::-1]


def _cleaned(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a matrix without columns that only count or never change: numbers of frames, times, labels."""
    steps = np.diff(matrix, axis=0)
    counts = (steps >= 0).all(axis=0) | (steps <= 0).all(axis=0)
    return matrix[:, ~counts] if counts.any() and (~counts).sum() >= frames.LEAST_BANDS else matrix


def _finding(match: Match, where: str) -> Finding:
    return block(
        "numbers_known",
        f"These numbers are {match.seconds:.1f} seconds of a recording of the data, or features drawn from "
        f"it (from its second {match.recording_second:.1f}).",
        AGGREGATE,
        where,
    )
