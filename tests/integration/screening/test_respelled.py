"""Sentences in other signs, down columns, without vowels; ids spelled out; counts written otherwise."""

# ruff: noqa: E501 - a case is one line

from __future__ import annotations

import io
import random
import re
import string

import numpy as np
import pytest

from egress_review.screening import Index, Recording, Verdict
from egress_review.screening.hashtable import packed, unpacked
from egress_review.screening.respelled import LETTERS, patterns
from tests.unit.screening.cases import ACTS, ENDS, THINGS, verdict

PICK = random.Random(8)
SAID = [
    f"the {PICK.choice(THINGS)} was {PICK.choice(ACTS)} {PICK.choice(ENDS)} while a {PICK.choice(THINGS)} "
    f"was {PICK.choice(ACTS)} {PICK.choice(ENDS)}"
    for _ in range(24)
]
IDS = [f"q{PICK.randrange(10**6):06d}x" for _ in SAID]
INDEX = Index.of(
    Recording(name, f"voice-{n // 2:02d}", said) for n, (name, said) in enumerate(zip(IDS, SAID, strict=True))
)
QUOTED = SAID[3:9]
DIGITS = ["cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"]
COLOURS = [f"{shade}{hue}" for shade in ("pale", "deep") for hue in string.ascii_lowercase[:13]]
PROSE = "We trained three systems and compared their errors in noise.\n\n"


def letters(text: str) -> str:
    """Return a text's letters and blanks."""
    return re.sub(r"[^a-z ]", "", text)


def coloured(text: str) -> str:
    """Return a text in which a colour stands for each letter."""
    words = [[COLOURS[ord(letter) - 97] for letter in word] for word in letters(text).split()]
    return " ; ".join(" ".join(word) for word in words)


def substituted(text: str, seed: int) -> str:
    """Return a text under a secret alphabet."""
    secret = "".join(random.Random(seed).sample(string.ascii_lowercase, 26))
    return text.translate(str.maketrans(string.ascii_lowercase, secret))


def keyed(text: str, key: str) -> str:
    """Return a text whose letters are moved by those of a key, over and over."""
    moved = enumerate(letter for letter in text if letter != " ")
    steps = [chr((ord(letter) - 194 + ord(key[n % len(key)])) % 26 + 97) for n, letter in moved]
    return "".join(" " if letter == " " else steps.pop(0) for letter in text)


def doubled(text: str) -> str:
    """Return each byte of a text as two of sixteen pictures."""
    return "".join(chr(0x1F400 + half) for byte in text.encode() for half in (byte >> 4, byte & 15))


def down(texts: list[str]) -> str:
    """Return a table with a text in each column, a word in each row."""
    parts = [text.split() for text in texts]
    rows = range(max(map(len, parts)))
    return "\n".join(";".join(part[n] if n < len(part) else "" for part in parts) for n in rows)


def array(values: np.ndarray) -> bytes:
    """Return a NumPy file."""
    out = io.BytesIO()
    np.save(out, values)
    return out.getvalue()


def judged(name: str, content: str | bytes) -> Verdict:
    """Return the verdict on one file made of a text or bytes."""
    data = content.encode() if isinstance(content, str) else content
    return verdict({name: data}, index=INDEX)


