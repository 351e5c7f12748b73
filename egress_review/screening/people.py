"""The per-recording table of the datasets: who speaks in which recording, and every other column of it."""

from __future__ import annotations

import hashlib
import json
import math
import wave
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.progress import GoesOn, silent, told
from egress_review.screening.recordings import Recording

Floats = NDArray[np.float64]
Codes = NDArray[np.int32]
Hashes = NDArray[np.uint64]

FOLDER = "people"
COLUMNS = "columns.json"
LABELS = 2000  # more different words than these are kept as hashes: they tell recordings apart
LEVELS = 12  # numbers of so few different values may be labels, too ("0" and "1" for a sex)
NUMERIC_SHARE = 0.9
SECONDS = "seconds"
DECIMALS, EXACT = 7, 2**53  # of numbers that are kept as whole ones
STATISTICS = ("mean", "sum", "median", "min", "max", "std", "count")


@dataclass(frozen=True)
class Numbers:
    """A numeric column: a value a recording, NaN where it has none; `order` sorts them, NaN last."""

    name: str
    values: Floats
    order: Codes

    @cached_property
    def sorted(self) -> Floats:
        """The values in ascending order, without the missing ones. Shape (recordings with a value,)."""
        ordered = np.asarray(self.values)[self.order]
        return ordered[: int(np.count_nonzero(~np.isnan(ordered)))]


@dataclass(frozen=True)
class Labels:
    """A column of categories: a code a recording (-1 where it has none), and what each code stands for."""

    name: str
    codes: Codes
    labels: tuple[str, ...]

    @cached_property
    def by_word(self) -> dict[str, int]:
        """The code of each label, by how labels are compared."""
        return {folded(label): code for code, label in enumerate(self.labels)}


@dataclass(frozen=True)
class Telling:
    """A column whose values tell recordings apart: the sorted hashes of its values."""

    name: str
    hashes: Hashes


def folded(label: str) -> str:
    """Return a label as it is compared: lower case, letters and digits only."""
    return "".join(character for character in label.casefold() if character.isalnum())


def hashed(value: str) -> int:
    """Return 64 bits that stand for a text."""
    return int.from_bytes(hashlib.blake2b(value.encode("utf-8", "replace"), digest_size=8).digest(), "little")


