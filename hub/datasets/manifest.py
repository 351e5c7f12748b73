"""A dataset version on disk: its manifest is read, its recordings are checked against it."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import soundfile
from pydantic import BaseModel, ConfigDict, ValidationError

from hub.errors import Invalid

MANIFEST = "manifest.jsonl"


@dataclass(frozen=True)
class Contents:
    """What a version holds, counted from its manifest and its files."""

    manifest_sha256: str
    recordings: int
    speakers: int
    seconds: float
    languages: tuple[str, ...]


class _Loose(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Source(_Loose):
    source: str


class _Recording(_Loose):
    id: str
    sources: list[_Source]
    sampling_rate: int
    num_samples: int
    duration: float


class _Supervision(_Loose):
    speaker: str
    language: str | None = None


class _Cut(_Loose):
    id: str
    recording: _Recording
    supervisions: list[_Supervision]


def read(folder: Path) -> Contents:
    """Return what a version's folder holds; a file that is missing, writable or different is refused."""
    path = folder / MANIFEST
    _frozen(folder, path)
    content = path.read_bytes()
    recordings: dict[str, float] = {}
    speakers: set[str] = set()
    languages: set[str] = set()
    for cut in _cuts(content):
        if cut.recording.id not in recordings:
            _check(folder, cut.recording)
            recordings[cut.recording.id] = cut.recording.duration
        speakers.update(supervision.speaker for supervision in cut.supervisions)
        languages.update(said.language for said in cut.supervisions if said.language)
    if not recordings:
        raise Invalid(f"{path} names no recording.")
    return Contents(
        manifest_sha256=hashlib.sha256(content).hexdigest(),
        recordings=len(recordings),
        speakers=len(speakers),
        seconds=sum(recordings.values()),
        languages=tuple(sorted(languages)),
    )


def _cuts(content: bytes) -> Iterator[_Cut]:
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            yield _Cut.model_validate_json(line)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise Invalid(f"{MANIFEST}, line {number}: {where} {first['msg'].lower()}.") from error


def _check(folder: Path, recording: _Recording) -> None:
    if len(recording.sources) != 1:
        raise Invalid(f"recording {recording.id} has {len(recording.sources)} sources; one is needed.")
    name = PurePosixPath(recording.sources[0].source)
    if name.is_absolute() or ".." in name.parts:
        raise Invalid(f"recording {recording.id} lies outside its version: {name}")
    path = folder / name
    _frozen(folder, path)
    try:
        info = soundfile.info(str(path))
    except soundfile.LibsndfileError as error:
        raise Invalid(f"{name} can’t be read as audio: {error}") from error
    if (info.samplerate, info.frames) != (recording.sampling_rate, recording.num_samples):
        raise Invalid(
            f"{name} holds {info.frames} samples at {info.samplerate} Hz, "
            f"the manifest says {recording.num_samples} at {recording.sampling_rate}."
        )


def _frozen(folder: Path, path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except OSError as error:
        raise Invalid(f"{path} is missing or can’t be read: {error.strerror}.") from error
    if not stat.S_ISREG(mode) or not path.resolve().is_relative_to(folder.resolve()):
        raise Invalid(f"{path} is not a plain file inside its version; links are refused.")
    if mode & 0o222:
        raise Invalid(f"{path} can still be written; make it read-only first (chmod a-w).")