LEAKS = {
    "colours.md": PROSE + "\n".join(map(coloured, QUOTED)),
    "alphabet.txt": "\n".join(substituted(text, 77) for text in QUOTED),
    "key.txt": "\n".join(keyed(text, "harmonium") for text in QUOTED),
    "pictures.txt": "\n".join(map(doubled, QUOTED)),
    "hangul.txt": "\n".join("".join(chr(0xAC00 + byte) for byte in text.encode()) for text in QUOTED),
    "vowels.txt": "\n".join(re.sub("[aeiou]", "", text) for text in QUOTED),
    "levels.csv": "step,level\n" + "\n".join(f"{n},{ord(c) / 50:.2f}" for n, c in enumerate(" ".join(QUOTED))),
    "codes.json": str([3 * ord(letter) + 1 for letter in "".join(QUOTED)]),
    "codes.npy": array(np.array([900 - ord(letter) for letter in "".join(QUOTED)], dtype=np.int32)),
    "bytes.npy": array(np.frombuffer(" ".join(QUOTED).encode().ljust(800), dtype=">f8")),
    "between.txt": " ".join(f"{word} loss model error" for text in QUOTED for word in text.split()),
    "columns.csv": down(SAID[:16]),
    "digits.txt": "\n".join(
        " ".join(DIGITS[int(d)] for d in name[1:7])
        for name in IDS
    ),
    "growing.csv": "up to age,cum. participants\n30,2\n40,9\n50,11\n60,19\n70,24\n",
    "first.csv": "up to age,cum. participants\n30,3\n40,25\n50,60\n60,91\n",
    "last.csv": "age,remaining participants\n30,90\n40,60\n50,30\n60,3\n",
    "parts.csv": "group,share of people\na,3/40\nb,17/40\nc,20/40\n",
    "tree.txt": "".join(f"|--- f0 <= {100 + 7 * n}.5\n|   |--- class: 0 (samples: {n + 1})\n" for n in range(6)),
    "stated.csv": "12 women,percent\nnorth,25\nsouth,75\n",
}  # fmt: skip
HARMLESS = {
    "colours.md": PROSE + "The palette is " + " ".join(COLOURS) + ".\n",
    "alphabet.txt": "\n".join(substituted("nobody has said this sentence to a microphone anywhere", n) for n in range(6)),
    "levels.csv": "step,level\n" + "\n".join(f"{n},{2 + (n * 7919 % 61) / 50:.2f}" for n in range(300)),
    "columns.csv": "encoder;layers;unit\nconformer;twelve;block\nrecurrent;six;cell\nhybrid;three;stack\nlinear;one;layer\n",
    "digits.txt": "one two three four five six seven eight nine\n" * 3,
    "growing.csv": "up to age,cum. participants\n30,20\n40,55\n50,90\n60,141\n70,180\n",
    "parts.csv": "run,epoch\na,3/40\nb,17/40\nc,20/40\n",
    "tree.txt": "".join(f"|--- f0 <= {100 + 7 * n}.5\n|   |--- class: 0 (samples: {n + 41})\n" for n in range(6)),
    "words.md": "* We train n=5 models with rates <= 0.3 each.\n" * 4,
    "stated.csv": "120 women,percent\nnorth,25\nsouth,75\n",
}  # fmt: skip


@pytest.mark.parametrize("name", LEAKS)
def test_what_is_written_otherwise_is_blocked(name: str) -> None:
    assert judged(name, LEAKS[name]).outcome == "block"


@pytest.mark.parametrize("name", HARMLESS)
def test_what_looks_alike_but_is_harmless_is_not(name: str) -> None:
    found = judged(name, HARMLESS[name])
    assert found.outcome != "block", [finding.message for finding in found.findings]


def test_a_count_left_out_moves_the_place_of_no_other() -> None:
    table = "up to age,cum. participants\n30,20\n40,<10\n50,55\n60,91\n70,95\n"
    places = [one.where for one in judged("growing.csv", table).findings if one.check == "small_cells"]
    assert places == ["row 5, column cum. participants"]


def test_chances_of_a_test_are_no_quantiles() -> None:
    def found(levels: list[str]) -> set[str]:
        rows = "".join(f"{level},{2 + n}.5\n" for n, level in enumerate(levels))
        return {one.check for one in judged("t.csv", f"p,estimate\n{rows}").findings}

    assert "extremes" in found(["0", "0.25", "0.5", "0.75", "1"])
    assert "extremes" not in found(["0.000", "0.25", "0.043", "1.000"])


def test_patterns_are_equal_whichever_signs_stand_for_the_letters() -> None:
    signs = np.array([ord(letter) for letter in SAID[0]])
    other = 1000 - 3 * signs
    assert (patterns(signs)[0] == patterns(other)[0]).all()
    assert not np.intersect1d(patterns(signs)[0], patterns(signs[::-1].copy())[0]).size
    assert len(patterns(signs[: LETTERS - 1])[0]) == 0


@pytest.mark.parametrize("count", [0, 1, 2, 3, 1000])
def test_sorted_values_are_the_same_after_they_were_kept(count: int) -> None:
    values = np.sort(np.random.default_rng(count).integers(0, 2**32, count, dtype=np.uint64)).astype(
        np.uint32
    )
    kept = packed(values, "some")
    assert (unpacked(kept, "some") == values).all()
    assert count < 1000 or sum(array.nbytes for array in kept.values()) < 0.8 * values.nbytes
