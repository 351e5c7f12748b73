"""Leases: every two seconds the gate reports what was sent, and hears which sessions may go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from hub import meters, policy
from hub.errors import Unavailable
from hub.ledger import clock
from hub.workspaces import facts, foresight, launch, sessions
from hub.workspaces.models import ByteUse, Session, SessionState

# A start that the hub never took up, or that hangs, is not live for ever.
START_LIMIT = timedelta(minutes=3)
ENDED_ARE_TOLD_FOR = timedelta(minutes=2)
CLEAR_AGAIN_AFTER = timedelta(seconds=10)
REASON_CHARACTERS = 500


@dataclass(frozen=True)
class Report:
    """What the gate saw of a session since its last report."""

    sent_bytes: int
    active_at: datetime | None


@dataclass(frozen=True)
class Lease:
    """Whether a session may go on, and what is left of its day and its time."""

    session: str
    person: str
    server: str
    live: bool
    reason: str
    image: str
    budget_bytes: int
    budget_left_bytes: int
    idle_ends_at: datetime | None
    ends_at: datetime | None
    # When a right that the session stands on ends before it does, and which.
    access_ends_at: datetime | None
    access_ends_why: str

    def plain(self) -> dict[str, Any]:
        """Return the lease as JSON can carry it."""
        document = asdict(self)
        for name in ("idle_ends_at", "ends_at", "access_ends_at"):
            document[name] = document[name].isoformat() if document[name] else None
        return document


def renew(*, reports: Mapping[str, Report], at: datetime) -> list[Lease]:
    """Account what was sent, ask about every live session, end those that may not go on."""
    # A clock that was set back would renew what has ended; without leases the gate freezes all traffic.
    clock.require()
    decisions = _ask_all()
    _account(reports, at)
    live = list(Session.objects.live().with_people())
    for session in live:
        if session.pk in decisions:
            _examine(session, decisions[session.pk], at)
    alive = [session.pk for session in live if session.state not in (SessionState.ENDED, SessionState.FAILED)]
    Session.objects.filter(pk__in=alive).update(lease_renewed_at=at)
    meters.LEASES_RENEWED.inc(len(alive))
    ended = Session.objects.with_people().filter(ended_at__gt=at - ENDED_ARE_TOLD_FOR)
    _clear_again(at)
    foresight.foresee([session for session in live if session.state == SessionState.RUNNING], at)
    shown = {session.pk: session for session in [*ended, *live]}
    return [_lease(session, at) for session in shown.values()]


def budget_left(session: Session, at: datetime) -> int:
    """Return how many bytes a workspace may still send to a browser today."""
    use = ByteUse.objects.filter(workspace=session.workspace_id, day=at.date()).first()
    return max(0, session.workspace.project.budget_bytes_per_day - (use.sent_bytes if use else 0))


def idle_ends_at(session: Session) -> datetime | None:
    """Return when a running session ends if nothing more happens in it."""
    if session.started_at is None:
        return None
    last = max(session.started_at, session.active_at or session.started_at)
    return last + timedelta(seconds=session.workspace.project.idle_seconds)


def _ask_all() -> dict[str, policy.Decision]:
    """Ask about every live session; without an answer there are no leases, and the gate freezes them all."""
    live = list(Session.objects.live().with_people())
    answers = policy.ask_all([facts.go_on(session) for session in live])
    decisions = {session.pk: decision for session, decision in zip(live, answers, strict=True)}
    # Policies that can't be reached say nothing about a session: it is frozen, not ended.
    if any(not decision.allow and not decision.revision for decision in decisions.values()):
        raise Unavailable(policy.UNANSWERED)
    return decisions


def _account(reports: Mapping[str, Report], at: datetime) -> None:
    with transaction.atomic():
        known = Session.objects.filter(pk__in=list(reports)).select_related("workspace")
        for session in known:
            report = reports[session.pk]
            if report.sent_bytes > 0:
                use, _ = ByteUse.objects.get_or_create(workspace=session.workspace, day=at.date())
                ByteUse.objects.filter(pk=use.pk).update(sent_bytes=F("sent_bytes") + report.sent_bytes)
            # A gate whose clock runs ahead must not keep a session alive for longer.
            active_at = min(report.active_at, at) if report.active_at else None
            if active_at and (session.active_at is None or active_at > session.active_at):
                Session.objects.filter(pk=session.pk).update(active_at=active_at)


def _examine(session: Session, decision: policy.Decision, at: datetime) -> None:
    idle_end = idle_ends_at(session)
    if session.state != SessionState.RUNNING and session.requested_at < at - START_LIMIT:
        reason = "The session did not start in time; start it again, or tell an admin."
        sessions.end(by="portal", session=session, reason=reason, state=SessionState.FAILED)
    elif session.expires_at is not None and session.expires_at <= at:
        sessions.end(by="portal", session=session, reason="The session reached its time limit.")
    elif idle_end is not None and idle_end <= at:
        minutes = session.workspace.project.idle_seconds // 60
        reason = f"Nothing happened in the session for {minutes} minutes."
        sessions.end(by="portal", session=session, reason=reason)
    elif not decision.allow:
        reason = " ".join(decision.reasons)
        sessions.end(by="portal", session=session, reason=reason, decision=decision)


def _clear_again(at: datetime) -> None:
    left = Session.objects.with_people().filter(
        state__in=[SessionState.ENDED.value, SessionState.FAILED.value],
        cleared_at=None,
        ended_at__lt=at - CLEAR_AGAIN_AFTER,
    )
    for session in left:
        launch.clear(session)


def _lease(session: Session, at: datetime) -> Lease:
    live = session.state in (SessionState.REQUESTED, SessionState.STARTING, SessionState.RUNNING)
    foreseen = foresight.access_end(session, at) if session.state == SessionState.RUNNING else None
    return Lease(
        session=session.pk,
        person=session.workspace.person_id,
        server=session.workspace.slug,
        live=live,
        reason=session.end_reason[:REASON_CHARACTERS],
        image=session.image,
        budget_bytes=session.workspace.project.budget_bytes_per_day,
        budget_left_bytes=budget_left(session, at),
        idle_ends_at=idle_ends_at(session),
        ends_at=session.expires_at,
        access_ends_at=foreseen.at if foreseen else None,
        access_ends_why=foreseen.reason[:REASON_CHARACTERS] if foreseen else "",
    )


def now() -> datetime:
    """Return the time that a lease is renewed at."""
    return datetime.now(UTC)
