"""Pages: nobody sees what policy denies, nothing acts in a preview, votes stay blind."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from django.test import Client

from egress_review import receipts
from egress_review.models import File, Submission, Vote
from egress_review.states import State
from egress_review.vault import Vault
from hub.ledger import publisher
from hub.ledger.models import Decision, Entry
from hub.ledger.receipt import check
from hub.ledger.tiles import Tiles
from tests.unit.egress_review.factories import (
    CANONICAL,
    browser,
    checker,
    person,
    released,
    review,
    submission,
)
from tests.unit.egress_review.stand_ins import Policies

pytestmark = pytest.mark.django_db

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def of_type(made: Submission, vault: Vault, media_type: str, data: bytes) -> File:
    """Give a submission's file another canonical copy."""
    stored = vault.put(data)
    file = made.files.get()
    file.media_type, file.canonical_sha256, file.canonical_size_bytes = (
        media_type,
        stored.sha256,
        stored.size_bytes,
    )
    file.save()
    return file


def preview(made: Submission, query: str = "") -> Any:
    """Return a checker's preview of a submission's one file."""
    address = f"/releases/{made.id}/files/{made.files.get().id}/preview/{query}"
    return browser(checker()).get(address)


PATHS = [
    *("", "review/", "conflict/", "receipt/", "receipt.json", "files/{file}/preview/"),
    *("files/{file}/beside/?with=handed_in", "files/{file}/download/"),
]


@pytest.mark.parametrize("path", PATHS)
def test_nobody_who_is_not_signed_in_gets_anything(path: str, vault: Vault) -> None:
    made = released(vault)
    address = f"/releases/{made.id}/" + path.format(file=made.files.get().id)
    response = Client(HTTP_HOST="portal.localhost:8000").get(address)
    assert response.status_code == 302
    assert not Entry.objects.filter(kind="viewed").exists()


@pytest.mark.parametrize(
    ("path", "action"), [*((path, "view") for path in PATHS[:-1]), (PATHS[-1], "download")]
)
def test_what_policy_denies_is_refused_with_its_reason(
    path: str, action: str, vault: Vault, policies: Policies
) -> None:
    made, stranger = released(vault), person()
    policies.deny(action, "You are not of this project; ask its lead.")
    response = browser(stranger).get(f"/releases/{made.id}/" + path.format(file=made.files.get().id))
    assert response.status_code == 403
    assert b"ask its lead" in response.content
    assert made.title.encode() not in response.content


@pytest.mark.parametrize("path", ["withdraw/", "review/"])
def test_a_form_from_another_site_changes_nothing(path: str, vault: Vault) -> None:
    made, by = submission(State.IN_REVIEW, vault=vault), checker()
    client = browser(by)
    client.handler.enforce_csrf_checks = True
    response = client.post(f"/releases/{made.id}/{path}", {"vote": "approve"})
    made.refresh_from_db()
    assert (response.status_code, made.state, made.reviews.count()) == (403, State.IN_REVIEW, 0)


def test_a_second_reviewer_sees_nothing_of_the_first_ones_vote(vault: Vault) -> None:
    made, second = submission(State.IN_REVIEW, vault=vault), checker("Second")
    review(made, Vote.REJECT, by=checker("First Checker"), comment="a name is in row 17")
    for path in (f"/releases/{made.id}/", f"/releases/{made.id}/review/", "/releases/queue/", "/releases/"):
        page = browser(second).get(path).content.decode()
        assert "row 17" not in page
        assert "First Checker" not in page
        assert ">reject<" not in page
    assert "1 of 2" in browser(second).get("/releases/queue/").content.decode()


def test_the_author_sees_nothing_of_an_open_vote(vault: Vault) -> None:
    made = submission(State.IN_REVIEW, vault=vault)
    review(made, Vote.REJECT, comment="a name is in row 17")
    assert "row 17" not in browser(made.author).get(f"/releases/{made.id}/").content.decode()


def test_both_votes_are_shown_once_they_are_in(vault: Vault) -> None:
    made = submission(State.RETURNED, vault=vault)
    review(made, Vote.RETURN, comment="round the numbers please")
    review(made, Vote.APPROVE, comment="fine with me then")
    page = browser(made.author).get(f"/releases/{made.id}/").content.decode()
    assert "round the numbers please" in page
    assert "fine with me then" in page


