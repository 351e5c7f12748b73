"""A folder of recordings is examined: manifest, files and sound; nothing in it is believed. No Django."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from hub.datasets import lines, summary
from hub.datasets.findings import Findings
from hub.datasets.folder import HIDDEN, entries, odd_name, opened, plain_file, shown
from hub.datasets.lines import MANIFEST, Line
from hub.datasets.summary import Heard, Said
from hub.speech import quality

MOST_MANIFEST_BYTES = 512 << 20
# Words that may lie beside the recordings and are copied along.
COMPANIONS = frozenset({"README.md", "README.txt", "LICENSE", "LICENSES.txt", "DATASET.json"})
MOST_COMPANION_BYTES = 1 << 20
PIECE_BYTES = 1 << 20

Progress = Callable[[int, int], None]
GoesOn = Callable[[], object]


@dataclass
class Examined:
    """What was found in a folder, as far as it could be read."""

    findings: Findings = field(default_factory=Findings)
    manifest_sha256: str = ""
    heard: list[Heard] = field(default_factory=list)
    # The files that make the version, each with the hash of what was examined.
    files: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the whole as the worker reads it."""
        kept, more = self.findings.as_lists()
        return {
            "findings": kept,
            "more": more,
            "blocks": self.findings.blocks,
            "manifest_sha256": self.manifest_sha256,
            "facts": summary.of(self.heard) if self.heard else {},
            "recordings": [heard.row() for heard in self.heard],
            "files": self.files,
        }


def examine(folder: Path, *, progress: Progress = lambda done, of: None) -> Examined:
    """Examine a folder; whatever is wrong with it is a finding, a folder that can't be opened is Invalid."""
    made = Examined()
    with opened(folder) as root:
        there = _listed(root, made.findings)
        content = _manifest(root, made)
        # How many there are is known once all lines are read.
        recordings = _recordings(content, made.findings, partial(progress, 0, 0))
        for done, (name, said) in enumerate(recordings.items()):
            _hear(root, name, said, made, partial(progress, done, len(recordings)))
        progress(len(recordings), len(recordings))
        _same_content(made)
        _companions(root, there, made)
        for name in sorted(there - recordings.keys() - made.files.keys() - {MANIFEST}):
            fix = "Name it in the manifest, or take it away; it is not copied."
            _note(made.findings, "not in manifest", f"“{shown(name)}” is in no line.", fix)
    if not recordings and not made.findings.blocks:
        made.findings.add("empty", "The manifest names no recording.", "Write a line for each recording.")
    return made


def digest(file: int, goes_on: GoesOn = lambda: None) -> str:
    """Return the SHA-256 of an open file from its beginning, and put it back there."""
    os.lseek(file, 0, os.SEEK_SET)
    sha256 = hashlib.sha256()
    while piece := os.read(file, PIECE_BYTES):
        sha256.update(piece)
        goes_on()
    os.lseek(file, 0, os.SEEK_SET)
    return sha256.hexdigest()


def _listed(root: int, findings: Findings) -> set[str]:
    """Return the plain files there are; links, pipes, devices and odd names are findings."""
    there = set()
    for entry in entries(root):
        odd = odd_name(entry.name)
        if entry.oddity:
            fix = "Put plain files and folders there; links and special files are refused."
            findings.add("no plain file", f"“{shown(entry.name)}” is {entry.oddity}.", fix)
        elif odd:
            said, fix = f"The name “{shown(entry.name)}” {odd}.", "Rename or remove it; it is not copied."
            findings.add("file name", said, fix, blocks=odd != HIDDEN)
        else:
            there.add(entry.name)
    return there


def _manifest(root: int, made: Examined) -> bytes:
    fix = f"Put a {MANIFEST} into the folder: one Lhotse cut a line, UTF-8."
    try:
        with plain_file(root, MANIFEST) as file:
            if os.fstat(file).st_size > MOST_MANIFEST_BYTES:
                made.findings.add("manifest", "The manifest is over 512 MiB.", "Split the version.")
                return b""
            with open(file, "rb", closefd=False) as stream:
                content = stream.read(MOST_MANIFEST_BYTES)
    except OSError as error:
        said = f"There is no {MANIFEST} that can be read ({error.strerror or error})."
        made.findings.add("manifest", said, fix)
        return b""
    if b"\0" in content:
        made.findings.add("manifest", "The manifest holds null bytes, so it is no text.", fix)
        return b""
    made.manifest_sha256 = made.files[MANIFEST] = hashlib.sha256(content).hexdigest()
    return content


