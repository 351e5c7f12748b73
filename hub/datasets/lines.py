"""The lines of a manifest that may be wrong in every way: read one by one, each fault a finding."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hub.datasets.findings import Findings
from hub.datasets.folder import odd_name, shown

MANIFEST = "manifest.jsonl"
LONGEST_LINE_BYTES = 1 << 20
MOST_LINES = 1_000_000
TOLERANCE_SECONDS = 0.02
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")
# What UTF-8 read as Latin-1 looks like.
MANGLED = re.compile("[ÃÂ][\u0080-\u00bf]|\ufffd")
SENTENCES = {
    "missing": "is missing",
    "string_type": "is no text",
    "float_type": "is no number",
    "int_type": "is no whole number",
    "list_type": "is no list",
    "finite_number": "is not a finite number",
}


class _Loose(BaseModel):
    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, strict=True)


class Source(_Loose):
    """Where a recording's file lies."""

    source: str


class Recording(_Loose):
    """What the manifest says of a recording."""

    id: str = Field(min_length=1, max_length=200)
    sources: list[Source]
    sampling_rate: int
    num_samples: int
    duration: float


class Supervision(_Loose):
    """Who speaks when, and what."""

    speaker: str
    language: str | None = None
    text: str | None = None
    start: float | None = None
    duration: float | None = None


class Cut(_Loose):
    """One line of the manifest."""

    id: str = Field(min_length=1, max_length=200)
    recording: Recording
    supervisions: list[Supervision]


@dataclass(frozen=True)
class Line:
    """A line that could be read, with its number."""

    number: int
    cut: Cut

    @property
    def where(self) -> str:
        """The line as a finding names it."""
        return f"line {self.number:,}"


def read(content: bytes, findings: Findings) -> Iterator[Line]:
    """Yield the lines of a manifest that can be read; what is wrong with others is found."""
    if content.startswith(b"\xef\xbb\xbf"):
        findings.add("mark", "The manifest begins with a byte order mark.", "Save it as UTF-8 without BOM.")
        content = content[3:]
    for number, raw in enumerate(content.split(b"\n"), start=1):
        if number > MOST_LINES:
            findings.add("lines", f"It has more than {MOST_LINES:,} lines.", "Split the version.")
            return
        if not raw.strip():
            if number <= content.count(b"\n"):
                findings.add("empty line", "The line is empty.", "Take it out.", where=f"line {number:,}")
            continue
        line = _line(raw, f"line {number:,}", findings)
        if line is not None:
            yield Line(number, line)


def _line(raw: bytes, where: str, findings: Findings) -> Cut | None:
    if len(raw) > LONGEST_LINE_BYTES:
        findings.add("long line", "The line is over 1 MiB.", "One line holds one cut.", where=where)
        return None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        fix = "Save the manifest as UTF-8; this looks like Latin-1 or Windows-1252."
        place = f"{where}, byte {error.start + 1}"
        findings.add("encoding", "The text is not UTF-8.", fix, where=place)
        return None
    try:
        json.loads(text)
        return Cut.model_validate_json(text)
    except json.JSONDecodeError as error:
        place = f"{where}, character {error.colno}"
        findings.add("json", f"The line is no JSON: {error.msg}.", "Write one JSON object.", where=place)
    except RecursionError:
        findings.add("json", "The line is nested too deeply.", "Write one cut a line.", where=where)
    except ValidationError as error:
        for wrong in error.errors():
            column = ".".join(str(part) for part in wrong["loc"])
            said = SENTENCES.get(wrong["type"], wrong["msg"][0].lower() + wrong["msg"][1:])
            kind = "column missing" if wrong["type"] == "missing" else "column"
            fix = f"Give every line a {column or 'cut'}, as Lhotse writes it."
            findings.add(kind, f"{column or 'The line'} {said}.", fix, where=where, column=column)
    return None


