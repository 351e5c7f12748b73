"""Made-up versions as if they had been measured: there is nothing on the disk that a worker could look at."""

from __future__ import annotations

import json

from egress_review.screening.index import VERSION
from hub.bench import ground
from hub.datasets import leak_index
from hub.datasets.models import DatasetVersion, VersionFacts
from hub.datasets.packed import pack
from hub.places import places


def mark() -> None:
    """Note of every version that it was measured and its leak index built, so that neither is due."""
    ground.require(places, why="nothing in it is marked as measured")
    versions = list(DatasetVersion.objects.select_related("dataset"))
    VersionFacts.objects.bulk_create(
        [VersionFacts(version=version, recordings=pack([])) for version in versions], ignore_conflicts=True
    )
    for version in versions:
        folder = leak_index.folder(version)
        folder.mkdir(parents=True, exist_ok=True)
        seal = {"version": VERSION, "manifest_sha256": version.manifest_sha256}
        (folder / leak_index.SEAL).write_text(json.dumps(seal), encoding="utf-8")
