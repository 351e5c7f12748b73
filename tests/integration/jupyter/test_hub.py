"""The real hub between portal and engine: it starts what is granted and shows the reason of a refusal."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.gatehouse import ALICE, BOB, SERVER, SESSION
from tests.integration.jupyter.hubhouse import BASE_PORT, Browser, HubHouse, opened

LAB = f"/user/{ALICE}/{SERVER}/lab"


@pytest.fixture(scope="module")
def running() -> Iterator[HubHouse]:
    with opened() as made:
        with made.api() as portal:
            assert portal.post(f"/users/{ALICE}").status_code == 201
        yield made


@pytest.fixture
def house(running: HubHouse) -> Iterator[HubHouse]:
    running.refusal, running.grant_answer = None, None
    for seen in (running.grants, running.started, running.deleted, running.ended):
        seen.clear()
    yield running
    with running.api() as portal:
        portal.delete(f"/users/{ALICE}/servers/{SERVER}")


@pytest.fixture
def browser(house: HubHouse) -> Iterator[Browser]:
    made = house.browser()
    yield made
    made.close()


def start(house: HubHouse, server: str = SERVER, **body: object) -> tuple[int, str]:
    with house.api() as portal:
        answer = portal.post(f"/users/{ALICE}/servers/{server}", json=body or None)
    return answer.status_code, answer.text


def test_a_refusal_reaches_the_person_with_its_reason_and_starts_nothing(house: HubHouse) -> None:
    house.refusal = "Your training in data protection has lapsed; renew it, it takes 100 % of an hour."
    status, text = start(house)
    assert status == 403
    assert "renew it, it takes 100 % of an hour" in text
    assert house.started == []


@pytest.mark.parametrize(
    "answer",
    [
        (200, {}),
        (200, {"grant": "", "session": SESSION}),
        (200, {"grant": "g", "session": "../x"}),
        (500, {}),
        (201, {}),
    ],
)
def test_an_unreadable_answer_of_the_portal_is_a_no(
    house: HubHouse, answer: tuple[int, dict[str, str]]
) -> None:
    house.grant_answer = answer
    status, text = start(house)
    assert status == 403 and "no session was started" in text
    assert house.started == []


def test_the_unnamed_server_is_refused(house: HubHouse) -> None:
    with house.api() as portal:
        answer = portal.post(f"/users/{ALICE}/server")
    assert answer.status_code == 403 and "start it from the portal" in answer.text
    assert house.grants == []


def test_options_of_a_request_are_dropped_and_the_grant_goes_to_the_engine_untouched(house: HubHouse) -> None:
    status, text = start(house, image="evil", mounts=["/"])
    assert status == 201, text
    assert house.grants == [{"person": ALICE, "server": SERVER}]
    assert house.started == [{"grant": "signed.grant"}]
    with house.api() as portal:
        assert portal.delete(f"/users/{ALICE}/servers/{SERVER}").status_code in (202, 204)
    assert house.deleted == [f"/sessions/{SESSION}"]
    assert house.ended[-1][0] == f"/internal/sessions/{SESSION}/ended"


def test_a_stopped_server_cannot_be_renamed(house: HubHouse) -> None:
    assert start(house)[0] == 201
    with house.api() as portal:
        portal.delete(f"/users/{ALICE}/servers/{SERVER}")
        answer = portal.patch(f"/users/{ALICE}/servers/{SERVER}", json={"name": "other"})
    assert answer.status_code in (403, 404)
    assert answer.status_code == 404 or "cannot be renamed" in answer.text


def test_a_person_signs_in_through_the_portal_and_reaches_their_own_lab(
    house: HubHouse, browser: Browser
) -> None:
    assert start(house)[0] == 201
    page = browser.get(house.places.lab_url + LAB)
    assert page.status_code == 200, page.text
    assert "jupyter-config-data" in page.text
    assert house.challenges[-1]["code_challenge_method"] == ["S256"]
    assert house.tokens[-1]["code_verifier"]
    assert any("/identity/o/authorize" in url for url in browser.seen)
    other = browser.get(house.places.lab_url + LAB.replace(ALICE, BOB))
    assert other.status_code in (403, 404, 424)


def test_a_person_can_neither_start_nor_make_tokens_nor_enter_as_admin(
    house: HubHouse, browser: Browser
) -> None:
    browser.get(f"{house.places.lab_url}/hub/home")
    with house.api() as portal:
        made = portal.post(f"/users/{ALICE}/tokens", json={"note": "as the person"})
        assert made.status_code == 201
        portal.post(f"/users/{BOB}")
    with house.api(made.json()["token"]) as person:
        assert person.post(f"/users/{ALICE}/servers/{SERVER}").status_code == 403
        assert person.post(f"/users/{ALICE}/servers/other").status_code == 403
        assert person.patch(f"/users/{ALICE}/servers/{SERVER}", json={"name": "x"}).status_code in (403, 404)
        assert person.post(f"/users/{ALICE}/tokens", json={}).status_code == 403
        assert person.get(f"/users/{BOB}").status_code in (403, 404)
        assert person.get("/users").status_code == 403
        assert person.get("/proxy").status_code == 403
        assert person.post("/shutdown").status_code in (403, 404)
    assert house.grants == []


def test_nobody_becomes_an_admin_of_the_hub_by_a_group_of_that_name(
    house: HubHouse, browser: Browser
) -> None:
    browser.get(f"{house.places.lab_url}/hub/home")
    with house.api() as portal:
        model = portal.get(f"/users/{ALICE}").json()
    assert "admin" in model["groups"]
    assert model["admin"] is False


def test_the_gates_token_can_start_nothing(house: HubHouse) -> None:
    with house.api(house.values["gate-hub"]) as gate:
        assert gate.post(f"/users/{ALICE}/servers/{SERVER}").status_code == 403
        assert gate.post(f"/users/{ALICE}/tokens", json={}).status_code == 403
        assert gate.post(f"/users/{ALICE}/activity", json={}).status_code in (200, 400)


def test_the_hub_shows_the_way_to_the_portal_and_no_version(house: HubHouse, browser: Browser) -> None:
    home = browser.get(f"{house.places.lab_url}/hub/home")
    assert home.status_code == 200
    assert f'href="{house.places.portal_url}/"' in home.text and "Open the portal" in home.text
    assert home.headers["X-JupyterHub-Version"] == "6"
    spawn = browser.get(f"{house.places.lab_url}/hub/spawn/{ALICE}/{SERVER}")
    assert spawn.status_code in (403, 404)
    assert house.grants == []


def test_an_engine_that_refuses_is_a_refusal_with_its_sentence(house: HubHouse) -> None:
    house.grant_answer = (200, {"grant": "g", "session": "01jother00000000000000000x"})
    status, text = start(house)
    assert status == 403 and "engine" in text
    assert house.ended[-1][0].endswith("01jother00000000000000000x/ended")


@pytest.mark.parametrize(
    ("port", "host", "path"),
    [
        ("lab", "elsewhere.example", "/hub/login"),
        ("lab", "elsewhere.example", "/"),
        ("lab", "elsewhere.example", "/hub/api"),
        ("lab", "elsewhere.example", "/hub/static/css/style.min.css"),
        ("lab", "lab.localhost", "/hub/login"),
        ("lab", "lab.localhost:1", "/hub/login"),
        ("lab", f"127.0.0.1:{BASE_PORT + 1}", "/hub/login"),
        ("hub", f"127.0.0.1:{BASE_PORT + 3}", "/hub/login"),
        ("hub", f"127.0.0.1:{BASE_PORT + 3}", "/hub/home"),
        ("hub", f"portal.localhost:{BASE_PORT}", "/hub/api"),
    ],
)
def test_a_host_name_that_is_not_the_labs_reaches_nothing(
    house: HubHouse, port: str, host: str, path: str
) -> None:
    answer = httpx.get(f"{house.places.url(port)}{path}", headers={"Host": host}, trust_env=False)
    assert answer.status_code == 421
    assert house.places.lab_url in answer.text
    assert "Server" not in answer.headers and "Set-Cookie" not in answer.headers


def test_the_labs_own_name_reaches_the_hub_and_the_gates_calls_go_on(
    house: HubHouse, browser: Browser
) -> None:
    assert browser.get(f"{house.places.lab_url}/hub/health").status_code == 200
    with house.api(house.values["gate-hub"]) as gate:
        assert gate.get("/user").status_code == 200
    error = httpx.get(f"{house.places.url('hub')}/hub/error/503", trust_env=False)
    assert error.status_code == 200 and "503" in error.text


def test_the_hubs_question_whether_the_gate_answers_is_no_refusal(house: HubHouse) -> None:
    asked = f"{house.places.url('gate')}/services/gate/"
    assert httpx.get(asked, trust_env=False).json() == {"gate": "ok"}
    for host, status in ((house.places.lab_host, 404), ("elsewhere.example", 421)):
        assert httpx.get(asked, headers={"Host": host}, trust_env=False).status_code == status
