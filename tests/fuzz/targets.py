"""What is fuzzed: each parser of the screening, as a function of bytes that may refuse them, no worse."""

from __future__ import annotations

import importlib
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from egress_review.screening import (
    acro,
    declared,
    disclosure,
    embedded,
    encoded,
    kinds,
    manifest,
    names,
    notebooks,
    protocol,
    structured,
    tables,
    text,
    wording,
)
from egress_review.screening.carriers import archives
from egress_review.screening.context import Context, HandedIn
from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.recordings import Recording
from egress_review.screening.verdict import Unscreenable
from tests.leaks import carry, samples

CORPUS = Path(__file__).parent / "corpus"
MIB = 1 << 20
LIMITS = replace(
    Limits(), archive_bytes=4 * MIB, array_bytes=4 * MIB, text_bytes=MIB // 4, decoded_bytes=MIB // 4,
    read_seconds=1,
)  # fmt: skip
INDEX = Index.of(
    Recording(f"rec-{n:04x}", f"spk{n % 7}", f"the neighbour painted the ladder and the kettle {n} times")
    for n in range(40)
)
Run = Callable[[bytes], object]


@dataclass(frozen=True)
class Target:
    """A parser, the errors by which it refuses, and sound files to begin from."""

    run: Run
    seeds: Callable[[], Sequence[bytes]]
    refuses: tuple[type[Exception], ...] = (Unscreenable,)

    def __call__(self, data: bytes) -> None:
        """Give the bytes to the parser; what it raises beyond a refusal is a crash."""
        try:
            self.run(data)
        except self.refuses:
            return


def _opener(module: str) -> Run:
    return lambda data: importlib.import_module(f"egress_review.screening.{module}").open(data, LIMITS)


def _samples(*named: str) -> Callable[[], Sequence[bytes]]:
    return lambda: [samples.sample(kind) for kind in named]


def _text(data: bytes) -> object:
    written = text.decode(data, LIMITS.text_bytes)
    rebuilt = text.rebuild(written)[0]
    # What is rebuilt is rebuilt: a second time changes nothing.
    assert text.rebuild(rebuilt)[0] == rebuilt
    return list(embedded.tables(rebuilt, "", LIMITS))


def _table(data: bytes) -> object:
    written = text.decode(data, LIMITS.table_bytes)
    delimiter = tables.delimiter_of(written, ".csv")
    copy = tables.rebuild(tables.parse(written, delimiter, LIMITS), delimiter)[0]
    again = tables.parse(copy, delimiter, LIMITS)
    assert tables.rebuild(again, delimiter)[0] == copy
    return disclosure.check(again, INDEX, LIMITS)


def _json(data: bytes) -> object:
    value = structured.parse(text.decode(data, LIMITS.text_bytes), LIMITS)
    copy = structured.rebuild(value)[0]
    assert structured.rebuild(json.loads(copy))[0] == copy
    return structured.check(value, INDEX, LIMITS)


def _notebook(data: bytes) -> object:
    return notebooks.screen(text.decode(data, LIMITS.text_bytes), INDEX, LIMITS, unpack=lambda packed: [])


def _kinds(data: bytes) -> object:
    for suffix in kinds.BY_SUFFIX:
        try:
            kinds.identify(data, f"a{suffix}")
        except Unscreenable:
            continue
    return kinds.by_content(data)


def _words(data: bytes) -> object:
    return wording.content(data.decode("utf-8", "replace"), INDEX, LIMITS.minimum_count, "")


def _names(data: bytes) -> object:
    name = data.decode("utf-8", "replace")
    found = names.check(name, INDEX, LIMITS)
    clean = names.clean(name, ".csv", set())
    assert clean == names.clean(clean, ".csv", set())
    return found


def _request(data: bytes) -> object:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "request.json").write_bytes(data)
        return protocol.ask(Path(folder), Path(folder))


def _manifest(data: bytes) -> object:
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(data)
        return manifest.rows(Path(file.name))


def _declared(data: bytes) -> object:
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        return None
    handed_in = [HandedIn("a", "results.csv", samples.TABLE)]
    return declared.check(handed_in, INDEX, Context(declared={"results.csv": said, "a": said}), LIMITS)


def _acro(data: bytes) -> object:
    handed_in = [HandedIn("a", "results.json", data), HandedIn("b", "output_0_0.csv", samples.TABLE)]
    return acro.check(handed_in, INDEX, Context(), LIMITS)


def _archive(data: bytes) -> object:
    return archives.members(data, LIMITS.archive_bytes, LIMITS)


def _stream(data: bytes) -> object:
    if kinds.by_content(data) is not kinds.STREAM:
        return None
    return archives.stream(data, LIMITS.archive_bytes, LIMITS)


