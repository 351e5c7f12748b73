"""The test enclave backed up by its own command while somebody works in it, and restored beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from hub.engine import homes
from tests import kernel, scene
from tests.browser import workspace
from tests.enclave import Enclave
from tests.people import People

WRITES = """
import pathlib, threading, time
def write():
    number = 0
    while True:
        with open("growing.txt", "a") as file:
            file.write(f"{number}\\n")
        number += 1
        time.sleep(0.01)
threading.Thread(target=write, daemon=True).start()
time.sleep(0.5)
pathlib.Path("before.txt").write_text("written before the backup")
print("wrote")
"""


@pytest.mark.timeout(300)
def test_an_enclave_is_backed_up_while_a_session_writes_and_comes_back_whole(
    enclave: Enclave, people: People, tmp_path: Path
) -> None:
    made = scene.make(enclave)
    try:
        page = people.page(made.login)
        workspace.start(page, enclave, made.project)
        base = workspace.open_lab(page)
        assert "wrote" in kernel.run(page, base, WRITES).text
        key, file = tmp_path / "key", tmp_path / "backup"
        recipient = hub(enclave, "backup", "--new-key", str(key), "--without-passphrase").strip()
        hub(enclave, "backup", str(file), "--recipient", recipient)
        # The session was held still for a moment and goes on.
        code = "open('after.txt', 'w').write('x'); print('goes on')"
        assert "goes on" in kernel.run(page, base, code).text
        words = "from hub.workspaces.models import Workspace; import json\n"
        workspace_id = made.act(words + "print(json.dumps(Workspace.objects.get(person=person).id))")
    finally:
        people.forget(made.login)
        made.clear()
    there = replace(enclave.places, state=tmp_path / "state", run=tmp_path / "run", tools=tmp_path / "tools")
    environment = os.environ | {"PARLATORY_STATE": str(there.state), "PARLATORY_TOOLS": str(there.tools)}
    line = [sys.executable, "-m", "hub.backup", "restore", str(file), "--key", str(key)]
    done = subprocess.run(
        [*line, "--checkpoint", f"{file}.checkpoint"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    (there.run / "homes").mkdir(parents=True)
    home = homes.mount(there, workspace_id, uid=0, size_bytes=0)
    try:
        assert (home / "before.txt").read_text() == "written before the backup"
        assert not (home / "after.txt").exists()
        grown = (home / "growing.txt").read_text().splitlines()
        assert grown[:-1] == [str(number) for number in range(len(grown) - 1)]
    finally:
        homes.unmount(there, workspace_id)
    verify = [sys.executable, "-m", "hub.ledger", "verify"]
    said = subprocess.run(
        verify,
        capture_output=True,
        text=True,
        check=False,
        env=environment | {"DJANGO_SETTINGS_MODULE": "hub.settings"},
    )
    assert "The ledger is sound." in said.stdout, said.stdout + said.stderr


def hub(enclave: Enclave, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "hub", *words],
        cwd=enclave.places.checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
