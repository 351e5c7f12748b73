"""Whoever loses a right loses the running session: websocket and container, within five seconds."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import docker
import pytest
from playwright.sync_api import Page, expect

from tests import kernel, scene
from tests.browser import workspace
from tests.enclave import Enclave, until
from tests.people import People, ask, cookies_for
from tests.scene import Scene

LIMIT_SECONDS = 5.0
Measured = Callable[[str, float, float], None]

pytestmark = pytest.mark.timeout(240)


@dataclass
class Gone:
    """Watches Docker beside the test, and remembers when the last container of a session was gone."""

    session: str
    at: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Gone:
        """Start watching a container that runs."""
        self._engine = docker.APIClient(version="auto")
        assert self._there(), "the session has no container to begin with"
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop watching."""
        self._stop.set()
        self._thread.join()
        self._engine.close()

    def _there(self) -> bool:
        return bool(self._engine.containers(all=True, filters={"label": f"parlatory.session={self.session}"}))

    def _watch(self) -> None:
        while not self._stop.is_set():
            if not self._there():
                self.at = time.time()
                return
            self._stop.wait(0.05)


@dataclass(frozen=True)
class Working:
    """A person at work: their page of the lab with an open kernel."""

    scene: Scene
    lab: Page
    portal: Page
    base: str
    session: str

    def measure(self, name: str, act: Callable[[], float], measured: Measured) -> float:
        """Act, and demand that websocket and container are gone in time; return when it began."""
        with Gone(self.session) as gone:
            began = act()
            until(lambda: kernel.closed(self.lab), seconds=20, what=f"websocket closed after: {name}")
            until(lambda: gone.at, seconds=20, what=f"container gone after: {name}")
        socket, container = kernel.closed(self.lab) - began, gone.at - began
        measured(name, socket, container)
        assert 0 < socket <= LIMIT_SECONDS, f"{name}: the websocket stayed open for {socket:.1f} s"
        assert 0 < container <= LIMIT_SECONDS, f"{name}: the container ran on for {container:.1f} s"
        return began


@pytest.fixture
def working(enclave: Enclave, people: People) -> Iterator[Working]:
    """Bring somebody new to work in a project of their own."""
    made = scene.make(enclave)
    try:
        portal = people.page(made.login)
        lab = people.page(made.login)
        workspace.start(lab, enclave, made.project)
        base = workspace.enter(lab)
        kernel.watch(lab, base)
        yield Working(scene=made, lab=lab, portal=portal, base=base, session=made.session())
    finally:
        people.forget(made.login)
        made.clear()


def services(working: Working, code: str) -> Callable[[], float]:
    """Return an act: service calls, which begin once Django is up."""
    return lambda: float(working.scene.act(f"began = time.time()\n{code}\nprint(json.dumps(began))"))


def wait_for_lease(began: float, status: Callable[[], int]) -> None:
    """Wait until the gate no longer looks for a server that is gone, at most until the limit."""
    while status() == 502 and time.time() - began < LIMIT_SECONDS:
        time.sleep(0.2)


def ledger_of(enclave: Enclave, session: str) -> str:
    """Return the kinds of a session's ledger entries."""
    return enclave.service(
        "from hub.ledger.models import Entry\n"
        f"print(*Entry.objects.filter(subject={session!r}).order_by('index').values_list('kind', flat=True))"
    )


# What is done, by services; what the person then reads on the workspace page.
ACTS = {
    "approval revoked": (
        "one = Approval.objects.get(project=project)\n"
        "began = time.time()\n"
        "approvals.revoke(by=somebody('steward1'), approval=one, reason='The speakers were asked again.')",
        "not approved today",
    ),
    "membership ended": (
        "one = Membership.objects.get(project=project, person=person)\n"
        "projects.end_membership(by=somebody('admin1'), membership=one)",
        "member",
    ),
    "training expired": (
        "Training.objects.filter(person=person).update(valid_until=today - timedelta(days=1))",
        "training “safe-researcher” is missing or out of date",
    ),
    "project suspended": (
        "projects.suspend(by=somebody('admin1'), project=project, reason='An incident is looked into.')",
        "suspended",
    ),
    "project closed": (
        "projects.close(by=somebody('admin1'), project=project)",
        "not open",
    ),
    "role ended": (
        "people.end_role(by=somebody('admin1'), person=person, role=Role.RESEARCHER)",
        "role of a researcher",
    ),
}


@pytest.mark.parametrize("act", ACTS)
def test_whoever_loses_a_right_loses_the_session_and_reads_why(
    working: Working, enclave: Enclave, measured: Measured, act: str
) -> None:
    code, reason = ACTS[act]
    working.measure(act, services(working, code), measured)
    working.portal.goto(working.scene.workspace_url)
    expect(working.portal.get_by_role("heading", name="You can’t start a session now")).to_be_visible()
    expect(working.portal.get_by_label("Why not")).to_contain_text(reason)
    expect(working.portal.get_by_text("Your last session here ended")).to_contain_text(reason)
    kinds = ledger_of(enclave, working.session)
    assert "session_started" in kinds and "session_ended" in kinds


