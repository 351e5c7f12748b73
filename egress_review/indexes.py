"""The leak indexes that screening compares with: which a project needs, which are due, how one is built."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Event

from django.db import transaction

from egress_review.screening.index import VERSION
from egress_review.screening.indexing import note_failure
from hub import beside, children, control_loop
from hub.access.models import Approval
from hub.datasets import leak_index
from hub.datasets.leak_index import IndexState
from hub.datasets.models import DatasetVersion
from hub.errors import Unavailable
from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.places import places

log = logging.getLogger("parlatory.worker")

POLL_SECONDS = 2.0
# A build that failed for want of disk or memory is tried again.
RETRY_SECONDS = 600.0
# Hundreds of hours of speech take hours; at each recording, each piece of it and each step over all of them
# the build says so. The longest step takes 3 s for 100 hours (a million words), 23 s for five times as many.
SILENT_SECONDS = 480.0


class Unindexed(Exception):
    """A dataset version's leak index can't be built; nothing is screened without it."""


@dataclass(frozen=True)
class Known:
    """What a project ever could see, and the highest tier among it."""

    versions: tuple[DatasetVersion, ...]
    tier: int


def of_project(project: str) -> Known:
    """Return every version that was ever approved for a project: what was seen once may lie in a home."""
    approvals = Approval.objects.filter(project_id=project).select_related("version__dataset")
    versions = {approval.version_id: approval.version for approval in approvals}
    return Known(
        tuple(version for _, version in sorted(versions.items())),
        # Without any dataset nothing is known about the material, so the strictest tier holds.
        tier=max((version.dataset.tier for version in versions.values()), default=4),
    )


def require(versions: Iterable[DatasetVersion]) -> None:
    """Raise Unavailable while an index is still being built, Unindexed where one can't be."""
    for version in versions:
        match _state(version):
            case IndexState.DUE:
                raise Unavailable(f"the leak index of {version} is still being built")
            case IndexState.FAILED:
                reason = leak_index.of(version).reason
                raise Unindexed(f"the leak index of {version} can't be built ({reason})")


def due() -> list[DatasetVersion]:
    """Return the versions whose leak index has to be built, the oldest registration first."""
    versions = DatasetVersion.objects.select_related("dataset").order_by("registered_at")
    return [version for version in versions if _state(version) is IndexState.DUE or _is_retried(version)]


def build(version: DatasetVersion) -> None:
    """Build a version's leak index in a process of its own; a failure is noted where the index would lie."""
    began = time.monotonic()
    target = leak_index.folder(version)
    target.parent.mkdir(parents=True, exist_ok=True)
    reason = _built(
        [
            *("nice", "-n", "10", sys.executable, "-m", "egress_review", "index"),
            *(str(places.state / "datasets" / version.folder), "--to", str(target)),
            *("--name", version.dataset.slug, "--manifest-sha256", version.manifest_sha256),
        ]
    )
    if reason:
        note_failure(target, reason, manifest_sha256=version.manifest_sha256)
        log.error("leak_index_failed version=%s reason=%s", version.folder, reason)
        return
    built = leak_index.of(version)
    said = {"what": "leak index", "folder": version.folder, "bytes": built.size_bytes}
    with transaction.atomic():
        entries.append(Kind.PROVISIONED, by="enclave", subject=version.id, facts=said)
    log.info("leak_index_built version=%s seconds=%.1f", version.folder, time.monotonic() - began)


def _built(command: list[str]) -> str:
    """Run a build and say at each of its signs of life that this goes on; return why it failed, if it did."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, stdin=subprocess.DEVNULL)
        try:
            for _ in children.lines(process, silent_seconds=SILENT_SECONDS):
                beside.goes_on()
            if process.wait() == 0:
                return ""
        except children.Silent as error:
            return str(error)
        finally:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()
        said.seek(0)
        last = said.read().decode("utf-8", "replace").strip().rsplit("\n", 1)[-1]
        return last or f"It ended with status {process.returncode} and did not say why."


def keep_built(stop: Event) -> None:
    """Build what is due until told to stop; a database that does not answer is asked again."""

    def build_due() -> None:
        for version in due():
            beside.goes_on()
            build(version)
            if stop.is_set():
                break

    control_loop.run(
        build_due,
        stop=stop,
        every_seconds=POLL_SECONDS,
        log=log,
        failed="leak_indexes_not_built reason=%s",
    )


def _state(version: DatasetVersion) -> IndexState:
    found = leak_index.of(version)
    if found.state is IndexState.READY:
        seal = json.loads((found.folder / leak_index.SEAL).read_bytes())
        return IndexState.READY if seal.get("version") == VERSION else IndexState.DUE
    return found.state


def _is_retried(version: DatasetVersion) -> bool:
    failed = leak_index.folder(version) / leak_index.FAILED
    try:
        return time.time() - failed.stat().st_mtime > RETRY_SECONDS
    except OSError:
        return False
