"""A folder somebody else filled: what is wrong with it is said, and nothing in it can harm the examiner."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from hub.datasets.examination import Examined, examine
from hub.errors import Invalid

RATE = 8000


def cut(number: int, **changes: Any) -> dict[str, Any]:
    recording = {
        "id": f"r{number}",
        "sources": [{"type": "file", "channels": [0], "source": f"recordings/r{number}.wav"}],
        "sampling_rate": RATE,
        "num_samples": RATE,
        "duration": 1.0,
    }
    said = [{"speaker": f"s{number % 2}", "language": "fr", "text": "bonjour", "start": 0.0, "duration": 1.0}]
    return {"id": f"c{number}", "recording": {**recording, **changes}, "supervisions": said}


def spoken(number: int, **changes: Any) -> dict[str, Any]:
    made = cut(number)
    made["supervisions"][0].update(changes)
    return made


def intake(folder: Path, cuts: list[Any] | None = None) -> Path:
    """Write a folder of three different recordings and a manifest."""
    (folder / "recordings").mkdir(parents=True)
    for number in range(3):
        tone = 0.1 * (number + 1) * np.sin(np.arange(RATE) / 5)
        soundfile.write(str(folder / "recordings" / f"r{number}.wav"), tone, RATE)
    write(folder, cuts if cuts is not None else [cut(number) for number in range(3)])
    return folder


def write(folder: Path, cuts: list[Any]) -> None:
    (folder / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in cuts))


def kinds(found: Examined, *, blocking: bool = True) -> set[str]:
    return {finding.kind for finding in found.findings.kept if finding.blocks == blocking}


def test_a_good_folder_is_measured_and_has_no_findings(tmp_path: Path) -> None:
    (intake(tmp_path / "v") / "README.md").write_text("Read me")
    said: list[tuple[int, int]] = []
    found = examine(tmp_path / "v", progress=lambda done, of: said.append((done, of)))
    assert found.findings.kept == []
    facts = found.as_json()["facts"]
    assert (facts["recordings"], facts["speakers"], facts["seconds"]) == (3, 2, 3.0)
    assert facts["per_speaker"] == [["1", round(2 / 60, 2)], ["2", round(1 / 60, 2)]]
    assert (facts["rates"], facts["bits"]) == ([["8,000 Hz", 3.0]], [["16 bit", 3.0]])
    assert facts["languages"] == [["fr", 3.0]]
    assert set(found.files) == {"manifest.jsonl", "README.md", *(f"recordings/r{n}.wav" for n in range(3))}
    assert said[-1] == (3, 3)


def test_speakers_names_are_not_among_the_facts(tmp_path: Path) -> None:
    intake(tmp_path / "v", [spoken(0, speaker="a-name-of-somebody")])
    assert "a-name-of-somebody" not in json.dumps(examine(tmp_path / "v").as_json()["facts"])


LINES: dict[str, tuple[Any, str, str]] = {
    "a missing column": ({"id": "c0", "supervisions": []}, "column missing", "recording"),
    "a missing speaker": (
        {**cut(0), "supervisions": [{"language": "fr"}]},
        "column missing",
        "supervisions.0.speaker",
    ),
    "an empty speaker": (spoken(0, speaker="  "), "speaker", "supervisions.0.speaker"),
    "no speaker": ({**cut(0), "supervisions": []}, "speaker", "supervisions"),
    "a number as text": (cut(0, num_samples="many"), "column", "recording.num_samples"),
    "a length that is no number": (cut(0, duration=float("nan")), "column", "recording.duration"),
    "a negative rate": (cut(0, sampling_rate=-1), "numbers", "recording"),
    "another length": (cut(0, duration=9.0), "duration", "recording.duration"),
    "other samples": (cut(0, num_samples=4000, duration=0.5), "samples", "recording.num_samples"),
    "a path up": (cut(0, sources=[{"source": "../../etc/passwd"}]), "path", "recording.sources.0.source"),
    "an absolute path": (cut(0, sources=[{"source": "/etc/passwd"}]), "path", "recording.sources.0.source"),
    "a backslash": (cut(0, sources=[{"source": "a\\b.wav"}]), "path", "recording.sources.0.source"),
    "a null in a path": (cut(0, sources=[{"source": "a\0b.wav"}]), "path", "recording.sources.0.source"),
    "text turned around": (
        cut(0, sources=[{"source": "recordings/\u202evaw.exe"}]),
        "path",
        "recording.sources.0.source",
    ),
    "two sources": (cut(0, sources=[{"source": "a"}, {"source": "b"}]), "sources", "recording.sources"),
    "a file that isn't there": (
        cut(0, sources=[{"source": "recordings/none.wav"}]),
        "file missing",
        "recording.sources.0.source",
    ),
    "a file as a folder": (
        cut(0, sources=[{"source": "manifest.jsonl/x.wav"}]),
        "file missing",
        "recording.sources.0.source",
    ),
    "no audio": (cut(0, sources=[{"source": "manifest.jsonl"}]), "no audio", "recording.sources.0.source"),
    "an id turned around": (cut(0, id="r\u202e0"), "letters", "recording.id"),
    "no language tag": (spoken(0, language="french (north)"), "language", "supervisions.0.language"),
    "a transcript with controls": (spoken(0, text="a\x07b"), "transcript", "supervisions.0.text"),
    "speech after the end": (spoken(0, duration=3.0), "time", "supervisions.0.duration"),
    "a list": ([1, 2], "column", ""),
}


@pytest.mark.parametrize("how", LINES)
def test_a_line_that_is_wrong_is_found_where_it_is(how: str, tmp_path: Path) -> None:
    line, kind, column = LINES[how]
    found = examine(intake(tmp_path / "v", [cut(1), line]))
    assert found.findings.blocks
    assert [(f.where, f.column) for f in found.findings.kept if f.kind == kind] == [("line 2", column)]
    assert all(finding.message and finding.fix for finding in found.findings.kept)


def test_duplicates_are_told_with_the_line_they_repeat(tmp_path: Path) -> None:
    found = examine(intake(tmp_path / "v", [cut(0), cut(0), cut(1), {**cut(2, id="r1"), "id": "c9"}]))
    said = [(f.where, f.message) for f in found.findings.kept if f.kind == "duplicate"]
    assert [where for where, _ in said] == ["line 2", "line 4"]
    assert "line 1 already" in said[0][1]


def test_the_same_bytes_twice_and_files_in_no_line_are_only_notes(tmp_path: Path) -> None:
    folder = intake(tmp_path / "v", [cut(0), cut(1)])
    (folder / "recordings" / "r1.wav").write_bytes((folder / "recordings" / "r0.wav").read_bytes())
    found = examine(folder)
    assert kinds(found) == set()
    assert kinds(found, blocking=False) == {"same bytes", "not in manifest"}
    assert "recordings/r2.wav" not in found.files


CONTENTS = {
    "encoding": json.dumps(spoken(0, text="é"), ensure_ascii=False).encode("latin-1"),
    "json": b'{"id": "c0", ',
    "empty line": json.dumps(cut(0)).encode() + b"\n\n" + json.dumps(cut(1)).encode(),
    "mark": b"\xef\xbb\xbf" + json.dumps(cut(0)).encode(),
    "manifest": b"\0" * 100,
    "long line": b'{"id": "' + b"x" * (2 << 20) + b'"}',
    "empty": b"",
}


@pytest.mark.parametrize("kind", CONTENTS)
def test_a_manifest_that_is_no_good_text_is_found(kind: str, tmp_path: Path) -> None:
    folder = intake(tmp_path / "v")
    (folder / "manifest.jsonl").write_bytes(CONTENTS[kind])
    assert kind in kinds(examine(folder))


def test_deep_nesting_is_found_and_does_no_harm(tmp_path: Path) -> None:
    folder = intake(tmp_path / "v")
    (folder / "manifest.jsonl").write_text("[" * 100_000 + "]" * 100_000)
    assert examine(folder).findings.blocks


def test_a_wrongly_decoded_transcript_is_noted(tmp_path: Path) -> None:
    found = examine(intake(tmp_path / "v", [spoken(0, text="dÃ©jÃ\xa0 vu")]))
    assert "transcript encoding" in kinds(found, blocking=False)


def _link(folder: Path) -> None:
    (folder / "recordings" / "r1.wav").unlink()
    (folder / "recordings" / "r1.wav").symlink_to("/etc/hostname")


def _linked_folder(folder: Path) -> None:
    (folder / "recordings").rename(folder.parent / "elsewhere")
    (folder / "recordings").symlink_to(folder.parent / "elsewhere")


def _pipe(folder: Path) -> None:
    (folder / "recordings" / "r1.wav").unlink()
    os.mkfifo(folder / "recordings" / "r1.wav")


def _device(folder: Path) -> None:
    (folder / "recordings" / "r1.wav").unlink()
    os.mknod(folder / "recordings" / "r1.wav", stat.S_IFCHR | 0o666, os.makedev(1, 5))


# Only root makes a device.
HARMS = [_link, _linked_folder, _pipe, *([_device] if os.geteuid() == 0 else [])]


@pytest.mark.parametrize("harm", HARMS)
def test_links_pipes_and_devices_are_found_and_never_opened(
    harm: Callable[[Path], None], tmp_path: Path
) -> None:
    folder = intake(tmp_path / "v")
    harm(folder)
    before = time.monotonic()
    found = examine(folder)
    assert time.monotonic() - before < 5
    assert {"no plain file", "file missing"} <= kinds(found)
    assert "recordings/r1.wav" not in found.files


@pytest.mark.parametrize("name", ["manifest.jsonl", "../v/manifest.jsonl"])
def test_a_folder_that_is_a_link_is_not_entered(name: str, tmp_path: Path) -> None:
    intake(tmp_path / "real")
    (tmp_path / "v").symlink_to(tmp_path / "real")
    with pytest.raises(Invalid, match="can’t be read"):
        examine(tmp_path / "v")


@pytest.mark.parametrize("name", ["a\u202eb.wav", "a\nb.wav", ".hidden", "e\u0301.wav"])
def test_file_names_that_hide_something_are_found(name: str, tmp_path: Path) -> None:
    folder = intake(tmp_path / "v")
    (folder / name).write_bytes(b"x")
    found = examine(folder)
    assert "file name" in kinds(found, blocking=name != ".hidden")
    assert "\u202e" not in json.dumps(found.as_json(), ensure_ascii=False)


def test_a_name_that_is_no_text_is_found(tmp_path: Path) -> None:
    folder = intake(tmp_path / "v")
    (folder / os.fsdecode(b"\xff.wav")).write_bytes(b"x")
    found = examine(folder)
    assert "file name" in kinds(found)
    json.dumps(found.as_json()).encode()


@pytest.mark.parametrize("content", [b"", b"RIFF\xff\xff\xff\xffWAVEfmt " + b"\xff" * 64])
def test_empty_files_and_headers_that_lie_are_found(content: bytes, tmp_path: Path) -> None:
    folder = intake(tmp_path / "v")
    (folder / "recordings" / "r1.wav").write_bytes(content)
    assert "no audio" in kinds(examine(folder))


def test_a_hundred_thousand_wrong_lines_stay_twenty_findings_and_a_count(tmp_path: Path) -> None:
    folder = intake(tmp_path / "v")
    write(folder, [{"id": f"c{number}"} for number in range(100_000)])
    before = time.monotonic()
    report = examine(folder).as_json()
    assert len([f for f in report["findings"] if f["kind"] == "column missing"]) == 20
    assert report["more"]["column missing"] == 200_000 - 20
    assert time.monotonic() - before < 30


def test_a_long_recording_and_a_long_manifest_are_told_piece_by_piece(tmp_path: Path) -> None:
    folder = intake(tmp_path / "v")
    # In the second file: its beginning, four pieces that are hashed and two blocks that are measured.
    soundfile.write(str(folder / "recordings" / "r1.wav"), np.zeros(3 << 19), RATE)
    told: list[tuple[int, int]] = []
    examine(folder, progress=lambda done, of: told.append((done, of)))
    assert told.count((0, 0)) == 3
    assert told.count((1, 3)) == 1 + 4 + 2
    assert told.count((2, 3)) == 1 + 1 + 1


def test_the_examiner_is_a_process_that_tells_how_far_it_is(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hub.datasets", str(intake(tmp_path / "v"))],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-2] == {"done": 3, "of": 3}
    assert lines[-1]["report"]["blocks"] is False
    refused = subprocess.run(
        [sys.executable, "-m", "hub.datasets", str(tmp_path / "none")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "can’t be read" in refused.stderr
