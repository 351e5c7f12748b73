"""Feedback that waits is told again to those the policies let answer it, and to nobody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from egress_review.models import Conflict
from egress_review.states import State
from egress_review.vault import Vault
from hub.notices import overdue
from hub.notices.drafts import Draft
from hub.stewardship.models import Feedback
from tests.integration.review.who_may import world

pytestmark = pytest.mark.django_db


def test_feedback_on_a_decision_is_told_again_to_who_decided_else_to_who_may_answer(vault: Vault) -> None:
    there = world(vault)
    decided = there.at(State.REJECTED)
    said = Feedback.objects.create(submission=decided, author=decided.author, text="secret")
    names = {one.pk: name for name, one in there.actors.items()}

    def told(days: int) -> set[str]:
        drafts: list[Draft] = overdue.drafts(at=said.given_at + timedelta(days=days))
        about = [one for one in drafts if one.key.startswith(f"waits:feedback:{said.pk}")]
        assert not any("secret" in one.body for one in about)
        return {names[one.person] for one in about if one.person in names}

    assert told(6) == set()
    assert told(7) == told(35) == {"voter"}
    Conflict.objects.create(person=there.actors["voter"], project=decided.project, reason="a shared grant")
    assert told(7) == {"output_checker"}
    Feedback.objects.update(answered_at=datetime.now(UTC))
    assert told(7) == set()
