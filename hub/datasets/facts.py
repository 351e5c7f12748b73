"""What a policy may know about datasets."""

from __future__ import annotations

from hub.datasets.models import Dataset, DatasetVersion, VersionState
from hub.policy import questions


def of(dataset: Dataset) -> questions.Dataset:
    """Return the facts about a dataset."""
    return questions.Dataset(
        id=dataset.id,
        title=dataset.title,
        tier=dataset.tier,
        steward=dataset.steward_id,
        steward_name=dataset.steward.name,
        suspended=dataset.is_suspended,
    )


def of_version(version: DatasetVersion) -> questions.DatasetVersion:
    """Return the facts about a version and its dataset."""
    return questions.DatasetVersion(
        id=version.id,
        version=version.version,
        state=VersionState(version.state).value,
        dataset=of(version.dataset),
    )


def fresh(dataset: Dataset) -> Dataset:
    """Return the dataset as the database has it now."""
    return Dataset.objects.select_related("steward", "institution").get(pk=dataset.pk)
