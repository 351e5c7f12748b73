"""The enclave in numbers, for Prometheus; numbers only, no name and no content."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from egress_review.models import Submission
from egress_review.states import State
from hub import beside, meters
from hub.ledger import audit, publisher
from hub.ledger.checkpoint import CheckpointRefused
from hub.ledger.models import Entry
from hub.pages import health
from hub.places import places
from hub.workspaces.models import Session, SessionState

OURS = (meters.POLICY_SECONDS, meters.POLICY_UNANSWERED, meters.DECISIONS, meters.LEASES_RENEWED)


@require_GET
def metrics(_request: HttpRequest) -> HttpResponse:
    """Answer all numbers in Prometheus's text format."""
    registry = CollectorRegistry()
    registry.register(Standing())
    if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        # Portal, door and worker are several processes; each leaves its counts in this folder.
        MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]  # it has no types
        body = generate_latest(registry)
    else:
        names = [name for one in OURS for name in REGISTRY._collector_to_names[one]]
        body = generate_latest(registry) + generate_latest(REGISTRY.restricted_registry(names))
    return HttpResponse(body, content_type=CONTENT_TYPE_LATEST)


class Standing(Collector):
    """What the database, the ledger and the disk say at this moment."""

    def collect(self) -> Iterable[Metric]:
        """Return each number of now."""
        now = datetime.now(UTC)
        yield from _sessions(now)
        yield from _submissions(now)
        yield from _ledger()
        yield from _promises()
        yield from _works()
        free = GaugeMetricFamily("parlatory_disk_free_bytes", "Room left where it lies", labels=["folder"])
        for name in (".", "vault", "db"):
            if (places.state / name).exists():
                free.add_metric(
                    [name if name != "." else "state"], shutil.disk_usage(places.state / name).free
                )
        yield free


def _sessions(now: datetime) -> Iterable[Metric]:
    counted = dict(Session.objects.order_by().values_list("state").annotate(count=Count("id")))
    states = GaugeMetricFamily("parlatory_sessions", "Sessions by state", labels=["state"])
    for state in SessionState:
        states.add_metric([state.value], counted.get(state.value, 0))
    yield states
    oldest = Session.objects.live().aggregate(oldest=Min("lease_renewed_at"))["oldest"]
    yield GaugeMetricFamily(
        "parlatory_oldest_lease_seconds",
        "Since when the live session that waits longest has had no new lease",
        value=_age(oldest, now),
    )
    left = Session.objects.filter(
        state__in=[SessionState.ENDED.value, SessionState.FAILED.value], cleared_at=None
    )
    yield GaugeMetricFamily(
        "parlatory_sessions_not_cleared", "Ended sessions of which something may be left", value=left.count()
    )


def _submissions(now: datetime) -> Iterable[Metric]:
    rows = Submission.objects.order_by().values_list("state")
    found = {
        state: (count, oldest) for state, count, oldest in rows.annotate(Count("id"), Min("submitted_at"))
    }
    states = GaugeMetricFamily("parlatory_submissions", "Submissions by state", labels=["state"])
    ages = GaugeMetricFamily(
        "parlatory_oldest_submission_seconds", "Age of the oldest submission that waits", labels=["state"]
    )
    for state in State:
        count, oldest = found.get(state.value, (0, None))
        states.add_metric([state.value], count)
        if state in (State.SUBMITTED, State.SCREENING, State.IN_REVIEW, State.DIFFERING, State.APPROVED):
            ages.add_metric([state.value], _age(oldest, now))
    yield from (states, ages)
    due = Submission.objects.due_for_screening(now).count()
    yield GaugeMetricFamily("parlatory_screening_queue", "Submissions that no worker screens yet", value=due)


def _ledger() -> Iterable[Metric]:
    last = Entry.objects.order_by("-index").values_list("index", flat=True).first()
    size = 0 if last is None else last + 1
    yield GaugeMetricFamily("parlatory_ledger_entries", "Entries on the ledger", value=size)
    broken = 0
    published = 0
    try:
        checkpoint = audit.published()
        published = checkpoint.size if checkpoint else 0
    except CheckpointRefused:
        broken = 1
    yield GaugeMetricFamily(
        "parlatory_ledger_unpublished_entries", "Entries that wait for a checkpoint", value=size - published
    )
    yield GaugeMetricFamily(
        "parlatory_ledger_checkpoint_refused", "1 when the checkpoint is not signed by our key", value=broken
    )
    yield GaugeMetricFamily(
        "parlatory_ledger_bytes", "What the published files take", value=_bytes(publisher.folder())
    )


def _promises() -> Iterable[Metric]:
    standing = health.standing_now()
    kept = GaugeMetricFamily(
        "parlatory_promise_kept", "1 when the promise is known to hold, 0 when not", labels=["promise"]
    )
    for stand in standing.stands:
        kept.add_metric([stand.name], stand.ok)
    yield kept
    looked = standing.looked_at.timestamp() if standing.looked_at else 0
    yield GaugeMetricFamily(
        "parlatory_promises_looked_at_seconds", "When the promises were last looked at", value=looked
    )


def _works() -> Iterable[Metric]:
    """Say of each work whether it runs and how often it fell; nothing while nobody knows."""
    runs = GaugeMetricFamily(
        "parlatory_work_runs", "1 when what the worker keeps running runs", labels=["work"]
    )
    falls = GaugeMetricFamily(
        "parlatory_work_falls", "How often it ended unforeseen since the worker started", labels=["work"]
    )
    with contextlib.suppress(beside.Unknown):
        for told in beside.read(places):
            runs.add_metric([told.name], told.runs(beside.now()))
            falls.add_metric([told.name], told.falls)
    yield from (runs, falls)


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _age(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0