def test_a_suspended_dataset_ends_the_session(working: Working, measured: Measured) -> None:
    suspend = (
        "one = Dataset.objects.get(slug='prompts-voices')\n"
        "datasets.suspend(by=somebody('steward1'), dataset=one, reason='A speaker withdrew.')"
    )
    try:
        working.measure("dataset suspended", services(working, suspend), measured)
        working.portal.goto(working.scene.workspace_url)
        expect(working.portal.get_by_label("Why not")).to_contain_text("suspended")
    finally:
        working.scene.act(
            "one = Dataset.objects.get(slug='prompts-voices')\n"
            "one.is_suspended and datasets.resume(by=somebody('steward1'), dataset=one)\nprint('null')"
        )


def test_a_suspended_person_loses_the_session_and_is_told(working: Working, measured: Measured) -> None:
    code = "people.suspend(by=somebody('admin1'), person=person, reason='A report is looked into.')"
    working.measure("person suspended", services(working, code), measured)
    working.portal.goto(working.scene.workspace_url)
    expect(working.portal.locator("main")).to_contain_text("A report is looked into.")


def test_a_closed_account_loses_the_session_and_is_nobody(working: Working, measured: Measured) -> None:
    code = "people.deactivate(by=somebody('admin1'), person=person, reason='Left the institution.')"
    began = working.measure("person deactivated", services(working, code), measured)
    working.portal.goto(working.scene.workspace_url)
    expect(working.portal.get_by_role("button", name="Sign in")).to_be_visible()
    fetch = "base => fetch(base + 'api/kernels').then(r => r.status)"
    wait_for_lease(began, lambda: int(working.lab.evaluate(fetch, working.base)))
    refused = working.lab.evaluate(fetch, working.base)
    # 424 is the hub's own word for a server that does not run, once the proxy has forgotten it.
    assert refused in {401, 403, 424}


def test_signing_out_ends_everything(working: Working, enclave: Enclave, measured: Measured) -> None:
    def sign_out() -> float:
        began = time.time()
        working.portal.get_by_role("button", name="Sign out").click()
        return began

    hub = f"{enclave.places.lab_url}/hub/api/user"
    kept = {address: cookies_for(working.lab, address) for address in (working.base + "api/kernels", hub)}
    for address, cookies in kept.items():
        assert ask(address, cookies=cookies).status_code == 200, "the attack needs cookies that work"
    working.portal.goto(working.scene.workspace_url)
    began = working.measure("signed out", sign_out, measured)
    working.portal.goto(working.scene.workspace_url)
    expect(working.portal.get_by_role("button", name="Sign in")).to_be_visible()
    address = working.base + "api/kernels"
    wait_for_lease(began, lambda: ask(address, cookies=kept[address]).status_code)
    # Somebody who kept the browser's cookies from before has nothing: not at the gate, not at the hub.
    for address, cookies in kept.items():
        answer = ask(address, cookies=cookies)
        # With the server gone, the proxy sends its address to the hub, which sends strangers to sign in.
        away = f"{enclave.places.lab_url}/hub/user/" in answer.headers.get("Location", "")
        assert away or answer.status_code in {401, 403}, f"{address}: {answer.status_code} {answer.text}"
    tokens = enclave.service(
        "from allauth.idp.oidc.models import Token\n"
        f"print(Token.objects.filter(user_id={working.scene.id!r}).count())"
    )
    assert tokens.strip() == "0"


def test_stopping_by_hand_keeps_the_log_and_the_home(
    working: Working, enclave: Enclave, measured: Measured
) -> None:
    kept = kernel.run(working.lab, working.base, "open('kept.txt', 'w').write('of yesterday')")
    assert kept.error is None, kept

    def stop() -> float:
        began = time.time()
        working.portal.get_by_role("button", name="Stop my session").click()
        return began

    working.portal.goto(working.scene.workspace_url)
    working.measure("stopped by the person", stop, measured)
    working.portal.goto(working.scene.workspace_url)
    expect(working.portal.get_by_text("Your last session ended")).to_contain_text("You stopped this session")
    log = engine_as_portal(enclave, f"/sessions/{working.session}/log")
    assert "jupyter" in log.lower() or "http" in log.lower(), log[:500]

    workspace.start(working.lab, enclave, working.scene.project)
    base = workspace.enter(working.lab)
    assert "of yesterday" in kernel.run(working.lab, base, "print(open('kept.txt').read())").text
    assert working.scene.session() != working.session
    workspace.stop(working.portal, enclave, working.scene.project)


def engine_as_portal(enclave: Enclave, path: str) -> str:
    """Ask the engine as the portal's user."""
    answer = enclave.as_user(
        "portal",
        "import httpx, json\n"
        f"transport = httpx.HTTPTransport(uds={str(enclave.places.engine_socket)!r})\n"
        "with httpx.Client(transport=transport, base_url='http://engine') as client:\n"
        f"    answer = client.get({path!r})\n"
        "print(json.dumps([answer.status_code, answer.text]))",
    )
    status, text = json.loads(answer)
    assert status == 200, text
    return str(text)
