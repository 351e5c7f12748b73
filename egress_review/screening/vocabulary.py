"""The words and ids of a dataset as two files of its leak index, opened by memory map."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from egress_review.screening import corpus, disguises, respelled
from egress_review.screening.corpus import Corpus
from egress_review.screening.identifiers import Identifiers, Table
from egress_review.screening.progress import GoesOn, silent, told
from egress_review.screening.recordings import Recording
from egress_review.screening.respelled import Patterns
from egress_review.screening.transcripts import Transcripts

WORDS, IDS = "words.bin", "ids.bin"
ALIGNED = 64


def build(name: str, recordings: Sequence[Recording], target: Path, goes_on: GoesOn = silent) -> None:
    """Write the words and ids of a dataset's recordings into its index's folder."""
    _write(target / WORDS, _words(recordings, goes_on))
    _write(target / IDS, _ids(name, recordings, goes_on))


def identifiers(folders: Sequence[Path], recordings: Sequence[Recording]) -> Identifiers:
    """Return the ids kept in these folders; without any, those of the recordings, in memory."""
    if folders:
        return Identifiers([Table(_read(folder / IDS)) for folder in folders])
    return Identifiers([Table(_ids("", recordings, silent))])


def transcripts(folders: Sequence[Path], recordings: Sequence[Recording]) -> Transcripts:
    """Return what is said by the words kept in these folders; without any, in the recordings, in memory."""
    if folders:
        kept = [_read(folder / WORDS) for folder in folders]
        return Transcripts([Corpus(one) for one in kept], [Patterns(one) for one in kept])
    return Transcripts.of((one.speaker, one.transcript) for one in recordings)


def _words(recordings: Sequence[Recording], goes_on: GoesOn) -> dict[str, NDArray[np.generic]]:
    spoken = corpus.build(((one.speaker, one.transcript) for one in recordings), goes_on)
    texts = {one.transcript for one in recordings}
    return {**spoken, **respelled.build(told(texts, goes_on), goes_on)}


def _ids(name: str, recordings: Sequence[Recording], goes_on: GoesOn) -> dict[str, NDArray[np.generic]]:
    rows = [(one.recording, one.speaker, one.path, dict(one.fields)) for one in recordings]
    of_recordings, of_speakers = disguises.aliases(rows)
    return disguises.build(
        [*(one.recording for one in recordings), *of_recordings],
        [*(one.speaker for one in recordings), *of_speakers],
        name,
        goes_on,
    )


def _write(path: Path, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Write arrays behind one another into one file, its table of contents first."""
    contents: dict[str, tuple[str, int, int]] = {}
    offset = 0
    for name, array in arrays.items():
        contents[name] = (array.dtype.str, offset, len(array))
        offset += -(-array.nbytes // ALIGNED) * ALIGNED
    head = json.dumps(contents).encode()
    head += b" " * (-(len(head) + 8) % ALIGNED)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(head)) + head)
        for array in arrays.values():
            file.write(array.tobytes() + bytes(-array.nbytes % ALIGNED))


def _read(path: Path) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of a file without reading them: pages are loaded where a lookup touches them."""
    if not path.stat().st_size:
        return {}
    raw = np.memmap(path, dtype=np.uint8, mode="r")
    size = int(struct.unpack("<Q", bytes(raw[:8]))[0])
    contents = json.loads(bytes(raw[8 : 8 + size]))
    arrays: dict[str, NDArray[np.generic]] = {}
    for name, (kind, offset, length) in contents.items():
        dtype = np.dtype(kind)
        start = 8 + size + offset
        arrays[name] = raw[start : start + length * dtype.itemsize].view(dtype)
    return arrays
