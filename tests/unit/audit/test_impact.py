"""Impact: right figures to those who may see them, rounded ones to those who may not, nothing to others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client

from egress_review.models import Release, Submission
from egress_review.states import State
from egress_review.vault import Vault
from hub import policy
from hub.audit import impact
from hub.policy import Decision
from hub.policy.questions import Question
from tests import portal
from tests.unit.egress_review import factories as make

NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    ("values", "share", "found"),
    [
        ([], 0.5, 0),
        ([7], 0.9, 7),
        ([1, 2, 3, 4], 0.5, 2),
        ([1, 2, 3, 4], 0.9, 4),
        (list(range(1, 101)), 0.9, 90),
    ],
)
def test_a_percentile_is_one_of_the_values(values: list[float], share: float, found: float) -> None:
    assert impact.percentile(values, share) == found


@pytest.mark.parametrize(
    ("count", "says"),
    [(0, "fewer than 5"), (4, "fewer than 5"), (5, "about 5"), (7, "about 5"), (8, "about 10")],
)
def test_a_small_count_is_not_told_when_rounded(count: int, says: str) -> None:
    assert impact.shown(count, exact=False) == says
    assert impact.shown(count, exact=True) == str(count)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    made = Vault(tmp_path / "vault")
    made.prepare()
    return made


def released(vault: Vault, *, hours: float, ago: int = 0) -> Submission:
    made = make.submission(State.RELEASED, vault=vault)
    at = NOW - timedelta(days=ago)
    Submission.objects.filter(pk=made.pk).update(submitted_at=at - timedelta(hours=hours))
    Release.objects.create(submission=made, released_at=at, receipt={})
    return made


@pytest.mark.django_db
def test_times_are_by_week_of_release(vault: Vault) -> None:
    for hours in (2, 4, 10):
        released(vault, hours=hours)
    half, most = impact.times(NOW - timedelta(days=30), NOW, exact=True)
    assert (half.marks[-1].value, most.marks[-1].value) == (4, 10)
    assert len(half.marks) == 1
    half, _ = impact.times(NOW - timedelta(days=30), NOW, exact=False)
    assert half.is_empty


@pytest.mark.django_db
def test_use_counts_sessions_hours_and_releases_once_a_dataset(vault: Vault) -> None:
    rosa, version = portal.person("rosa"), portal.version()
    vowels = portal.project("vowels", member=rosa)
    portal.approval(vowels, version)
    session = portal.session(vowels, rosa)
    session.started_at, session.ended_at = NOW - timedelta(hours=3), NOW
    session.versions = [version.id, version.id, "gone", 7]
    session.save()
    used = impact.uses(NOW - timedelta(days=1), NOW)
    assert used.datasets["Prompts"] == impact.Use(sessions=1, hours=pytest.approx(3.0), releases=0)
    assert used.institutions["Northern University"].sessions == 1
    assert impact.uses(NOW - timedelta(hours=1), NOW).datasets == {}


@pytest.mark.django_db
def test_what_waits_is_drawn_by_age(vault: Vault) -> None:
    for hours in (1, 30, 200):
        made = make.submission(State.IN_REVIEW, vault=vault)
        Submission.objects.filter(pk=made.pk).update(submitted_at=NOW - timedelta(hours=hours))
    assert [mark.value for mark in impact.ages(NOW, exact=True).marks] == [1, 0, 1, 0, 1]
    assert impact.ages(NOW, exact=False).is_empty


def only(*records: str) -> Callable[[Question], Decision]:
    """Return policies that let read these records and no other."""
    stand_in = portal.Policies()

    def ask(question: Question) -> Decision:
        wanted = getattr(question, "records", None)
        stand_in.denials = {} if wanted in (None, *records) else {"read_records": "Ask the auditor."}
        return stand_in.ask(question)

    return ask


@pytest.mark.django_db
@pytest.mark.usefixtures("tiles")
def test_the_page_is_exact_rounded_or_closed_as_the_policies_say(
    reads: Client, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = portal.session(portal.project("vowels"), portal.person("rosa"))
    assert session.started_at is not None
    monkeypatch.setattr(policy, "ask", only("impact", "impact_rounded"))
    assert "<td>1</td>" in reads.get("/audit/impact/").content.decode()
    monkeypatch.setattr(policy, "ask", only("impact_rounded"))
    page = reads.get("/audit/impact/").content.decode()
    assert "fewer than 5" in page and "<td>1</td>" not in page and "sessions: 1" not in page
    monkeypatch.setattr(policy, "ask", only())
    answer = reads.get("/audit/impact/")
    assert answer.status_code == 403 and "Ask the auditor." in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.usefixtures("tiles", "policies")
@pytest.mark.parametrize("days", ["", "0", "-1", "1e9", "%00", "<script>", "9" * 5000])
def test_an_absurd_span_is_the_usual_one(reads: Client, days: str) -> None:
    answer = reads.get("/audit/impact/", {"days": days})
    assert answer.status_code == 200 and "<script>" not in answer.content.decode()
