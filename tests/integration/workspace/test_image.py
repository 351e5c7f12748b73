"""The workspace image in a container as the engine makes it."""

from __future__ import annotations

import json

import docker
import pytest

from tests.integration.workspace.conftest import Room

MOST_BYTES = 2_200_000_000


def test_the_server_answers_on_its_socket_below_its_base_url(room: Room) -> None:
    with room.http() as client:
        assert client.get("api/status").status_code == 200
        kernels = client.get("api/kernelspecs").json()
    assert set(kernels["kernelspecs"]) == {"python3"}


@pytest.mark.parametrize(
    "path",
    [
        "api/terminals",
        "api/nbconvert",
        "nbconvert/html/first-tour.ipynb",
        "nbconvert/script/first-tour.ipynb",
        "view/first-tour.ipynb",
        "lsp/status",
        "api/config/notebook",
        "api/contents/.bashrc",
    ],
)
def test_what_is_switched_off_has_no_handler(room: Room, path: str) -> None:
    (room.home / ".bashrc").touch()
    with room.http() as client:
        assert client.get(path).status_code == 404


def test_files_are_not_served_for_download(room: Room) -> None:
    with room.http() as client:
        assert client.get("files/first-tour.ipynb").status_code in (403, 404)


def test_a_write_without_the_xsrf_cookie_is_refused(room: Room) -> None:
    with room.http() as client:
        refused = client.put("api/contents/x.txt", json={"type": "file", "format": "text", "content": "x"})
    assert refused.status_code == 403
    assert not (room.home / "x.txt").exists()


def test_a_new_home_has_the_tour_and_an_old_one_keeps_its_own(room: Room) -> None:
    tour = room.home / "first-tour.ipynb"
    assert tour.stat().st_uid == 200_001
    assert json.loads(tour.read_text())["nbformat"] == 4
    tour.write_text("{}")
    status, _ = room.run(
        "sh", "-c", "sed 's/^exec .*/true/' /opt/parlatory/venv/bin/start-session > /tmp/s && sh /tmp/s"
    )
    assert status == 0
    assert tour.read_text() == "{}"


def test_the_promised_packages_import(room: Room) -> None:
    names = "torch, torchaudio, pandas, soundfile, matplotlib, sklearn, scipy, parlatory, jupyterlab"
    assert room.run("python3", "-c", f"import {names}")[0] == 0


def test_numerical_libraries_use_the_sessions_processors_only(room: Room) -> None:
    assert room.run("python3", "/opt/parlatory/server/processors.py") == (0, "1\n")


def test_only_home_tmp_and_the_socket_folder_can_be_written(room: Room) -> None:
    find = "find / -xdev -writable -not -path '/proc/*' -not -type l -not -type c 2>/dev/null"
    status, out = room.run("sh", "-c", find)
    assert status in (0, 1)
    # The mount points are listed, nothing of the image itself is.
    assert set(out.splitlines()) == {"/tmp", "/home/researcher", "/run/parlatory-in"}
    for folder in ("/home/researcher", "/tmp", "/run/parlatory-in"):
        assert room.run("sh", "-c", f"touch {folder}/t && rm {folder}/t")[0] == 0
    for folder in ("/data/prompts-voices/1.1", "/run/parlatory-out", "/opt/parlatory/venv"):
        assert room.run("touch", f"{folder}/t")[0] != 0


def test_no_program_runs_as_its_owner(room: Room) -> None:
    assert room.run("find", "/usr", "/opt", "/bin", "-xdev", "-perm", "/6000", "-type", "f")[1] == ""


def test_pip_says_why_nothing_can_be_installed(room: Room) -> None:
    for command in (("pip", "install", "x"), ("python3", "-m", "pip", "install", "x")):
        status, out = room.run(*command)
        assert status == 1
        assert "a session has no network" in out


def test_the_client_works_as_a_command(room: Room) -> None:
    status, out = room.run("parlatory", "datasets")
    assert status == 0
    assert "prompts-voices 1.1" in out
    assert "Paola Dal Zot" in out
    assert room.run("parlatory", "left")[0] == 0


def test_the_image_is_small_and_not_roots(image: str) -> None:
    client = docker.APIClient(version="auto")
    try:
        found = client.inspect_image(image)
    finally:
        client.close()
    assert found["Size"] < MOST_BYTES
    assert found["Config"]["User"] == "200001:200001"
