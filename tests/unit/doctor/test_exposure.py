"""What gives a secret away: a log, an environment, a command line; and what a content policy leaves open."""

from __future__ import annotations

import errno
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from hub.doctor import exposure
from hub.places import Places, from_environment

SECRET = "0123456789abcdef" * 4


@pytest.fixture
def where(tmp_path: Path) -> Places:
    """An enclave with one secret and an empty log."""
    (tmp_path / "secrets" / "data").mkdir(parents=True)
    (tmp_path / "secrets" / "data" / "hub-api").write_text(SECRET)
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "portal.log").write_text("nothing to see\n")
    return replace(from_environment(), state=tmp_path)


def test_a_secret_in_a_log_is_found_by_its_name(where: Places) -> None:
    assert exposure.logs(where).ok
    (where.state / "log" / "hub.log.1").write_text(f"before\nAuthorization: token {SECRET}\n")
    found = exposure.logs(where)
    assert not found.ok and "hub.log.1 holds hub-api" in found.detail
    assert SECRET not in found.detail


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        ("postgresql://parlatory:an-institutions-password@127.0.0.1/parlatory", "an-institutions-password"),
        ("a-mail-password", "a-mail-password"),
    ],
)
def test_a_secret_that_settings_name_is_looked_for_as_well(
    content: str, seen: str, where: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "chosen").write_text(content + "\n")
    (where.state / "log" / "worker.log").write_text(f"could not sign in with {seen}\n")
    assert exposure.logs(where).ok
    monkeypatch.setenv("PARLATORY_OF_TOMORROW_FILE", str(tmp_path / "chosen"))
    found = exposure.logs(where)
    assert not found.ok and "worker.log holds chosen" in found.detail


@pytest.mark.parametrize("gone", ["secrets/data/hub-api", "log/portal.log"])
def test_where_nothing_can_be_looked_for_nothing_holds(where: Places, gone: str) -> None:
    (where.state / gone).unlink()
    assert "nothing could be looked at" in exposure.logs(where).detail and not exposure.logs(where).ok
    if gone.startswith("secrets"):
        assert not exposure.environments(where).ok


def test_where_no_process_can_be_looked_at_nothing_holds(
    where: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exposure, "_processes", lambda: iter([(1, "root", None)]))
    assert not exposure.environments(where).ok


@pytest.mark.parametrize("way", ["environment", "command line"])
def test_a_secret_of_another_process_is_found(where: Places, way: str) -> None:
    assert exposure.environments(where).ok
    words = [SECRET] if way == "command line" else []
    environment = {"TOKEN": SECRET} if way == "environment" else {}
    wait = "import sys; print('ready', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", wait, *words],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None and process.stdin is not None
        assert process.stdout.readline() == b"ready\n"
        found = exposure.environments(where)
        process.stdin.close()
    assert not found.ok and f"process {process.pid}" in found.detail and "hub-api" in found.detail
    assert SECRET not in found.detail


@pytest.mark.parametrize(
    ("policy", "lacks"),
    [
        ("", 1),
        ("default-src 'none'; script-src 'self'; frame-ancestors 'none'", 0),
        ("default-src 'self'; frame-ancestors 'self'", 0),
        ("default-src 'none'; script-src 'self'", 1),
        ("script-src 'self' 'unsafe-inline'; frame-ancestors 'none'", 1),
        ("script-src https:; frame-ancestors 'none'", 1),
        ("frame-ancestors 'none'", 1),
    ],
)
def test_what_a_content_policy_leaves_open_is_named(policy: str, lacks: int) -> None:
    assert len(exposure.policy_lacks(policy)) == lacks


def test_a_process_of_ours_that_cannot_be_looked_at_is_not_taken_for_a_good_one(
    where: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        exposure, "_processes", lambda: iter([(7, "parlatory-gate", None), (1, "root", None)])
    )
    found = exposure.environments(where)
    assert (found.ok, found.detail) == (False, "process 7 of parlatory-gate lets nobody look")


def test_a_process_that_lets_nobody_look_is_not_taken_for_one_that_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def shut(_path: Path) -> bytes:
        raise PermissionError(errno.EACCES, "shut")

    monkeypatch.setattr(Path, "read_bytes", shut)
    assert {words for _, _, words in exposure._processes()} == {None}
