"""Text on its way in, as people see it: brought with a reason, read by a checker, in the session's folder."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Iterator

import pytest
from django.test import Client

from egress_review.vault import Vault
from hub.bring_ins.models import BringIn
from hub.people.models import Person, Role, Training
from hub.places import places
from hub.projects.models import MemberRole, Membership
from tests import portal, throwaway
from tests.pages.conftest import House, problems

pytestmark = pytest.mark.timeout(1000)
CODE = "def formants(frame):\n    return frame[:2]  # <script>alert(1)</script>\n"
WHY = "A formant tracker from our last paper, MIT licence."


@pytest.fixture(autouse=True)
def _folders() -> Iterator[None]:
    # A process has one state for all its tests: others' text may lie there.
    emptied()
    Vault(throwaway.state() / "vault").prepare()
    yield
    emptied()


def emptied() -> None:
    for name in ("vault", "bring-ins"):
        shutil.rmtree(throwaway.state() / name, ignore_errors=True)


def checker(name: str = "chloe") -> Person:
    made = portal.person(name, Role.OUTPUT_CHECKER, second_factor=True)
    Training.objects.create(
        person=made, course="output-checking", completed_on=portal.TODAY(), valid_until=portal.days(9)
    )
    return made


def seen() -> list[str]:
    root = places.bring_ins("vowels")
    return [path.name for path in root.rglob("*") if path.is_file()]


def test_code_comes_in_by_the_pages_alone_without_a_script(house: House) -> None:
    rosa, chloe = portal.person("rosa", Role.RESEARCHER), checker()
    portal.project(member=rosa)
    page = house.page(rosa, path="/projects/vowels/", javascript=False)
    page.get_by_role("link", name="Bring text in").click()
    assert problems(house.page(rosa, path="/bring-ins/new/vowels/")) == []
    page.set_default_timeout(8_000)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("x.py", "x")
    page.get_by_label("Title").fill("Formant tracker")
    page.get_by_label("What it is").fill(WHY)
    page.get_by_label("Text files").set_input_files(
        [{"name": "track.py", "mimeType": "text/x-python", "buffer": packed.getvalue()}]
    )
    page.get_by_role("button", name="Send it to a checker").click()
    # What was wrong is said, and what was typed is still there.
    assert "track.py is not text in UTF-8" in page.content() or "control character" in page.content()
    assert page.get_by_label("Title").input_value() == "Formant tracker" and not BringIn.objects.exists()
    files = [("track.py", CODE), ("speakers.csv", "speaker,group\ns1,a\n")]
    page.get_by_label("Text files").set_input_files(
        [{"name": name, "mimeType": "text/plain", "buffer": text.encode()} for name, text in files]
    )
    page.get_by_role("button", name="Send it to a checker").click()
    assert page.get_by_text("It waits for a checker").is_visible() and seen() == []
    assert page.get_by_role("button", name="Decide").count() == 0
    review = house.page(chloe)
    review.set_default_timeout(8_000)
    review.get_by_role("button", name="Read what waits").click()
    assert problems(review) == []
    review.get_by_role("link", name="Formant tracker").click()
    assert "could it join speakers" in review.content() and problems(review) == []
    review.get_by_role("link", name="track.py").click()
    assert "<script>alert(1)</script>" in review.get_by_role("table").inner_text() and problems(review) == []
    review.get_by_role("link", name="Formant tracker").click()
    review.get_by_label("Reject it").check()
    review.get_by_role("button", name="Decide").click()
    assert "Say why" in review.content()
    review.get_by_label("Let it in").check()
    review.get_by_role("button", name="Decide").click()
    assert review.get_by_text("In sessions of Vowels it is at").is_visible()
    assert sorted(seen()) == ["speakers.csv", "track.py"] and problems(review) == []
    page.goto(house.url + "/bring-ins/")
    page.get_by_role("link", name="Formant tracker").click()
    page.get_by_role("button", name="Take it back").click()
    assert "no session has it any more" in page.content() and seen() == []


def test_nobody_with_a_tie_lets_it_in_and_nobody_outside_sees_it(house: House) -> None:
    rosa = portal.person("rosa", Role.RESEARCHER, Role.OUTPUT_CHECKER, second_factor=True)
    inside, left = checker("inside"), checker("left")
    project = portal.project(member=rosa)
    Membership.objects.create(project=project, person=inside)
    Membership.objects.create(project=project, person=left, ended_at=project.opens_on.isoformat() + "T00:00Z")
    made = BringIn.objects.create(project=project, author=rosa, title="T", why="w", folder="t")
    stranger, admin = portal.person("nobody"), portal.person("ada", Role.ADMIN, second_factor=True)
    lead = portal.person("lena", Role.RESEARCHER)
    Membership.objects.create(project=project, person=lead, role=MemberRole.PROJECT_LEAD.value)
    for person in (rosa, inside, left, stranger, admin, lead):
        client = Client()
        client.force_login(person)
        sent = {"verdict": "approve", "comment": "", "row_version": "1"}
        assert client.post(f"/bring-ins/{made.pk}/judge/", sent).status_code == 403
        page = client.get(f"/bring-ins/{made.pk}/")
        assert page.status_code == (200 if person in (rosa, inside, lead) else 403), person
        assert (b"Take it back" in page.content) is (person in (rosa, lead)), person
        if person in (left, stranger, admin):
            assert client.post(f"/bring-ins/{made.pk}/take-back/").status_code == 403
            assert client.get("/bring-ins/new/vowels/").status_code in (403, 404)
    assert BringIn.objects.get().state == "waiting" and seen() == []


def test_a_form_that_is_too_long_is_refused_before_it_is_read(house: House) -> None:
    rosa = portal.person("rosa", Role.RESEARCHER)
    portal.project(member=rosa)
    page = house.page(rosa, path="/bring-ins/new/vowels/")
    page.get_by_label("Title").fill("T")
    page.get_by_label("What it is").fill(WHY)
    page.get_by_label("Text files").set_input_files(
        [{"name": "x.txt", "mimeType": "text/plain", "buffer": b"words \n" * 900_000}]
    )
    page.get_by_role("button", name="Send it to a checker").click()
    assert "larger than 5.0 MiB" in page.content() and problems(page) == []
    assert not BringIn.objects.exists()