def test_a_vote_by_form_decides(vault: Vault) -> None:
    made = submission(State.IN_REVIEW, vault=vault)
    for by in (checker(), checker()):
        response = browser(by).post(f"/releases/{made.id}/review/", {"vote": "approve", "comment": ""})
        assert response.status_code == 302
    made.refresh_from_db()
    assert made.state == State.RELEASED


def test_a_blocked_submission_says_where_and_how_to_put_it_right(vault: Vault) -> None:
    made = submission(State.BLOCKED, vault=vault)
    page = browser(made.author).get(f"/releases/{made.id}/").content.decode()
    for part in ("row 1", "A cell counts fewer than 10 speakers.", "Join small groups."):
        assert part in page


def test_a_blocked_submission_never_reaches_the_queue(vault: Vault) -> None:
    made = submission(State.BLOCKED, vault=vault)
    assert made.title not in browser(checker()).get("/releases/queue/").content.decode()


def test_the_queue_holds_nothing_of_the_readers_own_projects(vault: Vault) -> None:
    by = checker()
    made = submission(State.IN_REVIEW, vault=vault, author=by)
    assert f"/releases/{made.id}/" not in browser(by).get("/releases/queue/").content.decode()


def test_the_list_holds_nothing_of_other_projects(vault: Vault) -> None:
    made = submission(State.RELEASED, vault=vault)
    assert made.id not in browser(person()).get("/releases/").content.decode()
    assert made.id in browser(made.author).get("/releases/").content.decode()


@pytest.mark.parametrize(
    ("media_type", "data"),
    [
        ("text/csv", b"name\r\n<script>alert(1)</script>\r\n"),
        ("text/plain", b"<script>alert(1)</script>"),
        ("text/markdown", b"<script>alert(1)</script>"),
        (
            "application/x-ipynb+json",
            json.dumps(
                {
                    "cells": [
                        {
                            "cell_type": "markdown",
                            "source": "<script>alert(1)</script>",
                            "outputs": [{"data": {"text/html": "<script>alert(1)</script>"}}],
                        }
                    ]
                }
            ).encode(),
        ),
    ],
)
def test_a_preview_acts_on_nothing(media_type: str, data: bytes, vault: Vault) -> None:
    made = submission(State.IN_REVIEW, vault=vault)
    file = of_type(made, vault, media_type, data)
    client = browser(checker())
    for path in ("preview/", "beside/?with=handed_in"):
        response = client.get(f"/releases/{made.id}/files/{file.id}/{path}")
        assert b"<script" not in response.content
        policy = response["Content-Security-Policy"]
        assert policy.startswith("sandbox; default-src 'none'; ")
        assert "script-src" not in policy
        assert "unsafe" not in policy
        assert response["X-Frame-Options"] == "SAMEORIGIN"
        assert b"&lt;script&gt;" in response.content
    page = client.get(f"/releases/{made.id}/review/").content
    assert b'sandbox=""' in page
    assert b"alert(1)" not in page


def test_letters_that_turn_the_reading_direction_are_written_out(vault: Vault) -> None:
    made = submission(State.IN_REVIEW, vault=vault)
    of_type(made, vault, "text/csv", "a\u202eb,c\u200bd\r\n1,2\r\n".encode())
    page = preview(made).content.decode()
    assert "a[U+202E]b" in page
    assert "c[U+200B]d" in page


def test_an_unknown_type_has_no_preview_but_its_facts(vault: Vault) -> None:
    made = submission(State.IN_REVIEW, vault=vault)
    of_type(made, vault, "application/vnd.x", b"whatever")
    assert b"No preview is made" in preview(made).content


def test_a_picture_stands_inside_its_preview(vault: Vault) -> None:
    made = submission(State.IN_REVIEW, vault=vault)
    of_type(made, vault, "image/png", PNG)
    assert f"data:image/png;base64,{base64.b64encode(PNG).decode()}" in preview(made).content.decode()


@pytest.mark.parametrize("data", [PNG, b"<svg onload=x>"])
def test_a_notebooks_pictures_are_shown_if_they_are_png(data: bytes, vault: Vault) -> None:
    made = submission(State.IN_REVIEW, vault=vault)
    outputs = [{"data": {"image/png": base64.b64encode(data).decode()}}]
    notebook = {"cells": [{"cell_type": "code", "source": "plot()", "outputs": outputs}]}
    of_type(made, vault, "application/x-ipynb+json", json.dumps(notebook).encode())
    page = preview(made).content.decode()
    assert ("data:image/png" in page) == (data is PNG)
    assert base64.b64encode(b"<svg onload=x>").decode() not in page


