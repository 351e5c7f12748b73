"""Ways around the API's controls, each of which must fail; by the real policies."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from hub.api import misses, tokens
from hub.api.models import Miss, Token
from hub.api.scopes import Scope
from hub.errors import Refused
from hub.ledger.models import Entry
from hub.people.models import Person, Role, RoleAssignment
from tests import portal
from tests.api import HOST, Caller, token_of
from tests.integration.api.world import World

ME = "/me"


def narrow(world: World, who: str, *scopes: Scope) -> Caller:
    """Return somebody with a token of few scopes."""
    return Caller(token_of(world.people[who], *scopes))


def test_a_token_does_nothing_outside_its_scopes(world: World) -> None:
    caller = narrow(world, "admin", Scope.PEOPLE_READ)
    assert caller.get("/people").status_code == 200
    person = {"email": "eve@north.example", "name": "Eve", "institution": "north"}
    assert caller.post("/people", person).status_code == 403
    assert not Person.objects.filter(email="eve@north.example").exists()


def test_a_scope_gives_no_right_that_its_person_lacks(world: World) -> None:
    assert (
        narrow(world, "researcher", Scope.PEOPLE_WRITE)
        .post(f"/people/{world.somebody.id}/suspend", {"reason": "mine"})
        .status_code
        == 403
    )


def test_a_role_that_is_taken_is_gone_from_the_token_too(world: World) -> None:
    caller = world.callers["admin"]
    assert caller.get("/people").status_code == 200
    RoleAssignment.objects.filter(person=world.people["admin"]).delete()
    assert caller.get("/people").status_code == 403


@pytest.mark.parametrize(
    "change",
    [{"revoked_at": datetime.now(UTC)}, {"expires_at": datetime.now(UTC) - timedelta(seconds=1)}],
    ids=["revoked", "expired"],
)
def test_a_token_that_is_over_opens_nothing(change: dict[str, datetime], world: World) -> None:
    caller = world.callers["researcher"]
    Token.objects.filter(person=world.people["researcher"]).update(**change)
    answer = caller.get(ME)
    assert answer.status_code == 401
    assert "make another" in answer.json()["detail"]


@pytest.mark.parametrize(
    "change",
    [{"suspended_at": datetime.now(UTC), "suspended_reason": "leave"}, {"is_active": False}],
    ids=["suspended", "closed"],
)
def test_a_token_is_no_way_around_a_suspension(change: dict[str, object], world: World) -> None:
    caller = world.callers["auditor"]
    Person.objects.filter(pk=world.people["auditor"].pk).update(**change)
    assert caller.get("/people").status_code == 403


def test_a_token_is_no_way_around_the_second_factor(world: World) -> None:
    ada = portal.person("ada", Role.ADMIN)
    assert Caller(token_of(ada)).get("/people").status_code == 403


def test_a_token_needs_its_own_secret(world: World) -> None:
    mine, theirs = (world.callers[who].token for who in ("researcher", "admin"))
    _, id, _ = theirs.split("_", 2)
    _, _, secret = mine.split("_", 2)
    assert Caller(f"parlatory_{id}_{secret}").get(ME).status_code == 401
    assert Caller(f"parlatory_{id}_{'A' * 43}").get(ME).status_code == 401


@pytest.mark.parametrize("text", ["", "x", "parlatory__", f"parlatory_{'0' * 26}_{'A' * 43}", "a" * 9000])
def test_what_is_no_token_of_ours_opens_nothing(text: str, world: World) -> None:
    answer = Caller(text).get(ME)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_browsers_sign_in_opens_nothing_and_is_left_as_it_was(world: World) -> None:
    browser = Client(HTTP_HOST=HOST, enforce_csrf_checks=True)
    browser.force_login(world.people["admin"])
    assert browser.get("/api/v1/people").status_code == 401
    person = {"email": "eve@north.example", "name": "Eve", "institution": "north"}
    sent = browser.post("/api/v1/people", json.dumps(person), content_type="text/plain")
    assert sent.status_code == 401
    assert not sent.cookies


def test_a_token_in_an_address_is_refused_even_beside_a_good_one(world: World) -> None:
    caller = world.callers["auditor"]
    for path in (f"/people?access_token={caller.token}", f"/people?q={caller.token}", "/people?token=x"):
        assert caller.get(path).status_code == 400
    assert Caller("").get(f"/people?access_token={caller.token}").status_code == 400


def test_a_token_is_nowhere_but_in_its_persons_hands(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        made = tokens.make(by=world.people["auditor"], name="mine", scopes=[Scope.PEOPLE_READ], days=1)
        secret = made.text.split("_", 2)[2]
        caller = Caller(made.text)
        caller.get("/people")
        caller.get(f"/people/{made.text}")
        caller.get(f"/people?token={made.text}")
        caller.get("/projects")
        Caller(made.text + "x").get("/people")
    assert secret not in caplog.text
    assert secret not in repr(made)
    kept = [json.dumps(entry.facts) + entry.by + entry.subject for entry in Entry.objects.all()]
    assert not any(secret in text for text in kept)
    assert secret not in json.dumps([str(value) for row in Token.objects.values() for value in row.values()])


def test_an_act_names_the_token_that_it_came_through(world: World) -> None:
    caller = world.callers["admin"]
    caller.post(f"/people/{world.somebody.id}/suspend", {"reason": "leave"})
    entry = Entry.objects.get(kind="suspended", subject=world.somebody.id)
    assert (entry.by, entry.facts.get("token")) == (world.people["admin"].id, caller.token.split("_")[1])
    Client(HTTP_HOST=HOST).get("/health/")
    portal_act = tokens.make(by=world.people["admin"], name="x", scopes=[Scope.PEOPLE_READ], days=1)
    assert "token" not in Entry.objects.get(kind="token_made", subject=portal_act.token.id).facts


@pytest.mark.parametrize("days", [0, 91, -1, 10**6])
def test_no_token_lives_longer_than_90_days(days: int, world: World) -> None:
    with pytest.raises(Exception, match="1 to 90 days"):
        tokens.make(by=world.people["admin"], name="long", scopes=[Scope.PEOPLE_READ], days=days)


def test_the_policies_refuse_a_long_token_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "LONGEST_DAYS", 1000)
    with pytest.raises(Refused, match="within 90 days"):
        tokens.make(by=world.people["admin"], name="long", scopes=[Scope.PEOPLE_READ], days=91)


def test_nobody_revokes_somebody_elses_token_but_an_admin(world: World) -> None:
    made = tokens.make(by=world.people["researcher"], name="x", scopes=[Scope.PEOPLE_READ], days=1)
    with pytest.raises(Refused):
        tokens.revoke(by=world.people["auditor"], token=made.token)
    tokens.revoke(by=world.people["admin"], token=made.token)
    assert Caller(made.text).get(ME).status_code == 401


def test_a_token_is_used_so_often_and_no_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "USES_A_MINUTE", 3)
    caller = world.callers["researcher"]
    Token.objects.filter(person=world.people["researcher"]).update(counted_minute=2**40)
    statuses = [caller.get(ME).status_code for _ in range(5)]
    assert statuses[-1] == 429
    assert caller.get(ME)["Retry-After"] == "60"


def test_a_long_body_is_not_read(world: World) -> None:
    body = json.dumps({"slug": "south", "name": "South"}) + " " * 1_500_000
    assert world.callers["admin"].call("POST", "/institutions", body).status_code == 413
    assert world.callers["admin"].call("POST", "/institutions", "x" * 10_000_000).status_code == 413


@pytest.mark.parametrize("deep", [30, 5_000, 400_000])
def test_deep_json_is_refused(deep: int, world: World) -> None:
    body = '{"slug": "south", "name": ' + "[" * deep + "]" * deep + "}"
    assert world.callers["admin"].call("POST", "/institutions", body).status_code == 400


@pytest.mark.parametrize(
    "body",
    ["", "{", "\xff", b"\xff\xfe", '{"slug": NaN}', '{"slug": "a", "slug": "b", "name": "x"}', "null", "[]"],
)
def test_what_is_not_plain_json_is_refused(body: str | bytes, world: World) -> None:
    assert world.callers["admin"].call("POST", "/institutions", body).status_code in (400, 422)


@pytest.mark.parametrize(
    "name",
    ["a\x00b", "a\u202eb", "a\nb", "\ud800", "\u2028", "\ufeffa", " ", "", "x" * 10_000],
    ids=["null", "rtl", "newline", "surrogate", "separator", "bom", "blank", "empty", "long"],
)
def test_a_name_that_hides_something_is_refused(name: str, world: World) -> None:
    caller = world.callers["admin"]
    assert caller.post("/institutions", {"slug": "south", "name": name}).status_code == 422
    person = {"email": "eve@north.example", "name": name, "institution": "north"}
    assert caller.post("/people", person).status_code == 422


@pytest.mark.parametrize("name", ["Łukasz Ó Súilleabháin", "محمد", "日本太郎", "<b>x</b>", "=1+1", "می‌خواهم"])
def test_a_name_of_any_script_is_kept_as_it_is(name: str, world: World) -> None:
    caller = world.callers["admin"]
    person = {"email": "new@north.example", "name": name, "institution": "north"}
    made = caller.post("/people", person)
    assert made.status_code == 201
    assert caller.get(f"/people/{made.json()['id']}").json()["name"] == name


@pytest.mark.parametrize(
    "path",
    [
        "/people/../institutions",
        "/people/%2e%2e/institutions",
        "/people/a%00b",
        "/projects/..%2f..%2fetc",
        "/projects/vowels%0d%0aX: y",
        "/datasets/prompts/versions/..%2f1.0/deprecate",
        "//people",
        "/people/" + "a" * 5000,
        "/people?page=99999999999999999999",
        "/people?q=%00",
        "/people?q=%ff%fe",
    ],
)
def test_an_address_with_a_trick_leads_nowhere(path: str, world: World) -> None:
    answer = world.callers["admin"].get(path)
    assert answer.status_code in (200, 400, 404, 405, 422)
    assert answer.status_code != 200 or path.endswith("%ff%fe")


@pytest.mark.parametrize(
    "given", [{"is_demo": True}, {"password": "x"}, {"id": "0" * 26}, {"row_version": 9}]
)
def test_nothing_is_set_that_is_not_offered(given: dict[str, object], world: World) -> None:
    caller = world.callers["admin"]
    person = {"email": "eve@north.example", "name": "Eve", "institution": "north"}
    assert caller.post("/people", {**person, **given}).status_code == 422
    assert not Person.objects.filter(email="eve@north.example").exists()


def test_a_header_can_be_no_longer_than_a_key(world: World) -> None:
    caller = world.callers["admin"]
    given = {"slug": "south", "name": "South"}
    for key in ("", "x" * 81, "a b", "ü"):
        assert caller.post("/institutions", given, idempotency_key=key).status_code == 422


def test_a_key_is_its_own_tokens_only(world: World) -> None:
    given = {"slug": "south", "name": "South"}
    first = world.callers["admin"].post("/institutions", given, idempotency_key="k")
    assert first.status_code == 201
    stranger = world.callers["researcher"].post("/institutions", given, idempotency_key="k")
    assert stranger.status_code == 403


WRONG = "parlatory_" + "0" * 26 + "_" + "A" * 43


def shown(text: str, address: str = "192.0.2.7") -> int:
    """Show a token from an address and return the status of the answer."""
    client = Client(HTTP_HOST=HOST, REMOTE_ADDR=address, HTTP_AUTHORIZATION=f"Bearer {text}")
    return client.get("/api/v1/me").status_code


@pytest.fixture
def minute(monkeypatch: pytest.MonkeyPatch) -> int:
    """Stay in a minute that is long over for the ledger."""
    monkeypatch.setattr(misses, "_minute", lambda: 29_000_000)
    return 29_000_000


def test_wrong_secrets_bar_their_address_and_no_other(world: World, minute: int) -> None:
    good = token_of(world.people["researcher"], Scope.PEOPLE_READ)
    statuses = [shown(WRONG) for _ in range(misses.TRIES_A_MINUTE + 2)]
    assert statuses == [401] * misses.TRIES_A_MINUTE + [429] * 2
    # Nothing from there is looked at, so that a right guess would not tell itself apart.
    assert shown(good) == 429
    assert shown(good, "192.0.2.8") == 200
    assert shown(good, "2001:db8::1") == 200


def test_a_flood_of_wrong_secrets_from_everywhere_keeps_no_right_one_out(
    minute: int, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(misses, "ADDRESSES_A_MINUTE", 5)
    good = token_of(world.people["researcher"], Scope.PEOPLE_READ)
    statuses = [shown(WRONG, f"198.51.100.{number}") for number in range(60)]
    assert statuses[-1] == 429
    assert shown(good, "192.0.2.8") == 200, "whoever has many addresses keeps every script out"
    # Wrong ones are neither let in nor counted on.
    assert shown(WRONG, "192.0.2.8") == 429 and Miss.objects.count() == 6


def test_a_whole_network_is_one_address(minute: int, world: World) -> None:
    for number in range(misses.TRIES_A_MINUTE):
        assert shown(WRONG, f"2001:db8::{number + 1:x}") == 401
    assert shown(WRONG, "2001:db8::ffff:1") == 429
    assert shown(WRONG, "2001:db8:0:1::1") == 401


def test_what_has_no_tokens_form_is_no_guess_and_is_not_counted(minute: int, world: World) -> None:
    assert {shown(text) for text in ("x", "parlatory_", WRONG[:-1]) for _ in range(9)} == {401}
    assert not Miss.objects.exists()


def test_a_flood_of_wrong_secrets_is_one_entry_and_few_rows(
    minute: int, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(misses, "ADDRESSES_A_MINUTE", 5)
    known = Token.objects.order_by("pk")[0]
    shown(f"parlatory_{known.pk}_" + "A" * 43, "192.0.2.1")
    statuses = [shown(WRONG, f"198.51.100.{number}") for number in range(60)]
    assert statuses[-1] == 429 and Miss.objects.count() == 6
    misses.step(at=datetime.now(UTC))
    misses.step(at=datetime.now(UTC))
    (entry,) = Entry.objects.filter(kind="secrets_missed")
    assert entry.facts["tries"] == 1 + 4 + misses.TRIES_A_MINUTE and entry.facts["tokens"] == [known.pk]
    assert len(entry.facts["most"]) == 6 and "AAAA" not in str(entry.facts)
    # What the ledger was told is kept for a day, for the limit alone; this minute is longer ago.
    assert not Miss.objects.exists()
