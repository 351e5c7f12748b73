"""Writes the ids of a dataset as they are usually disguised: cut, folded, hashed; as arrays for the index."""

from __future__ import annotations

import hashlib
import re
import uuid
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.folding import fold, hash_of
from egress_review.screening.hashtable import HashTable, packed
from egress_review.screening.progress import GoesOn, silent, told
from egress_review.screening.sound.packing import Packed

STRONG_CHARACTERS = 5  # an id this long with letters and digits is no ordinary word or number
STRUCTURE = 2  # separators by which even an id of plain words ("en-allison-goodbye") stands out
STRIPPED_CHARACTERS = 5
NUMBER_DIGITS = 3  # of the number in an id that may stand for it
SALTS = ("salt", "secret", "pepper", "speaker", "project", "pseudonym")
USUAL = ("md5", "sha1", "sha256")
UNUSUAL = ("sha224", "sha512", "blake2b", "blake2s", "sha3_256", "crc32")
LENGTHY = 300  # characters; no id is longer


class Match(StrEnum):
    """How a value names a recording or a speaker."""

    RECORDING = "recording id"
    SPEAKER = "speaker id"
    STRIPPED = "id without its prefix"
    HASHED = "unsalted hash of an id"


KINDS = tuple(Match)
STRONG, NAME = 4, 8  # beside the number of the kind: stands out in any text; may be a person's name


def folded(value: str) -> str:
    """Return a value as ids are compared: lower case, letters and digits only."""
    return "".join(character for character in fold(value) if character.isalnum())


