"""Cases 1 to 7: rows and ids of the data as text, plain and disguised."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re

from tests.leaks import carry, disguise, words
from tests.leaks.registry import Make, Submission, leak

COLUMNS = ("recording", "speaker", "region", "sex", "age", "seconds", "transcript", "wer", "f0_mean")


def rows(make: Make, count: int, columns: tuple[str, ...] = COLUMNS) -> list[dict[str, object]]:
    """Return rows of D."""
    chosen = make.corpus.some(make.pick, count)
    return [{name: make.corpus.record(row)[name] for name in columns} for row in chosen]


def sample(make: Make, least: int = 3, most: int = 24) -> list[dict[str, object]]:
    """Return some rows of D, with more or fewer columns; ids among them."""
    extra = make.pick.sample(COLUMNS[2:], make.pick.randrange(1, 6))
    return rows(make, make.pick.randrange(least, most), (*COLUMNS[: make.pick.choice((1, 2))], *extra))


def lines(make: Make, least: int = 3, most: int = 12) -> str:
    """Return a few rows of D as comma-separated lines."""
    return carry.delimited(sample(make, least, most)).decode()


@leak(
    1,
    "B",
    "sampled rows",
    tuning=("csv", "records", "markdown"),
    testing=(
        "tsv",
        "semicolons",
        "columns",
        "lines",
        "latex",
        "yaml",
        "html",
        "workbook",
        "parquet",
        "zip",
        "prose",
    ),
)
def sampled_rows(make: Make, how: str) -> Submission:
    """Return rows of D in one of the carriers of tables."""
    return Submission(carry.table(sample(make), how))


@leak(
    2, "B", "rows printed in a log", tuning=("pandas",), testing=("tuples", "logger", "dicts", "one-a-line")
)
def printed_rows(make: Make, how: str) -> Submission:
    """Return a training log with rows of D among its lines."""
    found = sample(make, 3, 9)
    log = [
        f"[10:{n:02d}:31] INFO epoch {n} loss {3 / (n + 2):.4f}" for n in range(make.pick.randrange(5, 30))
    ]
    shown = {
        "pandas": lambda: carry.aligned(found).split("\n"),
        "tuples": lambda: [str(tuple(row.values())) for row in found],
        "logger": lambda: [f"WARNING bad item {json.dumps(row)}" for row in found],
        "dicts": lambda: [repr(row) for row in found],
        "one-a-line": lambda: [f"{name} = {value}" for row in found for name, value in row.items()],
    }[how]()
    at = make.pick.randrange(len(log))
    return Submission({"train.log": "\n".join([*log[:at], *shown, *log[at:], ""]).encode()})


@leak(
    3, "B", "list of speaker ids",
    tuning=("lines", "commas"),
    testing=("json", "yaml", "upper", "python", "sentence", "bullets", "recordings", "underscores"),
)  # fmt: skip
def speaker_ids(make: Make, how: str) -> Submission:
    """Return the ids of speakers, or of recordings where the dataset has one speaker only."""
    ids = list(make.corpus.speakers)
    if how == "recordings" or len(ids) < 4:
        ids = [row.recording for row in make.corpus.some(make.pick, make.pick.randrange(12, 60))]
    ids = make.pick.sample(ids, min(len(ids), make.pick.randrange(6, 60)))
    name, text = {
        "lines": lambda: ("held_out.txt", "\n".join(ids)),
        "commas": lambda: ("held_out.txt", ", ".join(ids)),
        "json": lambda: ("split.json", json.dumps({"train": ids[::2], "test": ids[1::2]})),
        "yaml": lambda: ("split.yaml", "test:\n" + "".join(f"  - {i}\n" for i in ids)),
        "upper": lambda: ("held_out.txt", "\n".join(i.upper() for i in ids)),
        "python": lambda: ("split.py", f"TEST = {ids!r}\n"),
        "sentence": lambda: ("notes.md", f"We left out the speakers {', '.join(ids[:-1])} and {ids[-1]}.\n"),
        "bullets": lambda: ("notes.md", "# Left out\n\n" + "".join(f"* {i}\n" for i in ids)),
        "recordings": lambda: ("used.csv", "utt\n" + "\n".join(ids)),
        "underscores": lambda: (
            "held_out.txt",
            "\n".join(i.replace("-", "_").replace(" ", "_") for i in ids),
        ),
    }[how]()
    return Submission({name: text.encode()})


@leak(
    4,
    "F",
    "truncated hashes of ids",
    tuning=("sha256-10",),
    testing=(
        "md5-8",
        "sha1-12",
        "sha512-16",
        "blake2b-10",
        "sha256-base64",
        "md5-whole",
        "sha256-upper",
        "sha3-12",
    ),
)
def hashes(make: Make, how: str) -> Submission:
    """Return numbers beside the beginning of a hash of each id."""
    ids = [row.recording for row in make.corpus.some(make.pick, make.pick.randrange(15, 60))]
    if make.pick.random() < 0.4 and len(make.corpus.speakers) > 10:
        ids = make.pick.sample(make.corpus.speakers, 10)
    short = {
        "sha256-10": lambda i: hashlib.sha256(i).hexdigest()[:10],
        "md5-8": lambda i: hashlib.md5(i).hexdigest()[:8],
        "sha1-12": lambda i: hashlib.sha1(i).hexdigest()[:12],
        "sha512-16": lambda i: hashlib.sha512(i).hexdigest()[:16],
        "blake2b-10": lambda i: hashlib.blake2b(i).hexdigest()[:10],
        "sha256-base64": lambda i: base64.urlsafe_b64encode(hashlib.sha256(i).digest()).decode()[:12],
        "md5-whole": lambda i: hashlib.md5(i).hexdigest(),
        "sha256-upper": lambda i: hashlib.sha256(i).hexdigest()[:16].upper(),
        "sha3-12": lambda i: hashlib.sha3_256(i).hexdigest()[:12],
    }[how]
    table = [{"key": short(i.encode()), "score": round(make.pick.random(), 3)} for i in ids]
    return Submission(carry.table(table, make.of(["csv"], ["csv", "records", "markdown"])))


@leak(5, "B", "rows encoded inside JSON", tuning=disguise.TUNING, testing=disguise.TESTING)
def encoded_rows(make: Make, how: str) -> Submission:
    """Return rows of D, encoded, in a field of a JSON document or another text."""
    text = disguise.ENCODINGS[how](lines(make, 4, 12))
    holder = make.of(["json"], ["json", "yaml", "markdown", "csv"])
    plain = {
        "model": "baseline",
        "epochs": make.pick.randrange(5, 50),
        "dev_wer": round(make.pick.random(), 2),
    }
    name, content = {
        "json": lambda: ("results.json", json.dumps({**plain, "state": text}, ensure_ascii=False)),
        "yaml": lambda: (
            "config.yaml",
            "model: baseline\nstate: |\n" + "".join(f"  {line}\n" for line in text.split("\n")),
        ),
        "markdown": lambda: ("README.md", f"# Baseline\n\n```\n{text}\n```\n"),
        "csv": lambda: (
            "results.csv",
            carry.delimited([{"part": n, "value": line} for n, line in enumerate(text.split("\n"))]).decode(),
        ),
    }[holder]()
    return Submission({name: content.encode("utf-8", "surrogatepass")})


@leak(
    6,
    "B",
    "encoded rows split over files",
    tuning=("base64",),
    testing=("interleaved", "base85", "hex", "short-lines", "names-mixed"),
)
def split_rows(make: Make, how: str) -> Submission:
    """Return five or more files that only together hold the encoded rows."""
    data = gzip.compress(lines(make, 6, 14).encode())
    count = make.of([5], [4, 5, 7, 9])
    text = {"base85": lambda: base64.b85encode(data).decode(), "hex": data.hex}.get(
        how, lambda: base64.b64encode(data).decode()
    )()
    size = -(-len(text) // count)
    pieces = [text[n::count] for n in range(count)] if how == "interleaved" else [
        text[n * size : (n + 1) * size] for n in range(count)
    ]  # fmt: skip
    names = [f"part{n}" for n in range(count)]
    if how == "names-mixed":
        names = make.pick.sample(
            ["alpha", "beta", "gamma", "delta", "eta", "iota", "kappa", "mu", "nu"], count
        )
    files = {}
    for name, piece in zip(names, pieces, strict=True):
        if how == "short-lines":
            files[f"{name}.txt"] = disguise.wrapped(piece, 32).encode()
        elif make.pick.random() < 0.5:
            files[f"{name}.json"] = json.dumps({"name": name, "weights": piece}).encode()
        else:
            files[f"{name}.txt"] = f"{name}: {piece}\n".encode()
    return Submission(files)


@leak(
    7,
    "N",
    "rows in invisible characters",
    tuning=("zero-width",),
    testing=(
        "variation-selectors",
        "tags",
        "joiners",
        "soft-hyphens",
        "trailing-blanks",
        "invisible-operators",
        "blanks",
    ),
)
def invisible_rows(make: Make, how: str) -> Submission:
    """Return a README with rows of D between its letters, unseen."""
    payload = lines(make, 3, 5).encode()[:200]
    prose = words.prose(make.pick, 30)
    if how in ("variation-selectors", "tags"):
        first = 0xE0100 if how == "variation-selectors" else 0xE0000
        hidden = "".join(chr(first + byte % 128) for byte in payload)

        def extract(data: bytes) -> bytes:
            return bytes(ord(c) - first for c in data.decode() if first <= ord(c) < first + 128)

        return Submission({"README.md": (prose[:40] + hidden + prose[40:]).encode()}, payload, extract)
    zero, one = {
        "zero-width": ("\u200b", "\u200c"),
        "joiners": ("\u200d", "\u2060"),
        "soft-hyphens": ("\u00ad", "\u034f"),
        "invisible-operators": ("\u2062", "\u2063"),
        "blanks": ("\u2002", "\u2005"),
        "trailing-blanks": (" ", "\t"),
    }[how]
    bits = "".join(one if byte >> bit & 1 else zero for byte in payload for bit in range(7, -1, -1))
    if how == "trailing-blanks":
        rows_ = prose.split(". ")
        part = -(-len(bits) // len(rows_))
        text = "\n".join(line + bits[n * part : (n + 1) * part] for n, line in enumerate(rows_))
        # Only blanks at the end of a line are read.
        return Submission({"README.md": text.encode()}, payload, lambda data: disguise.seen(
            "".join(re.findall(r"[ \t]+$", data.decode(), re.MULTILINE)), " ", "\t"))  # fmt: skip
    step = -(-len(bits) // len(prose))
    text = "".join(letter + bits[n * step : (n + 1) * step] for n, letter in enumerate(prose))
    return Submission(
        {"README.md": text.encode()}, payload, lambda data: disguise.seen(data.decode(), zero, one)
    )
