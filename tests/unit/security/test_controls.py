"""The table of controls is the one that the code makes, and each attack in it is a test that exists."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from hub.cli.programs import MARK, NAMES
from tests.security.without import attacks, child, running, table
from tests.security.without.attacks import Ended, together
from tests.security.without.plugin import BROKEN, FAILS, SUCCEEDS
from tests.security.without.removal import PARTS, Removal, each, removals

ALL = [(part, name, one) for part in PARTS for name, one in removals(part).items()]
REMOVAL = Removal("a wall", lambda: None, "security/test_x.py", "test_a", "x")
HELD = {"test_a[1]": Ended(FAILS), "test_a[2]": Ended(FAILS)}


def test_the_table_names_every_removal_of_the_code_and_no_other() -> None:
    found = table.sections(table.FILE.read_text(encoding="utf-8"))
    assert list(found) == list(PARTS)
    for part in PARTS:
        wanted = [(one.control, one.attack, one.file) for one in removals(part).values()]
        assert table.named(found[part]) == wanted, f"run: python -m tests.security.without {part}"


def test_every_row_says_that_the_attack_fails_with_its_control_and_succeeds_without() -> None:
    text = table.FILE.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and "with the control" not in line]
    assert len(rows) == len(ALL)
    for line in rows:
        assert re.fullmatch(r"\|.+\| fails \| [1-9]\d* of \d+ succeeds? \|", line), line


@pytest.mark.parametrize(("part", "name", "removal"), ALL, ids=[f"{part}:{name}" for part, name, _ in ALL])
def test_every_attack_is_a_test_that_exists(part: str, name: str, removal: Removal) -> None:
    text = (attacks.TESTS / removal.file).read_text(encoding="utf-8")
    named = re.findall(r"test_\w+", removal.attack)
    assert named
    for one in named:
        assert re.search(rf"^def {one}\w*\(", text, flags=re.MULTILINE), f"{one} is not in {removal.file}"


@pytest.mark.parametrize(
    ("before", "after", "good", "words"),
    [
        (HELD, {}, False, "**nothing ran**"),
        (HELD, {"test_a[1]": Ended(FAILS)}, False, "**still fails**"),
        (HELD, {"test_a[1]": Ended(BROKEN)}, False, "**still fails**; **1 broke and say nothing**"),
        (HELD, {"test_a[1]": Ended(SUCCEEDS), "test_a[2]": Ended(BROKEN)}, False, "broke"),
        ({"test_a[1]": Ended(SUCCEEDS)}, {"test_a[1]": Ended(SUCCEEDS)}, False, "**still fails**"),
        ({}, {"test_a[1]": Ended(SUCCEEDS)}, False, "**still fails**"),
        (HELD, {"test_a[1]": Ended(SUCCEEDS), "test_a[2]": Ended(FAILS)}, True, "1 of 2 succeeds"),
    ],
)
def test_a_row_is_good_only_where_an_attack_that_failed_before_succeeds(
    before: dict[str, Ended], after: dict[str, Ended], good: bool, words: str
) -> None:
    row = table.row(REMOVAL, before, after)
    assert row.good is good
    assert words in row.without_it


def test_a_fixtures_process_keeps_its_controls_unless_some_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert child.words("-m", "hub.gate") == ["-m", "hub.gate"]
    named = ["-m", "tests.security.without.child", "portal:proof", "-m", "hub.gate"]
    assert child.words("-m", "hub.gate", without="portal:proof") == named
    monkeypatch.setenv("PARLATORY_WITHOUT", "hub:user")
    assert child.words("-m", "hub.gate", without="portal:proof")[2] == "hub:user,portal:proof"
    assert child.words("-m", "hub.gate")[2] == "hub:user"


NOTE = '{{"test": "t", "when": "{0}", "end": "{1}", "said": "{2}"}}'


@pytest.mark.parametrize(
    ("lines", "shows", "end"),
    [
        ([NOTE.format("setup", FAILS, ""), NOTE.format("call", SUCCEEDS, "200 == 403")], "", SUCCEEDS),
        ([NOTE.format("call", SUCCEEDS, "200 == 403")], "200 == ", SUCCEEDS),
        ([NOTE.format("call", SUCCEEDS, "500 == 403")], "200 == ", BROKEN),
        ([NOTE.format("call", SUCCEEDS, ""), NOTE.format("teardown", BROKEN, "")], "", BROKEN),
        ([NOTE.format("setup", BROKEN, "")], "", BROKEN),
        ([NOTE.format("call", FAILS, "")], "x", FAILS),
    ],
)
def test_a_test_that_broke_or_says_something_else_is_no_attack_that_succeeded(
    lines: list[str], shows: str, end: str
) -> None:
    assert attacks.read(lines, shows=shows)["t"].end == end


def test_the_attacks_of_a_file_run_together_with_every_control_in() -> None:
    other = Removal("a door", lambda: None, "security/test_x.py", "test_b or test_c", "x")
    assert together([REMOVAL, other]) == {"security/test_x.py": "(test_a) or (test_b or test_c)"}


CONFIGURATION = """[program:engine]
command=/c/.venv/bin/python -m hub.engine
directory=/c
[program:opa]
command=/tools/opa run --server
[program:portal]
command=/c/.venv/bin/python -m gunicorn hub.wsgi --bind x
"""


def test_a_process_of_the_running_enclave_is_started_without_a_control_and_whole_again() -> None:
    out = running.edited(CONFIGURATION, {"engine": "enclave:network@1:2", "portal": "enclave:spec@1:2"})
    start = "command=/c/.venv/bin/python -m tests.security.without.child enclave:"
    assert f"{start}network@1:2 -m hub.engine\n" in out
    assert f"{start}spec@1:2 -m gunicorn hub.wsgi --bind x\n" in out
    assert running.whole(out) == CONFIGURATION == running.whole(CONFIGURATION)
    with pytest.raises(ValueError, match="opa is not a process"):
        running.edited(CONFIGURATION, {"opa": "enclave:network@1:2"})


def test_a_runner_that_ended_is_told_from_a_later_process_of_its_number() -> None:
    ours = running.life(os.getpid())
    assert running.lives(ours)
    assert not running.lives(f"{os.getpid()}:1")
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as other:
        theirs = running.life(other.pid)
        assert running.lives(theirs)
        other.kill()
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
        assert not running.lives(theirs), "it ended, and nobody has asked how"
    assert not running.lives(theirs)


def test_no_enclave_but_the_test_enclave_loses_a_control(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLATORY_STATE", "/var/lib/parlatory")
    assert str(running.test_enclave().state) == "/var/lib/parlatory-test"
    assert str(running.test_enclave().run) == "/run/parlatory-test"
    assert running.test_enclave().base_port == 18000


def test_each_holder_of_a_control_loses_its_own_part(monkeypatch: pytest.MonkeyPatch) -> None:
    did: list[str] = []
    remove = each(gate=lambda: did.append("gate"), portal=lambda: did.append("portal"))
    monkeypatch.delenv(MARK, raising=False)
    remove()
    assert did == ["gate", "portal"]
    monkeypatch.setenv(MARK, "portal")
    remove()
    assert did == ["gate", "portal", "portal"]
    monkeypatch.setenv(MARK, "engine")
    remove()
    assert len(did) == 3


def test_only_processes_of_the_enclave_hold_controls_of_the_running_one() -> None:
    for part in PARTS:
        for name, one in removals(part).items():
            assert bool(one.holders) is (part == "enclave"), f"{part}:{name}"
            assert set(one.holders) <= set(NAMES) - {"opa", "proxy"}


def test_one_control_shown_anew_changes_its_own_row_only() -> None:
    first, second, *_ = removals("gate").values()
    old = [table.row(one, {"t": Ended(FAILS)}, {"t": Ended(FAILS)}) for one in (first, second)]
    new = table.row(first, {"t": Ended(FAILS)}, {"t": Ended(SUCCEEDS)})
    before = table.renewed("gate", "", old)
    after = table.renewed("gate", before.strip() + "\n", [new])
    assert before == table.COLUMNS + old[0].text() + old[1].text()
    assert after == table.COLUMNS + new.text() + old[1].text()
    assert table.renewed("gate", after + old[0].text().replace(first.control, "gone"), []) == after