def check(line: Line, findings: Findings) -> bool:
    """Find what is wrong with a line by itself; False if its recording can't be looked at."""
    recording = line.cut.recording
    _check_text(line, "id", line.cut.id, findings)
    _check_text(line, "recording.id", recording.id, findings)
    _check_supervisions(line, findings)
    if recording.sampling_rate <= 0 or recording.num_samples <= 0:
        said = "The recording has no sample rate or no samples."
        findings.add("numbers", said, "Write what the file holds.", where=line.where, column="recording")
        return False
    real = recording.num_samples / recording.sampling_rate
    if abs(real - recording.duration) > TOLERANCE_SECONDS:
        said = f"{recording.num_samples} samples at {recording.sampling_rate} Hz last {real:.3f} s, "
        findings.add(
            "duration",
            f"{said}duration says {recording.duration:.3f}.",
            "Write num_samples / sampling_rate.",
            where=line.where,
            column="recording.duration",
        )
    return _check_source(line, findings)


def _check_source(line: Line, findings: Findings) -> bool:
    sources, column = line.cut.recording.sources, "recording.sources"
    if len(sources) != 1:
        said = f"The recording has {len(sources)} sources."
        findings.add("sources", said, "Give it exactly one file.", where=line.where, column=column)
        return False
    name = sources[0].source
    odd = odd_name(name)
    if odd:
        said, fix = f"The file “{shown(name)}” {odd}.", "Name a file inside this folder, without links."
        findings.add("path", said, fix, where=line.where, column=f"{column}.0.source")
    return not odd


def _check_supervisions(line: Line, findings: Findings) -> None:
    said_by = line.cut.supervisions
    if not said_by:
        said, fix = "Nobody speaks in it: supervisions is empty.", "Say who speaks."
        findings.add("speaker", said, fix, where=line.where, column="supervisions")
    for at, supervision in enumerate(said_by):
        column = f"supervisions.{at}"
        if not supervision.speaker.strip():
            said, fix = "The speaker is empty.", "Give every speaker a pseudonym."
            findings.add("speaker", said, fix, where=line.where, column=f"{column}.speaker")
        _check_text(line, f"{column}.speaker", supervision.speaker, findings)
        _check_language(line, f"{column}.language", supervision.language, findings)
        _check_words(line, f"{column}.text", supervision.text or "", findings)
        _check_time(line, column, supervision, findings)


def _check_text(line: Line, column: str, text: str, findings: Findings) -> None:
    if any(unicodedata.category(letter)[0] == "C" for letter in text):
        said = f"“{shown(text)}” holds characters that don’t show or turn the text around."
        findings.add("letters", said, "Take them out.", where=line.where, column=column)


def _check_language(line: Line, column: str, language: str | None, findings: Findings) -> None:
    if language is None or not LANGUAGE.match(language):
        said = f"“{shown(language)}” is no language tag." if language else "No language is given."
        fix = "Write a tag such as fr or en-GB, so that people find it."
        findings.add("language", said, fix, where=line.where, column=column, blocks=bool(language))


def _check_words(line: Line, column: str, text: str, findings: Findings) -> None:
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Cn") and letter not in "\n\t" for letter in text):
        said, fix = "The transcript holds control characters.", "Take them out."
        findings.add("transcript", said, fix, where=line.where, column=column)
    if MANGLED.search(text):
        said = f"The transcript looks wrongly decoded: “{shown(text, 60)}”."
        fix = "Read the source with its own encoding and save it as UTF-8; if it is right, leave it."
        findings.add("transcript encoding", said, fix, where=line.where, column=column, blocks=False)


def _check_time(line: Line, column: str, supervision: Supervision, findings: Findings) -> None:
    start, duration = supervision.start or 0.0, supervision.duration
    end = start + (duration or 0.0)
    if start < 0 or (duration is not None and duration < 0) or end > _end(line) + TOLERANCE_SECONDS:
        said = f"It lasts from {start:.3f} to {end:.3f} s, the recording {_end(line):.3f} s."
        fix = "Keep each supervision inside its recording."
        findings.add("time", said, fix, where=line.where, column=f"{column}.duration")


def _end(line: Line) -> float:
    return line.cut.recording.duration
