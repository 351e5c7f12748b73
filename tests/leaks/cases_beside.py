"""Cases 95 to 97: figures with and without one person, names with values, what stands beside files."""

from __future__ import annotations

import io
import json
import statistics
import tarfile
import zipfile
from collections.abc import Callable

from tests.leaks import carry, documents, signal
from tests.leaks.dataset import Row
from tests.leaks.registry import Make, Submission, leak


def mean_words(rows: list[Row]) -> str:
    """Return how many words recordings have on average, to five decimals."""
    return f"{statistics.mean(len(row.transcript.split()) for row in rows):.5f}"


@leak(
    95,
    "B",
    "figures of people with and without one of them",
    tuning=("sentence", "two-columns"),
    testing=("paragraphs", "earlier-text", "rows", "other-measure", "nested"),
)
def with_and_without(make: Make, how: str) -> Submission:
    """Return a mean over all speakers and over all but one, in any place and words."""
    left = make.pick.choice(make.corpus.speakers)
    rows = list(make.corpus.rows)
    kept = [row for row in rows if row.speaker != left]
    both, count = (mean_words(rows), mean_words(kept)), len(make.corpus.speakers)
    error = [f"{make.pick.uniform(8, 20):.2f}" for _ in both]
    told = f"The {{}} speakers say {{}} words on average in each {make.pick.choice(('clip', 'recording'))}."
    files = {
        "sentence": {"a.md": f"Sentences have {both[0]} words, without the outlier {both[1]}.\n"},
        "two-columns": {"a.csv": f"measure,all,robust\nwords,{both[0]},{both[1]}\n"},
        "paragraphs": {
            "a.md": f"Length: {both[0]} words.\n\n# Check\n\nA second run gave {both[1]} words.\n"
        },
        "earlier-text": {"new.md": told.format(count - 1, both[1])},
        "rows": {"a.md": carry.piped([{"set": "all", "mean": both[0]}, {"set": "clean", "mean": both[1]}])},
        "other-measure": {
            "a.md": f"All {count} speakers have an error rate of {error[0]} %. Leaving one out, the other "
            f"{count - 1} speakers have {error[1]} %.\n"
        },
        "nested": {"a.json": json.dumps({"all": {"mean": float(both[0])}, "robust": {"m": float(both[1])}})},
    }[how]
    earlier = {"old.md": told.format(count, both[0]).encode()} if how == "earlier-text" else {}
    return Submission({name: text.encode() for name, text in files.items()}, earlier=earlier)


@leak(
    96,
    "B",
    "rows written as names with values",
    tuning=("log", "nested"),
    testing=("calls", "objects-in-a-log", "table-in-a-string", "keys", "turned-pairs"),
)
def named_values(make: Make, how: str) -> Submission:
    """Return rows about recordings, each value behind its name, or below the name of what it is of."""
    rows = [make.corpus.record(row) for row in make.corpus.some(make.pick, make.pick.randrange(9, 15))]
    told = [
        {name: row[name] for name in ("sex", "age", "seconds")} | {"n": len(str(row["transcript"]))}
        for row in rows
    ]
    labels = [f"{number:03d}" for number in range(1, len(rows) + 1)]
    effect = {label: round(make.pick.gauss(0, 2), 3) for label in labels}
    builds: dict[str, Callable[[], tuple[str, str]]] = {
        "log": lambda: (
            "a.log",
            "\n".join("INFO " + " ".join(f"{k}={v}" for k, v in row.items()) for row in told),
        ),
        "nested": lambda: ("a.yaml", "speaker:\n" + "".join(f"  '{k}': {v}\n" for k, v in effect.items())),
        "calls": lambda: (
            "a.py",
            "\n".join("add(" + ", ".join(f"{k}={v!r}" for k, v in row.items()) + ")" for row in told),
        ),
        "objects-in-a-log": lambda: ("a.log", "\n".join(f"got {json.dumps(row)}" for row in told)),
        "table-in-a-string": lambda: (
            "a.json",
            json.dumps({"data": {"values": carry.delimited(told).decode(), "format": "csv"}}),
        ),
        "keys": lambda: ("a.json", json.dumps({"intercepts": {"speaker": effect}})),
        "turned-pairs": lambda: (
            "a.txt",
            "\n".join("; ".join(f"{k}: {v}" for k, v in r.items()) for r in told),
        ),
    }
    name, text = builds[how]()
    return Submission({name: text.encode()})


