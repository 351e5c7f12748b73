"""Attacks on starting: a session begins in the portal, for its own person, once, and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests import scene
from tests.browser import workspace
from tests.enclave import Enclave
from tests.people import People, ask, cookies_for
from tests.scene import Scene

pytestmark = pytest.mark.timeout(240)


@dataclass(frozen=True)
class Seated:
    """A person with a running session, whose browser holds the hub's cookies."""

    scene: Scene
    page: Page
    base: str

    def hub(self, method: str, path: str, body: object = None) -> httpx.Response:
        """Ask the hub with everything a page of the lab has: cookies and proof of origin."""
        return ask_hub(self.page, self.scene.enclave, method, path, json=body)


def ask_hub(page: Page, enclave: Enclave, method: str, path: str, **body: Any) -> httpx.Response:
    """Ask the hub with a browser's cookies and proof of origin."""
    lab = enclave.places.lab_url
    cookies = cookies_for(page, f"{lab}/hub/")
    headers = {"X-XSRFToken": cookies.get("_xsrf", ""), "Origin": lab, "Referer": f"{lab}/hub/home"}
    headers |= {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
    return ask(f"{lab}/hub/{path}", method=method, cookies=cookies, headers=headers, **body)


@pytest.fixture(scope="module")
def seated(enclave: Enclave, people: People) -> Iterator[Seated]:
    """Bring somebody new into a session."""
    made = scene.make(enclave)
    try:
        page = people.page(made.login)
        workspace.start(page, enclave, made.project)
        yield Seated(scene=made, page=page, base=workspace.enter(page))
    finally:
        people.forget(made.login)
        made.clear()


def servers(enclave: Enclave, person: str) -> list[str]:
    """Return the names of a person's servers as the hub tells the portal."""
    code = (
        "import httpx, json\n"
        "from django.conf import settings\n"
        f"answer = httpx.get({enclave.places.url('hub') + '/hub/api/users/' + person!r}, trust_env=False,\n"
        "    headers={'Authorization': 'token ' + settings.PARLATORY_HUB_API_TOKEN})\n"
        "print(json.dumps(sorted(answer.json().get('servers', {}))))"
    )
    return list(json.loads(enclave.service(code)))


# Method, address, body; the person and their project stand in braces.
TRIES: dict[str, tuple[str, str, Any]] = {
    "second-server": ("POST", "users/{person}/servers/{project}-2", None),
    "image": ("POST", "users/{person}/servers/other", {"image": "parlatory/base:latest", "mounts": ["/"]}),
    "unnamed": ("POST", "users/{person}/server", None),
    "options": ("POST", "users/{person}/server", {"image": "debian", "user_options": {"image": "debian"}}),
    "token": ("POST", "users/{person}/tokens", {"note": "mine"}),
    "scope": ("POST", "users/{person}/tokens", {"note": "mine", "scopes": ["servers"]}),
    "rename": ("PATCH", "users/{person}", {"name": "renamed"}),
    "admin": ("PATCH", "users/{person}", {"admin": True}),
    "people": ("POST", "users", {"usernames": ["01aaaaaaaaaaaaaaaaaaaaaaaa"], "admin": True}),
    "group": ("POST", "groups/researcher/users", {"users": ["{person}"]}),
    "shutdown": ("POST", "shutdown", {}),
    "everyone": ("GET", "users", None),
}


@pytest.mark.parametrize("what", TRIES)
def test_the_hub_knows_the_browser_but_lets_it_start_nothing(
    seated: Seated, enclave: Enclave, what: str
) -> None:
    person, project = seated.scene.id, seated.scene.project
    assert seated.hub("GET", "api/user").status_code == 200, "the attack needs cookies that the hub takes"
    method, path, body = TRIES[what]
    answer = seated.hub(method, f"api/{path.format(person=person, project=project)}", body)
    assert answer.status_code in {403, 404}, f"{method} {path}: {answer.status_code} {answer.text[:200]}"
    assert servers(enclave, person) == [project]


def test_a_stopped_server_keeps_its_name(seated: Seated, enclave: Enclave) -> None:
    """A server that was refused is known to the hub and does not run, so it could be renamed."""
    address = f"{enclave.places.url('hub')}/hub/api/users/{seated.scene.id}/servers/stopped"
    code = (
        "import httpx, json\n"
        "from django.conf import settings\n"
        "token = {'Authorization': 'token ' + settings.PARLATORY_HUB_API_TOKEN}\n"
        "with httpx.Client(headers=token, timeout=60, trust_env=False) as hub:\n"
        f"    answers = [hub.post({address!r}), hub.patch({address!r}, json={{'name': 'renamed'}})]\n"
        "print(json.dumps([[one.status_code, one.text] for one in answers]))"
    )
    browser = f"api/users/{seated.scene.id}/servers/stopped"
    refused, renamed = json.loads(enclave.service(code))
    assert refused[0] == 403 and "portal" in refused[1]
    assert renamed[0] == 403 and "cannot be renamed" in renamed[1], renamed
    answer = seated.hub("PATCH", browser, {"name": "renamed"})
    assert answer.status_code in {403, 404}, answer.text


def test_the_hubs_own_pages_start_nothing(seated: Seated, enclave: Enclave) -> None:
    person = seated.scene.id
    pages = (
        f"spawn/{person}",
        f"spawn/{person}/another",
        "spawn",
        f"spawn-pending/{person}/another",
        "admin",
    )
    for path in pages:
        answer = seated.hub("GET", path)
        assert answer.status_code in {302, 303, 403, 404}, f"{path}: {answer.status_code}"
        assert "spawn-pending" not in answer.headers.get("Location", ""), path
    posted = ask_hub(seated.page, enclave, "POST", f"spawn/{person}/another", data={"image": "debian"})
    assert posted.status_code in {302, 403, 404, 405}
    assert servers(enclave, person) == [seated.scene.project]


def test_the_hub_starts_nothing_that_the_portal_did_not_ask_for(seated: Seated, enclave: Enclave) -> None:
    """Even the portal's own token starts no unnamed server, no second one, none with a mount."""
    address = f"{enclave.places.url('hub')}/hub/api/users/{seated.scene.id}/"
    code = (
        "import httpx, json\n"
        "from django.conf import settings\n"
        "found = []\n"
        f"for name in ('server', 'servers/another', 'servers/{seated.scene.project}-2'):\n"
        f"    answer = httpx.post({address!r} + name,\n"
        "        headers={'Authorization': 'token ' + settings.PARLATORY_HUB_API_TOKEN}, timeout=60,\n"
        "        json={'image': 'debian', 'mounts': ['/']}, trust_env=False)\n"
        "    found.append([answer.status_code, answer.text])\n"
        "print(json.dumps(found))"
    )
    for status, text in json.loads(enclave.service(code)):
        assert status == 403, text
        assert "portal" in text
    assert servers(enclave, seated.scene.id) == [seated.scene.project]


def test_a_second_session_at_a_time_is_refused_with_a_reason(seated: Seated, enclave: Enclave) -> None:
    second = scene.make(enclave)
    seated.scene.act(
        f"other = Project.objects.get(slug={second.project!r})\n"
        "projects.add_member(by=root, project=other, person=person)\n"
        "from hub.access.models import Agreement\n"
        "agreements.sign(by=person, agreement=Agreement.objects.get(project=other))\nprint('null')"
    )
    page = seated.page.context.new_page()
    page.goto(second.workspace_url)
    expect(page.get_by_label("Why not")).to_contain_text("running")
    page.get_by_role("button", name="Try to start anyway").click()
    expect(page.locator("main")).to_contain_text("running")
    page.close()
    assert servers(enclave, seated.scene.id) == [seated.scene.project]


@pytest.mark.parametrize("login", ["admin1", "custodian1", "auditor1"])
def test_an_office_opens_no_session(seated: Seated, enclave: Enclave, people: People, login: str) -> None:
    page = people.page(login)
    answer = page.goto(seated.base + "lab")
    assert answer is not None and answer.status == 403
    expect(page.locator("main")).to_contain_text("someone else")
    for address in ("api/contents", "api/kernels", "parlatory/status"):
        asked = ask(seated.base + address, cookies=cookies_for(page, seated.base))
        assert asked.status_code == 403, f"{login} {address}: {asked.status_code}"
    page.goto(seated.scene.workspace_url)
    assert page.get_by_role("button", name="Start a session").count() == 0
    assert page.get_by_role("link", name="Open JupyterLab").count() == 0
    button = page.get_by_role("button", name="Try to start anyway")
    if button.count():
        button.click()
        expect(page.get_by_role("heading", level=1)).not_to_contain_text("running")
    sessions = enclave.service(
        "from hub.workspaces.models import Session\n"
        f"print(Session.objects.filter(workspace__person__email='{login}@demo.invalid').count())"
    )
    assert sessions.strip() == "0"
    path = f"api/users/{seated.scene.id}/servers/{seated.scene.project}"
    assert ask_hub(page, enclave, "DELETE", path).status_code in {403, 404}
    own = json.loads(ask_hub(page, enclave, "GET", "api/user").text)["name"]
    started = ask_hub(page, enclave, "POST", f"api/users/{own}/servers/{seated.scene.project}")
    assert started.status_code in {403, 404}
    page.close()


FORGE = """
import httpx, json, sys
sys.path.insert(0, {checkout!r})
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hub.grant import Grant, Mount, sign
now = datetime.now(UTC)
word = "0" * 26
grant = Grant(id=word, session=word, person=word, project="p", workspace=word, server="s", uid=200001,
    image={image!r}, mounts=(Mount(dataset="x", version="1", source="/", target="/data/x/1"),),
    home_bytes=64 << 20, memory_bytes=256 << 20, cpus=1.0, pids=64, issued_at=now,
    start_before=now + timedelta(minutes=1), ends_at=now + timedelta(hours=1), decision=word)
transport = httpx.HTTPTransport(uds={socket!r})
with httpx.Client(transport=transport, base_url="http://engine") as engine:
    answer = engine.post("/sessions", json={{"grant": sign(grant, Ed25519PrivateKey.generate())}})
print(json.dumps([answer.status_code, answer.text]))
"""


@pytest.mark.parametrize(
    ("process", "why"),
    [("hub", "sign"), ("gate", "may not"), ("portal", "may not"), ("door", "may not"), ("worker", "may not"),
     ("opa", "may not"), ("proxy", "may not")],
)  # fmt: skip
def test_nobody_forges_a_grant(enclave: Enclave, process: str, why: str) -> None:
    image = (enclave.places.state / "images/workspace").read_text().strip()
    code = FORGE.format(
        checkout=str(enclave.places.checkout), image=image, socket=str(enclave.places.engine_socket)
    )
    status, text = json.loads(enclave.as_user(process, code))
    assert status == 403, text
    assert why in text


@pytest.mark.parametrize("process", ["hub", "gate", "door", "opa", "proxy"])
@pytest.mark.parametrize(
    "secret", ["data/grant.key", "data/ledger.key", "data/django", "data/oidc.key", "data/salt"]
)
def test_only_the_portals_group_reads_its_keys(enclave: Enclave, process: str, secret: str) -> None:
    path = enclave.places.state / "secrets" / secret
    assert path.is_file()
    code = f"try:\n    open({str(path)!r})\n    print('read')\nexcept PermissionError:\n    print('refused')"
    said = enclave.as_user(process, code).strip()
    # The door writes submissions, so it is one of the three that share the portal's files.
    assert said == "refused" or process == "door"


@pytest.mark.parametrize("process", ["gate", "door", "opa", "proxy", "hub"])
def test_nobody_takes_anothers_place_at_the_portals_inner_door(enclave: Enclave, process: str) -> None:
    code = (
        "import httpx, json\n"
        f"transport = httpx.HTTPTransport(uds={str(enclave.places.portal_socket)!r})\n"
        "found = []\n"
        "with httpx.Client(transport=transport, base_url='http://127.0.0.1') as portal:\n"
        "    for path in ('grants', 'leases', 'events', 'sessions/00000000000000000000000000/ended'):\n"
        "        for token in ('', 'Bearer', 'Basic eDp4', 'Bearer wrong'):\n"
        "            try:\n"
        "                shown = {'Authorization': token}\n"
        "                answer = portal.post('/internal/' + path, json={}, headers=shown)\n"
        "                found.append(answer.status_code)\n"
        "            except httpx.ConnectError:\n"
        "                found.append(401)\n"
        "print(json.dumps(found))"
    )
    assert set(json.loads(enclave.as_user(process, code))) == {401}


@pytest.mark.parametrize(
    ("process", "secret", "paths"),
    [("gate", "gate-portal", ["grants"]), ("hub", "hub-portal", ["leases", "events"])],
)
def test_a_process_can_ask_the_portal_for_its_own_work_only(
    enclave: Enclave, process: str, secret: str, paths: list[str]
) -> None:
    token = enclave.places.state / "secrets" / process / secret
    code = (
        "import httpx, json, pathlib\n"
        f"transport = httpx.HTTPTransport(uds={str(enclave.places.portal_socket)!r})\n"
        f"shown = {{'Authorization': 'Bearer ' + pathlib.Path({str(token)!r}).read_text().strip()}}\n"
        "with httpx.Client(transport=transport, base_url='http://127.0.0.1', headers=shown) as portal:\n"
        f"    found = [portal.post('/internal/' + path, json={{}}).status_code for path in {paths}]\n"
        f"    known = portal.post('/internal/sessions/{'0' * 26}/ended', json={{'reason': ''}}).status_code\n"
        "print(json.dumps([found, known]))"
    )
    found, known = json.loads(enclave.as_user(process, code))
    assert set(found) == {401}
    assert known == 404, "the token is not the process's own, so the attack said nothing"
