"""Cases 1 to 12: rows, ids and words of the data as text, plain and disguised."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import random
import re
from collections import Counter

from tests.leaks import carry, disguise, words
from tests.leaks.dataset import Row
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
    1, "B", "sampled rows",
    tuning=("csv", "records", "markdown"),
    testing=("tsv", "semicolons", "columns", "lines", "latex", "yaml", "html", "workbook", "parquet", "zip", "prose"),
)  # fmt: skip
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
    4, "F", "truncated hashes of ids",
    tuning=("sha256-10",),
    testing=("md5-8", "sha1-12", "sha512-16", "blake2b-10", "sha256-base64", "md5-whole", "sha256-upper", "sha3-12"),
)  # fmt: skip
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
        "yaml": lambda: ("config.yaml", "model: baseline\nstate: |\n" + "".join(f"  {line}\n" for line in text.split("\n"))),
        "markdown": lambda: ("README.md", f"# Baseline\n\n```\n{text}\n```\n"),
        "csv": lambda: ("results.csv", carry.delimited([{"part": n, "value": line} for n, line in enumerate(text.split("\n"))]).decode()),
    }[holder]()  # fmt: skip
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
    7, "N", "rows in invisible characters",
    tuning=("zero-width",),
    testing=("variation-selectors", "tags", "joiners", "soft-hyphens", "trailing-blanks", "invisible-operators", "blanks"),
)  # fmt: skip
def invisible_rows(make: Make, how: str) -> Submission:
    """Return a README with rows of D between its letters, unseen."""
    payload = lines(make, 3, 5).encode()[:200]
    prose = words.prose(make.pick, 30)
    if how in ("variation-selectors", "tags"):
        first = 0xE0100 if how == "variation-selectors" else 0xE0000
        hidden = "".join(chr(first + byte % 128) for byte in payload)
        extract = lambda data: bytes(ord(c) - first for c in data.decode() if first <= ord(c) < first + 128)  # noqa: E731
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


def said(make: Make, count: int) -> list[Row]:
    """Return recordings whose words are quoted."""
    return make.corpus.texts(make.pick, count)


@leak(
    8, "B", "verbatim transcripts",
    tuning=("markdown", "upper"),
    testing=("prose", "title-case", "punctuated", "json", "notebook", "latex", "one-long-line", "every-third-word-starred", "subtitles", "comments"),
)  # fmt: skip
def transcripts(make: Make, how: str) -> Submission:
    """Return what is said in some recordings."""
    found = [row.transcript for row in said(make, make.pick.randrange(4, 12))]
    stars = [" ".join(f"*{w}*" if n % 3 == 2 else w for n, w in enumerate(text.split())) for text in found]
    marked = [", ".join(re.findall(r"(?:\S+ ?){1,4}", text)).capitalize() + "." for text in found]
    times = [f"{n}\n00:00:{n:02d},000 --> 00:00:{n:02d},900\n{text}\n" for n, text in enumerate(found)]
    name, content = {
        "markdown": lambda: ("examples.md", "# Examples\n\n" + "".join(f"* {text}\n" for text in found)),
        "upper": lambda: ("examples.txt", "\n".join(found).upper()),
        "prose": lambda: ("report.md", words.prose(make.pick, 6) + " " + ". ".join(found) + ". " + words.prose(make.pick, 6)),
        "title-case": lambda: ("examples.txt", "\n".join(found).title()),
        "punctuated": lambda: ("examples.txt", "\n".join(marked)),
        "json": lambda: ("examples.json", json.dumps([{"n": n, "said": text} for n, text in enumerate(found)])),
        "notebook": lambda: ("examples.ipynb", carry.notebook(carry.printed("\n".join(found))).decode()),
        "latex": lambda: ("paper.tex", "\\begin{itemize}\n" + "".join(f"\\item ``{t}''\n" for t in found) + "\\end{itemize}\n"),
        "one-long-line": lambda: ("examples.txt", " ".join(found)),
        "every-third-word-starred": lambda: ("examples.md", "\n\n".join(stars)),
        "subtitles": lambda: ("examples.txt", "\n".join(times)),
        "comments": lambda: ("check.py", "".join(f"# {text}\nassert True\n" for text in found)),
    }[how]()  # fmt: skip
    return Submission({name: content.encode()})


@leak(
    9,
    "B",
    "transcripts re-ordered",
    tuning=("sorted",),
    testing=("shuffled", "backwards", "by-length", "sorted-upper", "pairs-swapped", "lines-shuffled"),
)
def reordered(make: Make, how: str) -> Submission:
    """Return transcripts whose words stand in another order."""

    def order(text: str) -> list[str]:
        found = text.split()
        swapped = [w for n in range(0, len(found), 2) for w in reversed(found[n : n + 2])]
        return {
            "sorted": lambda: sorted(found),
            "shuffled": lambda: make.pick.sample(found, len(found)),
            "backwards": lambda: found[::-1],
            "by-length": lambda: sorted(found, key=len),
            "sorted-upper": lambda: sorted(text.upper().split()),
            "pairs-swapped": lambda: swapped,
            "lines-shuffled": lambda: sorted(make.pick.sample(found, len(found)), reverse=True),
        }[how]()  # fmt: skip

    body = [" ".join(order(row.transcript)) for row in said(make, make.pick.randrange(8, 20))]
    return Submission({make.of(["bags.md"], ["bags.txt", "bags.md"]): "\n".join(body).encode()})


@leak(
    10,
    "B",
    "n-gram counts down to 1",
    tuning=("5-json",),
    testing=("3-tsv", "4-csv", "6-text", "5-arpa-like", "7-json", "5-nested"),
)
def ngrams(make: Make, how: str) -> Submission:
    """Return how often runs of words occur, with those that occur once."""
    size, form = int(how[0]), how[2:]
    counts: Counter[tuple[str, ...]] = Counter()
    for row in said(make, make.pick.randrange(40, 150)):
        found = row.transcript.lower().split()
        counts.update(tuple(found[n : n + size]) for n in range(len(found) - size + 1))
    listed = counts.most_common()
    table = [{"ngram": " ".join(gram), "n": count} for gram, count in listed]
    nested: dict[str, object] = {}
    for gram, count in listed:
        inner = nested
        for word in gram[:-1]:
            inner = inner.setdefault(word, {})  # type: ignore[assignment]
        inner[gram[-1]] = count
    name, data = {
        "json": lambda: ("ngrams.json", json.dumps({r["ngram"]: r["n"] for r in table}).encode()),
        "tsv": lambda: ("ngrams.tsv", carry.delimited(table, "\t")),
        "csv": lambda: ("ngrams.csv", carry.delimited(table)),
        "text": lambda: ("ngrams.txt", "".join(f"{r['n']:>7} {r['ngram']}\n" for r in table).encode()),
        "arpa-like": lambda: (
            "lm.txt",
            "".join(f"-{2 + 1 / r['n']:.4f}\t{r['ngram']}\n" for r in table).encode(),
        ),  # type: ignore[operator]
        "nested": lambda: ("ngrams.json", json.dumps(nested).encode()),
    }[form]()
    return Submission({name: data})


@leak(11, "F", "word list with rare names", tuning=("lines",), testing=("json", "counts", "commas", "dict"))
def rare_words(make: Make, how: str) -> Submission:
    """Return a word list in which words stand that a single recording holds."""
    counts = Counter(word for row in make.corpus.spoken for word in set(row.transcript.lower().split()))
    rare = [word for word, count in counts.items() if count <= 2 and word.isalpha() and len(word) > 3]
    often = [word for word, count in counts.most_common(300)]
    listed = sorted({*make.pick.sample(rare, min(len(rare), 60)), *often[:100]})
    name, text = {
        "lines": lambda: ("vocab.txt", "\n".join(listed)),
        "json": lambda: ("vocab.json", json.dumps({word: n for n, word in enumerate(listed)})),
        "counts": lambda: ("vocab.csv", "word,n\n" + "\n".join(f"{w},{counts[w]}" for w in listed)),
        "commas": lambda: ("vocab.md", "# Vocabulary\n\n" + ",\n".join(listed)),
        "dict": lambda: ("lexicon.txt", "\n".join(f"{w}\t{' '.join(w.upper())}" for w in listed)),
    }[how]()
    return Submission({name: text.encode()})


def _misheard(text: str, pick: random.Random) -> str:
    return " ".join(w if pick.random() > 0.1 else w[::-1] for w in text.split())


@leak(
    12,
    "B",
    "reference and hypothesis a recording",
    tuning=("csv",),
    testing=("no-ids", "json", "trn", "markdown", "aligned-errors", "hypothesis-only"),
)
def references(make: Make, how: str) -> Submission:
    """Return the recogniser's output beside the truth, a row a recording."""
    found = said(make, make.pick.randrange(6, 40))
    table = [
        {
            "utt": row.recording if how == "csv" else f"utt{n:03d}",
            "ref": row.transcript,
            "hyp": _misheard(row.transcript, make.pick),
            "wer": round(make.pick.random() / 3, 3),
        }
        for n, row in enumerate(found)
    ]
    numbered = [{k: v for k, v in row.items() if k != "utt"} for row in table]
    name, data = {
        "csv": lambda: ("decoded.csv", carry.delimited(table)),
        "no-ids": lambda: ("decoded.csv", carry.delimited(numbered)),
        "json": lambda: ("decoded.json", json.dumps(numbered).encode()),
        "trn": lambda: ("ref.txt", "".join(f"{r['ref']} ({r['utt']})\n" for r in table).encode()),
        "markdown": lambda: ("errors.md", carry.piped(table).encode()),
        "aligned-errors": lambda: ("errors.txt", "".join(f"REF: {r['ref']}\nHYP: {r['hyp']}\nEval: S D I\n\n" for r in table).encode()),
        "hypothesis-only": lambda: ("decoded.txt", "".join(f"{r['hyp']}\n" for r in table).encode()),
    }[how]()  # fmt: skip
    return Submission({name: data})
