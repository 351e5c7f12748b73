"""The lock: every library that pyproject.toml asks for, at a version it allows, with hashes; its parts."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from hub.cli import environment, locked
from hub.cli.running import Step, StepFailed

CHECKOUT = Path(__file__).parents[3]
LIBRARIES = locked.read(locked.FILE.read_text(encoding="utf-8"))
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ASKED = [
    *PROJECT["dependencies"],
    *(wish for extra in locked.EXTRAS for wish in PROJECT["optional-dependencies"][extra]),
]
LOCK = """\
alpha==1.0 \\
    --hash=sha256:aa \\
    --hash=sha256:ab
    # via
    #   beta
    #   parlatory (pyproject.toml)
beta==2.0 ; python_version < "3.13" \\
    --hash=sha256:bb
    # via gamma
gamma==3.0 \\
    --hash=sha256:cc
    # via parlatory (pyproject.toml)
"""


@pytest.mark.parametrize("wish", ASKED)
def test_the_lock_has_what_pyproject_asks_for(wish: str) -> None:
    library = LIBRARIES[locked.normal(wish)]
    assert Requirement(wish).specifier.contains(library.version, prereleases=True), "run `hub lock`"


@pytest.mark.parametrize("name", sorted(LIBRARIES))
def test_every_library_has_its_hashes(name: str) -> None:
    assert any("--hash=sha256:" in line for line in LIBRARIES[name].lines)


def test_an_enclave_gets_no_library_of_the_tests() -> None:
    alone = locked.read(locked.requirements(CHECKOUT))
    tested = locked.read(locked.requirements(CHECKOUT, ("test",)))
    assert "django" in alone
    assert "setuptools" in alone
    assert "pytest" not in alone
    assert {"pytest", *alone} < set(tested)


def test_what_a_library_brings_along_is_taken_too(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\n[project]\ndependencies = ["Gamma>=3"]\n'
    )
    (tmp_path / "locked.txt").write_text(LOCK)
    assert locked.requirements(tmp_path, file=tmp_path / "locked.txt") == (
        "alpha==1.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:ab\n"
        'beta==2.0 ; python_version < "3.13" \\\n    --hash=sha256:bb\n'
        "gamma==3.0 \\\n    --hash=sha256:cc\n"
    )


def test_a_library_without_a_version_is_named(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\n[project]\ndependencies = ["delta"]\n'
    )
    (tmp_path / "locked.txt").write_text(LOCK)
    with pytest.raises(StepFailed, match="no version of delta"):
        locked.requirements(tmp_path, file=tmp_path / "locked.txt")


def test_pip_is_held_to_the_hashes_of_the_lock(tmp_path: Path) -> None:
    commands: list[list[str]] = []

    class Noted(Step):
        def run(self, command: Sequence[str | Path], **_options: object) -> None:
            commands.append([str(word) for word in command])

    (tmp_path / "pyproject.toml").write_text((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    (tmp_path / ".venv").mkdir()
    environment.ensure(tmp_path, Noted("Python environment", tmp_path / "log"))
    libraries, ours = [command for command in commands if "install" in command]
    assert "--require-hashes" in libraries
    lines = Path(libraries[libraries.index("--requirement") + 1]).read_text(encoding="utf-8")
    assert lines == locked.requirements(CHECKOUT)
    # The checkout itself has no hash: nothing may be fetched for it.
    assert {"--no-deps", "--no-build-isolation"} <= set(ours)


def test_modules_are_compiled_and_one_that_can_not_be_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "python", lambda checkout: Path(sys.executable))
    for name, text in (("whole", "one = 1"), ("broken", "one =")):
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    environment.compiled(tmp_path, tmp_path)
    assert [path.name.split(".")[0] for path in (tmp_path / "__pycache__").iterdir()] == ["whole"]


def test_pip_refuses_a_file_that_is_not_the_locked_one(tmp_path: Path) -> None:
    wheel = tmp_path / "delta-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as packed:
        packed.writestr("delta.py", "")
        packed.writestr("delta-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: delta\nVersion: 1.0\n")
        packed.writestr("delta-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        packed.writestr("delta-1.0.dist-info/RECORD", "")
    right = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (tmp_path / "locked.txt").write_text(f"delta==1.0 --hash=sha256:{'0' * 64}\n")
    words = ("--require-hashes", "--no-index", "--find-links", tmp_path, "--target", tmp_path / "to")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", *words, "-r", tmp_path / "locked.txt"],
        capture_output=True,
        text=True,
        env=os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )
    # It looked at this very file: with the right hash in the list every build takes what it lists.
    assert done.returncode == 1 and "DO NOT MATCH THE HASHES" in done.stderr and right in done.stderr
    assert not (tmp_path / "to").exists()
