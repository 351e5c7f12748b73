"""The datasets of this session: what is mounted, what is in it, and how to read it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import soundfile

from parlatory import places
from parlatory.errors import NoSuchData

if TYPE_CHECKING:
    import torch

CATALOGUE_COLUMNS = (
    "name",
    "version",
    "title",
    "hours",
    "recordings",
    "speakers",
    "languages",
    "licence",
    "attribution",
)
MANIFEST_COLUMNS = (
    "recording",
    "speaker",
    "language",
    "gender",
    "seconds",
    "sampling_rate",
    "channels",
    "text",
    "path",
)


class Audio(NamedTuple):
    """A recording's sound."""

    waveform: np.ndarray[Any, np.dtype[np.float32]]
    sample_rate: int


@dataclass(frozen=True, repr=False)
class Dataset:
    """One version of a dataset, mounted read-only."""

    name: str
    version: str
    folder: Path
    about: dict[str, Any] = field(compare=False)

    @cached_property
    def manifest(self) -> pd.DataFrame:
        """One row a recording: who speaks, which language, how long, what is said where that is known."""
        path = self.folder / "manifest.jsonl"
        try:
            with path.open(encoding="utf-8") as lines:
                rows = [_row(json.loads(line)) for line in lines if line.strip()]
        except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
            raise NoSuchData(
                f"the manifest of {self.name} {self.version} cannot be read ({error}); tell its data steward"
            ) from error
        further = sorted({name for row in rows for name in row} - set(MANIFEST_COLUMNS))
        return pd.DataFrame(rows, columns=[*MANIFEST_COLUMNS, *further])

    def path(self, recording: str) -> Path:
        """Return the file of a recording."""
        try:
            return self.folder / self._paths[recording]
        except KeyError:
            raise NoSuchData(
                f"{self.name} {self.version} has no recording {recording!r}; "
                "the column `recording` of its manifest lists them"
            ) from None

    def audio(self, recording: str) -> Audio:
        """Read a recording: its waveform, float32 in [-1, 1] as [channels, samples], and its rate in Hz."""
        samples, rate = soundfile.read(self.path(recording), dtype="float32", always_2d=True)
        return Audio(np.ascontiguousarray(samples.T), int(rate))

    def tensor(self, recording: str) -> tuple[torch.Tensor, int]:
        """Read a recording as `audio` does, its waveform as a torch tensor."""
        import torch  # takes seconds to load, and most calls don't need it

        waveform, rate = self.audio(recording)
        return torch.from_numpy(waveform), rate

    @cached_property
    def _paths(self) -> dict[str, str]:
        return dict(zip(self.manifest["recording"], self.manifest["path"], strict=True))

    def __iter__(self) -> Iterator[Any]:
        """Walk the recordings in the manifest's order; each has the manifest's columns as attributes."""
        return iter(self.manifest.itertuples(index=False, name="Recording"))

    def __len__(self) -> int:
        return len(self.manifest)

    def __repr__(self) -> str:
        hours = float(self.about.get("seconds", 0)) / 3600
        return (
            f"{self.name} {self.version}: {self.about.get('title', '')}\n"
            f"{self.about.get('recordings', '?')} recordings, {hours:.2f} hours, "
            f"{self.about.get('speakers', '?')} speakers\n"
            f"Licence: {self.about.get('licence', 'not stated')}\n"
            f"Attribution: {self.about.get('attribution', 'not stated')}"
        )


def datasets() -> pd.DataFrame:
    """Return a table of the dataset versions mounted here, with their licences and whom to name."""
    return pd.DataFrame([_summary(found) for found in _mounted()], columns=list(CATALOGUE_COLUMNS))


def load(name: str, version: str | None = None) -> Dataset:
    """Return a mounted dataset: the version asked for, else the newest one mounted."""
    mounted = _mounted()
    versions = [found for found in mounted if found.name == name]
    if not versions:
        names = ", ".join(sorted({found.name for found in mounted})) or "none"
        raise NoSuchData(
            f"no dataset {name!r} is mounted here (mounted: {names}); a session gets what its project "
            "has an approval for, so ask your project lead to request access"
        )
    if version is None:
        return versions[-1]
    for found in versions:
        if found.version == version:
            return found
    raise NoSuchData(
        f"{name} {version} is not mounted here; mounted: {', '.join(found.version for found in versions)}"
    )


def _mounted() -> list[Dataset]:
    """Return what is mounted, each dataset's versions from the oldest to the newest."""
    folders = sorted(
        places.data_folder().glob("*/*/"), key=lambda folder: (folder.parent.name, _age(folder.name))
    )
    return [Dataset(folder.parent.name, folder.name, folder, _about(folder)) for folder in folders]


def _age(version: str) -> list[tuple[int, int, str]]:
    """Return a key that sorts 1.10 after 1.9, and words before numbers."""
    parts = version.lstrip("v").split(".")
    return [(1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts]


def _about(folder: Path) -> dict[str, Any]:
    try:
        about = json.loads((folder / "DATASET.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return about if isinstance(about, dict) else {}


def _summary(found: Dataset) -> dict[str, Any]:
    about = found.about
    return {
        "name": found.name,
        "version": found.version,
        "title": about.get("title", ""),
        "hours": round(float(about.get("seconds", 0)) / 3600, 2),
        "recordings": about.get("recordings"),
        "speakers": about.get("speakers"),
        "languages": ", ".join(about.get("languages", [])),
        "licence": about.get("licence", ""),
        "attribution": about.get("attribution", ""),
    }


def _row(cut: dict[str, Any]) -> dict[str, Any]:
    """Flatten one Lhotse cut: its recording, the first segment in it, and that segment's own fields."""
    recording = cut["recording"]
    said = cut["supervisions"][0]
    return {
        **said.get("custom", {}),
        "recording": cut["id"],
        "speaker": said["speaker"],
        "language": said.get("language", ""),
        "gender": said.get("gender", ""),
        "seconds": float(recording["duration"]),
        "sampling_rate": int(recording["sampling_rate"]),
        "channels": len(recording["sources"][0]["channels"]),
        "text": said.get("text", ""),
        "path": recording["sources"][0]["source"],
    }
