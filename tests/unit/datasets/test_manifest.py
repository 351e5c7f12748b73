"""A version's files: read, counted, and refused when they could change or lie elsewhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from hub.datasets import manifest, services
from hub.datasets.models import DatasetVersion
from hub.errors import Invalid, Refused, WrongState
from hub.places import places
from tests import portal
from tests.portal import Policies


def cut(number: int, **changes: Any) -> dict[str, Any]:
    recording = {
        "id": f"r{number}",
        "sources": [{"type": "file", "channels": [0], "source": f"recordings/r{number}.wav"}],
        "sampling_rate": 8000,
        "num_samples": 8000,
        "duration": 1.0,
    }
    said = [{"speaker": f"s{number % 2}", "language": "fr"}]
    return {"id": f"r{number}", "recording": {**recording, **changes}, "supervisions": said}


def build(folder: Path, cuts: list[dict[str, Any]] | None = None) -> Path:
    """Write a version of three recordings, frozen."""
    (folder / "recordings").mkdir(parents=True)
    for number in range(3):
        soundfile.write(str(folder / "recordings" / f"r{number}.wav"), np.zeros(8000), 8000)
    lines = cuts if cuts is not None else [cut(number) for number in range(3)]
    (folder / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    for path in folder.rglob("*.*"):
        path.chmod(0o444)
    return folder


def test_a_version_is_counted_from_its_manifest_and_files(tmp_path: Path) -> None:
    folder = build(tmp_path / "v")
    contents = manifest.read(folder)
    assert (contents.recordings, contents.speakers, contents.seconds) == (3, 2, 3.0)
    assert contents.languages == ("fr",)
    assert contents.manifest_sha256 == hashlib.sha256((folder / "manifest.jsonl").read_bytes()).hexdigest()


def _link(folder: Path) -> None:
    (folder / "recordings" / "r1.wav").unlink()
    (folder / "recordings" / "r1.wav").symlink_to("/etc/hostname")


BREAKS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "missing": (lambda folder: (folder / "recordings" / "r1.wav").unlink(), "missing"),
    "writable": (lambda folder: (folder / "recordings" / "r1.wav").chmod(0o644), "can still be written"),
    "a writable manifest": (lambda folder: (folder / "manifest.jsonl").chmod(0o664), "can still be written"),
    "a link": (_link, "links are refused"),
}


@pytest.mark.parametrize("how", BREAKS)
def test_files_that_could_change_or_lie_elsewhere_are_refused(how: str, tmp_path: Path) -> None:
    folder = build(tmp_path / "v")
    act, words = BREAKS[how]
    act(folder)
    with pytest.raises(Invalid, match=words):
        manifest.read(folder)


@pytest.mark.parametrize(
    ("cuts", "words"),
    [
        ([], "names no recording"),
        ([{"id": "r0"}], "line 1: recording field required"),
        ([cut(0, num_samples=1)], "holds 8000 samples"),
        ([cut(0, sources=[])], "0 sources"),
        ([cut(0, sources=[{"source": "../../secret.wav"}])], "outside its version"),
        ([cut(0, sources=[{"source": "/etc/passwd"}])], "outside its version"),
        ([cut(0, sources=[{"source": "manifest.jsonl"}])], "can’t be read as audio"),
    ],
)
def test_a_manifest_that_lies_is_refused(cuts: list[dict[str, Any]], words: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=words):
        manifest.read(build(tmp_path / "v", cuts))


@pytest.mark.django_db
def test_a_version_is_registered_once_and_a_denial_registers_nothing(policies: Policies) -> None:
    dataset = portal.version("register-me").dataset
    build(places.state / "datasets" / dataset.slug / "2.0")
    policies.deny("manage_dataset")
    with pytest.raises(Refused):
        services.register(by=dataset.steward, dataset=dataset, version="2.0")
    assert DatasetVersion.objects.count() == 1
    policies.denials.clear()
    made = services.register(by=dataset.steward, dataset=dataset, version="2.0")
    assert (made.recordings, made.path) == (3, "/data/register-me/2.0")
    with pytest.raises(WrongState, match="already has a version"):
        services.register(by=dataset.steward, dataset=dataset, version="2.0")


@pytest.mark.django_db
@pytest.mark.parametrize("version", ["", "..", "../x", "a/b", "A", "{x}", "1.0\n"])
def test_a_version_cannot_be_named_like_a_path(version: str, policies: Policies) -> None:
    dataset = portal.version().dataset
    with pytest.raises(Invalid, match="can’t be a version’s name"):
        services.register(by=dataset.steward, dataset=dataset, version=version)
