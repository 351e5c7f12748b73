"""The client as the image has it, with mounted datasets of its own and a door that takes what it is given."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import soundfile
from pytest_socket import disable_socket, enable_socket

from tests import fake_door
from tests.fake_door import FakeDoor

CLIENT = Path(__file__).parents[3] / "images" / "workspace"


@pytest.fixture(autouse=True)
def _unix_sockets_only() -> Iterator[None]:
    disable_socket(allow_unix_socket=True)
    yield
    enable_socket()


@pytest.fixture
def mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a session's data folder with three versions of one dataset and one of another."""
    for name, version in (("calls", "1.9"), ("calls", "1.10"), ("calls", "1.2"), ("readings", "1.0")):
        write_dataset(tmp_path / "data" / name / version)
    monkeypatch.setenv("PARLATORY_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDoor]:
    """Return the fake door that this session's client talks to."""
    socket = tmp_path / "handin.sock"
    monkeypatch.setenv("PARLATORY_DOOR", str(socket))
    with fake_door.opened(tmp_path / "vault", socket) as opened:
        yield opened


@pytest.fixture
def pl(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Return the client, imported as a notebook does."""
    monkeypatch.syspath_prepend(str(CLIENT))
    import parlatory

    yield parlatory
    for name in [name for name in sys.modules if name.partition(".")[0] == "parlatory"]:
        del sys.modules[name]


def write_dataset(folder: Path) -> None:
    """Write a dataset version of two stereo recordings, one with a transcript."""
    (folder / "recordings").mkdir(parents=True)
    lines = []
    for number, text in enumerate(("good morning", None)):
        samples = np.full((800, 2), (0.25, -0.5), dtype=np.float32)
        source = f"recordings/r{number}.wav"
        soundfile.write(folder / source, samples, 8000, subtype="FLOAT")
        said = {"id": f"r{number}", "speaker": f"s{number}", "language": "en", "custom": {"licence": "CC0"}}
        recording = {
            "id": f"r{number}",
            "sources": [{"type": "file", "channels": [0, 1], "source": source}],
            "sampling_rate": 8000,
            "num_samples": 800,
            "duration": 0.1,
        }
        spoken = said | ({"text": text} if text else {})
        lines.append(json.dumps({"id": f"r{number}", "recording": recording, "supervisions": [spoken]}))
    (folder / "manifest.jsonl").write_text("\n".join(lines) + "\n")
    about = {
        "title": f"The {folder.parent.name}",
        "seconds": 3600,
        "recordings": 2,
        "speakers": 2,
        "languages": ["en"],
        "licence": "CC0-1.0",
        "attribution": "nobody",
    }
    (folder / "DATASET.json").write_text(json.dumps(about))