def _recordings(content: bytes, findings: Findings, goes_on: GoesOn) -> dict[str, list[Line]]:
    """Return the lines of each file; the same cut twice, or one recording told two ways, is found."""
    cuts: dict[str, int] = {}
    ids: dict[str, Line] = {}
    files: dict[str, list[Line]] = {}
    for line in lines.read(content, findings):
        goes_on()
        recording = line.cut.recording
        if line.cut.id in cuts:
            said = f"The cut {shown(line.cut.id)} is in line {cuts[line.cut.id]:,} already."
            findings.add("duplicate", said, "Give every cut its own id.", where=line.where, column="id")
        cuts.setdefault(line.cut.id, line.number)
        if not lines.check(line, findings):
            continue
        first = ids.setdefault(recording.id, line)
        same_file = files.setdefault(recording.sources[0].source, [])
        if recording != first.cut.recording or (same_file and same_file[0].cut.recording != recording):
            other = first if recording != first.cut.recording else same_file[0]
            said = f"The recording {shown(recording.id)} or its file is told differently in {other.where}."
            fix = "Give each recording one id, one file and one length."
            findings.add("duplicate", said, fix, where=line.where, column="recording")
            continue
        same_file.append(line)
    return {name: found for name, found in files.items() if found}


def _hear(root: int, name: str, said: list[Line], made: Examined, goes_on: GoesOn) -> None:
    recording, where = said[0].cut.recording, said[0].where
    try:
        with plain_file(root, name) as file:
            goes_on()
            sha256 = digest(file, goes_on)
            sound = quality.measure(file, goes_on)
    except OSError as error:
        message = f"“{shown(name)}” is not there or can’t be read ({error.strerror or error})."
        fix = "Put the file there, readable by everybody, or take the line out."
        made.findings.add("file missing", message, fix, where=where, column="recording.sources.0.source")
        return
    except quality.Unmeasurable as error:
        message = f"“{shown(name)}” can’t be measured: {shown(str(error), 200)}."
        fix = "Write the file anew from its source, or take the line out."
        made.findings.add("no audio", message, fix, where=where, column="recording.sources.0.source")
        return
    if (sound.rate_hz, sound.samples) != (recording.sampling_rate, recording.num_samples):
        message = (
            f"“{shown(name)}” holds {sound.samples} samples at {sound.rate_hz} Hz, "
            f"the line says {recording.num_samples} at {recording.sampling_rate}."
        )
        fix = "Write what the file holds."
        made.findings.add("samples", message, fix, where=where, column="recording.num_samples")
    made.files[name] = sha256
    made.heard.append(Heard(recording.id, sha256, sound, _said(said, sound.seconds)))


def _said(said: list[Line], seconds: float) -> tuple[Said, ...]:
    spoken = [supervision for line in said for supervision in line.cut.supervisions]
    return tuple(
        Said(
            speaker=one.speaker,
            language=one.language or "not stated",
            seconds=one.duration if one.duration is not None else seconds / len(spoken),
            has_text=bool((one.text or "").strip()),
        )
        for one in spoken
    )


def _same_content(made: Examined) -> None:
    first: dict[str, str] = {}
    for heard in made.heard:
        other = first.setdefault(heard.sha256, heard.id)
        if other != heard.id:
            said = f"The recordings {shown(other)} and {shown(heard.id)} are the same bytes."
            _note(made.findings, "same bytes", said, "Leave one of them out, unless both are meant.")


def _companions(root: int, there: set[str], made: Examined) -> None:
    for name in sorted(there & COMPANIONS):
        try:
            with plain_file(root, name) as file:
                if os.fstat(file).st_size <= MOST_COMPANION_BYTES:
                    made.files[name] = digest(file)
        except OSError:
            _note(made.findings, "not readable", f"“{name}” can’t be read.", "Make it readable.")


def _note(findings: Findings, kind: str, said: str, fix: str) -> None:
    findings.add(kind, said, fix, blocks=False)
