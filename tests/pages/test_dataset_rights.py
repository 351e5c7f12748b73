"""Who may do what to a dataset: every role, every action, over the pages, by the real policies."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.urls import resolve
from pytest_django.fixtures import Settings

from egress_review.models import Submission
from hub import policy
from hub.datasets.models import Dataset, DatasetVersion, Datasheet, Intake, VersionFacts
from hub.people.models import Person, Role, RoleAssignment, Training
from hub.places import places
from hub.policy.client import Policy
from hub.stewardship import desk_urls, urls
from hub.stewardship.models import Feedback
from tests import own_ledger, portal, throwaway

pytestmark = pytest.mark.django_db

# The roles by themselves, and who a person is to this dataset or this feedback.
ACTORS = (*(role.value for role in Role), "no role", "its steward", "author", "member", "former member")
EVERYBODY = frozenset(ACTORS)
STEWARD = frozenset({"its steward"})
OVERSEERS = STEWARD | {"admin", "auditor"}
WORDS = {"title": "T", "description": "d", "licence": "CC0", "attribution": "a"}
SHEET = dict.fromkeys(("motivation", "consent", "out_of_bounds", "contact"), "Said.")

# Action: path, what is sent (nothing is a look), and who alone may; everybody else is refused.
ACTIONS: dict[str, tuple[str, dict[str, str] | None, frozenset[str]]] = {
    "see the catalogue": ("/datasets/", None, EVERYBODY),
    "see the dataset": ("/datasets/harbour/", None, EVERYBODY),
    "see the datasheet": ("/datasets/harbour/datasheet/", None, EVERYBODY),
    "see one's own desk": ("/stewardship/", None, EVERYBODY),
    "see one's own feedback": ("/stewardship/feedback/", None, EVERYBODY),
    "say what is wrong": ("/datasets/harbour/feedback/", {"text": "r2"}, EVERYBODY),
    "see its use": ("/datasets/harbour/use/", None, OVERSEERS),
    "read another's feedback": ("/stewardship/feedback/{feedback}/", None, OVERSEERS | {"author"}),
    "answer feedback": ("/stewardship/feedback/{feedback}/", {"text": "y", "row_version": "0"}, STEWARD),
    "open the edit form": ("/datasets/harbour/edit/", None, STEWARD),
    "edit": ("/datasets/harbour/edit/", {**WORDS, "row_version": "0"}, STEWARD),
    "open the datasheet form": ("/datasets/harbour/datasheet/write/", None, STEWARD),
    "write the datasheet": ("/datasets/harbour/datasheet/write/", {**SHEET, "number": "0"}, STEWARD),
    "see whom a suspension affects": ("/datasets/harbour/suspend/", None, STEWARD),
    "suspend": ("/datasets/harbour/suspend/", {"reason": "Consent"}, STEWARD),
    "see whom the end of a suspension affects": ("/datasets/halted/resume/", None, STEWARD),
    "end a suspension": ("/datasets/halted/resume/", {}, STEWARD),
    "open the form to hand it over": ("/datasets/harbour/hand-over/", None, STEWARD),
    "hand it over": ("/datasets/harbour/hand-over/", {"to": "{successor}", "row_version": "0"}, STEWARD),
    "deprecate": ("/datasets/harbour/versions/1.0/deprecate/", {}, STEWARD),
    "compare versions": ("/datasets/harbour/compare/", None, STEWARD),
    "open the intake form": ("/datasets/harbour/versions/new/", None, STEWARD),
    "begin an intake": ("/datasets/harbour/versions/new/", {"folder": "third", "version": "3.0"}, STEWARD),
    "see an intake": ("/stewardship/intakes/{intake}/", None, STEWARD),
    "confirm an intake": ("/stewardship/intakes/{intake}/confirm/", {"row_version": "0"}, STEWARD),
    "repeat an intake": ("/stewardship/intakes/{intake}/repeat/", {"row_version": "0"}, STEWARD),
    "drop an intake": ("/stewardship/intakes/{intake}/drop/", {"row_version": "0"}, STEWARD),
    "add a dataset": (
        "/stewardship/datasets/new/",
        {**WORDS, "slug": "{actor}", "institution": "{institution}", "tier": "2"},
        STEWARD | {"data_steward"},
    ),
    "say what is wrong with a decision": (
        "/stewardship/feedback/submissions/{submission}/",
        {"text": "Why not?"},
        frozenset({"member"}),
    ),
    "read feedback on a decision": (
        "/stewardship/feedback/{on_decision}/",
        None,
        frozenset({"member", "auditor", "output_checker"}),
    ),
    "answer feedback on a decision": (
        "/stewardship/feedback/{on_decision}/",
        {"text": "Because.", "row_version": "0"},
        frozenset({"output_checker"}),
    ),
}


@pytest.fixture
def _real(
    real_policy: Policy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings
) -> Iterator[None]:
    """Let the real policies answer."""
    monkeypatch.setattr(policy, "ask", real_policy.ask)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    static = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": static}
    own_ledger.opened(tmp_path, monkeypatch)
    (places.state / "intake" / "third").mkdir(parents=True)
    yield
    shutil.rmtree(throwaway.state() / "intake")


def actors(dataset: Dataset) -> dict[str, Person]:
    """Return everybody; each showed a second factor, so that only roles and ties tell them apart."""
    people = {
        role.value: portal.person(role.value.replace("_", ""), role, second_factor=True) for role in Role
    }
    people["no role"] = portal.person("nobody", second_factor=True)
    people["its steward"] = dataset.steward
    for name in ("author", "member", "former member"):
        people[name] = portal.person(name.replace(" ", ""), Role.RESEARCHER, second_factor=True)
    for person in people.values():
        course = {"course": "output-checking", "completed_on": portal.TODAY(), "valid_until": portal.days(9)}
        Training.objects.create(person=person, **course)
    return people


@pytest.fixture
def scene(_real: None) -> tuple[dict[str, Person], dict[str, str]]:
    """A dataset with everything that can be acted on, and everybody."""
    version = portal.version("harbour", steward=portal.person("stef", Role.DATA_STEWARD, second_factor=True))
    dataset = version.dataset
    VersionFacts.objects.create(version=version)
    halted = portal.version("halted", steward=dataset.steward).dataset
    Dataset.objects.filter(pk=halted.pk).update(suspended_at=dataset.steward.created_at)
    people = actors(dataset)
    project = portal.project(member=people["member"])
    project.memberships.create(person=people["former member"], ended_at=dataset.steward.created_at)
    made = Submission.objects.create(
        session=portal.session(project, people["member"]),
        project=project,
        author=people["member"],
        title="Formants",
        context="c",
        controls="c",
    )
    intake = Intake.objects.create(
        dataset=dataset, version="2.0", folder="third", state="ready", requested_by=dataset.steward
    )
    said = Feedback.objects.create(dataset=dataset, author=people["author"], text="r1")
    on_decision = Feedback.objects.create(submission=made, author=people["member"], text="Why?")
    names = {
        "feedback": said.id,
        "on_decision": on_decision.id,
        "intake": intake.id,
        "submission": made.id,
        "institution": dataset.institution_id,
        "successor": portal.person("ines", Role.DATA_STEWARD, second_factor=True).id,
    }
    return people, names


NAMES = ("feedback", "on_decision", "intake", "submission")


def state() -> list[object]:
    """Return everything that an action here could change."""
    models = (Dataset, DatasetVersion, Datasheet, Intake, Feedback)
    return [list(model.objects.order_by("pk").values()) for model in models]


@pytest.mark.parametrize("action", ACTIONS)
def test_who_may(action: str, scene: tuple[dict[str, Person], dict[str, str]]) -> None:
    people, names = scene
    path, sent, may = ACTIONS[action]
    wrong = []
    # Those who may not come first: what they may not change is still there to be changed.
    for actor in sorted(ACTORS, key=lambda actor: actor in may):
        before, answer = (
            state(),
            _tried(people[actor], path, sent, {**names, "actor": people[actor].id.lower()}),
        )
        if actor in may:
            done = answer == 200 if sent is None else answer == 302 and state() != before
        else:
            done = answer in (403, 404) and state() == before
        if not done:
            wrong.append((actor, answer))
    assert wrong == []


def _tried(person: Person, path: str, sent: dict[str, str] | None, names: dict[str, str]) -> int:
    client = Client()
    client.force_login(person)
    where = path.format(**names)
    if sent is None:
        return client.get(where).status_code
    return client.post(where, {name: value.format(**names) for name, value in sent.items()}).status_code


def test_each_action_refuses_somebody_but_what_everybody_may() -> None:
    open_to_all = {action for action, (_, _, may) in ACTIONS.items() if may == EVERYBODY}
    seen = {"see the catalogue", "see the dataset", "see the datasheet"}
    assert open_to_all == seen | {"see one's own desk", "see one's own feedback", "say what is wrong"}


def test_the_table_holds_every_address_of_datasets_and_the_stewards_desk() -> None:
    tried = {resolve(path.format(**dict.fromkeys(NAMES, "01"))).route for path, _, _ in ACTIONS.values()}
    there = {f"datasets/{one.pattern}" for one in urls.urlpatterns}
    there |= {f"stewardship/{one.pattern}" for one in desk_urls.urlpatterns}
    assert there - tried == set()


@pytest.mark.parametrize("how", ["suspended", "closed"])
def test_nobody_out_of_standing_reaches_anything(
    how: str, scene: tuple[dict[str, Person], dict[str, str]]
) -> None:
    people, names = scene
    steward = people["its steward"]
    client = Client()
    client.force_login(steward)
    if how == "suspended":
        Person.objects.filter(pk=steward.pk).update(suspended_at=steward.created_at, suspended_reason="x")
    else:
        Person.objects.filter(pk=steward.pk).update(is_active=False)
    before = state()
    for path, sent, _ in ACTIONS.values():
        where = path.format(**names)
        answer = client.get(where) if sent is None else client.post(where, sent)
        assert answer.status_code in {302, 403}
        assert answer.status_code == 403 or "/sign-in/" in answer["Location"]
    assert state() == before


def test_an_admin_names_another_steward_once_the_present_one_is_gone_and_never_themselves(
    scene: tuple[dict[str, Person], dict[str, str]],
) -> None:
    people, names = scene
    admin, steward = people["admin"], people["its steward"]
    RoleAssignment.objects.create(person=admin, role=Role.DATA_STEWARD.value)
    client = Client()
    client.force_login(admin)
    where = "/datasets/harbour/hand-over/"
    assert client.get(where).status_code == 403
    Person.objects.filter(pk=steward.pk).update(is_active=False)
    assert "Hand it over" in client.get("/datasets/harbour/").content.decode()
    assert client.get(where).status_code == 200
    refused = client.post(where, {"to": admin.id, "row_version": "0"}).content.decode()
    assert "Only the data steward of" in refused and Dataset.objects.get(slug="harbour").steward == steward
    assert client.post(where, {"to": names["successor"], "row_version": "0"}).status_code == 302
    assert Dataset.objects.get(slug="harbour").steward_id == names["successor"]