def _docx() -> Sequence[bytes]:
    body = "<w:body><w:p><w:r><w:t>Results</w:t></w:r></w:p></w:body>"
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    return [carry.archive({"word/document.xml": f"<w:document {space}>{body}</w:document>".encode()})]


def _requests() -> Sequence[bytes]:
    asked = {"version": 2, "files": [{"id": "f0", "name": "a.csv"}], "indexes": 0, "limits": {"seconds": 60}}
    return [
        json.dumps({**asked, "earlier": [{"file": "e0", "name": "b.csv"}], "public": ["0" * 64]}).encode()
    ]


TARGETS: dict[str, Target] = {
    "pictures": Target(_opener("pictures"), _samples("png", "jpeg", "gif", "webp", "tiff", "bmp")),
    "drawings": Target(_opener("carriers.drawings"), _samples("svg")),
    "pages": Target(_opener("carriers.pages"), _samples("html")),
    "documents": Target(_opener("carriers.documents"), _docx),
    "lines": Target(_opener("carriers.lines"), lambda: [LINES]),
    "workbooks": Target(_opener("carriers.workbooks"), _samples("xlsx")),
    "pdf": Target(_opener("carriers.pdf"), _samples("pdf")),
    "columns": Target(_opener("carriers.columns"), _samples("parquet", "feather")),
    "arrays": Target(_opener("carriers.arrays"), _samples("npy", "npz")),
    "hdf": Target(_opener("carriers.hdf"), _samples("hdf5")),
    "tensors": Target(_opener("carriers.tensors"), _samples("safetensors")),
    "audio": Target(_opener("carriers.audio"), _samples("wav", "flac", "mp3", "ogg", "opus", "aiff")),
    "opaque": Target(_opener("carriers.opaque"), lambda: [bytes(range(256)) * 4]),
    "archives": Target(_archive, _samples("zip", "tar")),
    "streams": Target(_stream, _samples("gz", "tgz", "bz2", "xz", "zst")),
    "kinds": Target(_kinds, _samples("csv", "zip", "png", "wav", "safetensors", "npy")),
    "tables": Target(_table, _samples("csv", "tsv")),
    "json": Target(_json, _samples("json")),
    "notebooks": Target(_notebook, _samples("ipynb")),
    "text": Target(_text, _samples("md", "tex", "yaml")),
    "words": Target(_words, _samples("md", "csv")),
    "encodings": Target(
        lambda data: encoded.look(data.decode("utf-8", "replace"), INDEX, LIMITS, ""),
        lambda: [b"state: aGVsbG8gd29ybGQsIGhlbGxvIHdvcmxkLCBoZWxsbyB3b3JsZA==", ESCAPED],
    ),
    "names": Target(_names, lambda: [b"results.csv", "r\u202egnp.csv".encode()]),
    "request": Target(_request, _requests, (protocol.BadRequest,)),
    "manifest": Target(_manifest, lambda: [MANIFEST], (manifest.NoDataset,)),
    "declared": Target(_declared, lambda: [DECLARED]),
    "acro": Target(_acro, lambda: [ACRO]),
}  # fmt: skip
LINES = b'{"step": 1, "loss": 2.5}\n{"step": 2, "loss": 2.1}\n'
ESCAPED = b"\\u0041\\x42%43&#68; 72 101 108 108 111"
DECLARED = b'{"of": "wer", "measure": "mean", "by": ["region"], "where": {"sex": "f"}}'
MANIFEST = (
    b'{"id": "c1", "start": 0.0, "duration": 1.5, "channel": 0, "supervisions": [{"id": "s1", '
    b'"recording_id": "r1", "speaker": "spk1", "text": "hello"}], "recording": {"id": "r1", "sources": ['
    b'{"type": "file", "channels": [0], "source": "a.wav"}]}, "type": "MonoCut"}\n'
)
ACRO = json.dumps(
    {
        "version": "1.0.2",
        "results": {
            "output_0": {
                "uid": "output_0", "status": "pass", "type": "table", "properties": {"method": "crosstab"},
                "files": [{"name": "output_0_0.csv", "sdc": {"summary": {"threshold": 0}, "cells": {}}}],
                "outcome": {"wer": {"north": "ok"}}, "command": "acro.crosstab()", "summary": "pass",
                "timestamp": "2026-11-03T10:00:00", "comments": [], "exception": "",
            }
        },
    }
).encode()  # fmt: skip


def inputs(name: str) -> list[tuple[str, bytes]]:
    """Return the seeds of a target and what its corpus keeps, each under a name."""
    kept = sorted((CORPUS / name).glob("*")) if (CORPUS / name).is_dir() else []
    seeds = [(f"seed {number}", data) for number, data in enumerate(TARGETS[name].seeds())]
    return [*seeds, *((path.name, path.read_bytes()) for path in kept)]
