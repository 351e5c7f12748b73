"""An image's hash: the same for the same inputs, another for anything that goes in."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from hub.engine.images import base, inputs, running, trust


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for path, content in {
        "images/base/packages.txt": "# why\npython3\n",
        "images/thing/Dockerfile": "ARG BASE\nFROM ${BASE}\n",
        "images/thing/README.md": "words",
        "images/thing/inputs.txt": "# further paths\nlib/part\n",
        "lib/part/code.py": "x = 1\n",
        "lib/part/__pycache__/code.pyc": "junk",
        "lib/other.py": "y = 1\n",
    }.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return tmp_path


def test_the_base_comes_first(checkout: Path) -> None:
    assert inputs.names(checkout) == ["base", "thing"]


def test_the_context_holds_folder_and_declared_paths(checkout: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(inputs.context(checkout, "thing"))) as tar:
        assert tar.getnames() == ["Dockerfile", "lib/part/code.py"]


@pytest.mark.parametrize("path", ["images/thing/Dockerfile", "lib/part/code.py"])
def test_a_changed_input_is_another_image(checkout: Path, path: str) -> None:
    before = inputs.digest(checkout, "thing", base="b")
    (checkout / path).write_text("changed")
    assert inputs.digest(checkout, "thing", base="b") != before


@pytest.mark.parametrize("path", ["images/thing/README.md", "lib/other.py", "lib/part/__pycache__/code.pyc"])
def test_what_does_not_go_in_changes_nothing(checkout: Path, path: str) -> None:
    before = inputs.digest(checkout, "thing", base="b")
    (checkout / path).write_text("changed")
    assert inputs.digest(checkout, "thing", base="b") == before


def test_another_base_is_another_image(checkout: Path) -> None:
    assert inputs.digest(checkout, "thing", base="a") != inputs.digest(checkout, "thing", base="b")


def test_an_unknown_image_is_named_with_those_there_are(checkout: Path) -> None:
    with pytest.raises(inputs.UnknownImage, match="this checkout has base, thing"):
        inputs.files(checkout, "nothing")


def test_a_declared_path_must_exist(checkout: Path) -> None:
    (checkout / "images/thing/inputs.txt").write_text("lib/none\n")
    with pytest.raises(inputs.UnknownImage, match="lists lib/none, which does not exist"):
        inputs.files(checkout, "thing")


def test_the_bases_recipe_is_the_same_on_every_machine(checkout: Path) -> None:
    assert str(checkout) not in base.recipe(checkout)
    assert "--include=python3" in base.recipe(checkout)


def test_pip_inside_a_build_follows_the_environment_outside() -> None:
    lines = trust.pip_settings(
        {"PIP_INDEX_URL": "https://index.example/simple", "PIP_CERT": "/x"}
    ).splitlines()
    assert "index-url = https://index.example/simple" in lines
    assert "cert = /etc/ssl/certs/ca-certificates.crt" in lines


def test_an_image_runs_as_the_user_its_dockerfile_names() -> None:
    with tarfile.open(fileobj=io.BytesIO(trust.take_back("an/image:1", "200001:200001"))) as tar:
        text = tar.extractfile("Dockerfile").read().decode()
    assert text.splitlines()[-1] == "USER 200001:200001"


def test_a_failed_step_shows_the_end_of_its_log_and_where_it_is(tmp_path: Path) -> None:
    log = tmp_path / "image.log"
    with pytest.raises(running.BuildFailed) as caught:
        running.logged(["sh", "-c", "seq 100; exit 3"], log)
    assert "ended with status 3" in str(caught.value) and str(log) in str(caught.value)
    assert "    100" in str(caught.value) and "    60\n" not in str(caught.value)


def test_a_missing_tool_is_named_with_its_cure(tmp_path: Path) -> None:
    with pytest.raises(running.BuildFailed, match="apt-get install no-such-tool"):
        running.logged(["no-such-tool"], tmp_path / "log")