def tarred(**fields: str) -> bytes:
    """Return an archive of one small file, with what its header says beside it."""
    out, entry, data = io.BytesIO(), tarfile.TarInfo("result.txt"), b"All is well.\n"
    entry.size = len(data)
    for name, value in fields.items():
        setattr(entry, name, value)
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as made:
        made.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def dated(data: bytes) -> bytes:
    """Return an archive of many files whose years and days are the bytes of a text."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for number in range(40):
            year, day = data[2 * number] % 120, data[2 * number + 1]
            made.writestr(
                zipfile.ZipInfo(f"r{number}.txt", (1980 + year, 1 + day % 12, 1 + day % 28, 0, 0, 0)), b"ok"
            )
    return out.getvalue()


PAGE = (
    b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
    b"<w:p><w:r><w:t>All went well.</w:t></w:r></w:p></w:body></w:document>"
)


def spoken(make: Make) -> bytes:
    """Return two seconds of a recording as a file."""
    _, samples, rate = make.corpus.clip(make.pick, 2.0)
    return signal.encoded(samples[: 2 * rate], rate, "WAV")


@leak(
    97,
    "B",
    "what stands beside the files, or grows out of them",
    tuning=("years", "owner", "entities"),
    testing=(
        *("link", "escaped-path", "other-slash", "deep", "anchors", "names-say-it", "even-bytes", "index"),
        *("in-a-document", "in-a-workbook"),
    ),
)
def beside(make: Make, how: str) -> Submission:
    """Return an archive that says more than its files, or a file that is more than it says."""
    pick = make.pick
    said = " ".join(row.transcript for row in make.corpus.texts(pick, 8))
    grows = [
        f"{'abcdefgh'[n + 1]}: &{'abcdefgh'[n + 1]} [{', '.join(['*' + 'abcdefgh'[n]] * 9)}]"
        for n in range(7)
    ]
    entities = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 8}">\n' for n in range(7))
    builds: dict[str, Callable[[], tuple[str, bytes]]] = {
        "years": lambda: ("a.zip", dated(said.encode() * 9)),
        "owner": lambda: ("a.tar", tarred(uname=said[:31])),
        "link": lambda: ("a.tar", tarred(linkname=said[:90])),
        "entities": lambda: ("a.xml", f'<!DOCTYPE r [\n<!ENTITY e0 "x">\n{entities}]>\n<r>&e7;</r>'.encode()),
        "anchors": lambda: ("a.yaml", ("a: &a [x, x, x]\n" + "\n".join(grows)).encode()),
        "escaped-path": lambda: ("a.zip", carry.archive({"%2e%2e/%2e%2e/r.txt": b"ok"})),
        "other-slash": lambda: ("a.zip", carry.archive({"..\u2044..\u2044r.txt": b"ok"})),
        "deep": lambda: ("a.zip", carry.archive({"a/" * pick.randrange(30, 90) + "r.txt": b"ok"})),
        "names-say-it": lambda: (
            "a.zip",
            carry.archive({f"{n:03d}_{word}.txt": b"ok" for n, word in enumerate(said.split()[:50])}),
        ),
        "even-bytes": lambda: ("a.bin", pick.randbytes(pick.randrange(400, 900))),
        "in-a-document": lambda: (
            "a.docx",
            carry.archive({"word/document.xml": PAGE, "word/media/a.wav": spoken(make)}),
        ),
        "in-a-workbook": lambda: (
            "a.xlsx",
            documents.with_members(
                carry.workbook({"a": [{"region": "north", "wer": 0.2}]}),
                {"xl/media/a.png": spoken(make)},
            ),
        ),
        "index": lambda: ("voices.faiss", b"IxFI" + make.chance.normal(size=(30, 64)).astype("f4").tobytes()),
    }
    name, data = builds[how]()
    return Submission({name: data})
