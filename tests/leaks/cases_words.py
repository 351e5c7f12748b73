"""Cases 8 to 12: what was said in the recordings, as text, counts and lists."""

from __future__ import annotations

import json
import random
import re
from collections import Counter

from tests.leaks import carry, words
from tests.leaks.dataset import Row
from tests.leaks.registry import Make, Submission, leak

COLUMNS = ("recording", "speaker", "region", "sex", "age", "seconds", "transcript", "wer", "f0_mean")


def said(make: Make, count: int) -> list[Row]:
    """Return recordings whose words are quoted."""
    return make.corpus.texts(make.pick, count)


@leak(
    8,
    "B",
    "verbatim transcripts",
    tuning=("markdown", "upper"),
    testing=(
        "prose",
        "title-case",
        "punctuated",
        "json",
        "notebook",
        "latex",
        "one-long-line",
        "every-third-word-starred",
        "subtitles",
        "comments",
    ),
)
def transcripts(make: Make, how: str) -> Submission:
    """Return what is said in some recordings."""
    found = [row.transcript for row in said(make, make.pick.randrange(4, 12))]
    stars = [" ".join(f"*{w}*" if n % 3 == 2 else w for n, w in enumerate(text.split())) for text in found]
    marked = [", ".join(re.findall(r"(?:\S+ ?){1,4}", text)).capitalize() + "." for text in found]
    times = [f"{n}\n00:00:{n:02d},000 --> 00:00:{n:02d},900\n{text}\n" for n, text in enumerate(found)]
    name, content = {
        "markdown": lambda: ("examples.md", "# Examples\n\n" + "".join(f"* {text}\n" for text in found)),
        "upper": lambda: ("examples.txt", "\n".join(found).upper()),
        "prose": lambda: (
            "report.md",
            words.prose(make.pick, 6) + " " + ". ".join(found) + ". " + words.prose(make.pick, 6),
        ),
        "title-case": lambda: ("examples.txt", "\n".join(found).title()),
        "punctuated": lambda: ("examples.txt", "\n".join(marked)),
        "json": lambda: (
            "examples.json",
            json.dumps([{"n": n, "said": text} for n, text in enumerate(found)]),
        ),
        "notebook": lambda: ("examples.ipynb", carry.notebook(carry.printed("\n".join(found))).decode()),
        "latex": lambda: (
            "paper.tex",
            "\\begin{itemize}\n" + "".join(f"\\item ``{t}''\n" for t in found) + "\\end{itemize}\n",
        ),
        "one-long-line": lambda: ("examples.txt", " ".join(found)),
        "every-third-word-starred": lambda: ("examples.md", "\n\n".join(stars)),
        "subtitles": lambda: ("examples.txt", "\n".join(times)),
        "comments": lambda: ("check.py", "".join(f"# {text}\nassert True\n" for text in found)),
    }[how]()
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
            inner = inner.setdefault(word, {})
        inner[gram[-1]] = count
    name, data = {
        "json": lambda: ("ngrams.json", json.dumps({r["ngram"]: r["n"] for r in table}).encode()),
        "tsv": lambda: ("ngrams.tsv", carry.delimited(table, "\t")),
        "csv": lambda: ("ngrams.csv", carry.delimited(table)),
        "text": lambda: ("ngrams.txt", "".join(f"{r['n']:>7} {r['ngram']}\n" for r in table).encode()),
        "arpa-like": lambda: (
            "lm.txt",
            "".join(f"-{2 + 1 / r['n']:.4f}\t{r['ngram']}\n" for r in table).encode(),
        ),
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
        "aligned-errors": lambda: (
            "errors.txt",
            "".join(f"REF: {r['ref']}\nHYP: {r['hyp']}\nEval: S D I\n\n" for r in table).encode(),
        ),
        "hypothesis-only": lambda: ("decoded.txt", "".join(f"{r['hyp']}\n" for r in table).encode()),
    }[how]()
    return Submission({name: data})
