"""A lead asks for a member or for one to leave; an admin answers in one step, and the lead reads it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from hub.errors import Invalid, Refused, WrongState
from hub.ledger.models import Entry
from hub.notices import overdue, reconciler
from hub.notices.models import Notice
from hub.people.models import Person, Role
from hub.projects import member_requests, services
from hub.projects.models import MemberRequest, MemberRole, Membership, Project, Wish
from tests import portal
from tests.portal import Policies

pytestmark = pytest.mark.django_db
NEW = "nina@north.example"


@pytest.fixture
def lena(policies: Policies) -> Person:
    """The lead of a project."""
    made = portal.person("lena", Role.PROJECT_LEAD)
    project = portal.project()
    Membership.objects.create(project=project, person=made, role=MemberRole.PROJECT_LEAD.value)
    return made


@pytest.fixture
def ada(lena: Person) -> Person:
    return portal.person("ada", Role.ADMIN, second_factor=True)


def asked(by: Person, wish: Wish = Wish.JOIN, email: str = NEW) -> MemberRequest:
    project = Project.objects.get()
    return member_requests.ask(by=by, project=project, wish=wish, email=email, reason="She codes the vowels.")


def titles(of: Person) -> list[str]:
    while reconciler.read_ledger() == reconciler.BATCH:
        continue
    return list(Notice.objects.filter(person=of).order_by("at", "id").values_list("title", flat=True))


def test_who_is_denied_asks_nothing(lena: Person, policies: Policies) -> None:
    policies.deny("request_member")
    with pytest.raises(Refused):
        asked(lena)
    assert not MemberRequest.objects.exists()
    assert Entry.objects.get().kind == "decision_denied"


def test_what_makes_no_sense_is_refused_with_a_sentence(lena: Person) -> None:
    with pytest.raises(Invalid, match="who is meant"):
        asked(lena, email=" ")
    with pytest.raises(WrongState, match="is already a member"):
        asked(lena, email=lena.email.upper())
    with pytest.raises(WrongState, match="is no member"):
        asked(lena, Wish.LEAVE)
    asked(lena)
    with pytest.raises(WrongState, match="already asked for"):
        asked(lena, email=NEW.upper())
    with pytest.raises(IntegrityError), transaction.atomic():
        MemberRequest.objects.create(
            project=Project.objects.get(), wish="join", email=NEW, reason="x", asked_by=lena
        )


def test_adding_or_ending_answers_what_was_asked_whichever_way_it_is_done(lena: Person, ada: Person) -> None:
    nina, project = portal.person("nina", Role.RESEARCHER), Project.objects.get()
    wanted = asked(lena, email=nina.email)
    membership = services.add_member(by=ada, project=project, person=nina)
    wanted.refresh_from_db()
    assert (wanted.state, wanted.answered_by) == ("done", ada)
    gone = asked(lena, Wish.LEAVE, nina.email)
    services.end_membership(by=ada, membership=membership)
    gone.refresh_from_db()
    assert gone.state == "done"
    with pytest.raises(WrongState, match="already done"):
        member_requests.refuse(by=ada, request=gone, reason="No.")


def test_an_admin_reads_the_question_and_adds_in_one_step(lena: Person, ada: Person, client: Client) -> None:
    nina = portal.person("nina", Role.RESEARCHER)
    client.force_login(lena)
    sent = {"email": nina.email, "role": "researcher", "reason": "She codes the vowels."}
    client.post("/projects/vowels/members/ask/", sent)
    request = MemberRequest.objects.get()
    assert titles(ada) == [f"Lena asks that {nina.email} joins Vowels"]
    assert "She codes" not in Notice.objects.get(person=ada).mail_text
    client.force_login(ada)
    home, page = client.get("/").content.decode(), f"/member-requests/{request.pk}/"
    assert page in home
    said = client.get(page).content.decode()
    assert "She codes the vowels." in said and f"{page}refuse/" in said
    client.post(page, {"role": "researcher", "valid_until": ""})
    assert Membership.objects.filter(person=nina, ended_at=None).exists()
    assert page not in client.get("/").content.decode()
    assert f"It is done: {nina.email} joins Vowels" in titles(lena)
    client.force_login(lena)
    assert "answered" in client.get("/projects/vowels/").content.decode()


def test_who_has_no_account_is_invited_first(lena: Person, ada: Person, client: Client) -> None:
    page = f"/member-requests/{asked(lena).pk}/"
    client.force_login(ada)
    assert f"Nobody here has the address {NEW}" in client.get(page).content.decode()
    answer = client.post(page)
    assert answer["location"].endswith(f"?email={NEW}")
    assert f'value="{NEW}"' in client.get(answer["location"]).content.decode()
    assert MemberRequest.objects.get().state == "asked"


def test_a_member_leaves_when_asked_and_a_refusal_is_read(lena: Person, ada: Person, client: Client) -> None:
    rosa = portal.person("rosa", Role.RESEARCHER)
    membership = Membership.objects.create(project=Project.objects.get(), person=rosa)
    client.force_login(lena)
    address = f"/projects/vowels/members/{membership.pk}/leave/"
    client.post(address, {"reason": "Left us."})
    first = MemberRequest.objects.get()
    client.force_login(ada)
    client.post(f"/member-requests/{first.pk}/refuse/", {"reason": "Not before May."})
    assert f"It was refused that {rosa.email} leaves Vowels" in titles(lena)
    client.force_login(lena)
    assert "Not before May." in client.get("/projects/vowels/").content.decode()
    client.post(address, {"reason": "It is May."})
    second = MemberRequest.objects.get(state="asked")
    client.force_login(ada)
    client.post(f"/member-requests/{second.pk}/")
    membership.refresh_from_db()
    assert membership.ended_at is not None


def test_a_lead_takes_it_back_and_nobody_else_finds_it(
    lena: Person, ada: Person, client: Client, policies: Policies
) -> None:
    request = asked(lena)
    policies.deny("read_records")
    client.force_login(portal.person("nobody"))
    assert client.get(f"/member-requests/{request.pk}/").status_code == 404
    client.force_login(lena)
    client.post(f"/member-requests/{request.pk}/withdraw/")
    request.refresh_from_db()
    assert request.state == "withdrawn"
    assert [one for one in titles(ada) if "asks" in one] == []


def test_what_waits_long_is_told_again(lena: Person, ada: Person) -> None:
    asked(lena)
    MemberRequest.objects.update(asked_at=datetime.now(UTC) - timedelta(days=8))
    (draft,) = overdue.drafts(at=datetime.now(UTC))
    assert draft.person == ada.id and "has waited for 7 days" in draft.title
