"""Packages as apt would unpack them, with a few short sounds in place of hours of speech."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from hub.demo.packages import Unpacked
from hub.demo.sources import FURTHER_VOICES, READER, VOICES

PROMPTS = ("hello", "digits/1", "digits/2")


@pytest.fixture
def unpacked(tmp_path: Path) -> dict[str, Unpacked]:
    """Return every package of the demo, with three prompts a voice and two read sentences."""
    root = tmp_path / "packages"
    found = {}
    for number, voice in enumerate((*VOICES, *FURTHER_VOICES)):
        package = _package(root, voice.package)
        suffix = (
            ".gsm" if voice.package in ("asterisk-prompt-es-co", "asterisk-prompt-fr-armelle") else ".wav"
        )
        for prompt in (*PROMPTS, f"only-{voice.speaker}"):
            _sound(package.folder / voice.folder / f"{prompt}{suffix}", number)
        found[voice.package] = package
    reader = _package(root, READER.package)
    folder = reader.folder / READER.folder
    folder.mkdir(parents=True)
    for name in ("book-0870", "book-0880"):
        _sound(folder / f"{name}.wav", 9)
    (folder / "transcription").write_text(
        "<s> he was not an ill disposed young man </s> (book-0870)\n<s> and so </s> (book-0880)\n"
    )
    return found | {READER.package: reader}


def _package(root: Path, name: str) -> Unpacked:
    package = Unpacked(name, "1.0-1", root / name)
    doc = package.folder / "usr/share/doc" / name
    doc.mkdir(parents=True, exist_ok=True)
    (doc / "copyright").write_text(f"{name} was made by somebody.\n")
    return package


def _sound(path: Path, number: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = (3000 * np.sin(np.arange(1600) * (number + 1) / 20)).astype(np.int16)
    if path.suffix == ".gsm":
        soundfile.write(path, samples, 8000, format="RAW", subtype="GSM610")
    else:
        soundfile.write(path, samples, 8000, subtype="PCM_16")
