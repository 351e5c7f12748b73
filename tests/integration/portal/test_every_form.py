"""Every form under hostile hands: found by following links, held against the table of addresses."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import resolve

from egress_review import views
from egress_review.vault import Vault
from hub.bench import addresses
from hub.bring_ins import views as bring_ins
from hub.datasets import intakes
from hub.people.models import Person, Role
from hub.places import places
from tests import forms, own_ledger, portal
from tests.forms import TYPED, Form, Sent
from tests.pages import world
from tests.portal import Policies, RemoteStandIn
from tests.unit.conftest import policies

__all__ = ["policies"]

# A minute of reckoning alone, ten beside much else.
pytestmark = [pytest.mark.django_db, pytest.mark.timeout(1200)]

MARKUP = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7|add:7 }}{% debug %}"
HOSTILE = {
    "markup": f"=cmd|'/C calc'!A0 {MARKUP}\u202egnp.exe",
    "lines": "../../etc/passwd\r\nBcc: eve@example.org\r\n\r\nb\0",
    "digits": "9" * 400,
    "nothing": "",
}
# Sent in one field of each form: how much a request may bring is asked before anything reads it.
TOO_MUCH = "x" * 10_000_000
# What nobody types is sent one of them: it is looked up among what may be chosen.
CHOSEN = ("markup",)
ACTS = re.compile(r"<script>alert|<img src=x")
# What a page that did not do as it was told says: by the field, or in place of the page.
SAYS_WHY = re.compile(r'class="errorlist|class="refusal"')
FILES = re.compile(r"\.(json|csv|zip|tar|txt)$|/(?:download|checkpoint|file)/?$")
OF_A_KIND = 4
# Who fills forms; the others are shown some of the same.
ROLES = (Role.RESEARCHER, Role.PROJECT_LEAD, Role.DATA_STEWARD, Role.OUTPUT_CHECKER, Role.ADMIN)
# No form of a page's: what the enclave's own programs, scripts and the hub send.
NO_FORM = re.compile(r"internal/|api/v1/|identity/|\.well-known|health|metrics")
# Allauth's names, closed here: everything is answered with 404, or led to where signing out is a form.
CLOSED = {"sign-in/none/", "sign-in/no-reset/", "sign-in/out/", "account/mail/", "account/password/set/"}
CLOSED |= {"account/second-factor/codes/file/"}


@dataclass
class Found:
    """Every form that somebody was shown, each once, with the browser of that person."""

    forms: dict[tuple[str, tuple[str, ...]], tuple[Client, Form]] = field(default_factory=dict)

    def take(self, client: Client, form: Form) -> None:
        """Keep a form that is new by where it is sent and by its fields."""
        self.forms.setdefault((str(resolve(form.action).route), form.names), (client, form))

    def posted(self) -> set[str]:
        """Return where forms are posted."""
        return {route for (route, _), (_, form) in self.forms.items() if form.method == "post"}


@pytest.fixture
def found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policies: Policies, remote: RemoteStandIn
) -> Found:
    """Everybody's forms, where each has something to look at and the policies forbid nothing."""
    # A line a request, three thousand times, is most of what this would cost.
    monkeypatch.setattr(logging.root.manager, "disable", logging.INFO)
    own_ledger.opened(tmp_path, monkeypatch)
    vault = Vault(tmp_path / "vault")
    vault.prepare()
    for module in (views, bring_ins):
        monkeypatch.setattr(module, "vault", vault)
    (tmp_path / "intake" / "delivery").mkdir(parents=True)
    monkeypatch.setattr(intakes, "places", replace(places, state=tmp_path))
    made = Found()
    everybody = world.fill(vault)
    follow(made, browser(), "/sign-in/", "/sign-in/own-browser/", f"/invitation/{invited()}/")
    follow(made, signing_in(everybody[Role.ADMIN]), "/sign-in/second-factor/")
    # Whom an invitation waits for, far down in the list of people.
    newcomer = f"/people/{Person.objects.get(email__startswith='newcomer@').pk}/"
    for person in [portal.person("unproven"), *(everybody[role] for role in ROLES)]:
        client = browser()
        client.force_login(person)
        follow(made, client, "/account/tokens/new/", "/sign-in/again/second-factor/", most=2)
        # Some pages ask for a proof of a moment ago.
        client.post("/sign-in/again/", {"password": portal.PASSWORD})
        follow(made, client, "/", "/account/second-factor/", newcomer)
    return made


def browser() -> Client:
    return Client(headers={"host": "portal.localhost"})


def invited() -> str:
    """Return what the mailed link of an invitation ends with."""
    return str(re.findall(r"/invitation/([^/\s]+)", mail.outbox[-1].body)[0])


