"""What is known about the project's data, prepared for matching."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from egress_review.screening.identifiers import Identifiers
from egress_review.screening.transcripts import Transcripts


@dataclass(frozen=True)
class Recording:
    """One recording of an approved dataset version: its id, its speaker's id, what is said in it."""

    recording: str
    speaker: str
    transcript: str = ""


@dataclass(frozen=True)
class Index:
    """The ids and words of the datasets a project may use; treat it as data itself.

    Search is by dictionaries built once: a lookup costs the same for one hour of speech as for a hundred.
    """

    recordings: tuple[Recording, ...] = ()
    datasets: tuple[str, ...] = field(default=())

    @classmethod
    def of(cls, recordings: Iterable[Recording], datasets: Iterable[str] = ()) -> Index:
        """Return the index of these recordings."""
        return cls(tuple(recordings), tuple(datasets))

    def prepare(self) -> None:
        """Build the lookups now, so that each file's process inherits them."""
        assert self.identifiers is not None
        assert self.transcripts is not None

    @cached_property
    def identifiers(self) -> Identifiers:
        """The ids of recordings and speakers with their usual disguises."""
        return Identifiers(
            recordings=(recording.recording for recording in self.recordings),
            speakers=(recording.speaker for recording in self.recordings),
        )

    @cached_property
    def transcripts(self) -> Transcripts:
        """The words that are said in the recordings."""
        return Transcripts(recording.transcript for recording in self.recordings)

    @cached_property
    def recordings_of_one_speaker(self) -> frozenset[int]:
        """The numbers of recordings that exactly one speaker has: a count that equals one may be a person."""
        counts = Counter(recording.speaker for recording in self.recordings)
        return frozenset(counts.values())
