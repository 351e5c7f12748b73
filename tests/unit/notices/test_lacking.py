"""A project whose named checkers became too few: told, listed, foreseen, until it is mended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client

from egress_review import shortages
from egress_review.models import Conflict
from hub.notices import courier, reconciler
from hub.notices.models import Notice, ShortageSeen
from hub.pages import steps
from hub.people.models import Person, Role, RoleAssignment, Training
from hub.projects.models import Membership, NamedChecker, Project
from hub.provisioning import effects
from tests import portal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("policies")]
YESTERDAY = portal.days(-1)
CHOOSE = "/projects/vowels/reviewers/"


def checker(name: str) -> Person:
    made = portal.person(name, Role.OUTPUT_CHECKER, second_factor=True)
    days = {"completed_on": YESTERDAY, "valid_until": portal.days(90)}
    Training.objects.create(person=made, course=shortages.COURSE, **days)
    return made


@pytest.fixture
def ada() -> Person:
    return portal.person("ada", Role.ADMIN, second_factor=True)


@pytest.fixture
def carl() -> Person:
    return checker("carl")


@pytest.fixture
def project(carl: Person) -> Project:
    """A project for which Carl and one more are named."""
    made = portal.project("vowels", member=portal.person("rosa", Role.RESEARCHER))
    for one in (carl, checker("chloe")):
        NamedChecker.objects.create(project=made, person=one)
    return made


def look() -> None:
    reconciler.read_shortages(at=datetime.now(UTC))


def told(person: Person) -> list[str]:
    return list(Notice.objects.filter(person=person).order_by("at").values_list("title", flat=True))


def waits(of: Person) -> list[str]:
    return [one.title for one in steps._as_admin(of, portal.TODAY()) if "checkers" in one.title]


def _term(carl: Person, project: Project) -> None:
    RoleAssignment.objects.filter(person=carl).update(valid_until=YESTERDAY)


def _joins(carl: Person, project: Project) -> None:
    Membership.objects.create(person=carl, project=project, ended_at=datetime.now(UTC))


LOST: dict[str, Callable[[Person, Project], object]] = {
    "is no output checker any more": lambda carl, project: carl.role_assignments.all().delete(),
    "is no output checker": _term,
    "is suspended": lambda carl, project: Person.objects.filter(pk=carl.pk).update(
        suspended_at=datetime.now(UTC)
    ),
    "has a closed account": lambda carl, project: Person.objects.filter(pk=carl.pk).update(is_active=False),
    "has a part in the project, or had one": _joins,
    "declared a conflict of interest": lambda carl, project: Conflict.objects.create(
        person=carl, project=project, reason="we share a grant"
    ),
    "has no training": lambda carl, project: Training.objects.filter(person=carl).update(
        valid_until=YESTERDAY
    ),
    "has set up no second factor": lambda carl, project: carl.authenticator_set.all().delete(),
}


@pytest.mark.parametrize("why", LOST)
def test_an_admin_is_told_once_why_a_project_waits(
    why: str, ada: Person, carl: Person, project: Project
) -> None:
    look()
    assert told(ada) == [] and shortages.of(project) is None
    LOST[why](carl, project)
    look()
    look()
    (notice,) = Notice.objects.filter(person=ada)
    assert notice.title == "Vowels has too few checkers"
    assert f"• carl {why}".casefold() in notice.body.casefold() and "carl" not in notice.mail_text.casefold()
    assert notice.url == CHOOSE
    assert told(carl) == [] and waits(ada) == ["Vowels has too few checkers"]


def test_it_ends_when_it_is_mended_and_is_told_again_the_next_time(
    ada: Person, carl: Person, project: Project
) -> None:
    for number in (1, 2):
        Person.objects.filter(pk=carl.pk).update(suspended_at=datetime.now(UTC))
        courier.step(at=datetime.now(UTC), calendar=False)
        assert len(told(ada)) == number and ShortageSeen.objects.count() == 1
        Person.objects.filter(pk=carl.pk).update(suspended_at=None)
        look()
        assert waits(ada) == [] and not ShortageSeen.objects.exists()
    Person.objects.filter(pk=carl.pk).update(suspended_at=datetime.now(UTC))
    NamedChecker.objects.filter(project=project).delete()
    look()
    # Where nobody is named, any checker from outside reviews.
    assert len(told(ada)) == 2 and waits(ada) == []


def test_the_projects_page_says_so_and_leads_an_admin_to_the_mending(
    ada: Person, carl: Person, project: Project, client: Client
) -> None:
    rosa = Person.objects.get(name="Rosa")
    said = {}
    for _ in range(2):
        for one in (rosa, ada):
            client.force_login(one)
            said[one] = client.get("/projects/vowels/").content.decode()
            assert ("waits for checkers" in said[one]) == (shortages.of(project) is not None)
        Training.objects.filter(person=carl).delete()
    assert "of 2 named checkers 1 can review today" in said[rosa] and "Carl" not in said[rosa]
    assert "Name others" in said[ada] and "Name others" not in said[rosa]
    assert "Carl has no training" in client.get(CHOOSE).content.decode()


def test_a_closed_project_waits_for_nobody(ada: Person, carl: Person, project: Project) -> None:
    Person.objects.filter(pk=carl.pk).update(is_active=False)
    Project.objects.update(state="closed")
    look()
    assert told(ada) == []


def test_who_takes_a_checker_away_reads_before_which_project_will_wait(
    carl: Person, project: Project
) -> None:
    def foretold() -> list[list[str]]:
        found = [
            effects.of_stopping_person(carl),
            effects.of_role(carl, Role.OUTPUT_CHECKER, ends=True),
            effects.of_joining(project, carl),
        ]
        return [[one.effect for one in each if "waits for others" in one.effect] for each in found]

    def chosen(*named: Person, approvals: int = 2) -> list[str]:
        ids = {one.pk for one in named}
        found = effects.of_reviewers(project, named, before=set(), after=ids, approvals=approvals)
        return [one.effect for one in found if "waits for others" in one.effect]

    keeps = "keeps 1 of the 2 checkers that each release needs, and waits for others"
    assert foretold() == [[keeps]] * 3
    assert effects.of_role(carl, Role.RESEARCHER, ends=True)[0].effect.startswith("is no longer")
    NamedChecker.objects.create(project=project, person=checker("cora"))
    assert foretold() == [[], [], []]
    new = portal.person("nina", Role.OUTPUT_CHECKER, second_factor=True)
    assert chosen(carl, new) == [keeps.replace("keeps", "gets")] and chosen() == []
    assert chosen(carl, *Person.objects.filter(name__in=["Cora", "Chloe"]), approvals=3) == []