def signing_in(person: Person) -> Client:
    """Return a browser in which somebody gave a password, and no second factor yet."""
    client = browser()
    client.post("/sign-in/", {"login": person.email, "password": portal.PASSWORD})
    return client


def follow(found: Found, client: Client, *starts: str, most: int = 2_000) -> None:
    """Open the pages that links and searches lead to, a few of each kind, and take their forms."""
    waiting, known = list(starts), set(starts)
    kinds: dict[str, int] = {}
    while waiting and most > 0:
        most -= 1
        answer = client.get(waiting.pop(0), follow=True)
        if answer.status_code != 200 or "text/html" not in answer["Content-Type"]:
            continue
        shown, links = forms.read(answer.request["PATH_INFO"], answer.content.decode())
        for form in shown:
            found.take(client, form)
        for link in [*links, *(search(form) for form in shown if form.method == "get")]:
            parts = urlsplit(link)
            kind = forms.kind_of(parts.path) + "?" * bool(parts.query)
            if parts.netloc or link in known or FILES.search(kind) or kinds.get(kind, 0) >= OF_A_KIND:
                continue
            known.add(link)
            kinds[kind] = kinds.get(kind, 0) + 1
            waiting.append(link.partition("#")[0])


def search(form: Form) -> str:
    """Return where a search for what most names here hold leads."""
    words = {name: "n" for name in form.names if form.kind(name) in {"search", "text"}}
    return f"{form.action}?{urlencode(form.filled() | words)}"


def forgotten(found: Found) -> Iterator[str]:
    """Yield each address that takes what is posted, and to which no form was found."""
    client = browser()
    client.force_login(Person.objects.get(email__startswith="researcher@"))
    for route in sorted(addresses.routes() - found.posted() - CLOSED):
        if NO_FORM.match(route):
            continue
        with undone():
            # A view that only reads says so before it looks whether there is such a thing.
            answer = client.post("/" + re.sub(r"<[^>]+>", "1", route))
        if answer.status_code != 405:
            yield f"{route} answers {answer.status_code} to a POST, and no page led to its form"


@contextmanager
def undone() -> Iterator[None]:
    """Take back what is done in the database; no atomic block, for denials are written outside of any."""
    here = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(here)


def send(client: Client, form: Form, sent: Sent) -> Any:
    """Send a form and follow where it leads; an exception of the portal's is the test's."""
    for value in sent.values():
        if not isinstance(value, str):
            value.seek(0)
    return (client.post if form.method == "post" else client.get)(form.action, sent, follow=True)


def test_every_form_is_found_and_none_breaks_acts_or_loses_what_was_typed(found: Found) -> None:
    faults = list(forgotten(found))
    for (route, _), (client, form) in found.forms.items():
        before = client.cookies.copy()
        for name, what, typed in hostile(form):
            sent = form.filled() | {name: typed}
            with undone():
                answer = send(client, form, sent)
            client.cookies = before.copy()
            faults += [f"{route} {name} {what}: {one}" for one in wrong(form, sent, name, answer)]
    assert not faults, "\n".join(faults)


def hostile(form: Form) -> Iterator[tuple[str, str, str | SimpleUploadedFile]]:
    """Yield each field of a form, what is sent in it in a word, and that itself."""
    for name in form.names:
        for what in HOSTILE if form.kind(name) in (*TYPED, "file", "password") else CHOSEN:
            value = HOSTILE[what]
            yield name, what, forms.file(value.encode(), value or "x") if form.kind(name) == "file" else value
    if form.method == "post" and form.names:
        yield (
            next((one for one in form.names if form.kind(one) in TYPED), form.names[0]),
            "too much",
            TOO_MUCH,
        )


def wrong(form: Form, sent: Sent, name: str, answer: Any) -> Iterator[str]:
    """Yield what is wrong about an answer to something hostile in one field."""
    said = answer.content.decode() if not answer.streaming else ""
    if answer.status_code >= 500:
        yield f"answers {answer.status_code}"
    if ACTS.search(said):
        yield "markup is not told from text"
    if form.method == "post" and answer.status_code != 200 and not SAYS_WHY.search(said):
        yield f"answers {answer.status_code} without a word"
    again, _ = forms.read(form.action, said)
    for shown in again:
        if shown.action == form.action and shown.names == form.names and SAYS_WHY.search(said):
            for one in shown.fields:
                typed = sent.get(one.name)
                if one.kind in TYPED and one.name != name and one.value != typed:
                    yield f"{one.name} was lost: {one.value!r}, typed {typed!r}"
