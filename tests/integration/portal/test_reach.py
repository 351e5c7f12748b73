"""Who can reach what: what the real policies say today, and what they say about a day that is gone."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from hub import policy
from hub.access import agreements, approvals
from hub.access.models import Approval
from hub.audit import reach, world
from hub.audit.world import Way
from hub.datasets import services as datasets
from hub.datasets.models import Dataset, DatasetVersion
from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.ledger.models import Entry
from hub.people import services as people
from hub.people.facts import fresh
from hub.people.models import Person, Role
from hub.people.permission import WITHOUT_POLICY
from hub.projects import services as projects
from hub.projects.models import MemberRole, Membership, Project
from hub.workspaces import facts as workspaces
from tests import own_ledger, portal

pytestmark = pytest.mark.django_db

BEGIN = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
COURSE = "safe-researcher"


@dataclass
class Stage:
    """An enclave whose days pass as the test says, everything done through the services."""

    clock: Any
    rosa: Person
    stef: Person
    vowels: Project
    prompts: DatasetVersion
    approval: Approval

    def day(self, number: int) -> date:
        """Return the day so many days after the beginning."""
        return (BEGIN + timedelta(days=number)).date()

    def on(self, number: int) -> None:
        """Let it be that day."""
        self.clock.move_to(BEGIN + timedelta(days=number))

    def reaches(self, number: int | None) -> bool:
        """Return whether Rosa reaches the prompts at the end of a day, or now."""
        at = reach.moment(None if number is None else self.day(number), now=datetime.now(UTC))
        found = reach.page(at, at.ways(person=self.rosa.id), start=0, only_open=True)
        return bool(found.rows)


def registered(dataset: Dataset, by: Person) -> DatasetVersion:
    """Register a version as the service does, without files."""
    return DatasetVersion.objects.create(
        dataset=dataset,
        version="1.0",
        folder=f"{dataset.slug}/1.0",
        manifest_sha256="0" * 64,
        recordings=1,
        speakers=1,
        seconds=60,
        registered_by=by,
    )


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """Day 0: Rosa is a trained member of an open project; its data is approved, its terms are signed."""
    own_ledger.opened(tmp_path, monkeypatch)
    with time_machine.travel(BEGIN, tick=False) as clock:
        north = people.add_institution(by=WITHOUT_POLICY, slug="north", name="North")
        stef = portal.person("stef", Role.DATA_STEWARD, second_factor=True)
        rosa = people.add(
            by=WITHOUT_POLICY,
            email="rosa@north.example",
            name="Rosa",
            institution=north,
            roles=[Role.RESEARCHER],
        )
        day = BEGIN.date()
        people.record_training(
            by=WITHOUT_POLICY, person=rosa, course=COURSE, completed_on=day, valid_until=day + timedelta(365)
        )
        vowels = projects.propose(
            by=WITHOUT_POLICY,
            slug="vowels",
            title="Vowels",
            purpose="phonetics",
            opens_on=day,
            closes_on=day + timedelta(200),
        )
        projects.open(by=WITHOUT_POLICY, project=vowels)
        projects.add_member(by=WITHOUT_POLICY, project=vowels, person=rosa)
        prompts = datasets.add(
            by=WITHOUT_POLICY,
            slug="prompts",
            title="Prompts",
            description="",
            institution=north,
            steward=stef,
            tier=2,
            licence="CC BY 4.0",
            attribution="",
        )
        version = registered(prompts, stef)
        terms = agreements.add(
            by=WITHOUT_POLICY,
            dataset=prompts,
            project=vowels,
            title="Terms",
            text="I promise.",
            until=day + timedelta(200),
        )
        approval = approvals.approve(
            by=stef, project=vowels, version=version, purpose="phonetics", until=day + timedelta(90)
        )
        agreements.sign(by=fresh(rosa), agreement=terms)
        yield Stage(clock, fresh(rosa), stef, vowels, version, approval)


def test_who_has_everything_reaches_it(stage: Stage) -> None:
    assert stage.reaches(None)
    stage.on(3)
    assert stage.reaches(None) and stage.reaches(0) and stage.reaches(2)
    assert not stage.reaches(-1)


def _end_role(stage: Stage) -> None:
    people.end_role(by=WITHOUT_POLICY, person=stage.rosa, role=Role.RESEARCHER)


def _end_membership(stage: Stage) -> None:
    projects.end_membership(by=WITHOUT_POLICY, membership=Membership.objects.get(person=stage.rosa))


LOSSES: dict[str, Callable[[Stage], None]] = {
    "approval revoked": lambda stage: approvals.revoke(
        by=stage.stef, approval=stage.approval, reason="The speakers asked for it."
    ),
    "membership ended": _end_membership,
    "role ended": _end_role,
    "person suspended": lambda stage: people.suspend(by=WITHOUT_POLICY, person=stage.rosa, reason="Asked."),
    "account closed": lambda stage: people.deactivate(by=WITHOUT_POLICY, person=stage.rosa, reason="Left."),
    "project suspended": lambda stage: projects.suspend(by=WITHOUT_POLICY, project=stage.vowels, reason="."),
    "project closed": lambda stage: projects.close(by=WITHOUT_POLICY, project=stage.vowels),
    "dataset suspended": lambda stage: datasets.suspend(
        by=WITHOUT_POLICY, dataset=stage.prompts.dataset, reason="A speaker asked."
    ),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_what_was_taken_shows_on_the_day_before_and_not_from_that_day_on(stage: Stage, loss: str) -> None:
    stage.on(10)
    LOSSES[loss](stage)
    assert not stage.reaches(None)
    stage.on(20)
    assert stage.reaches(9) and not stage.reaches(10) and not stage.reaches(11) and not stage.reaches(None)


GAINS: dict[str, Callable[[Stage], object]] = {
    "person suspended": lambda stage: people.resume(by=WITHOUT_POLICY, person=stage.rosa),
    "project suspended": lambda stage: projects.resume(by=WITHOUT_POLICY, project=stage.vowels),
    "dataset suspended": lambda stage: datasets.resume(by=WITHOUT_POLICY, dataset=stage.prompts.dataset),
    "role ended": lambda stage: people.assign_role(
        by=WITHOUT_POLICY, person=stage.rosa, role=Role.RESEARCHER
    ),
    "membership ended": lambda stage: projects.add_member(
        by=WITHOUT_POLICY, project=stage.vowels, person=stage.rosa, role=MemberRole.PROJECT_LEAD
    ),
}


@pytest.mark.parametrize("gain", GAINS)
def test_what_was_given_back_shows_from_that_day_on(stage: Stage, gain: str) -> None:
    stage.on(10)
    LOSSES[gain](stage)
    stage.on(12)
    GAINS[gain](stage)
    stage.on(20)
    assert [stage.reaches(number) for number in (9, 10, 11, 12, 13)] == [True, False, False, True, True]


@pytest.mark.parametrize(("number", "open"), [(89, True), (90, True), (91, False)])
def test_an_approval_ends_by_its_date(stage: Stage, number: int, open: bool) -> None:
    stage.on(120)
    assert stage.reaches(number) is open


def test_a_past_day_knows_the_end_that_an_approval_had_then(stage: Stage) -> None:
    stage.on(95)
    approvals.prolong(by=stage.stef, approval=stage.approval, until=stage.day(150), conditions="")
    stage.on(120)
    assert [stage.reaches(number) for number in (90, 92, 95, 110, None)] == [True, False, True, True, True]
    assert reach.moment(stage.day(119), now=datetime.now(UTC)).world.approvals == world.present().approvals


def test_a_role_ends_by_its_date(stage: Stage) -> None:
    stage.on(5)
    people.assign_role(by=WITHOUT_POLICY, person=stage.rosa, role=Role.RESEARCHER, valid_until=stage.day(8))
    stage.on(20)
    assert stage.reaches(8) and not stage.reaches(9)


def test_the_replayed_ledger_is_what_the_database_holds(stage: Stage) -> None:
    for number, act in enumerate(["membership ended", "dataset suspended", "approval revoked"], 1):
        stage.on(number)
        LOSSES[act](stage)
    GAINS["membership ended"](stage)
    stage.on(9)
    replayed = reach.moment(stage.day(8), now=datetime.now(UTC)).world
    held = world.present()
    # Stef came without an entry, as nobody does in an enclave.
    held.people.pop(stage.stef.id)
    assert replayed == held


def test_what_is_asked_is_what_a_start_asks(stage: Stage) -> None:
    at = reach.moment(None, now=datetime.now(UTC))
    (way,) = at.ways()
    asked = reach.question(at, way).to_input()
    vowels = Project.objects.get(pk=stage.vowels.pk)
    real = workspaces.start(stage.rosa, vowels, workspaces.wanted(vowels, stage.rosa)).to_input()
    for document in (asked, real):
        del document["at"]
        document["datasets"][0]["agreements"][0]["title"] = ""
    assert asked == real


def test_no_way_is_missing_among_those_that_are_asked_about(stage: Stage) -> None:
    """Whoever the policies let through at all has a membership and an approval: every other way is tried."""
    portal.project("tones")
    portal.version("songs", steward=stage.stef)
    portal.person("ada", Role.RESEARCHER)
    at = reach.moment(None, now=datetime.now(UTC))
    ways = set(at.ways())
    everybody = itertools.product(Project.objects.all(), Person.objects.all(), DatasetVersion.objects.all())
    asked = [Way(project.id, person.id, version.id) for project, person, version in everybody]
    opened = {way for way, found in zip(asked, at.asked(asked), strict=True) if found.open}
    assert opened == {Way(stage.vowels.id, stage.rosa.id, stage.prompts.id)} and opened <= ways


def test_what_an_erased_entry_said_is_missing_and_said_to_be(stage: Stage) -> None:
    row = next(one for one in _acts() if one.kind == Kind.MEMBERSHIP_CHANGED)
    entries.erase(by="operator", index=row.index, why="asked for")
    stage.on(5)
    at = reach.moment(stage.day(4), now=datetime.now(UTC))
    assert at.erased == 1 and at.ways() == []


def test_no_answer_is_no_answer_and_not_a_no(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "ask_at_once", portal.Policies(broken=True).ask_at_once)
    with pytest.raises(reach.Unavailable):
        stage.reaches(None)


def test_the_last_sign_in_before_a_day_says_whether_a_second_factor_was_shown(stage: Stage) -> None:
    # This role needs one.
    people.assign_role(by=WITHOUT_POLICY, person=stage.rosa, role=Role.OUTPUT_CHECKER)
    for number, shown in ((2, True), (4, False), (6, True)):
        stage.on(number)
        with transaction.atomic():
            entries.append(
                Kind.SIGNED_IN, by=stage.rosa.id, subject=stage.rosa.id, facts={"second_factor": shown}
            )
    stage.on(9)
    assert [stage.reaches(number) for number in (1, 2, 3, 4, 5, 6, 7)] == [
        *(False, True, True, False, False, True, True),
    ]


def test_the_number_of_queries_does_not_grow_on_a_past_day(stage: Stage) -> None:
    stage.on(5)

    def queries(number: int) -> int:
        at = reach.moment(stage.day(4), now=datetime.now(UTC))
        ways = at.ways() * number
        with CaptureQueriesContext(connection) as seen:
            found = [one.open for one in reach.everything(at, ways)]
        assert found == [True] * number
        return len(seen)

    assert queries(1) == queries(2 * policy.AT_ONCE + 1)


def _acts() -> list[Entry]:
    return list(Entry.objects.order_by("index"))
