"""A project that too few checkers can review: told, listed, foreseen, until it is mended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from egress_review import shortages
from egress_review.models import Conflict, Submission
from egress_review.states import State
from egress_review.vault import Vault
from hub.notices import courier, lacking, reconciler
from hub.notices.models import Notice, ShortageSeen
from hub.pages import steps
from hub.people.models import Person, Role, RoleAssignment, Training
from hub.projects.models import Membership, NamedChecker, Project
from hub.provisioning import effects
from tests import portal
from tests.unit.egress_review import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("policies")]
YESTERDAY = portal.days(-1)
CHOOSE = "/projects/vowels/reviewers/"
CHECKERS = "/people/?role=output_checker"


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


@pytest.fixture(params=["named", "any"])
def project(request: pytest.FixtureRequest, carl: Person) -> Project:
    """A project that Carl and one more can review: because they are named, or because nobody is."""
    made = portal.project("vowels", member=portal.person("rosa", Role.RESEARCHER))
    both = (carl, checker("chloe"))
    if request.param == "named":
        for one in both:
            NamedChecker.objects.create(project=made, person=one)
    return made


def is_named(project: Project) -> bool:
    return bool(project.named_checkers.exists())


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


def handed_in(project: Project, vault: Vault) -> tuple[Person, Submission]:
    """Return an author of a project, and what of theirs waits for review."""
    rosa = Person.objects.get(name="Rosa")
    sent = factories.submission(State.IN_REVIEW, vault=vault, author=rosa)
    Submission.objects.update(project=project)
    return rosa, sent


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
    assert notice.url == (CHOOSE if is_named(project) else CHECKERS)
    assert told(carl) == [] and waits(ada) == ["Vowels has too few checkers"]


def test_its_mending_is_told_once_and_so_is_the_next_time(
    ada: Person, carl: Person, project: Project, vault: Vault
) -> None:
    rosa, sent = handed_in(project, vault)
    Project.objects.exclude(pk=project.pk).update(state="closed")
    lacks, again = "Vowels has too few checkers", "Vowels has enough checkers again"
    for number in (1, 2):
        Person.objects.filter(pk=carl.pk).update(suspended_at=datetime.now(UTC))
        courier.step(at=datetime.now(UTC), calendar=False)
        assert sorted(told(ada)) == [again] * (number - 1) + [lacks] * number
        assert ShortageSeen.objects.count() == 1
        Person.objects.filter(pk=carl.pk).update(suspended_at=None)
        look()
        look()
        assert sorted(told(ada)) == [again] * number + [lacks] * number
        assert waits(ada) == [] and not ShortageSeen.objects.exists()
    assert told(rosa) == [f"“{sent.title}” can be reviewed again"] * 2
    Person.objects.filter(pk=carl.pk).update(suspended_at=datetime.now(UTC))
    NamedChecker.objects.filter(project=project).delete()
    checker("cora")
    look()
    # Where nobody is named, any checker from outside reviews.
    assert len(told(ada)) == 4 and waits(ada) == []


def test_a_project_that_closes_while_it_is_short_is_not_called_mended(
    ada: Person, carl: Person, project: Project
) -> None:
    Person.objects.filter(pk=carl.pk).update(suspended_at=datetime.now(UTC))
    look()
    Project.objects.update(state="closed")
    look()
    assert told(ada) == ["Vowels has too few checkers"] and not ShortageSeen.objects.exists()


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
    whose = "of 2 named checkers" if is_named(project) else "nobody is named, and of all checkers"
    assert f"{whose} 1 can review today" in said[rosa] and "Carl" not in said[rosa]
    mending = CHOOSE if is_named(project) else f'{CHECKERS}"'
    assert mending in said[ada] and mending not in said[rosa]
    assert "Carl, Northern University: has no training" in client.get(CHOOSE).content.decode()


def test_an_author_whose_submission_waits_reads_why(
    carl: Person, project: Project, client: Client, vault: Vault
) -> None:
    rosa, sent = handed_in(project, vault)
    client.force_login(rosa)

    def waiting() -> list[bool]:
        pages = [client.get(page).content.decode() for page in ("/", f"/releases/{sent.pk}/")]
        return ["can review today" in one for one in pages]

    assert waiting() == [False, False]
    carl.role_assignments.all().delete()
    assert waiting() == [True, True]
    Submission.objects.update(state=State.RELEASED)
    assert waiting() == [False, False]


def test_many_projects_that_one_checker_leaves_short_are_told_together(ada: Person, carl: Person) -> None:
    checker("chloe")
    for number in range(lacking.MOST_APART + 1):
        portal.project(f"p{number}")
    portal.project("wish", state="proposed")
    look()
    assert told(ada) == waits(ada) == []
    assert len(effects.of_stopping_person(carl)) == lacking.MOST_APART + 2
    Person.objects.filter(pk=carl.pk).update(suspended_at=datetime.now(UTC))
    with CaptureQueriesContext(connection) as few:
        assert len(shortages.everywhere()) == lacking.MOST_APART + 1
    look()
    look()
    (notice,) = Notice.objects.filter(person=ada)
    assert notice.title == "4 projects have too few checkers" and notice.url == CHECKERS
    assert "• P0: A release" in notice.mail_text and "Carl" not in notice.mail_text
    assert "• Carl is suspended" in notice.body and "Wish" not in notice.body
    assert waits(ada) == ["4 projects have too few checkers"]
    Person.objects.filter(pk=carl.pk).update(suspended_at=None)
    look()
    assert sorted(told(ada))[0] == "4 projects have enough checkers again"
    Person.objects.filter(pk=carl.pk).update(suspended_at=datetime.now(UTC))
    for number in range(lacking.MOST_LISTED):
        portal.project(f"q{number}")
    with CaptureQueriesContext(connection) as many:
        shortages.everywhere()
    assert len(few) == len(many)


def test_a_closed_project_waits_for_nobody(ada: Person, carl: Person, project: Project) -> None:
    Person.objects.filter(pk=carl.pk).update(is_active=False)
    Project.objects.update(state="closed")
    look()
    assert told(ada) == []


def test_admins_are_told_before_a_checkers_time_ends_and_leaves_too_few(
    ada: Person, carl: Person, project: Project
) -> None:
    def foretold() -> list[str]:
        reconciler.read_calendar(at=datetime.now(UTC))
        return [one.body for one in Notice.objects.filter(person=ada, title__contains="Carl’s time")]

    assert foretold() == []
    RoleAssignment.objects.filter(person=carl).update(valid_until=portal.days(5))
    (said,) = foretold()
    assert "too few are left for Vowels: prolong the role" in said and len(foretold()) == 1
    RoleAssignment.objects.update(valid_until=None)
    Notice.objects.all().delete()
    Training.objects.filter(person=carl, course=shortages.COURSE).update(valid_until=portal.days(6))
    assert len(foretold()) == 1
    cora = checker("cora")
    if is_named(project):
        NamedChecker.objects.create(project=project, person=cora)
    Notice.objects.all().delete()
    assert foretold() == []
    # Of three, two that end on one day are too many.
    Training.objects.filter(person=cora, course=shortages.COURSE).update(valid_until=portal.days(6))
    assert len(foretold()) == 1


@pytest.mark.parametrize(
    ("held", "until", "sooner"),
    [(None, 9, True), (20, 9, True), (20, 20, False), (20, None, False), (-1, 9, False)],
)
def test_who_lets_a_checkers_role_end_sooner_reads_what_will_wait_after_it(
    ada: Person,
    carl: Person,
    project: Project,
    client: Client,
    held: int | None,
    until: int | None,
    sooner: bool,
) -> None:
    RoleAssignment.objects.filter(person=carl).update(valid_until=held and portal.days(held))
    client.force_login(ada)
    last = portal.days(until) if until else ""
    given = {"role": "output_checker", "valid_until": f"{last}"}
    page = client.post(f"/people/{carl.pk}/roles/", given).content.decode()
    waits = "keeps 1 of the 2 checkers that each release needs, and waits for others"
    assert "Who is affected" in page and (waits in page) == sooner
    if sooner:
        assert f"after {last:%-d %b %Y} {waits}" in page
        assert f"is output checker until {last:%-d %b %Y}, and may judge" in page


def test_the_page_that_names_checkers_says_beside_each_why_they_can_not_review(
    ada: Person, carl: Person, project: Project, client: Client
) -> None:
    client.force_login(ada)
    new = portal.person("nina", Role.OUTPUT_CHECKER, second_factor=True)
    with CaptureQueriesContext(connection) as few:
        page = client.get(CHOOSE).content.decode()
    assert "Carl, Northern University<" in "".join(page.split("\n")).replace(" <", "<")
    assert f"{new.name}, Northern University: has no training" in page
    if is_named(project):
        for why, lose in LOST.items():
            with transaction.atomic():
                lose(carl, project)
                assert f"Carl, Northern University: {why}" in client.get(CHOOSE).content.decode()
                transaction.set_rollback(True)
    for number in range(3):
        portal.person(f"nick{number}", Role.OUTPUT_CHECKER, second_factor=True)
    with CaptureQueriesContext(connection) as many:
        client.get(CHOOSE)
    assert len(few) >= len(many)


def test_a_checkers_own_page_says_what_keeps_them_from_reviewing(
    ada: Person, carl: Person, client: Client
) -> None:
    client.force_login(ada)
    path = f"/people/{carl.pk}/"
    assert "can review</span> outputs" in client.get(path).content.decode()
    Training.objects.filter(person=carl, course=shortages.COURSE).delete()
    assert "Carl has no training" in client.get(path).content.decode()
    RoleAssignment.objects.filter(person=carl).update(valid_until=YESTERDAY)
    page = client.get(path).content.decode()
    assert "Carl is no output checker any more" in page and ">over<" in page
    assert "Reviews</dt>" not in client.get(f"/people/{ada.pk}/").content.decode()


def test_a_project_whose_days_are_over_counts_while_something_of_it_waits(
    carl: Person, project: Project, vault: Vault
) -> None:
    carl.role_assignments.all().delete()
    Project.objects.update(opens_on=portal.days(-20), closes_on=YESTERDAY)
    assert shortages.everywhere() == []
    factories.submission(State.SCREENING, vault=vault, author=Person.objects.get(name="Rosa"))
    Submission.objects.update(project=project)
    assert [one.project for one in shortages.everywhere() if one.project == project] == [project]
    Submission.objects.update(state=State.RELEASED)
    assert project not in [one.project for one in shortages.everywhere()]


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
    cora = checker("cora")
    if is_named(project):
        NamedChecker.objects.create(project=project, person=cora)
    assert foretold() == [[], [], []]
    new = portal.person("nina", Role.OUTPUT_CHECKER, second_factor=True)
    assert chosen(carl, new) == [keeps.replace("keeps", "gets")] and chosen() == []
    assert chosen(approvals=4) == [keeps.replace("keeps 1 of the 2", "gets 3 of the 4")]
    assert chosen(carl, *Person.objects.filter(name__in=["Cora", "Chloe"]), approvals=3) == []
