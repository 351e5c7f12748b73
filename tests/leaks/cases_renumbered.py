"""Cases 92 to 94: ids and people's values as other numbers, and codes in how a text is written."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from itertools import pairwise

import h5py
import numpy as np

from tests.leaks import words
from tests.leaks.registry import Make, Submission, leak

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
ALIKE = str.maketrans("aeo", "\u0430\u0435\u043e")
PROSE = words.PLAIN.split() * 12


def based(number: int, base: int) -> str:
    """Return a whole number in a base of up to 62."""
    out = ""
    while number:
        number, digit = divmod(number, base)
        out = DIGITS[digit] + out
    return out or "0"


def numbers(ids: list[str]) -> list[int]:
    """Return what ids count: their digits, or what they are in base 16 or 36 where letters are in them."""
    cut = len(re.match(r"[^\W\d_]*[\W_]*", ids[0])[0])
    bare = [re.sub(r"[\W_]", "", one[cut:]) for one in ids]
    if all(map(str.isdigit, bare)):
        return list(map(int, bare))
    return [int(one, 16 if all(re.fullmatch("[0-9a-f]+", one) for one in bare) else 36) for one in bare]


@leak(
    92,
    "F",
    "ids as other numbers",
    tuning=("scaled", "base-36"),
    testing=("masked", "base-62", "reversed", "summed", "other-digits", "letters", "octal"),
)
def renumbered(make: Make, how: str) -> Submission:
    """Return some recordings' ids, written so that whoever knows how can put them back."""
    pick = make.pick
    rows = pick.sample(list(make.corpus.rows), min(len(make.corpus.rows), pick.randrange(14, 24)))
    ids = numbers([row.recording for row in rows])
    mask, by = pick.randrange(10**5, 10**6), pick.randrange(3, 17)
    turned = str.maketrans(DIGITS[:36], "".join(pick.sample(DIGITS[10:], 36)))
    shown: list[object] = {
        "scaled": lambda: [by * one + mask for one in ids],
        "base-36": lambda: [based(one, 36) for one in ids],
        "masked": lambda: [one ^ mask for one in ids],
        "base-62": lambda: [based(one, 62) for one in ids],
        "reversed": lambda: [str(one)[::-1] for one in ids],
        "summed": lambda: [ids[0], *(b - a for a, b in pairwise(ids))],
        "other-digits": lambda: [str(one).translate({48 + n: 0x966 + n for n in range(10)}) for one in ids],
        "letters": lambda: [row.recording.translate(turned) for row in rows],
        "octal": lambda: [f"{one:o}" for one in ids],
    }[how]()
    return Submission({"list.txt": "\n".join(map(str, shown)).encode()})


@leak(
    93,
    "F",
    "values of single people as other numbers",
    tuning=("ratio", "reciprocal"),
    testing=("summed", "squared", "scaled", "opposite", "arrays", "distances"),
)
def changed(make: Make, how: str) -> Submission:
    """Return how long some recordings last, as numbers that say it in another way."""
    pick = make.pick
    rows = pick.sample(list(make.corpus.rows), min(len(make.corpus.rows), pick.randrange(16, 26)))
    seconds = np.array([make.corpus.seconds(row) for row in rows])
    factor, shift = pick.uniform(1.3, 4), pick.uniform(3, 30)
    if how == "arrays":
        return Submission({"a.h5": _groups(seconds)})
    if how == "distances":
        few = seconds[:10]
        lines = [",".join(f"{abs(a - b):.3f}" for b in few) for a in few]
        return Submission({"d.csv": "\n".join([",".join(f"c{n}" for n in range(10)), *lines]).encode()})
    ways: dict[str, Callable[[], np.ndarray]] = {
        "ratio": lambda: seconds / seconds.mean(),
        "reciprocal": lambda: 1 / seconds,
        "summed": lambda: seconds.cumsum(),
        "squared": lambda: seconds**2,
        "scaled": lambda: factor * seconds + shift,
        "opposite": lambda: shift - seconds,
    }
    shown = "\n".join(f"{n},{value:.5f}" for n, value in enumerate(ways[how]()))
    return Submission({"values.csv": f"i,v\n{shown}\n".encode()})


def _groups(values: np.ndarray) -> bytes:
    out = io.BytesIO()
    with h5py.File(out, "w") as opened:
        for number, value in enumerate(values):
            opened.create_group(f"g{number}").create_dataset("x", data=[value])
    return out.getvalue()


@leak(
    94,
    "N",
    "a code in how a text is written",
    tuning=("look-alikes",),
    testing=("blanks", "exponents", "few-letters"),
)
def written(make: Make, how: str) -> Submission:
    """Return a text or a table that says nothing, but in which of two ways each part is written says bits."""
    secret = "".join(make.pick.choice("01") for _ in range(64))
    bits = iter(secret)
    if how == "exponents":
        rows = [f"{n},{_number(0.9 - n / 100, bit)}" for n, bit in enumerate(secret)]
        return Submission(
            {"loss.csv": "\n".join(["epoch,loss", *rows]).encode()},
            secret.encode(),
            lambda copy: "".join(
                "1" if "e" in line else "0" for line in copy.decode().split("\n")[1:65]
            ).encode(),
        )
    if how == "blanks":
        content = "".join(word + ("  " if next(bits, "0") == "1" else " ") for word in PROSE)
        return Submission(
            {"a.md": content.encode()},
            secret.encode(),
            lambda copy: re.sub(
                r" (?! )", "0", re.sub("  ", "1", re.sub("[a-z]", "", copy.decode()))
            ).encode(),
        )
    letters = "aeo" if how == "look-alikes" else make.pick.choice("aeo")
    content = "".join(_letter(sign, bits) if sign in letters else sign for sign in " ".join(PROSE))
    return Submission(
        {"a.md": content.encode()},
        secret.encode(),
        lambda copy: "".join(_bits(copy.decode(), letters)).encode(),
    )


def _number(value: float, bit: str) -> str:
    return f"{value:.3e}" if bit == "1" else f"{value:.3f}"


def _letter(sign: str, bits: Iterator[str]) -> str:
    return sign.translate(ALIKE) if next(bits, "0") == "1" else sign


def _bits(text: str, letters: str) -> Iterator[str]:
    for sign in text:
        if sign in letters:
            yield "0"
        elif sign in letters.translate(ALIKE):
            yield "1"
