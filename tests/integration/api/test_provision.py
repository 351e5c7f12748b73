"""Root provisions an empty enclave by the command line: a real portal in gunicorn, at its unix socket."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from hub.places import places
from tests import ports
from tests.security.without import child
from tests.throwaway import make_state, remove

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="the operator is root"),
    # A portal of its own is started, and a Python for each command.
    pytest.mark.timeout(1000),
]

FILE = """
[[institution]]
slug = "north"
name = "Northern University (demo)"

[[person]]
email = "rosa@north.example"
name = "Rosa (demo)"
institution = "north"
roles = ["researcher", {role = "project_lead", until = 2030-01-31}]
training = [{course = "safe-researcher", completed = 2026-01-05, until = 2030-01-05}]

[[person]]
email = "stef@north.example"
name = "Stef (demo)"
institution = "north"
roles = ["data_steward"]

[[dataset]]
slug = "harbour"
title = "Harbour"
institution = "north"
steward = "stef@north.example"
tier = 2
licence = "CC BY 4.0"
attribution = "The speakers"

[[project]]
slug = "vowels"
title = "Vowels"
purpose = "speech_research"
opens = 2026-01-01
closes = 2030-12-31
limits = {cpus = 0.5}
approvals = 3
members = [{email = "rosa@north.example", role = "project_lead"}]
"""
STEPS = 12


@dataclass
class Portal:
    """A portal of the test's own, nobody in it."""

    environment: dict[str, str]
    state: Path
    socket: Path
    port: int

    def hub(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `provision` as root."""
        return subprocess.run(
            [sys.executable, "-m", "hub.provision", *words],
            env=self.environment,
            cwd=places.checkout,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def ledger(self) -> list[tuple[str, str, dict[str, object]]]:
        """Return who did what, from the database."""
        with closing(sqlite3.connect(self.state / "db" / "parlatory.sqlite3")) as database:
            rows = database.execute('SELECT kind, "by", facts FROM ledger_entry ORDER BY "index"').fetchall()
        return [(kind, by, json.loads(facts)) for kind, by, facts in rows]


@pytest.fixture(scope="module")
def portal() -> Iterator[Portal]:
    state = make_state()
    run = Path(tempfile.mkdtemp(prefix="parlatory-run-"))
    run.chmod(0o755)
    (run / "portal").mkdir()
    port = ports.free(6)
    environment = os.environ | {
        "PARLATORY_STATE": str(state),
        "PARLATORY_RUN": str(run),
        "PARLATORY_PORT": str(port),
        "PARLATORY_UNIT": "1",
        "PYTHONPATH": str(places.checkout),
        "DJANGO_SETTINGS_MODULE": "hub.settings",
    }
    environment.pop("PARLATORY_TOKEN", None)
    made = "from django.core.management import call_command as call; import django; django.setup(); "
    made += "call('migrate', verbosity=0); call('createcachetable', verbosity=0)"
    subprocess.run([sys.executable, "-c", made], env=environment, cwd=places.checkout, check=True)
    socket = run / "portal" / "internal.sock"
    log = (state / "portal.log").open("w")
    process = subprocess.Popen(
        [
            *(sys.executable, *child.words("-m", "gunicorn", "hub.wsgi")),
            *("--worker-class", "hub.pages.workers.Bounded", "--threads", "4"),
            *("--bind", f"127.0.0.1:{port}", "--bind", f"unix:{socket}", "--umask", "0"),
            *("--no-control-socket", "--log-level", "warning", "--graceful-timeout", "1"),
        ],
        env=environment,
        cwd=places.checkout,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    for _ in range(600):
        if socket.exists():
            break
        time.sleep(0.1)
    yield Portal(environment, state, socket, port)
    process.terminate()
    process.wait(60)
    log.close()
    remove(state, os.getpid())


def test_a_file_is_tried_then_applied_then_has_nothing_left_to_do(portal: Portal, tmp_path: Path) -> None:
    file = tmp_path / "enclave.toml"
    file.write_text(FILE)
    tried = portal.hub("apply", str(file), "--dry-run")
    assert (tried.returncode, tried.stderr) == (0, "")
    assert tried.stdout.count("would ") == STEPS
    assert portal.hub("institution", "list").stdout == ""
    done = portal.hub("apply", str(file))
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "make rosa@north.example project lead until 2030-01-31" in done.stdout
    assert "ask for 3 approvals to review what vowels hands in" in done.stdout
    again = portal.hub("apply", str(file))
    assert again.stdout == "Nothing to change: all is as the file wants it.\n"
    assert portal.hub("project", "list").stdout.startswith("vowels  Vowels  open")


def test_each_act_is_the_operators_and_names_the_token_it_came_through(portal: Portal) -> None:
    portal.hub("institution", "add", "south", "Southern University (demo)")
    ledger = portal.ledger()
    made = [facts for kind, by, facts in ledger if kind == "token_made"]
    acts = [(by, facts) for kind, by, facts in ledger if kind == "provisioned"]
    assert made
    assert acts
    assert {by for by, _ in acts} == {"operator"}
    assert all(len(str(facts["token"])) == 26 for _, facts in acts)


def test_words_answer_in_sentences_or_in_json(portal: Portal) -> None:
    portal.hub("institution", "add", "east", "Eastern University (demo)")
    twice = portal.hub("institution", "add", "east", "Eastern University (demo)")
    assert (twice.returncode, twice.stdout) == (1, "")
    assert twice.stderr.startswith("error: There is already an institution “east”")
    words = ("person", "add", "omar@east.example", "--name", "Omar (demo)", "--institution", "east", "--json")
    assert json.loads(portal.hub(*words).stdout)["email"] == "omar@east.example"
    assert "suspended" in portal.hub("person", "suspend", "omar@east.example", "--reason", "on leave").stdout
    assert portal.hub("person", "resume", "omar@east.example").returncode == 0
    nobody = portal.hub("person", "resume", "nobody@east.example")
    assert nobody.stderr == "error: Nobody has the address nobody@east.example.\n"


def test_people_are_invited_and_trained_from_a_table(portal: Portal, tmp_path: Path) -> None:
    portal.hub("institution", "add", "west", "Western University (demo)")
    portal.hub("person", "add", "ina@west.example", "--name", "Ina (demo)", "--institution", "west")
    assert portal.hub("person", "invite", "ina@west.example").stdout.startswith("waiting")
    table = tmp_path / "training.csv"
    good = "ina@west.example,safe-researcher,2026-01-05,2030-01-05\n"
    table.write_text(
        f"email,course,completed_on,valid_until\n{good}no@west.example,x,2026-01-05,2030-01-05\n"
    )
    tried = portal.hub("person", "training-table", str(table), "--dry-run")
    assert "nobody has this address" in tried.stdout
    refused = portal.hub("person", "training-table", str(table))
    assert (refused.returncode, "Nothing was written" in refused.stderr) == (1, True)
    table.write_text(f"email,course,completed_on,valid_until\n{good}")
    assert portal.hub("person", "training-table", str(table)).returncode == 0
    assert [kind for kind, _, _ in portal.ledger()].count("training_recorded") >= 1


def test_reviewers_are_named_and_what_is_not_said_stays(portal: Portal) -> None:
    emails = [f"{name}@south.example" for name in ("carl", "chloe", "cora")]
    for email in emails:
        words = ("--name", "Checker (demo)", "--institution", "north", "--role", "output_checker")
        assert portal.hub("person", "add", email, *words).returncode == 0
    shown = portal.hub("project", "reviewers", "vowels")
    says = "3 approvals by any checker from outside (0 of them can review today)"
    assert shown.stdout == f"vowels  {says}\n", shown.stderr
    named = [word for email in emails for word in ("--checker", email)]
    chosen = portal.hub("project", "reviewers", "vowels", *named, "--json")
    found = json.loads(chosen.stdout)
    assert (found["approvals"], [one["email"] for one in found["named"]]) == (3, emails)
    fewer = portal.hub("project", "reviewers", "vowels", "--checker", emails[0])
    assert (fewer.returncode, "only 1 checker would be named" in fewer.stderr) == (1, True)
    anybody = portal.hub("project", "reviewers", "vowels", "--anybody", "--approvals", "2")
    says = "2 approvals by any checker from outside (0 of them can review today)"
    assert anybody.stdout == f"vowels  {says}\n"


def test_the_operator_brings_nothing_in_and_what_is_no_text_is_not_even_sent(
    portal: Portal, tmp_path: Path
) -> None:
    code, packed = tmp_path / "track.py", tmp_path / "x.py"
    code.write_text("print(1)\n")
    packed.write_bytes(b"\xff\xfe")
    said = ("--title", "Tracker", "--why", "A formant tracker from our last paper.")
    refused = portal.hub("bring-in", "add", "vowels", str(code), *said)
    assert (refused.returncode, "operator" in refused.stderr) == (1, True)
    refused = portal.hub("bring-in", "add", "vowels", str(packed), *said)
    assert "x.py is not text in UTF-8" in refused.stderr


def test_the_operator_approves_no_data(portal: Portal) -> None:
    day = ("--purpose", "speech_research", "--until", "2030-01-01")
    refused = portal.hub("approve", "vowels", "harbour", "1.0", *day)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "operator" in refused.stderr


def test_a_file_with_a_mistake_says_where_and_changes_nothing(portal: Portal, tmp_path: Path) -> None:
    file = tmp_path / "enclave.toml"
    before = len(portal.ledger())
    for text, where in (("[[person]]\nmail = 1\n", "person.0"), ("[[", "not TOML"), ("x = 1\n", "x")):
        file.write_text(text)
        said = portal.hub("apply", str(file))
        assert (said.returncode, where in said.stderr) == (1, True), said.stderr
    assert [kind for kind, _, _ in portal.ledger()[before:]] == ["token_made"] * 3


ASK = """
import httpx, sys
headers = dict([sys.argv[3:5]] if sys.argv[3:] else [])
transport = httpx.HTTPTransport(uds=sys.argv[1])
with httpx.Client(transport=transport, base_url="http://portal", headers=headers, timeout=60) as c:
    print(c.request(*sys.argv[2].split()).status_code)
"""


def ask(portal: Portal, what: str, *header: str, user: int) -> int:
    """Ask at the unix socket as a user of this machine."""
    ran = subprocess.run(
        [sys.executable, "-c", ASK, str(portal.socket), what, *header],
        capture_output=True,
        text=True,
        user=user,
        cwd="/",
        timeout=90,
    )
    assert ran.returncode == 0, ran.stderr
    return int(ran.stdout)


def operators_token(portal: Portal) -> str:
    transport = httpx.HTTPTransport(uds=str(portal.socket))
    with httpx.Client(transport=transport, base_url="http://portal", timeout=60) as client:
        answer = client.post("/internal/operator/token/")
    assert answer.status_code == 201
    return str(answer.json()["token"])


def test_nobody_but_root_becomes_the_operator_at_the_socket(portal: Portal) -> None:
    assert ask(portal, "POST /internal/operator/token/", user=0) == 201
    assert ask(portal, "POST /internal/operator/token/", user=65534) == 401


def test_the_operators_token_is_worth_nothing_in_other_hands(portal: Portal) -> None:
    shown = ("Authorization", f"Bearer {operators_token(portal)}")
    assert ask(portal, "GET /api/v1/people", *shown, user=0) == 200
    assert ask(portal, "GET /api/v1/people", *shown, user=65534) == 401
    over_tcp = httpx.get(f"http://127.0.0.1:{portal.port}/api/v1/people", headers=dict([shown]))
    assert over_tcp.status_code == 401
    assert httpx.post(f"http://127.0.0.1:{portal.port}/internal/operator/token/").status_code == 401


def test_no_token_is_in_the_log_or_on_the_ledger(portal: Portal) -> None:
    text = operators_token(portal)
    url = f"http://127.0.0.1:{portal.port}/api/v1"
    assert httpx.get(f"{url}/people?access_token={text}").status_code == 400
    assert httpx.get(f"{url}/{text}").status_code == 400
    assert httpx.get(f"{url}/people", headers={"Authorization": f"Bearer {text}"}).status_code == 401
    secret = text.split("_", 2)[2]
    assert secret not in (portal.state / "portal.log").read_text()
    assert secret.encode() not in written(portal.state / "db" / "parlatory.sqlite3")


def written(database: Path) -> bytes:
    """Return what a database has on the disk; while it is held open here, nobody removes its log."""
    with closing(sqlite3.connect(database)) as held:
        held.execute("SELECT count(*) FROM sqlite_master")
        return Path(f"{database}-wal").read_bytes() + database.read_bytes()
