"""What the screener compares files with: the recordings, speakers and transcripts a project could see."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from hub.access.models import Approval
from hub.datasets.models import DatasetVersion

MANIFEST = "manifest.jsonl"
LARGEST_MANIFEST_BYTES = 512 * 1024**2


class Unindexed(Exception):
    """A dataset version's manifest can't be read as it was registered; nothing is screened without it."""


class _Supervision(BaseModel):
    model_config = ConfigDict(extra="ignore")

    speaker: str = ""
    text: str | None = None


class _Cut(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: str
    supervisions: list[_Supervision] = []


@dataclass(frozen=True)
class Recording:
    """One recording, as far as a result could give it away."""

    recording: str
    speaker: str
    transcript: str


@dataclass(frozen=True)
class IndexedVersion:
    """One dataset version that the project ever could see."""

    dataset: str
    version: str
    recordings: tuple[Recording, ...]


@dataclass(frozen=True)
class Index:
    """Everything a project could have seen, and the highest tier among it."""

    datasets: tuple[IndexedVersion, ...]
    tier: int

    def as_dict(self) -> dict[str, object]:
        """Return the index as the screening protocol has it."""
        return {"datasets": [asdict(version) for version in self.datasets]}


def of_project(project: str, *, datasets: Path) -> Index:
    """Read the manifests of every version that was ever approved: what was seen once may lie in a home."""
    approvals = Approval.objects.filter(project_id=project).select_related("version__dataset")
    versions = {approval.version_id: approval.version for approval in approvals}
    return Index(
        datasets=tuple(
            IndexedVersion(
                dataset=version.dataset.slug,
                version=version.version,
                recordings=_recordings(version, datasets / version.folder / MANIFEST),
            )
            for _, version in sorted(versions.items())
        ),
        # Without any dataset nothing is known about the material, so the strictest tier holds.
        tier=max((version.dataset.tier for version in versions.values()), default=4),
    )


def _recordings(version: DatasetVersion, manifest: Path) -> tuple[Recording, ...]:
    try:
        if manifest.stat().st_size > LARGEST_MANIFEST_BYTES:
            raise Unindexed(f"the manifest of {version} is too large to be screened against")
        data = manifest.read_bytes()
    except OSError as error:
        raise Unindexed(f"the manifest of {version} can't be read") from error
    if hashlib.sha256(data).hexdigest() != version.manifest_sha256:
        raise Unindexed(f"the manifest of {version} is not the one that was registered")
    try:
        cuts = [_Cut.model_validate_json(line) for line in data.splitlines() if line.strip()]
    except ValidationError as error:
        raise Unindexed(f"the manifest of {version} has a line that can't be read") from error
    return tuple(_recording(cut) for cut in cuts)


def _recording(cut: _Cut) -> Recording:
    first = cut.supervisions[0] if cut.supervisions else _Supervision()
    text = " ".join(item.text for item in cut.supervisions if item.text)
    return Recording(recording=cut.id, speaker=first.speaker, transcript=text)
