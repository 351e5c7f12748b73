"""What the enclave's logs tell: the whole story of a request by one id, and no secret."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import kernel, scene
from tests.browser import workspace
from tests.enclave import Enclave, until
from tests.people import People, ask
from tests.scene import Scene

pytestmark = pytest.mark.timeout(240)

CONTENT = "words-that-only-a-speaker-said"
# The portal's database, the hub's, and the ledger as it is published.
KEPT = ("db", "hub", "ledger")


@pytest.fixture(scope="module")
def lived(enclave: Enclave, people: People) -> Iterator[tuple[Scene, str]]:
    """Somebody starts a session, works with content and leaves; the id of the request that started it."""
    made = scene.make(enclave)
    try:
        page = people.page(made.login)
        page.goto(made.workspace_url)
        with page.expect_response(lambda answer: answer.request.method == "POST") as started:
            page.get_by_role("button", name="Start a session").click()
        request = started.value.headers["x-parlatory-request"]
        page.get_by_role("button", name="Open JupyterLab").wait_for(timeout=90_000)
        base = workspace.enter(page)
        code = f"open('{CONTENT}.txt', 'w').write('{CONTENT}'); print('{CONTENT}')"
        assert CONTENT in kernel.run(page, base, code).text
        page.goto(f"{base}files/{CONTENT}.txt")
        page.goto(f"{enclave.places.portal_url}/{CONTENT}")
        workspace.stop(page, enclave, made.project)
        yield made, request
    finally:
        people.forget(made.login)
        made.clear()


def logs(enclave: Enclave) -> dict[str, str]:
    folder = enclave.places.state / "log"
    names = ("engine", "portal", "hub", "gate", "door", "worker", "opa", "proxy")
    return {name: (folder / f"{name}.log").read_text(errors="replace") for name in names}


def test_one_id_leads_from_the_page_to_the_container(enclave: Enclave, lived: tuple[Scene, str]) -> None:
    _made, request = lived

    def events(part: str) -> set[str]:
        lines = [line for line in logs(enclave)[part].splitlines() if request in line]
        return {json.loads(line)["event"] if line.startswith("{") else line for line in lines}

    portal = until(lambda: events("portal"), seconds=10, what="the portal's lines")
    assert {"answered", "decision_recorded"} <= portal
    assert "session_started" in events("engine")
    assert any("session_started" in line for line in events("hub"))
    asked = [json.loads(line) for line in logs(enclave)["opa"].splitlines() if request in line]
    assert "sessions/decision" in {line["path"] for line in asked}
    code = (
        "import json; from hub.ledger.models import Entry\n"
        f"found = Entry.objects.filter(facts__request={request!r}).values_list('kind', flat=True)\n"
        "print(json.dumps(sorted(found)))"
    )
    kinds = json.loads(enclave.service(code).splitlines()[-1])
    assert "decision_allowed" in kinds


def test_no_log_holds_a_secret(enclave: Enclave, lived: tuple[Scene, str]) -> None:
    """Of the enclave's own, of its people, and of supervisor's configuration, which names all tokens."""
    files = [path for path in (enclave.places.state / "secrets").rglob("*") if path.is_file()]
    secrets = [line for path in files for line in path.read_text().splitlines() if "KEY---" not in line]
    secrets += enclave.passwords.values()
    assert len(secrets) > 20
    found = [
        f"{name}: {secret[:4]}…"
        for name, text in logs(enclave).items()
        for secret in secrets
        if secret in text
    ]
    assert not found


def test_no_secret_stands_in_the_database_or_on_the_ledger(
    enclave: Enclave, lived: tuple[Scene, str]
) -> None:
    """Looked for byte by byte in every file of both, what is not yet written back among them."""
    secrets = {
        path.name: path.read_bytes().strip()
        for path in (enclave.places.state / "secrets").rglob("*")
        if path.is_file() and b"KEY---" not in path.read_bytes()
    }
    files = [path for folder in KEPT for path in (enclave.places.state / folder).rglob("*") if path.is_file()]
    assert len(secrets) > 8 and sum(path.stat().st_size for path in files) > 1 << 20
    found = [
        f"{path.name}: {name}" for path in files for name, one in secrets.items() if one in path.read_bytes()
    ]
    assert not found


def test_no_log_holds_what_people_work_on(enclave: Enclave, lived: tuple[Scene, str]) -> None:
    found = [name for name, text in logs(enclave).items() if CONTENT in text]
    assert not found


def test_the_numbers_of_all_processes_are_added_up_and_no_browser_reads_them(
    enclave: Enclave, lived: tuple[Scene, str]
) -> None:
    port = enclave.places.port("portal")
    text = ask(f"http://127.0.0.1:{port}/metrics", cookies={}).text
    values = {line.split(" ")[0]: float(line.split(" ")[1]) for line in text.splitlines() if line[:1] != "#"}
    assert values['parlatory_sessions{state="running"}'] >= 0
    assert values["parlatory_leases_renewed_total"] > 0
    assert values['parlatory_policy_seconds_count{package="sessions"}'] > 0
    assert values["parlatory_ledger_entries"] > 0
    for url in (enclave.places.portal_url, enclave.places.lab_url):
        answer = ask(f"{url}/metrics", cookies={})
        assert answer.status_code != 200
        assert "parlatory_" not in answer.text


def test_the_folders_of_counts_are_the_data_groups_alone(enclave: Enclave) -> None:
    folder: Path = enclave.places.run / "metrics"
    assert folder.stat().st_mode & 0o7 == 0
    assert any(folder.glob("*.db"))
