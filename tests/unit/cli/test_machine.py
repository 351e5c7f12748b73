"""What is looked at before anything is changed, and what must never be removed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hub.cli import docker_engine, environment, folders, greeting, logs, preflight, prepare, programs, reset
from hub.cli.running import Step, StepFailed
from hub.places import Places


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(
        checkout=Path(preflight.__file__).resolve().parents[2],
        state=tmp_path / "state",
        run=tmp_path / "run",
        tools=tmp_path / "state" / "tools",
        base_port=31000,
        enclave="parlatory-unit",
    )


def test_who_is_not_root_is_told_so(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert preflight.not_root(places).startswith("You are not root")


def test_a_machine_without_apt_is_told_so(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert "no apt-get" in preflight.not_debian(places)


def test_a_full_disk_is_told_with_the_room_needed(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker_engine, "images", lambda: [])
    monkeypatch.setattr(preflight, "FREE_TO_BUILD", 10**9)
    assert "are needed to build the images" in preflight.disk_too_full(places)


def test_built_images_need_less_room(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker_engine, "images", lambda: ["parlatory/workspace:1"])
    monkeypatch.setattr(preflight, "FREE_TO_BUILD", 10**9)
    monkeypatch.setattr(preflight, "FREE_TO_RUN", 0)
    assert preflight.disk_too_full(places) == ""


def test_another_architecture_is_refused(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight.platform, "machine", lambda: "riscv64")
    assert "amd64 or arm64" in preflight.wrong_machine(places)


def test_every_lack_stands_in_one_message(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "CHECKS", (lambda _: "One.", lambda _: "", lambda _: "Two."))
    with pytest.raises(StepFailed) as refused:
        preflight.check(places)
    assert "nothing was changed" in str(refused.value)
    assert str(refused.value).endswith("- One.\n  - Two.")
    assert not places.state.exists()


def test_without_a_reachable_python_debians_is_named(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "base_interpreter", lambda: None)
    assert "/usr/bin/python3" in preflight.no_python(places)


def test_a_closed_folder_above_is_found(tmp_path: Path) -> None:
    inner = tmp_path / "closed" / "inner"
    inner.mkdir(parents=True)
    (tmp_path / "closed").chmod(0o700)
    for folder in (tmp_path, *tmp_path.parents[:3]):
        if os.access(folder, os.W_OK):
            folder.chmod(folder.stat().st_mode | 0o001)
    assert folders.closed_to_others(inner) == tmp_path / "closed"


def test_a_checkout_that_can_be_shown_nowhere_is_told_so(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "closed_to_others", lambda path: path)
    monkeypatch.setattr(folders, "shown", lambda _: None)
    monkeypatch.setattr(folders, "is_mounted", lambda _: True)
    monkeypatch.setattr(folders, "output", lambda _: "")
    with pytest.raises(StepFailed, match=r"in use at .*checkout and .*checkout-2"):
        folders._ensure_reachable_checkout(places, Step("Folders", places.state / "folders.log"))


def test_reset_keeps_tools_and_what_follows_from_the_images(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("tools/bin", "vault", "labfiles", "images", "db"):
        (places.state / name).mkdir(parents=True)
    (places.state / "prepared.json").write_text("{}")
    reset.remove_state(places, images=False)
    assert sorted(path.name for path in places.state.iterdir()) == ["images", "labfiles", "tools"]


def test_reset_removes_nothing_below_a_mount(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    (places.state / "vault").mkdir(parents=True)
    monkeypatch.setattr(folders, "mounts_under", lambda path: [f"{path}/checkout"])
    with pytest.raises(StepFailed, match="still mounted"):
        reset.remove_state(places, images=False)
    assert (places.state / "vault").exists()


def test_the_policies_revision_follows_their_rules_not_their_tests(tmp_path: Path) -> None:
    (tmp_path / "people").mkdir()
    rule, test = tmp_path / "people" / "people.rego", tmp_path / "people" / "people_test.rego"
    rule.write_text("package people")
    first = prepare.policy_revision(tmp_path)
    test.write_text("package people_test")
    assert prepare.policy_revision(tmp_path) == first
    rule.write_text("package people\n")
    assert prepare.policy_revision(tmp_path) != first


def test_a_percent_sign_survives_supervisors_expansion() -> None:
    assert programs._quote("100% sure") == '"100%% sure"'


def test_a_quote_cannot_end_a_value_early() -> None:
    with pytest.raises(ValueError, match="quote"):
        programs._quote('x",PATH="/tmp')


def test_the_processes_get_nothing_of_the_callers_shell(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "shell's own")
    found = programs.environment(places, "portal")
    assert "AWS_SECRET_ACCESS_KEY" not in found
    assert found["PATH"] == programs.PATH
    assert found["PARLATORY_STATE"] == str(places.state)


PEOPLE = '{"people": [{"email": "ada@example.org", "roles": ["researcher"], "password": "s3cret-words"}]}'


def test_passwords_are_shown_only_when_new(places: Places) -> None:
    places.state.mkdir(parents=True)
    (places.state / "demo-passwords.json").write_text(PEOPLE)
    assert "ada@example.org  s3cret-words  researcher" in greeting.text(places, new_passwords=True)
    later = greeting.text(places, new_passwords=False)
    assert "s3cret-words" not in later
    assert "demo-passwords.json" in later


def test_an_enclave_that_wants_no_demo_gets_none_and_says_how_to_begin(places: Places) -> None:
    prepare.stay_without_demo(places)
    step = Step("Demo", places.state / "log")
    prepare.demo(places, step)
    assert step.note == "none is wanted"
    assert not (places.state / "demo-passwords.json").exists()
    assert "hub provision" in greeting.text(places, new_passwords=True)


def test_an_enclave_that_holds_the_demo_cannot_become_one_without(places: Places) -> None:
    places.state.mkdir(parents=True)
    (places.state / "demo-passwords.json").write_text(PEOPLE)
    with pytest.raises(StepFailed, match="already holds the demo"):
        prepare.stay_without_demo(places)
    assert not prepare.without_demo(places).exists()


def test_an_unknown_log_is_refused_with_those_there_are(tmp_path: Path) -> None:
    (tmp_path / "portal.log").write_text("")
    with pytest.raises(StepFailed) as refused:
        logs.chosen(tmp_path, ["portl"])
    assert refused.value.fix == "logs there are: portal"


def test_a_rotated_log_is_followed_from_its_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "portal.log"
    file.write_text("new\n")
    assert logs.follow(file, 500, named=False) == 4
    assert capsys.readouterr().out == "new\n"


def test_an_event_is_shown_as_people_read_and_any_other_line_as_it_is() -> None:
    line = (
        '{"at": "2026-01-02T03:04:05.678+00:00", "level": "info", "part": "portal", "from": "x", '
        '"event": "answered", "fields": {"status": 200}, "request": "01abc"}'
    )
    assert logs.readable(line) == "03:04:05.678 info answered status=200 [01abc]"
    for other in ("a line of a library", "{not json", '{"json": "of another kind"}', "[1, 2]", '{"at": 1}'):
        assert logs.readable(other) == other
