"""Attacks on the way in: from the session on the folder it reads, from beside on what is mounted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine_room import Room

pytest_plugins = ["tests.engine_fixtures"]
WRITE = """
import os
said = []
for act in (
    "open('/bring-ins/made', 'w')",
    "open('/bring-ins/tracker/x.py', 'a')",
    "os.mkdir('/bring-ins/d')",
    "os.remove('/bring-ins/tracker/x.py')",
    "os.rename('/bring-ins/tracker', '/bring-ins/other')",
    "os.chmod('/bring-ins/tracker/x.py', 0o777)",
    "os.symlink('/etc', '/bring-ins/link')",
):
    try:
        eval(act)
        said.append(act)
    except OSError as error:
        if error.strerror != "Read-only file system":
            said.append(f"{act}: {error.strerror}")
print(said)
"""
LIST = "import os; print(sorted(os.path.join(d, f)[11:] for d, _, fs in os.walk('/bring-ins') for f in fs))"
FIND = """
import os
found = []
for path, folders, files in os.walk('/'):
    if path == '/':
        folders[:] = sorted(set(folders) - {'proc', 'sys'})
    if path.endswith('/tracker') and 'x.py' in files:
        found.append(path)
print(found)
"""


@pytest.fixture
def folder(room: Room) -> Iterator[Path]:
    """What the portal let into the project `a-project`, as open to write as a mistake could make it."""
    root = room.places.bring_ins("a-project")
    (root / "tracker").mkdir(parents=True)
    (root / "tracker" / "x.py").write_text("print('vowels')\n")
    for path in (root, root / "tracker", root / "tracker" / "x.py"):
        path.chmod(0o777)
    yield root
    shutil.rmtree(room.places.state / "bring-ins")


def test_a_session_reads_what_was_let_in_and_writes_nothing_there(room: Room, folder: Path) -> None:
    with room.session() as grant:
        assert room.inside(grant, "print(open('/bring-ins/tracker/x.py').read())") == "print('vowels')"
        assert room.inside(grant, WRITE) == "[]"
        assert [path.name for path in folder.iterdir()] == ["tracker"]


def test_what_is_let_in_or_taken_back_shows_in_a_session_that_runs(room: Room, folder: Path) -> None:
    with room.session() as grant:
        assert room.inside(grant, LIST) == "['tracker/x.py']"
        aside = folder.parent / ".made"
        aside.mkdir()
        (aside / "y.py").write_text("y = 1\n")
        aside.rename(folder / "later")
        assert room.inside(grant, LIST) == "['later/y.py', 'tracker/x.py']"
        (folder / "tracker").rename(folder.parent / ".gone")
        assert room.inside(grant, LIST) == "['later/y.py']"


def test_a_session_sees_no_other_projects_bring_ins(room: Room, folder: Path) -> None:
    with room.session(project="other-project") as grant:
        assert room.inside(grant, LIST) == "[]"
        assert room.inside(grant, FIND) == "[]"
    # It finds them where they are, wherever that is.
    with room.session() as grant:
        assert room.inside(grant, FIND) == "['/bring-ins/tracker']"


@pytest.mark.parametrize("project", ["../datasets", "..", ".hidden", "a/b", "A", "", "a" * 31])
def test_a_project_that_is_no_short_name_gets_no_session(room: Room, project: str) -> None:
    status, said = room.post(room.grant(project=project))
    assert status == 403 and "short name" in said["error"]


def test_a_link_in_place_of_the_folder_starts_no_session(room: Room, folder: Path) -> None:
    folder.rename(folder.parent / "moved")
    os.symlink("/etc", folder)
    grant = room.grant()
    status, said = room.post(grant)
    assert status == 403 and "cannot be mounted" in said["error"]
    assert not room.places.session(grant.session).exists()


def test_nothing_stays_mounted_after_the_session(room: Room, folder: Path) -> None:
    with room.session() as grant:
        pass
    assert f"/sessions/{grant.session}/" not in Path("/proc/self/mountinfo").read_text()
    assert (folder / "tracker" / "x.py").is_file()
