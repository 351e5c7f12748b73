"""Finds ids of recordings and speakers, also in another case, without prefix, or as truncated hashes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

STRONG_CHARACTERS = 5  # an id this long with letters and digits is no ordinary word or number
STRUCTURE = 2  # separators by which even an id of plain words ("en-allison-goodbye") stands out
HASH_CHARACTERS = 6  # hex characters from which a truncated hash is told from chance
STRIPPED_CHARACTERS = 5
TOKEN = re.compile(r"[^\W_][\w.\-/:+#@]*")
# Six or seven digits alone are a number; with a letter, or longer, they may be the beginning of a hash.
HEX = re.compile(
    rf"(?<![0-9a-zA-Z])(?:(?=\d*[a-fA-F])[0-9a-fA-F]{{{HASH_CHARACTERS},7}}|[0-9a-fA-F]{{8,128}})(?![0-9a-zA-Z])"
)
SEPARATORS = re.compile(r"[./\\:=|\[\]()#@+]")
EXTENSION = re.compile(r"\.(wav|flac|mp3|ogg|opus|m4a|sph|gsm|txt|lab|npy|pt)$", re.IGNORECASE)


BRACKETED = re.compile(r"[\[(](?:T\.)?([^\[\]()]{1,100})[\])]\s*$")
NUMBERED = re.compile(r"^[^\W\d_]+[\W_]*(\d{2,20})$")


class Match(StrEnum):
    """How a value names a recording or a speaker."""

    RECORDING = "recording id"
    SPEAKER = "speaker id"
    STRIPPED = "id without its prefix"
    HASHED = "unsalted hash of an id"


@dataclass(frozen=True)
class Hit:
    """One id found: how it is named, at which 1-based line, and a key that is equal for equal ids."""

    match: Match
    line: int
    key: str


def folded(value: str) -> str:
    """Return a value as ids are compared: lower case, letters and digits only."""
    return "".join(character for character in value.casefold() if character.isalnum())


def is_strong(value: str) -> bool:
    """Return whether an id can hardly be an ordinary word or number of a text."""
    bare = folded(value)
    digits = sum(character.isdigit() for character in bare)
    if digits == len(bare):
        return len(bare) >= STRONG_CHARACTERS + 2
    if len(re.findall(r"[\W_]+", value.strip())) >= STRUCTURE and len(bare) >= 2 * STRONG_CHARACTERS:
        return True
    return digits > 0 and len(bare) >= STRONG_CHARACTERS


def digests(value: str) -> list[str]:
    """Return the hex digests of a value by the usual unsalted hashes."""
    return [
        hashlib.new(algorithm, value.encode(), usedforsecurity=False).hexdigest()
        for algorithm in ("md5", "sha1", "sha256", "sha512", "blake2b")
    ]


class Identifiers:
    """The ids of a project's recordings and speakers; each lookup is one dictionary access."""

    def __init__(self, *, recordings: Iterable[str], speakers: Iterable[str]) -> None:
        self.exact: dict[str, Match] = {}
        self.strong: dict[str, Match] = {}
        self.stripped: dict[str, str] = {}
        self.weak_speakers: set[str] = set()
        self.hashed: dict[str, list[str]] = {}
        for kind, ids in ((Match.SPEAKER, speakers), (Match.RECORDING, recordings)):
            for value in dict.fromkeys(ids):
                self._add(value, kind)

    def _add(self, value: str, kind: Match) -> None:
        bare = folded(value)
        if not bare:
            return
        self.exact.setdefault(bare, kind)
        if is_strong(value):
            self.strong.setdefault(bare, kind)
        elif kind is Match.SPEAKER and len(bare) >= 4 and bare.isalpha():
            self.weak_speakers.add(bare)
        for short in (re.sub(r"^[^\W\d_]+[\W_]*", "", value), re.sub(r"^[^\W_]+[\W_]+", "", value)):
            short_bare = folded(short)
            telling = any(character.isdigit() for character in short_bare) or is_strong(short)
            if short_bare != bare and telling:
                self.stripped.setdefault(short_bare, bare)
        for spelling in {value, value.lower(), value.upper()}:
            for digest in digests(spelling):
                self.hashed.setdefault(digest[:HASH_CHARACTERS], []).append(spelling)

    def is_hash(self, token: str) -> bool:
        """Return whether a hex token is the beginning of a plain hash of one of the ids."""
        lower = token.lower()
        spellings = self.hashed.get(lower[:HASH_CHARACTERS], ())
        return any(digest.startswith(lower) for spelling in spellings for digest in digests(spelling))

    def look_up(self, value: str) -> Match | None:
        """Return how a whole value (a cell, a list item) names an id, or None; any id counts here."""
        if len(value) > 300:
            return None
        for form in (value, EXTENSION.sub("", value), EXTENSION.sub("", re.split(r"[/\\]", value)[-1])):
            bare = folded(form)
            if bare in self.exact:
                return self.exact[bare]
        if folded(value) in self.stripped:
            return Match.STRIPPED
        if HEX.fullmatch(value.strip()) and self.is_hash(value.strip()):
            return Match.HASHED
        return None

    def find(self, text: str) -> list[Hit]:
        """Return the ids a text names; short or purely alphabetic ids of recordings are left to `column`."""
        hits: list[Hit] = []
        for number, line in enumerate(text.split("\n"), start=1):
            for token in TOKEN.findall(line):
                hit = self._in_token(token, number)
                if hit:
                    hits.append(hit)
            hits.extend(
                Hit(Match.HASHED, number, token.lower()) for token in HEX.findall(line) if self.is_hash(token)
            )
        return hits

    def _in_token(self, token: str, line: int) -> Hit | None:
        plain = EXTENSION.sub("", token)
        for form in (plain, *SEPARATORS.split(plain)):
            bare = folded(EXTENSION.sub("", form))
            if bare in self.strong:
                return Hit(self.strong[bare], line, bare)
            if bare in self.weak_speakers:
                return Hit(Match.SPEAKER, line, bare)
            if len(bare) >= STRIPPED_CHARACTERS and bare in self.stripped and is_strong_stripped(form):
                return Hit(Match.STRIPPED, line, bare)
        return None

    def column(self, values: Sequence[str]) -> tuple[Match, int] | None:
        """Return how a column or list names ids and how many distinct ones, where it can't be chance.

        `values` are the cells without header; at least 60 % of the distinct ones must name ids.
        Whole numbers that name ids are only believed where they are too scattered to be a count.
        """
        distinct = {value.strip() for value in values if value.strip()}
        if len(distinct) < 2:
            return None
        for core in cores(distinct):
            found = [match for match in map(self.look_up, core) if match]
            if len(found) < 2 or 10 * len(found) < 6 * len(core):
                continue
            numbers = {int(value) for value in core if value.isdecimal() and len(value) < 20}
            if len(numbers) == len(core) and not scattered(numbers):
                continue
            return min(found, key=list(Match).index), len(found)
        return None


def cores(values: set[str]) -> Iterator[set[str]]:
    """Yield values as they are, then then without what was put around them: "C(spk)[T.84]" gives "84"."""
    yield values
    bracketed = {found[1] for found in map(BRACKETED.search, values) if found}
    if len(bracketed) >= 2:
        yield bracketed
    numbered = {found[1] for found in map(NUMBERED.search, values) if found}
    if 10 * len(numbered) >= 8 * len(values):
        yield numbered


def is_strong_stripped(form: str) -> bool:
    """Return whether what is left of an id without its prefix still stands out: structure, or many digits."""
    bare = folded(form)
    return (not bare.isdigit()) or len(bare) >= 7 or len(re.findall(r"\d+", form)) > 1


def scattered(numbers: set[int]) -> bool:
    """Return whether whole numbers leave most of their range empty and are too large to be small counts."""
    span = max(numbers) - min(numbers) + 1
    return len(numbers) >= 4 and span > 4 * len(numbers)