@dataclass(frozen=True, eq=False)
class People:
    """Who speaks in which recording, with the columns known of it; all arrays are one entry a recording.

    `speakers` are codes from 0, `ids` hashes of the recordings' ids, `names` those of the speakers' by code.
    """

    speakers: Codes
    ids: Hashes
    names: Hashes
    numbers: tuple[Numbers, ...] = ()
    labels: tuple[Labels, ...] = ()
    telling: tuple[Telling, ...] = field(default=())

    @classmethod
    def of(cls, rows: Iterable[Recording], folder: Path | None = None) -> People:
        """Return the table of these recordings, in memory; `folder` is where their paths begin."""
        return _of(list(rows), folder)

    @classmethod
    def open(cls, folders: Sequence[Path]) -> People:
        """Return the tables in these index folders as one, by memory map where it is one."""
        tables = [_read(folder / FOLDER) for folder in folders if (folder / FOLDER / COLUMNS).is_file()]
        return tables[0] if len(tables) == 1 else _joined(tables)

    @property
    def speaker_count(self) -> int:
        """How many people speak in all recordings."""
        return len(self.names)

    @property
    def recording_count(self) -> int:
        """How many recordings there are."""
        return len(self.speakers)

    def number(self, name: str) -> Numbers | None:
        """Return the numeric column of a name, however it is written; None where there is none."""
        return next((column for column in self.numbers if folded(column.name) == folded(name)), None)

    def label(self, name: str) -> Labels | None:
        """Return the column of categories of a name, however it is written; None where there is none."""
        return next((column for column in self.labels if folded(column.name) == folded(name)), None)

    def recordings_each(self, mask: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
        """Return how many of the masked recordings each speaker has, by the speaker's code.

        `mask` has shape (recordings,), the answer (speakers,).
        """
        chosen = self.speakers if mask is None else self.speakers[mask]
        return np.bincount(chosen, minlength=self.speaker_count)

    def people_in(self, mask: NDArray[np.bool_]) -> int:
        """Return how many different people speak in the masked recordings. `mask` has shape (recordings,)."""
        return int(np.count_nonzero(self.recordings_each(mask)))

    @cached_property
    def per_speaker(self) -> dict[str, dict[str, Floats]]:
        """Statistics of numeric columns: column → statistic → values, of shape (speakers with values,)."""
        found = {column.name: statistics(self.speakers, column.values) for column in self.numbers}
        counts = self.recordings_each().astype(np.float64)
        found.setdefault("", {})["count"] = counts[counts > 0]
        return found

    @cached_property
    def sizes(self) -> dict[str, NDArray[np.int64]]:
        """How many recordings each label of each column has: column → counts by code, of shape (labels,)."""
        return {
            column.name: np.bincount(column.codes[column.codes >= 0], minlength=len(column.labels))
            for column in self.labels
        }

    def prepare(self) -> None:
        """Compute now what every file is compared with."""
        assert self.per_speaker is not None
        assert self.sizes is not None
        for column in self.numbers:
            assert column.sorted is not None
        for labels in self.labels:
            assert labels.by_word is not None


def statistics(speakers: Codes, values: Floats) -> dict[str, Floats]:
    """Return the statistics of a column for each speaker with values, by name; std is the sample's.

    Both arguments have shape (recordings,), NaN for no value; each answer (speakers with values,).
    """
    present = ~np.isnan(values)
    order = np.lexsort((values[present], speakers[present]))
    people, ordered = speakers[present][order], np.asarray(values)[present][order]
    if not len(ordered):
        return {name: np.zeros(0) for name in STATISTICS}
    starts = np.flatnonzero(np.r_[True, people[1:] != people[:-1]])
    ends = np.r_[starts[1:], len(people)]
    count = (ends - starts).astype(np.float64)
    total = np.add.reduceat(ordered, starts)
    mean = total / count
    spread = np.add.reduceat((ordered - np.repeat(mean, ends - starts)) ** 2, starts)
    middle = (ordered[starts + (ends - starts - 1) // 2] + ordered[starts + (ends - starts) // 2]) / 2
    deviation = np.sqrt(spread / np.maximum(count - 1, 1))
    columns = (mean, total, middle, ordered[starts], ordered[ends - 1], deviation, count)
    return dict(zip(STATISTICS, columns, strict=True))


def build(rows: Sequence[Recording], dataset: Path, target: Path, goes_on: GoesOn = silent) -> None:
    """Write the table into an index folder; raises OSError where that can't be written."""
    people = _of(list(rows), dataset, goes_on)
    folder = target / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, NDArray[Any]] = {"speakers": people.speakers, "ids": people.ids, "names": people.names}
    columns: list[dict[str, object]] = []
    for number, column in enumerate(people.numbers):
        written, decimals = _decimal(np.asarray(column.values))
        arrays[f"number-{number}"] = written
        columns.append({"name": column.name, "kind": "number", "at": number, **decimals})
    for number, labels in enumerate(people.labels):
        arrays[f"label-{number}"] = labels.codes
        columns.append({"name": labels.name, "kind": "label", "at": number, "labels": labels.labels})
    for number, telling in enumerate(people.telling):
        arrays[f"telling-{number}"] = telling.hashes
        columns.append({"name": telling.name, "kind": "telling", "at": number})
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", _narrow(array))
    (folder / COLUMNS).write_text(json.dumps(columns, ensure_ascii=False), encoding="utf-8")


def _narrow(array: NDArray[Any]) -> NDArray[Any]:
    """Return whole numbers in as few bytes as the largest and least need; others as they are."""
    if array.dtype.kind != "i" or not len(array):
        return array
    return array.astype(np.promote_types(np.min_scalar_type(array.max()), np.min_scalar_type(array.min())))


def _ordered(name: str, values: Floats) -> Numbers:
    return Numbers(name, values, np.argsort(values, kind="stable").astype(np.int32))


def _decimal(values: Floats) -> tuple[NDArray[Any], dict[str, object]]:
    """Return numbers as whole ones where that is exact, with their decimals and what stands for NaN."""
    missing = np.isnan(values)
    for digits in range(DECIMALS):
        whole = np.round(np.where(missing, 0.0, values) * 10**digits)
        if np.abs(whole).max(initial=0.0) > EXACT:
            break
        # The same division is done when they are read, and gives the number that was written so.
        if bool(((whole / 10**digits == values) | missing).all()):
            least = int(whole.min(initial=0.0)) - 1
            return np.where(missing, least, whole).astype(np.int64), {"digits": digits, "missing": least}
    return values, {}


def _numbers(kept: NDArray[Any], column: Mapping[str, Any]) -> Floats:
    """Return numbers as they were before `_decimal`."""
    if "digits" not in column:
        return kept
    found: Floats = kept / 10 ** column["digits"]
    found[kept == column["missing"]] = math.nan
    return found


def _read(folder: Path) -> People:
    columns = json.loads((folder / COLUMNS).read_bytes())

    def array(name: str) -> Any:
        path = folder / f"{name}.npy"
        # An empty array can't be mapped.
        return np.load(path, mmap_mode="r" if path.stat().st_size > 128 else None, allow_pickle=False)

    of = {kind: [c for c in columns if c["kind"] == kind] for kind in ("number", "label", "telling")}
    return People(
        array("speakers"),
        array("ids"),
        array("names"),
        tuple(_ordered(c["name"], _numbers(array(f"number-{c['at']}"), c)) for c in of["number"]),
        tuple(Labels(c["name"], array(f"label-{c['at']}"), tuple(c["labels"])) for c in of["label"]),
        tuple(Telling(c["name"], array(f"telling-{c['at']}")) for c in of["telling"]),
    )


def _of(rows: list[Recording], folder: Path | None, goes_on: GoesOn = silent) -> People:
    codes: dict[str, int] = {}
    speakers = np.array([codes.setdefault(row.speaker, len(codes)) for row in rows], dtype=np.int32)
    ids = np.array([hashed(row.recording) for row in rows], dtype=np.uint64)
    names = np.array([hashed(name) for name in codes], dtype=np.uint64)
    numbers, labels, telling = _columns(_cells(rows, folder, goes_on))
    return People(speakers, ids, names, tuple(numbers), tuple(labels), tuple(telling))


def _cells(rows: list[Recording], folder: Path | None, goes_on: GoesOn) -> dict[str, list[str]]:
    """Return every column as text: the dataset's own, and what follows from the sound and the words."""
    cells: dict[str, list[str]] = {}
    for number, row in enumerate(rows):
        for name, value in row.fields:
            if name not in cells:
                cells[name] = [""] * len(rows)
            cells[name][number] = value
    known = {folded(name) for name in cells}
    if folder is not None and not known & {"seconds", "duration", "length", "dur", "durationseconds"}:
        each = told(rows, goes_on)
        cells[SECONDS] = [_written(_seconds(folder / row.path)) if row.path else "" for row in each]
    spoken = [len(row.transcript.split()) for row in rows]
    if any(spoken):
        cells.setdefault("words", [str(count) for count in spoken])
        cells.setdefault("characters", [str(len(row.transcript)) for row in rows])
    return cells


def _written(seconds: float | None) -> str:
    return "" if seconds is None else repr(seconds)


def _seconds(path: Path) -> float | None:
    """Return how long a sound file is, None where that can't be read from its header."""
    try:
        with wave.open(str(path)) as sound:
            return float(sound.getnframes() / sound.getframerate())
    except (OSError, EOFError, wave.Error, ZeroDivisionError):
        pass
    try:
        import soundfile
    except (ImportError, OSError):
        # Only building an index needs it, for sound that is no plain WAV.
        return None
    try:
        return float(soundfile.info(str(path)).duration)
    except (OSError, RuntimeError):
        return None


def _columns(cells: dict[str, list[str]]) -> tuple[list[Numbers], list[Labels], list[Telling]]:
    numbers: list[Numbers] = []
    labels: list[Labels] = []
    telling: list[Telling] = []
    for name, column in cells.items():
        filled = [cell.strip() for cell in column if cell.strip()]
        distinct = dict.fromkeys(filled)
        if not distinct:
            continue
        values = np.array([_number(cell) for cell in column], dtype=np.float64)
        numeric = np.count_nonzero(~np.isnan(values)) >= NUMERIC_SHARE * len(filled)
        if numeric:
            numbers.append(_ordered(name, values))
        if (numeric and len(distinct) <= LEVELS) or (not numeric and not _tells_apart(distinct, filled)):
            codes = {label: code for code, label in enumerate(distinct)}
            at = np.array([codes.get(cell.strip(), -1) for cell in column], dtype=np.int32)
            labels.append(Labels(name, at, tuple(codes)))
        elif not numeric:
            hashes = np.array(sorted(hashed(folded(cell)) for cell in distinct), dtype=np.uint64)
            telling.append(Telling(name, hashes))
    return numbers, labels, telling


def _tells_apart(distinct: dict[str, None], filled: list[str]) -> bool:
    return len(distinct) > LABELS or (len(distinct) > 50 and 2 * len(distinct) > len(filled))


def _number(cell: str) -> float:
    try:
        value = float(cell.strip().replace(",", "."))
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def _joined(tables: Sequence[People]) -> People:
    """Return several tables as one; a recording that two versions share counts once, as does its speaker."""
    if not tables:
        return _of([], None)
    ids = np.concatenate([table.ids for table in tables])
    # The last version of a recording is the one that counts.
    kept = len(ids) - 1 - np.unique(ids[::-1], return_index=True)[1]
    kept.sort()
    names = np.concatenate([table.names[table.speakers] for table in tables])[kept]
    different, speakers = np.unique(names, return_inverse=True)
    sizes = [table.recording_count for table in tables]
    numbers = []
    for name in dict.fromkeys(c.name for table in tables for c in table.numbers):
        found = [table.number(name) for table in tables]
        parts = [np.full(n, np.nan) if c is None else c.values for c, n in zip(found, sizes, strict=True)]
        values = np.concatenate(parts)[kept]
        numbers.append(_ordered(name, values))
    labels = [_joined_labels(name, tables, kept) for name in _label_names(tables)]
    telling = [
        Telling(
            name,
            np.unique(
                np.concatenate([t.hashes for table in tables for t in table.telling if t.name == name])
            ),
        )
        for name in dict.fromkeys(t.name for table in tables for t in table.telling)
    ]
    return People(
        speakers.astype(np.int32), ids[kept], different, tuple(numbers), tuple(labels), tuple(telling)
    )


def _label_names(tables: Sequence[People]) -> Iterable[str]:
    return dict.fromkeys(column.name for table in tables for column in table.labels)


def _joined_labels(name: str, tables: Sequence[People], kept: NDArray[np.int64]) -> Labels:
    known: dict[str, int] = {}
    parts = []
    for table in tables:
        column = table.label(name)
        if column is None:
            parts.append(np.full(table.recording_count, -1, dtype=np.int32))
            continue
        new = np.array(
            [known.setdefault(label, len(known)) for label in column.labels] + [-1], dtype=np.int32
        )
        parts.append(new[column.codes])
    return Labels(name, np.concatenate(parts)[kept], tuple(known))
