"""The leak index: what is known about the project's data, prepared for matching; itself treated as data."""

from __future__ import annotations

import json
import lzma
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

from egress_review.screening import people, vocabulary
from egress_review.screening.identifiers import Identifiers
from egress_review.screening.people import People
from egress_review.screening.progress import GoesOn, silent, told
from egress_review.screening.recoded import Numbered
from egress_review.screening.recordings import Recording
from egress_review.screening.sound import building, compact
from egress_review.screening.sound.fingerprints import Sounds
from egress_review.screening.transcripts import Transcripts

VERSION = 10
NO_FACTS: Mapping[str, str] = {}
ROWS = "recordings.jsonl.xz"
# Written last: a folder without it is no index, only the beginning of one.
SEAL = "index.json"


class NoIndex(Exception):
    """A folder holds no finished leak index of this version; the message says what it lacks."""


@dataclass(frozen=True)
class Index:
    """What the datasets of a project would look like in a result; treat it as data itself.

    Each part is looked up by memory-mapped tables or dictionaries: a lookup costs about the same for one
    hour of speech as for a hundred.
    """

    recordings: tuple[Recording, ...] = ()
    datasets: tuple[str, ...] = field(default=())
    folders: tuple[Path, ...] = field(default=())

    @classmethod
    def of(cls, recordings: Iterable[Recording], datasets: Iterable[str] = ()) -> Index:
        """Return the index of these recordings' words and ids alone, without sound, in memory."""
        return cls(tuple(recordings), tuple(datasets))

    @classmethod
    def open(cls, folders: Sequence[Path]) -> Index:
        """Return the indexes in these folders as one; raises NoIndex where one is not finished."""
        recordings: list[Recording] = []
        names: list[str] = []
        for folder in folders:
            names.append(_seal(folder))
            recordings += _rows(folder)
        return cls(tuple(recordings), tuple(names), tuple(folders))

    def prepare(self) -> None:
        """Build the lookups now, so that each file's process inherits them."""
        assert self.identifiers is not None
        assert self.transcripts is not None
        if self.sounds:
            compact.prepare()
        self.people.prepare()
        assert self.numbered is not None

    @cached_property
    def identifiers(self) -> Identifiers:
        """The ids of recordings and speakers with their usual disguises."""
        return vocabulary.identifiers(self.folders, self.recordings)

    @cached_property
    def transcripts(self) -> Transcripts:
        """The words that are said in the recordings."""
        return vocabulary.transcripts(self.folders, self.recordings)

    @cached_property
    def sounds(self) -> tuple[Sounds, ...]:
        """The fingerprints of the recordings, one for each folder that was built with sound."""
        opened = (Sounds.open(folder) for folder in self.folders)
        return tuple(one for one in opened if one is not None)

    @cached_property
    def people(self) -> People:
        """Who speaks in which recording, and the other columns of the per-recording table."""
        return People.open(self.folders) if self.folders else People.of(self.recordings)

    @cached_property
    def numbered(self) -> tuple[Numbered, ...]:
        """The ids of recordings and of speakers as whole numbers."""
        recordings = dict.fromkeys(one.recording for one in self.recordings)
        speakers = dict.fromkeys(one.speaker for one in self.recordings)
        return (
            Numbered.of("ids of recordings", list(recordings)),
            Numbered.of("ids of speakers", list(speakers)),
        )

    @cached_property
    def recordings_of_one_speaker(self) -> frozenset[int]:
        """The numbers of recordings that exactly one speaker has: a count that equals one may be a person."""
        counts = Counter(recording.speaker for recording in self.recordings)
        return frozenset(counts.values())


def build(
    name: str,
    recordings: Sequence[Recording],
    dataset: Path,
    target: Path,
    *,
    facts: Mapping[str, str] = NO_FACTS,
    goes_on: GoesOn = silent,
) -> None:
    """Write the leak index of a dataset's folder into `target`; its seal comes last.

    `name` is what findings call the dataset, `facts` are kept in the seal; `goes_on` is called at each
    piece of the work. Raises OSError where a recording or the target can't be used.
    """
    target.mkdir(parents=True, exist_ok=True)
    (target / SEAL).unlink(missing_ok=True)
    with lzma.open(target / ROWS, "wt", encoding="utf-8") as rows:
        for recording in told(recordings, goes_on):
            rows.write(json.dumps(asdict(recording), ensure_ascii=False) + "\n")
    vocabulary.build(name, recordings, target, goes_on)
    people.build(recordings, dataset, target, goes_on)
    paths = [dataset / one.path if one.path else None for one in recordings]
    building.build(paths, [one.speaker for one in recordings], target, goes_on)
    (target / SEAL).write_text(
        json.dumps({**facts, "version": VERSION, "dataset": name}) + "\n", encoding="utf-8"
    )


def _seal(folder: Path) -> str:
    try:
        seal = json.loads((folder / SEAL).read_bytes())
        if seal["version"] != VERSION:
            raise NoIndex(f"{folder} holds an index of version {seal['version']}; this reads {VERSION}")
        return str(seal["dataset"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoIndex(f"{folder} holds no finished leak index: {error}") from error


def _rows(folder: Path) -> list[Recording]:
    try:
        with lzma.open(folder / ROWS, "rt", encoding="utf-8") as rows:
            return [_row(json.loads(line)) for line in rows]
    except (OSError, EOFError, lzma.LZMAError, ValueError, KeyError, TypeError) as error:
        raise NoIndex(f"the index in {folder} can't be read: {error}") from error


def _row(raw: dict[str, object]) -> Recording:
    fields = raw["fields"]
    assert isinstance(fields, list)
    return Recording(
        str(raw["recording"]),
        str(raw["speaker"]),
        str(raw["transcript"]),
        str(raw["path"]),
        tuple((str(name), str(value)) for name, value in fields),
    )
