"""Cases 90 and 91: words changed one by one, and writing in a code that can hold anything."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable

from tests.leaks import words as words_
from tests.leaks.cases_words import said
from tests.leaks.registry import Make, Submission, leak

LETTERS = "abcdefghijklmnopqrstuvwxyz"
KEYS = str.maketrans(LETTERS, "22233344455566677778889999")
PHONES = "AE B K D EH F G HH IH JH K L M N AA P K R S T AH V W KS Y Z"
SOUNDS = dict(zip(LETTERS, PHONES.split(" "), strict=True))


def plain(text: str) -> list[str]:
    """Return the words of a text in small letters, without anything else."""
    return [bare for word in text.casefold().split() if (bare := re.sub("[^a-z]", "", word))]


def moved(pick: random.Random, word: str) -> str:
    """Return a word with the letters between its first and its last in another order."""
    inner = list(word[1:-1])
    pick.shuffle(inner)
    return word[0] + "".join(inner) + word[-1] if len(word) > 3 else word


def rotated(word: str) -> str:
    """Return a word as children hide it: what stands before its first vowel comes behind, and an ending."""
    match = re.match("([^aeiou]*)(.*)", word)
    assert match is not None
    return f"{match[2]}{match[1]}ay"


@leak(
    90,
    "B",
    "transcripts whose words were changed one by one",
    tuning=("letters-moved", "first-letters-off", "telephone"),
    testing=(
        "rotated",
        "cut-short",
        "last-letters-off",
        "doubled",
        "letters-sorted",
        "ending",
        "framed",
        "firsts",
        "signs-between",
        "numbered",
        "by-a-list",
    ),
)
def reworded(make: Make, how: str) -> Submission:
    """Return what is said in some recordings, each word changed in the same way."""
    texts = [plain(row.transcript) for row in said(make, make.pick.randrange(8, 14))]
    pick = make.pick
    ending = "".join(pick.choice("xqzj") + pick.choice("aeiou") for _ in range(1))
    changes: dict[str, Callable[[str], str]] = {
        "letters-moved": lambda word: moved(pick, word),
        "first-letters-off": lambda word: word[1:] if len(word) > 2 else word,
        "last-letters-off": lambda word: word[:-1] if len(word) > 2 else word,
        "telephone": lambda word: word.translate(KEYS),
        "rotated": rotated,
        "cut-short": lambda word: word[:4],
        "doubled": lambda word: "".join(letter * 2 for letter in word),
        "letters-sorted": lambda word: "".join(sorted(word)),
        "ending": lambda word: word + ending,
        "firsts": lambda word: word[0],
        "signs-between": lambda word: "-".join(letter * pick.randrange(1, 4) for letter in word) + "-|",
    }
    words = [word for text in texts for word in text]
    if how == "numbered":
        order = list(enumerate(words))
        pick.shuffle(order)
        lines = [" ".join(f"{n}:{word}" for n, word in order)]
    elif how == "by-a-list":
        known = sorted(set(words))
        codes = [[known.index(word) for word in text] for text in texts]
        return Submission({"tokens.json": json.dumps({"vocabulary": known, "ids": codes}).encode()})
    elif how == "framed":
        lines = [f"style box {word} {{ colour: red; width: {n % 7} }}" for n, word in enumerate(words)]
    else:
        lines = [" ".join(map(changes[how], text)) for text in texts]
    return Submission({"notes.txt": "\n".join(lines).encode()})


@leak(
    91,
    "F",
    "writing that nobody understands",
    tuning=("nonce", "pictures", "two-words"),
    testing=("sounds", "numbered", "codes", "capitals", "shifting", "bars", "bits"),
)
def unread(make: Make, how: str) -> Submission:
    """Return what is said in some recordings, in a code whose list only its receiver has."""
    pick = make.pick
    texts = [plain(row.transcript) for row in said(make, 12)]
    words = [word for text in texts for word in text]
    listed = sorted(set(words))
    pick.shuffle(listed)
    number = {word: at for at, word in enumerate(listed)}
    letters = "".join(words)
    syllables = [a + b for a in "bdfgklmnprst" for b in "aeiou"]
    nonce = {word: "".join(pick.choices(syllables, k=3)) for word in listed}
    binary = "".join(f"{ord(letter) - 97:05b}" for letter in letters[:60])
    prose = words_.PLAIN.split() * 9
    bits = iter(binary)
    name, lines = {
        "nonce": lambda: ("notes.txt", [" ".join(nonce[word] for word in text) for text in texts]),
        "pictures": lambda: (
            "a.md",
            [" ".join(chr(0x1F300 + number[word]) for word in text) for text in texts],
        ),
        "two-words": lambda: ("run.log", [f"step {'passed' if bit == '1' else 'done'}" for bit in binary]),
        "sounds": lambda: (
            "a.txt",
            ["  ".join(" ".join(map(SOUNDS.get, word)) for word in t) for t in texts],
        ),
        "numbered": lambda: (
            "ids.json",
            [json.dumps({"ids": [[number[word] for word in t] for t in texts]})],
        ),
        "codes": lambda: ("a.txt", [f"{pick.getrandbits(48):012x}" for _ in range(pick.randrange(10, 30))]),
        "capitals": lambda: ("a.md", [" ".join(_capitals(word, bits) for word in prose)]),
        "shifting": lambda: (
            "a.txt",
            [" ".join(_shifted(word, n) for n, word in enumerate(t, 1)) for t in texts],
        ),
        "bars": lambda: ("a.txt", ["+" * (ord(letter) - 94) for letter in letters[:40]]),
        "bits": lambda: ("mask.csv", ["frame,voiced", *(f"{n},{bit}" for n, bit in enumerate(binary[:180]))]),
    }[how]()
    return Submission({name: "\n".join(lines).encode()})


def _capitals(word: str, bits: object) -> str:
    return "".join(c.upper() if next(bits, "0") == "1" else c for c in word)


def _shifted(word: str, by: int) -> str:
    return "".join(LETTERS[(ord(letter) - 97 + by) % 26] for letter in word)
