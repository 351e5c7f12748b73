"""The command line's words: which command, which suites, which part's user."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from hub import cli
from hub.bench import __main__ as bench
from hub.cli import delegated, suites, testing
from hub.cli.running import StepFailed
from hub.provision import __main__ as provision
from tests.enclave import until

CHECKOUT = Path(cli.__file__).resolve().parents[2]


def test_an_unknown_command_is_refused_with_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explode"]) == 2
    said = capsys.readouterr().err
    assert "there is no command 'explode'" in said
    assert "doctor" in said


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["help"]) == 0
    said = capsys.readouterr().out
    for name in (*cli.OWN, *delegated.COMMANDS):
        assert f"  {name} " in said


def test_asking_about_a_command_does_not_start_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["test", "--help"]) == 0
    assert "usage: python3 -m hub test [unit|" in capsys.readouterr().out


def test_the_entry_point_can_be_read_by_an_old_python() -> None:
    ast.parse((CHECKOUT / "hub/__main__.py").read_text(), feature_version=(3, 7))


def test_the_command_line_needs_the_standard_library_only() -> None:
    modules = ", ".join(module for module, _text in cli.OWN.values())
    code = f"import sys; sys.path.insert(0, {str(CHECKOUT)!r}); import hub.cli, hub.__main__, {modules}"
    # -S leaves site-packages out, -I the environment's hints: what is imported now is in every Python.
    result = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("unit", "browser"):
        (tmp_path / "tests" / name).mkdir(parents=True)
    return tmp_path


def test_suites_come_first_and_pytest_gets_the_rest(checkout: Path) -> None:
    wish = testing.read(["unit", "browser", "-k", "loop"], checkout)
    assert (wish.suites, wish.rest, wish.keep) == (("unit", "browser"), ("-k", "loop"), False)
    assert wish.needs_enclave
    assert wish.needs_browser


def test_without_words_everything_runs_in_an_enclave(checkout: Path) -> None:
    wish = testing.read([], checkout)
    assert wish.everything
    assert wish.needs_enclave
    assert wish.needs_browser


@pytest.mark.parametrize(
    "words", [["unit"], ["lint"], ["unit", "lint"], ["tests/unit/cli/test_arguments.py"]]
)
def test_unit_tests_and_linters_need_no_enclave(words: list[str], checkout: Path) -> None:
    assert not testing.read(words, checkout).needs_enclave


def test_a_path_stands_for_its_suite(checkout: Path) -> None:
    wish = testing.read(["tests/browser/test_loop.py"], checkout)
    assert wish.suites == ("browser",)
    assert wish.rest == ("tests/browser/test_loop.py",)
    assert wish.needs_enclave


def test_keep_may_stand_anywhere(checkout: Path) -> None:
    wish = testing.read(["browser", "-x", "--keep"], checkout)
    assert wish.keep
    assert wish.rest == ("-x",)


def test_a_suite_that_does_not_exist_is_refused(checkout: Path) -> None:
    with pytest.raises(StepFailed) as refused:
        testing.read(["brwoser"], checkout)
    assert "brwoser" in str(refused.value)
    assert "browser" in refused.value.fix


def test_the_test_enclave_shares_no_folder_port_or_label_with_the_real_one() -> None:
    test = testing.as_places(testing.TEST_ENCLAVE)
    assert (str(test.state), str(test.run)) == ("/var/lib/parlatory-test", "/run/parlatory-test")
    assert (test.base_port, test.enclave) == (18000, "parlatory-test")


@pytest.mark.parametrize("part", ["hub.ledger", "hub.provision", "hub.demo", "hub.backup", "hub.attacks"])
def test_an_environment_too_old_for_a_command_is_a_sentence(part: str) -> None:
    # Without site-packages, as after a pull that needs a library which nobody has installed yet.
    ran = subprocess.run(
        [sys.executable, "-S", "-m", "hub.cli.within", part, "verify"],
        check=False,
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
        env={"PATH": os.defpath},
    )
    assert (ran.returncode, ran.stdout, "Traceback" in ran.stderr) == (1, "", False), ran.stderr
    assert "has no library" in ran.stderr and "`python3 -m hub up`" in ran.stderr


def test_a_delegated_command_runs_in_the_environment() -> None:
    line = delegated.command_line("ledger", ["verify"])
    assert line[0].endswith("/.venv/bin/python")
    assert line[1:] == ["-m", "hub.cli.within", "hub.ledger", "verify"]


def test_a_receipt_is_read_as_the_caller_where_the_caller_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[dict[str, object]] = []
    monkeypatch.setattr(delegated.environment, "python", lambda _checkout: Path(sys.executable))
    monkeypatch.setattr(delegated.subprocess, "Popen", lambda line, **how: ran.append(how) or Done())
    monkeypatch.setattr(delegated.os, "geteuid", lambda: 0)
    monkeypatch.setattr(delegated.programs, "credentials", lambda user: {"user": user})
    assert delegated.run("ledger", ["receipt", "r.json"]) == 0
    assert delegated.run("ledger", ["verify"]) == 0
    assert delegated.run("provision", ["bring-in", "add", "vowels", "track.py"]) == 0
    assert [how.get("user") for how in ran] == [None, "parlatory-portal", None]
    assert [how["cwd"] is None for how in ran] == [True, False, True]


def test_the_list_of_commands_names_what_other_parts_can_do() -> None:
    for name, parser in (("provision", provision.parser()), ("bench", bench.parser())):
        (verbs,) = re.findall(r"\{(.*?)\}", parser.format_usage())
        told = delegated.COMMANDS[name].text.partition(":")[0].split("|")
        # What `bench sessions` runs as the portal's user is no measurement of its own.
        assert set(told) == set(verbs.split(",")) - {"people"}, name


class Done:
    """A command that went well."""

    def wait(self) -> int:
        """Return that all went well."""
        return 0


def test_an_interrupted_command_is_given_time_to_take_back_what_it_began(tmp_path: Path) -> None:
    began, tidied = tmp_path / "began", tmp_path / "tidied"
    command = (
        "import pathlib, signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
        f"pathlib.Path({str(began)!r}).touch()\n"
        "try:\n    time.sleep(60)\n"
        f"finally:\n    time.sleep(0.5)\n    pathlib.Path({str(tidied)!r}).touch()\n"
    )
    caller = (
        "import sys\nfrom pathlib import Path\nfrom hub import cli\nfrom hub.cli import delegated\n"
        f"delegated.command_line = lambda name, rest: [sys.executable, '-c', {command!r}]\n"
        "delegated.environment.python = lambda checkout: Path(sys.executable)\n"
        "sys.exit(cli.main(['bench', 'sessions']))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", caller], cwd=CHECKOUT)
    until(began.exists, seconds=20, what="the command begins")
    process.terminate()
    assert process.wait(20) == 7
    assert tidied.exists()


def test_what_empties_a_state_runs_apart_from_the_enclaves(checkout: Path) -> None:
    for name in ("pages", "integration"):
        (checkout / "tests" / name).mkdir(exist_ok=True)
    wish = testing.read(
        ["pages", "integration", "tests/pages/test_x.py", "tests/integration/y", "-x"], checkout
    )
    apart, within = testing.plan(wish, checkout).in_turn
    assert (apart.words, apart.apart) == (("tests/pages/test_x.py", "-x"), True)
    assert (within.words, within.apart) == (("tests/integration/y", "-x"), False)


def test_a_path_narrows_its_own_suite_and_no_other(checkout: Path) -> None:
    for name in ("pages", "integration"):
        (checkout / "tests" / name).mkdir(exist_ok=True)
    wish = testing.read(["unit", "pages", "integration", "tests/integration/y", "-x"], checkout)
    apart, within = testing.plan(wish, checkout).in_turn
    assert apart.words == ("tests/unit", "tests/pages", "-x")
    assert within.words == ("tests/integration/y", "-x")


def test_what_starts_all_it_needs_runs_beside_the_enclaves_and_what_upsets_the_enclave_runs_last() -> None:
    four = ["pages", "integration", "security", "chaos"]
    plan = testing.plan(testing.read(four, CHECKOUT), CHECKOUT)
    (attended, apart), (within, last) = plan.beside, plan.in_turn
    assert {"tests/pages/test_frame.py", "tests/integration/api/test_truth.py"} <= set(apart.words)
    assert "tests/chaos/test_kills.py" in attended.words
    assert [run.apart for run in (attended, apart, within, last)] == [True, True, False, False]
    assert [run.gives_way for run in (attended, apart, within, last)] == [False, True, False, False]
    patient = [set(testing.PATIENT) <= set(run.words) for run in (attended, apart, within, last)]
    assert patient == [run.gives_way for run in (attended, apart, within, last)]
    assert "tests/security/test_revocation.py" in within.words
    assert "tests/security/test_upgrade.py" in last.words
    every = {
        str(path.relative_to(CHECKOUT))
        for name in four
        for path in (CHECKOUT / "tests" / name).rglob("test_*.py")
    }
    named = [
        word for run in (attended, apart, within, last) for word in run.words if word.startswith("tests/")
    ]
    assert sorted(named) == sorted(every)


def test_what_needs_no_enclave_is_spread_over_the_cores_when_nothing_else_runs() -> None:
    (apart,) = testing.plan(testing.read(["pages"], CHECKOUT), CHECKOUT).in_turn
    assert {"--dist=loadfile", "--no-loadscope-reorder"} <= set(apart.words)


@pytest.mark.parametrize("failing", [(), (0,), (1,), (0, 1)])
def test_runs_side_by_side_fail_together_and_the_seen_ones_words_come_first(
    failing: tuple[int, ...], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    codes = [f"print('run {number}'); raise SystemExit({5 * (number in failing)})" for number in (0, 1)]
    monkeypatch.setattr(testing, "PYTEST", ("-c",))
    monkeypatch.setattr(testing.environment, "python", lambda checkout: Path(sys.executable))
    beside, seen = (testing.Run((code,), apart=True) for code in codes)
    status = testing.carried_out(testing.Plan((seen,), beside=(beside,)), {})
    assert status == (5 if failing else 0)
    assert capfd.readouterr().out.split("\n") == ["run 1", "run 0", ""]


def test_a_run_that_gives_way_to_others_has_their_rest_of_the_processor(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(testing, "PYTEST", ("-c",))
    monkeypatch.setattr(testing.environment, "python", lambda checkout: Path(sys.executable))
    seen, beside = (
        testing.Run(("import os; print(os.nice(0))",), apart=True, gives_way=way) for way in (False, True)
    )
    assert testing.carried_out(testing.Plan((seen,), beside=(beside,)), {}) == 0
    first, second = map(int, capfd.readouterr().out.split())
    assert second > first == os.nice(0)


def test_what_needs_no_enclave_runs_while_one_is_brought_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    begun = tmp_path / "begun"

    def bring_up() -> None:
        until(begun.exists, seconds=20, what="the run that needs no enclave begins")
        subprocess.run(["echo", "up"], check=True)

    monkeypatch.setattr(testing, "PYTEST", ("-c",))
    monkeypatch.setattr(testing.environment, "python", lambda checkout: Path(sys.executable))
    beside = testing.Run((f"import pathlib; pathlib.Path({str(begun)!r}).touch()",), apart=True)
    seen = testing.Run(("print('seen')",), apart=False)
    assert testing.carried_out(testing.Plan((seen,), beside=(beside,)), {}, bring_up) == 0
    assert capfd.readouterr().out.split("\n") == ["up", "seen", ""]


def test_an_enclave_that_does_not_come_up_ends_what_ran_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def bring_up() -> None:
        raise StepFailed("`up` of the test enclave failed")

    monkeypatch.setattr(testing, "PYTEST", ("-c",))
    monkeypatch.setattr(testing.environment, "python", lambda checkout: Path(sys.executable))
    waits = testing.Run(("import time; time.sleep(60)",), apart=True)
    began = time.monotonic()
    with pytest.raises(StepFailed):
        testing.carried_out(testing.Plan((waits,), beside=(waits,)), {}, bring_up)
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("code", ["raise SystemExit(0)", "print('E501 there'); raise SystemExit(1)"])
def test_a_linter_speaks_only_of_what_it_found_and_fails_the_run(
    code: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(testing, "LINTERS", (("tidy", code),))
    monkeypatch.setattr(testing.environment, "python", lambda checkout: Path(sys.executable))
    found = "E501" in code
    assert testing.outcome(testing.Wish((), (), keep=False, lint=True), {}) == int(found)
    assert capfd.readouterr().err == ("tidy found something:\nE501 there\n\n" if found else "")


def test_an_interrupted_run_takes_the_one_beside_it_along(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[subprocess.Popen[bytes]] = []

    class Interrupted(subprocess.Popen[bytes]):
        def wait(self, timeout: float | None = None) -> int:
            begun.append(self)
            if len(begun) == 1:
                raise KeyboardInterrupt
            return super().wait(timeout)

    monkeypatch.setattr(testing, "PYTEST", ("-c",))
    monkeypatch.setattr(testing.environment, "python", lambda checkout: Path(sys.executable))
    monkeypatch.setattr(testing.subprocess, "Popen", Interrupted)
    waits = testing.Run(("import time; time.sleep(60)",), apart=True)
    with pytest.raises(KeyboardInterrupt):
        testing.carried_out(testing.Plan((waits,), beside=(waits,)), {})
    assert [process.poll() is None for process in begun] == [False] * 3


def test_every_file_that_is_named_is_there() -> None:
    assert [
        place
        for place in (*suites.BESIDE, *suites.LONG, *suites.ATTENDED, *suites.UNDISTURBED)
        if not (CHECKOUT / "tests" / place).exists()
    ] == []


def test_what_takes_minutes_comes_first_of_what_is_spread() -> None:
    wish = testing.read([], CHECKOUT)
    *_, spread = testing.plan(replace(wish, suites=wish.enclosed(CHECKOUT)), CHECKOUT).beside
    files = [Path(word).relative_to("tests") for word in spread.words if word.endswith(".py")]
    long = [testing.among(file, suites.LONG) for file in files]
    assert long == sorted(long, reverse=True) and set(long) == {True, False}


def test_a_word_for_pytest_reaches_it_and_unit_tests_are_spread_by_test() -> None:
    (unit,) = testing.plan(testing.read(["unit", "-k", "loop"], CHECKOUT), CHECKOUT).in_turn
    assert unit.words == ("tests/unit", *testing.SPREAD, "--dist=worksteal", "-k", "loop")
