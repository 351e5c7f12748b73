"""Which running sessions a change ends: the policies are asked as the next lease will ask them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

from hub import policy
from hub.policy.questions import ContinueSession
from hub.workspaces import facts
from hub.workspaces.models import Session

Changed = Callable[[ContinueSession], ContinueSession]


def ending(changed: Changed, **where: object) -> list[Session]:
    """Return the live sessions that may not go on after the change; nothing is changed or recorded by asking.

    A question without an answer counts as a no, as it does for a start.
    """
    live = list(Session.objects.live().with_people().filter(**where))
    decisions = policy.ask_all([changed(facts.go_on(one)) for one in live])
    return [one for one, decision in zip(live, decisions, strict=True) if not decision.allow]


def ending_at(moment: datetime, changed: Changed, **where: object) -> list[Session]:
    """Return the live sessions that the change ends at a moment to come, and nothing else would by then."""
    live = list(Session.objects.live().with_people().filter(expires_at__gt=moment, **where))
    asked = [facts.go_on(one, at=moment) for one in live]
    decisions = policy.ask_all([*asked, *(changed(one) for one in asked)])
    as_it_is, after = decisions[: len(live)], decisions[len(live) :]
    return [one for one, now, then in zip(live, as_it_is, after, strict=True) if now.allow > then.allow]


def person_stopped(asked: ContinueSession) -> ContinueSession:
    """Have the person suspended."""
    return replace(asked, person=replace(asked.person, suspended=True))


def without_role(role: str) -> Changed:
    """Have the person without a role."""

    def changed(asked: ContinueSession) -> ContinueSession:
        left = tuple(held for held in asked.person.roles if held.role != role)
        return replace(asked, person=replace(asked.person, roles=left))

    return changed


def role_until(role: str, until: date) -> Changed:
    """Have the person hold a role until a day."""

    def changed(asked: ContinueSession) -> ContinueSession:
        roles = tuple(
            replace(one, valid_until=until) if one.role == role else one for one in asked.person.roles
        )
        return replace(asked, person=replace(asked.person, roles=roles))

    return changed


def project_suspended(asked: ContinueSession) -> ContinueSession:
    """Have the project suspended, or closed: no session goes on in either."""
    return replace(asked, project=replace(asked.project, suspended=True))


def project_as(*, purpose: str, opens_on: date, closes_on: date) -> Changed:
    """Have the project with another purpose and other days."""

    def changed(asked: ContinueSession) -> ContinueSession:
        project = replace(asked.project, purpose=purpose, opens_on=opens_on, closes_on=closes_on)
        return replace(asked, project=project, purpose=purpose)

    return changed


def not_a_member(asked: ContinueSession) -> ContinueSession:
    """Have the person's memberships ended."""
    return replace(asked, memberships=tuple(replace(one, ended=True) for one in asked.memberships))


def without_approval(id: str) -> Changed:
    """Have an approval revoked."""

    def changed(asked: ContinueSession) -> ContinueSession:
        uses = tuple(
            replace(
                use,
                approvals=tuple(replace(one, revoked=one.revoked or one.id == id) for one in use.approvals),
            )
            for use in asked.datasets
        )
        return replace(asked, datasets=uses)

    return changed
