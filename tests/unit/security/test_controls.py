"""The table of controls is the one that the code makes, and each attack in it is a test that exists."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.security.without import attacks, child, table
from tests.security.without.attacks import Ended, together
from tests.security.without.plugin import BROKEN, FAILS, SUCCEEDS
from tests.security.without.removal import PARTS, Removal, removals

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


REMOVE = """
import django, os
django.setup()
from tests.security.without.removal import PARTS, removals
for part in PARTS:
    for name, one in removals(part).items():
        child = os.fork()
        if child == 0:
            try:
                one.remove()
            except BaseException as error:
                print(f"{part}:{name} {error!r}", flush=True)
            os._exit(0)
        os.waitpid(child, 0)
print("all tried")
"""


def test_every_removal_finds_the_control_that_it_takes_away() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", REMOVE],
        cwd=attacks.TESTS.parent,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "hub.settings"},
        capture_output=True,
        text=True,
    )
    assert ran.stdout == "all tried\n", ran.stderr[-2000:]


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
