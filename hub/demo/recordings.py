"""The recordings of a voice: found in its package, copied as they are, or decoded where they are GSM."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import soundfile

from hub.demo.packages import Unpacked
from hub.demo.sources import Voice
from hub.errors import Unavailable

GSM_RATE = 8000


@dataclass(frozen=True)
class Clip:
    """One recording of a voice: what is said, as a name shared by all voices or as text, and its file."""

    voice: Voice
    prompt: str
    text: str | None
    source: Path

    @property
    def id(self) -> str:
        """The recording's id in its dataset, the same in every version."""
        return f"{self.voice.language}-{self.voice.speaker}-{self.prompt.replace('/', '-')}"


def prompts(voices: Iterable[Voice], common: Iterable[Voice], unpacked: dict[str, Unpacked]) -> list[Clip]:
    """Return each voice's clips of the prompts which all the `common` voices speak, sorted by id."""
    shared = set.intersection(*(set(_sounds(voice, unpacked)) for voice in common))
    clips = []
    for voice in voices:
        sounds = _sounds(voice, unpacked)
        clips += [Clip(voice, prompt, None, sounds[prompt]) for prompt in shared]
    return sorted(clips, key=lambda clip: clip.id)


def readings(voice: Voice, unpacked: dict[str, Unpacked]) -> list[Clip]:
    """Return the read sentences with their transcripts, sorted by id."""
    folder = unpacked[voice.package].folder / voice.folder
    clips = []
    for line in (folder / "transcription").read_text(encoding="utf-8").splitlines():
        said, _, name = line.rpartition("(")
        name = name.rstrip(") ")
        text = said.replace("<s>", "").replace("</s>", "").strip()
        clips.append(Clip(voice, name.rsplit("-", 1)[1], text, folder / f"{name}.wav"))
    return sorted(clips, key=lambda clip: clip.id)


def write(clip: Clip, folder: Path) -> dict[str, Any]:
    """Write the clip's WAV below `folder` and return its line of the manifest, a Lhotse MonoCut."""
    source = f"recordings/{clip.id}.wav"
    target = folder / source
    if clip.source.suffix == ".gsm":
        samples, rate = soundfile.read(
            clip.source, samplerate=GSM_RATE, channels=1, format="RAW", subtype="GSM610", dtype="int16"
        )
        soundfile.write(target, samples, rate, subtype="PCM_16")
    else:
        target.write_bytes(clip.source.read_bytes())
    target.chmod(0o444)
    info = soundfile.info(target)
    return _cut(clip, source, rate=info.samplerate, samples=info.frames)


def _sounds(voice: Voice, unpacked: dict[str, Unpacked]) -> dict[str, Path]:
    package = unpacked[voice.package]
    for place in (voice.folder, *voice.elsewhere):
        folder = package.folder / place
        if found := [path for path in folder.rglob("*") if path.suffix in (".wav", ".gsm")]:
            break
    else:
        raise Unavailable(
            f"{voice.package} {package.version} holds no recording in {voice.folder}; "
            "say in hub/demo/sources.py where this release of Debian puts them"
        )
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in found}


def _cut(clip: Clip, source: str, *, rate: int, samples: int) -> dict[str, Any]:
    seconds = samples / rate
    said: dict[str, Any] = {
        "id": clip.id,
        "recording_id": clip.id,
        "start": 0.0,
        "duration": seconds,
        "channel": 0,
        "language": clip.voice.language,
        "speaker": clip.voice.speaker,
        "custom": {"prompt": clip.prompt, "licence": clip.voice.licence, "package": clip.voice.package},
    }
    if clip.voice.gender:
        said["gender"] = clip.voice.gender
    if clip.text is not None:
        said["text"] = clip.text
    return {
        "id": clip.id,
        "start": 0.0,
        "duration": seconds,
        "channel": 0,
        "supervisions": [said],
        "recording": {
            "id": clip.id,
            "sources": [{"type": "file", "channels": [0], "source": source}],
            "sampling_rate": rate,
            "num_samples": samples,
            "duration": seconds,
            "channel_ids": [0],
        },
        "type": "MonoCut",
    }
