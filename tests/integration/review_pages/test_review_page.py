"""The review page: nothing typed is lost, nothing hostile is taken or acts, and it alone has a script."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import get_resolver

from egress_review import headers, permissions, reviews
from egress_review.models import Conflict, FileVote, Finding, Review, Submission, Vote
from egress_review.states import State
from egress_review.vault import Vault
from hub.pages.headers import POLICY
from hub.people.models import Person, Role
from hub.people.permission import Permission
from hub.places import places
from tests.portal import RemoteStandIn
from tests.unit.egress_review.factories import browser, checker, file_vote, person, review, submission
from tests.unit.egress_review.stand_ins import Policies

pytestmark = pytest.mark.django_db

MARKUP = "<script>alert(1)</script> & <b>bold</b>"


def vote_on(client: Any, made: Submission, **said: Any) -> Any:
    """Send a vote on the one file of a submission."""
    address = f"/releases/{made.id}/files/{made.files.get().id}/vote/"
    return client.post(address, {"vote": "return", "comment": "say how it was rounded", "seen": "0", **said})


def test_only_the_review_page_lets_a_script_run(vault: Vault, remote: RemoteStandIn) -> None:
    made = submission(State.IN_REVIEW, vault=vault)
    file = made.files.get()
    somebody = person("Everything", *Role)
    names = {"submission": made.id, "file": file.id, "slug": made.project.slug, "project": made.project.slug}
    client = browser(somebody)
    with_script = []
    for address in _addresses(get_resolver().url_patterns, names):
        response = client.get(address)
        if "script" in response.headers["Content-Security-Policy"]:
            with_script.append(address)
        assert address in with_script or b"<script" not in getattr(response, "content", b"")
    assert with_script == [f"/releases/{made.id}/review/"]


def test_its_script_is_our_own_and_a_file(vault: Vault) -> None:
    made = submission(State.IN_REVIEW, vault=vault)
    response = browser(checker()).get(f"/releases/{made.id}/review/")
    scripts = re.findall(rb"<script[^>]*>", response.content)
    assert scripts == [b'<script src="/static/releases/review.js" defer>']
    assert not re.search(rb"\son[a-z]+=|javascript:", response.content)
    policy = response["Content-Security-Policy"].split("; ")
    assert set(policy) - set(POLICY.split("; ")) == {"script-src 'self'", "frame-src 'self'"}
    assert set(POLICY.split("; ")) <= set(policy)


def test_no_other_source_speaks_of_a_script_policy() -> None:
    roots = [places.checkout / "hub", places.checkout / "egress_review"]
    said = [path for root in roots for path in root.rglob("*.py") if "script-src" in path.read_text()]
    # The lab's are its own: another host, other pages. The doctor reads what was sent.
    others = {"hub/gate/identity.py", "hub/jupyter/jupyterhub_config.py", "hub/doctor/exposure.py"}
    assert {path.relative_to(places.checkout).as_posix() for path in said} - others == {
        "egress_review/headers.py"
    }


def test_the_frames_style_is_the_one_its_policy_names() -> None:
    headers.frame.cache_clear()
    assert re.search(r"style-src 'sha256-[A-Za-z0-9+/]{43}='", headers.frame()["Content-Security-Policy"])


@pytest.mark.parametrize("field", ["comment", "note"])
@pytest.mark.parametrize(
    "text",
    ["turned \u202e round about", "null \x00 byte here", "hidden \u200b letters here", "x" * 5001],
    ids=["direction", "null", "zero width", "long"],
)
def test_text_that_hides_something_is_refused_with_what_was_typed_kept(
    text: str, field: str, vault: Vault
) -> None:
    made = submission(State.IN_REVIEW, vault=vault)
    other = {"comment": "note", "note": "comment"}[field]
    response = vote_on(browser(checker()), made, **{field: text, other: "this stays as it is"})
    assert response.status_code == 409
    assert b"errorlist" in response.content
    assert b"this stays as it is" in response.content
    assert not FileVote.objects.exists()


def test_markup_and_lines_in_a_comment_are_text(vault: Vault) -> None:
    made, by = submission(State.IN_REVIEW, vault=vault), checker()
    vote_on(browser(by), made, comment=f"{MARKUP}\r\nsecond line", note=MARKUP)
    assert FileVote.objects.get().comment == f"{MARKUP}\nsecond line"
    page = browser(by).get(f"/releases/{made.id}/review/").content
    assert b"<script>alert" not in page and b"&lt;script&gt;alert(1)" in page


def test_ten_megabytes_in_a_field_are_refused(vault: Vault) -> None:
    made = submission(State.IN_REVIEW, vault=vault)
    response = vote_on(browser(checker()), made, comment="x" * 10_000_000)
    assert response.status_code in (400, 413)
    assert not FileVote.objects.exists()


@pytest.mark.parametrize(
    "said",
    [{"vote": ""}, {"vote": "burn"}, {"seen": ""}, {"seen": "-1"}, {"seen": "9" * 400}, {"comment": ""}],
)
def test_a_form_that_says_nonsense_is_told_so(said: dict[str, str], vault: Vault) -> None:
    made = submission(State.IN_REVIEW, vault=vault)
    response = vote_on(browser(checker()), made, **said)
    assert response.status_code == 409
    assert b"errorlist" in response.content


@pytest.mark.parametrize(
    "query", ["?file=x", "?page=0", "?page=-3", "?page=99999999", "?beside=%00", "?at=<b>"]
)
def test_an_address_that_says_nonsense_shows_the_page(query: str, vault: Vault) -> None:
    made = submission(State.IN_REVIEW, vault=vault)
    response = browser(checker()).get(f"/releases/{made.id}/review/{query}")
    assert response.status_code == 200
    assert b"<b>" not in response.content


def test_a_stranger_to_the_submission_compares_with_none_of_its_files(vault: Vault) -> None:
    made, other = submission(State.IN_REVIEW, vault=vault), submission(State.RELEASED, vault=vault)
    address = f"/releases/{made.id}/files/{made.files.get().id}/beside/?with={other.files.get().id}"
    assert browser(checker()).get(address).status_code == 404


def test_sent_twice_a_review_is_finished_once(vault: Vault, policies: Policies) -> None:
    made, by = submission(State.IN_REVIEW, vault=vault), checker()
    client, said = browser(by), {"vote": "approve", "comment": "fine with me"}
    assert client.post(f"/releases/{made.id}/review/", said).status_code == 302
    policies.deny("vote", "You voted on this submission already; a vote is cast once.")
    again = client.post(f"/releases/{made.id}/review/", said)
    assert again.status_code == 403 and b"cast once" in again.content
    assert Review.objects.count() == 1


def test_a_submission_that_was_decided_meanwhile_takes_no_vote_and_keeps_what_was_typed(vault: Vault) -> None:
    made, by = submission(State.IN_REVIEW, vault=vault), checker()
    client = browser(by)
    client.get(f"/releases/{made.id}/review/")
    Submission.objects.update(state=State.RETURNED)
    response = vote_on(client, made)
    assert response.status_code == 409
    assert b"takes no votes" in response.content
    assert b"say how it was rounded" in response.content
    assert not FileVote.objects.exists()


def test_who_finishes_in_the_same_moment_as_the_other_checker_is_not_sent_back_to_look(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, others, ask = submission(State.IN_REVIEW, vault=vault), [checker()], permissions.to_vote

    def and_meanwhile(**said: Any) -> Permission:
        allowed = ask(**said)
        if others:
            found = Submission.objects.get(pk=made.pk)
            reviews.vote(by=others.pop(), submission=found, vote=Vote.APPROVE, comment="", vault=vault)
        return allowed

    monkeypatch.setattr(permissions, "to_vote", and_meanwhile)
    response = browser(checker()).post(f"/releases/{made.id}/review/", {"vote": "approve", "comment": ""})
    assert response.status_code == 302
    made.refresh_from_db()
    assert (made.reviews.count(), made.state) == (2, State.RELEASED)


def test_the_others_draft_and_review_stay_unseen(vault: Vault) -> None:
    made, first, second = submission(State.IN_REVIEW, vault=vault), checker("Ada"), checker("Bo")
    file_vote(made.files.get(), Vote.REJECT, by=first, comment="a name is in row 17", note="ask Ines")
    for finished in (False, True):
        if finished:
            review(made, Vote.REJECT, by=first, comment="a name is in row 17")
        page = browser(second).get(f"/releases/{made.id}/review/").content
        for secret in (b"row 17", b"ask Ines", b"Ada"):
            assert secret not in page


def test_a_note_is_never_the_authors(vault: Vault) -> None:
    made = submission(State.IN_REVIEW, vault=vault)
    for by in (checker(), checker()):
        review(made, Vote.RETURN, by=by, comment="round the counts please")
        file_vote(made.files.get(), Vote.RETURN, by=by, comment="round the counts please", note="ask Ines")
    Review.objects.update(note="a quiet word")
    Submission.objects.update(state=State.RETURNED)
    author = browser(made.author).get(f"/releases/{made.id}/").content
    assert b"round the counts" in author
    assert b"ask Ines" not in author and b"quiet word" not in author
    reader = browser(checker()).get(f"/releases/{made.id}/review/").content
    assert b"ask Ines" in reader and b"quiet word" in reader


def test_a_stale_answer_is_not_taken(vault: Vault) -> None:
    made, first = submission(State.IN_REVIEW, vault=vault), checker()
    review(made, Vote.APPROVE, by=first)
    review(made, Vote.RETURN)
    Submission.objects.update(state=State.DIFFERING)
    file = made.files.get().id
    said = {"row_version": 99, f"{file}-vote": "return", f"{file}-comment": "typed with care"}
    response = browser(first).post(f"/releases/{made.id}/settle/", said)
    assert response.status_code == 409
    assert b"changed by somebody else" in response.content and b"typed with care" in response.content


def test_a_conflict_is_declared_on_a_page_that_says_what_it_touches(vault: Vault) -> None:
    made, by = submission(State.IN_REVIEW, vault=vault), checker()
    client, address = browser(by), f"/releases/{made.id}/conflict/"
    page = client.get(address).content.decode()
    assert made.project.title in page and "closed to you" in page
    assert client.post(address, {"reason": "friends"}).status_code == 409
    assert client.post(address, {"reason": "we share a grant"}).status_code == 302
    assert Conflict.objects.get().person_id == by.id


def test_a_finding_leads_into_the_preview(vault: Vault) -> None:
    made = submission(State.IN_REVIEW, vault=vault)
    file = made.files.get()
    Finding.objects.create(
        submission=made,
        file=file,
        check_name="x",
        severity="flag",
        where="row 201, column a",
        message="It is.",
    )
    page = browser(checker()).get(f"/releases/{made.id}/review/").content.decode()
    assert f'href="/releases/{made.id}/files/{file.id}/preview/?page=2#row-201" target="preview"' in page


def _addresses(patterns: Any, names: dict[str, str], before: str = "/") -> list[str]:
    """Return the addresses of the portal that these names fill, each page once."""
    found = []
    for pattern in patterns:
        route = str(pattern.pattern)
        filled = before + re.sub(r"<(?:\w+:)?(\w+)>", lambda match: names.get(match[1], "{}"), route)
        if hasattr(pattern, "url_patterns"):
            found += _addresses(pattern.url_patterns, names, filled)
        elif not re.search(r"[{}^$\\(]", filled) and "/internal/" not in filled and "identity" not in filled:
            found.append(filled)
    return found


def test_the_addresses_are_found() -> None:
    known = _addresses(get_resolver().url_patterns, {"submission": "x"})
    assert {"/", "/releases/", "/releases/x/review/", "/ledger/", "/datasets/"} <= set(known)
    assert Person.objects.count() == 0