def test_what_is_not_a_png_is_never_shown_as_a_picture(vault: Vault) -> None:
    made = submission(State.IN_REVIEW, vault=vault)
    of_type(made, vault, "image/png", b"<svg onload=x>")
    assert b"<img" not in preview(made).content


def test_a_download_is_an_attachment_of_the_canonical_copy(vault: Vault) -> None:
    made = released(vault)
    response = browser(made.author).get(f"/releases/{made.id}/files/{made.files.get().id}/download/")
    assert b"".join(response.streaming_content) == CANONICAL
    assert response["Content-Disposition"] == "attachment; filename*=UTF-8''table.csv"
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Security-Policy"].startswith("sandbox")
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("state", [state for state in State if state is not State.RELEASED])
def test_nothing_is_downloaded_before_it_is_released(state: State, vault: Vault) -> None:
    made = submission(state, vault=vault)
    client = browser(made.author)
    assert client.get(f"/releases/{made.id}/files/{made.files.get().id}/download/").status_code == 404
    assert client.get(f"/releases/{made.id}/receipt.json").status_code == 404


def test_the_receipt_can_be_read_and_taken(vault: Vault) -> None:
    made = released(vault)
    client = browser(made.author)
    taken = client.get(f"/releases/{made.id}/receipt.json").content.decode()
    receipt, verifier = json.loads(taken), publisher.signer().verifier
    page = client.get(f"/releases/{made.id}/receipt/").content.decode()
    assert receipt["receipt_sha256"] in page
    assert receipt["document"]["files"][0]["released"]["sha256"] in page
    assert verifier.vkey() in page
    assert all(finding.good for finding in check(taken, verifier))


def test_without_a_checkpoint_over_it_the_page_says_so_and_no_receipt_is_given(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "PUBLISHED_WITHIN_SECONDS", 0.3)
    monkeypatch.setattr(publisher, "publish", lambda: None)
    made = released(vault)
    answer = browser(made.author).get(f"/releases/{made.id}/receipt.json")
    assert answer.status_code == 503
    assert b"has not published this release yet" in answer.content
    assert made.title.encode() not in answer.content


def test_records_that_are_not_those_signed_prove_no_receipt(
    vault: Vault, ledger: Tiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = released(vault)
    signer = publisher.signer()
    ledger.write_checkpoint(signer.sign(size=1, root=bytes(32)))
    answer = browser(made.author).get(f"/releases/{made.id}/receipt.json")
    assert answer.status_code == 503
    assert b"do not fit its records" in answer.content


def test_each_look_is_on_the_ledger(vault: Vault) -> None:
    made, by = submission(State.IN_REVIEW, vault=vault), checker()
    browser(by).get(f"/releases/{made.id}/")
    browser(by).get(f"/releases/{made.id}/review/")
    browser(by).get(f"/releases/{made.id}/files/{made.files.get().id}/preview/")
    looks = Entry.objects.filter(kind="viewed", subject=made.id, by=by.id)
    assert [look.facts["what"] for look in looks] == ["page", "files", "files"]
    assert looks.last().facts["file"] == made.files.get().id


@pytest.mark.parametrize("state", [State.IN_REVIEW, State.WITHDRAWN])
@pytest.mark.parametrize("denied", [False, True])
def test_a_withdrawal_is_offered_to_whom_the_policies_would_let(
    vault: Vault, policies: Policies, state: State, denied: bool
) -> None:
    made, lead = submission(state, vault=vault), person("lena")
    if denied:
        policies.deny("withdraw")
    content = browser(lead).get(f"/releases/{made.id}/").content
    assert (b"Withdraw this submission" in content) is (state == State.IN_REVIEW and not denied)
    assert not Decision.objects.filter(question__action="withdraw").exists()


def test_an_author_withdraws_by_button(vault: Vault) -> None:
    made = submission(State.IN_REVIEW, vault=vault)
    browser(made.author).post(f"/releases/{made.id}/withdraw/")
    made.refresh_from_db()
    assert made.state == State.WITHDRAWN