def unpadded(value: str) -> str:
    """Return a value without the zeros that pad its numbers."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", value)


def is_strong(value: str) -> bool:
    """Return whether an id can hardly be an ordinary word or number of a text."""
    bare = folded(value)
    digits = sum(character.isdigit() for character in bare)
    if digits == len(bare):
        return len(bare) >= STRONG_CHARACTERS + 2
    if len(re.findall(r"[\W_]+", value.strip())) >= STRUCTURE and len(bare) >= 2 * STRONG_CHARACTERS:
        return True
    return digits > 0 and len(bare) >= STRONG_CHARACTERS


def is_strong_stripped(form: str) -> bool:
    """Return whether what is left of an id still stands out: structure, or many digits."""
    bare = folded(form)
    if len(bare) < STRIPPED_CHARACTERS:
        return False
    return (not bare.isdigit()) or len(bare) >= 7 or len(re.findall(r"\d+", form)) > 1


def cut(value: str) -> Iterator[str]:
    """Yield what is left of an id without its first letters, first or last part, or all but its digits."""
    for short in (
        re.sub(r"^[^\W\d_]+[\W_]*", "", value),
        re.sub(r"^[^\W_]+[\W_]+", "", value),
        re.sub(r"[\W_]+[^\W_]+$", "", value),
    ):
        if short != value and (any(character.isdigit() for character in short) or is_strong(short)):
            yield short
    digits = "".join(re.findall(r"\d", value))
    if len(digits) >= NUMBER_DIGITS and digits != folded(value):
        yield digits


def digests(value: str, algorithms: Sequence[str] = (*USUAL, *UNUSUAL)) -> Iterator[bytes]:
    """Yield the first 4 bytes of unsalted hashes of a value."""
    raw = value.encode()
    for algorithm in algorithms:
        if algorithm == "crc32":
            yield zlib.crc32(raw).to_bytes(4, "big")
        else:
            yield hashlib.new(algorithm, raw, usedforsecurity=False).digest()[:4]


def salted(value: str, salts: Sequence[str]) -> Iterator[bytes]:
    """Yield the first 4 bytes of usual hashes of a value with salts that are easily guessed."""
    for salt in salts:
        for text in (
            f"{salt}{value}",
            f"{value}{salt}",
            f"{salt}:{value}",
            f"{salt}_{value}",
            f"{salt}-{value}",
        ):
            for algorithm in ("md5", "sha1", "sha256"):
                yield hashlib.new(algorithm, text.encode(), usedforsecurity=False).digest()[:4]
    for space in (uuid.NAMESPACE_DNS, uuid.NAMESPACE_URL, uuid.NAMESPACE_OID):
        yield uuid.uuid5(space, value).bytes[:4]
    yield zlib.adler32(value.encode()).to_bytes(4, "big")


def aliases(rows: Sequence[tuple[str, str, str, Mapping[str, str]]]) -> tuple[list[str], list[str]]:
    """Return further names of recordings and of speakers: file names, and columns that tell them apart.

    `rows` are recording, speaker, path, and the dataset's other columns.
    """
    of_recordings = [re.sub(r"\.\w{1,5}$", "", path.rsplit("/", 1)[-1]) for _, _, path, _ in rows if path]
    of_speakers: list[str] = []
    speakers = {speaker for _, speaker, _, _ in rows}
    for column in rows[0][3] if rows else ():
        values = [fields.get(column, "").strip() for _, _, _, fields in rows]
        telling = {
            value for value in values if is_strong(value) and not re.fullmatch(r"[\d.,:+\-eE ]+", value)
        }
        if 10 * len(telling) < 9 * len(set(values)) or len(telling) < 3:
            continue
        owned = len({(row[1], value) for row, value in zip(rows, values, strict=True)})
        if len(set(values)) == len(speakers) == owned:
            of_speakers += sorted(telling)
        elif 2 * len(telling) >= len(rows):
            of_recordings += sorted(telling)
    return of_recordings, of_speakers


def build(
    recordings: Iterable[str], speakers: Iterable[str], dataset: str = "", goes_on: GoesOn = silent
) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of the ids of a dataset and their disguises.

    Each has one dimension; `identifiers.Table` says what they hold.
    """
    forms: dict[str, int] = {}
    hashed: set[bytes] = set()
    salts = [salt for salt in dict.fromkeys((dataset, dataset.lower(), *SALTS)) if salt]
    people = list(dict.fromkeys(value for value in speakers if folded(value)))
    for value in people:
        _add(forms, value, Match.SPEAKER)
        hashed.update(salted(value, salts))
    clips = list(dict.fromkeys(value for value in recordings if folded(value)))
    for value in clips:
        _add(forms, value, Match.RECORDING)
    for value in told((*people, *clips), goes_on):
        for short in cut(value):
            flags = STRONG if is_strong_stripped(short) else 0
            forms.setdefault(folded(short), KINDS.index(Match.STRIPPED) | flags)
            # Without its zeros it may be any number: "012-0034" would be each 12.34 of a log.
            plain = folded(unpadded(short))
            if plain:
                telling = flags if is_strong_stripped(plain) else 0
                forms.setdefault(plain, KINDS.index(Match.STRIPPED) | telling)
        hashed.update(digests(value))
        # In another case than its own an id is rarely hashed: only the most usual hashes of that are kept.
        for spelling in {value.lower(), value.upper()} - {value}:
            hashed.update(digests(spelling, USUAL))
    members, order = np.unique(hash_of(forms), return_index=True)
    return {
        **HashTable.of(members).arrays("forms"),
        "kinds": Packed.of(np.array(list(forms.values()), dtype=np.uint8)[order]).raw,
        **packed(np.sort(np.frombuffer(b"".join(hashed), dtype=">u4").astype(np.uint32)), "hashed"),
        "speakers": np.array([len(people)], dtype=np.int64),
        "parts": np.array([max((_parts(value) for value in (*people, *clips)), default=1)], dtype=np.int64),
    }


def _parts(value: str) -> int:
    return min(len(re.findall(r"\d+|[^\W\d_]+", fold(value))), 12)


def _add(forms: dict[str, int], value: str, kind: Match) -> None:
    bare = folded(value)
    flags = KINDS.index(kind)
    if is_strong(value):
        flags |= STRONG
    elif kind is Match.SPEAKER and len(bare) >= 4 and bare.isalpha():
        flags |= NAME
    forms.setdefault(bare, flags)
    short = folded(unpadded(value))
    if short and short != bare:
        # Without its zeros an id may be too short to stand out.
        forms.setdefault(short, flags if is_strong(short) else KINDS.index(kind))
