"""Sentences and ids that were cut, printed as dumps, or turned about twice; and others treated alike."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import textwrap
from collections.abc import Callable
from itertools import pairwise

import pytest

from egress_review.screening import Index, Limits, Recording
from egress_review.screening.inspection import look
from egress_review.screening.verdict import outcome_of
from tests.integration.screening.test_reworded import INDEX, NUMBERS, QUOTED, based, looked, outcome
from tests.leaks import carry

OTHER = [
    "we had hoped that the new one would do better",
    "but the loss went up again after a week or so",
    "then somebody found that half of it was never read",
    "which is why all numbers of last month are too good",
    "nobody could say how long it had been like that",
    "in the end it took three of us two days to mend",
]
ROT13 = str.maketrans("abcdefghijklmnopqrstuvwxyz", "nopqrstuvwxyzabcdefghijklm")
CODED = ["ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu"]


def letters(lines: list[str]) -> str:
    return "".join("".join(lines).split())


def grid(lines: list[str]) -> str:
    """Return letters in lines of 17, every second one from right to left."""
    run = letters(lines)
    rows = [run[at : at + 17] for at in range(0, len(run), 17)]
    return "\n".join(row[:: -1 if n % 2 else 1] for n, row in enumerate(rows))


def halves(lines: list[str]) -> str:
    """Return a line of the first two letters of longer words over a line of the others, for each line."""
    words = [[word for word in line.split() if len(word) > 2] for line in lines]
    cut = [(" ".join(word[:2] for word in line), " ".join(word[2:] for word in line)) for line in words]
    return "\n".join("\n".join(parts) for parts in cut)


def dump(lines: list[str]) -> str:
    """Return bytes as xxd prints them, with the letters beside."""
    data = "\n".join(lines).encode()
    return "\n".join(
        f"{at:08x}: {data[at : at + 16].hex(' ', 2)}  {data[at : at + 16].decode()}".replace("\n", ".")
        for at in range(0, len(data) - 16, 16)
    )


def octal(lines: list[str]) -> str:
    """Return bytes as od prints them: words of 16 bits in octal digits."""
    data = "\n".join(lines).encode()
    words = [f"{data[at] + 256 * data[at + 1]:06o}" for at in range(0, len(data) - 1, 2)]
    return "\n".join(f"{2 * at:07o} " + " ".join(words[at : at + 8]) for at in range(0, len(words), 8))


def syllables(lines: list[str]) -> str:
    """Return words with a syllable before each vowel."""
    return "\n".join("".join(f"ub{sign}" if sign in "aeiou" else sign for sign in line) for line in lines)


def doubled(lines: list[str]) -> str:
    """Return words whose vowels are said twice, with one letter between."""
    return "\n".join("".join(f"{s}f{s}" if s in "aeiou" else s for s in line) for line in lines)


def turned(lines: list[str]) -> str:
    """Return lines under rot13, from right to left."""
    return "\n".join(line.translate(ROT13)[::-1] for line in lines)


def certificate(lines: list[str]) -> str:
    """Return text between the lines that a certificate begins and ends with."""
    body = "\n".join(textwrap.wrap(base64.b64encode("\n".join(lines).encode()).decode(), 64))
    return f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"


def grouped(signs: str) -> str:
    """Return letters in groups of five."""
    return " ".join(signs[at : at + 5] for at in range(0, len(signs), 5)).upper()


def columns(lines: list[str]) -> str:
    """Return letters read by columns in the order of a key, as a columnar transposition does."""
    run = letters(lines)
    return grouped("".join(run[column::9] for column in (4, 0, 7, 2, 8, 5, 1, 6, 3)))


def blocks(lines: list[str]) -> str:
    """Return lines whose every eight characters, with blanks, stand in another order."""
    order = (3, 6, 0, 5, 7, 2, 4, 1)
    cut = [[line[at : at + 8].ljust(8) for at in range(0, len(line), 8)] for line in lines]
    return "\n".join("".join(block[place] for block in line for place in order) for line in cut)


def rails(lines: list[str]) -> str:
    """Return letters read from seven rails that they were written on up and down."""
    run = letters(lines)
    return grouped(
        "".join(run[at] for at in sorted(range(len(run)), key=lambda at: min(at % 12, 12 - at % 12)))
    )


WAYS = [grid, halves, dump, octal, syllables, doubled, turned, certificate, columns, blocks, rails]


@pytest.mark.parametrize("way", WAYS)
def test_what_was_said_is_read_however_it_was_cut(way: Callable[[list[str]], str]) -> None:
    assert outcome("notes.txt", way(QUOTED)) == "block"
    # What a dump spells is nobody's to review, whatever it says.
    assert way in (dump, octal) or outcome("notes.txt", way(OTHER)) != "block"


def test_letters_in_turns_in_two_files_are_put_together() -> None:
    for moved, expected in ((0, True), (3, False)):
        first, second = [line[::2] for line in QUOTED], [line[1::2] for line in QUOTED]
        second = second[moved:] + second[:moved]
        both = {"a.txt": "\n".join(first).encode(), "b.txt": "\n".join(second).encode()}
        found = look(carry.archive(both), "parts.zip", INDEX, Limits()).findings
        assert ("split" in {finding.check for finding in found}) is expected


def sheet(number: int) -> str:
    """Return what a sheet calls its so manyth column."""
    name = ""
    while number:
        number, place = divmod(number - 1, 26)
        name = chr(65 + place) + name
    return name


RECODED: dict[str, Callable[[int], str]] = {
    "in base 7": lambda number: based(number, "0123456"),
    "as columns of a sheet": sheet,
    "in syllables": lambda number: "".join(CODED[int(digit)] for digit in str(number)),
    "as a part of a code": lambda number: f"{number * 7919 % 10**8:08x}-{number:012x}",
}


@pytest.mark.parametrize("way", RECODED)
def test_ids_are_known_by_parts_syllables_and_odd_bases(way: str) -> None:
    change = RECODED[way]
    assert outcome("keys.csv", "key\n" + "\n".join(map(change, NUMBERS))) == "block"
    others = [number * 7 % 10**11 + 31 for number in NUMBERS]
    assert outcome("keys.csv", "key\n" + "\n".join(map(change, others))) != "block"


def test_ids_that_numbers_stand_behind_are_a_list() -> None:
    people = Index.of(Recording(f"r{n}", str(n * n + 103), "some words") for n in range(40))
    for names, expected in (
        ([n * n + 103 for n in range(30)], True),
        ([n * n + 104 for n in range(30)], False),
    ):
        tree = "(" + ",".join(f"{name}:0.{at + 11}" for at, name in enumerate(names)) + ");"
        found = look(tree.encode(), "tree.txt", people, Limits()).findings
        assert ("row_level" in {one.check for one in found}) is expected


@pytest.mark.parametrize(
    ("drawn", "plain"),
    [
        ("\n".join(" ## #   ## #  ### # ## " for _ in range(6)), "+----+------+-----+---+\n" * 6),
        (">" + "+++[<++>-]<." * 40, "a < b, c > d; " * 40),
    ],
)
def test_signs_without_words_are_flagged(drawn: str, plain: str) -> None:
    assert "unread" in {one.check for one in looked("n.txt", drawn).findings}
    assert "unread" not in {one.check for one in looked("n.txt", plain).findings}


def test_neighbouring_lines_of_a_log_make_no_ids() -> None:
    # A second with the next line's hour is an id, and so is the hour.
    ids = [*range(10, 60), *(f"07{n}" for n in range(10, 60))]
    people = Index.of(Recording(f"take-{name}", f"v{n // 9}", "some words") for n, name in enumerate(ids))
    log = "\n".join(
        f"2026-11-01 {10 + n % 10}:{n % 60:02d}:07 INFO step {500 * n} loss {4 / (n + 1):.4f} "
        f"lr {3e-4 / (n + 1):.2e} grad 0.{n * 7919 % 1000:03d}"
        for n in range(100)
    )
    found = look(log.encode(), "train.log", people, Limits()).findings
    assert "row_level" not in {one.check for one in found}


def test_ids_are_known_in_digits_of_other_scripts_and_as_lengths_of_words() -> None:
    people = Index.of(
        Recording(f"p{n // 9 + 225}_{n % 9 * 7 + 1:03d}", f"p{n // 9 + 225}", "words") for n in range(90)
    )
    names = [f"p{n // 9 + 225}_{n % 9 * 7 + 1:03d}" for n in range(0, 90, 5)]
    for zero in (0x966, 0x660, 0xE50, 0x9E6):
        digits = {ord(str(n)): chr(zero + n) for n in range(10)}
        listed = "\n".join(f"* {name} was fine" for name in names).translate(digits)
        assert outcome_of(look(listed.encode(), "n.md", people, Limits()).findings) == "block"
    for numbers, expected in ((NUMBERS, True), ([number * 7 % 10**11 + 31 for number in NUMBERS], False)):
        lines = [" ".join("a" * (int(digit) or 10) for digit in str(number)) for number in numbers]
        assert (
            "disguised_identifiers" in {one.check for one in looked("n.txt", "\n".join(lines)).findings}
        ) is expected


def test_what_the_second_or_third_letters_of_words_spell_is_read() -> None:
    for at in (1, 2):
        for said, expected in ((QUOTED, "block"), (OTHER, "pass")):
            spelled = " ".join("aeo"[:at] + sign + "n" for sign in letters(said))
            assert (outcome("n.txt", spelled) == "block") is (expected == "block")


PICK = random.Random(2)
SPREAD = sorted(PICK.sample(range(100_000, 999_999), 120))
OUT = PICK.sample(SPREAD, 20)
OTHERS = PICK.sample(range(100_000, 999_999), 20)
ACCOUNTS = Index.of(Recording(f"u{name}", f"s{name % 20}", "some words") for name in SPREAD)


def steps(numbers: list[int]) -> list[int]:
    return [last - first for first, last in pairwise(numbers)]


PARTIAL: dict[str, Callable[[list[int]], str]] = {
    "as steps in a list": lambda numbers: json.dumps([numbers[0], *steps(numbers)]),
    "as steps without the first": lambda numbers: " ".join(map(str, steps(sorted(numbers)))),
    "without the last digit": lambda numbers: json.dumps([number // 10 for number in numbers]),
    "by the last digits": lambda numbers: json.dumps([number % 10_000 for number in numbers]),
    "without the last digit, behind a letter": lambda numbers: (
        "Out: " + ", ".join(f"u{n // 10}" for n in numbers)
    ),
}


@pytest.mark.parametrize("way", PARTIAL)
def test_parts_of_ids_and_steps_between_them_are_ids(way: str) -> None:
    name = "a.json" if PARTIAL[way](OUT)[0] == "[" else "a.md"
    for numbers, expected in ((OUT, True), (OTHERS, False)):
        found = look(PARTIAL[way](numbers).encode(), name, ACCOUNTS, Limits()).findings
        assert ("disguised_identifiers" in {one.check for one in found}) is expected


def test_hexadecimal_ids_are_known_by_their_last_digits_in_a_sentence() -> None:
    people = Index.of(Recording(f"rec-{n:03d}", f"spk-{name:06x}", "words") for n, name in enumerate(SPREAD))
    for numbers, expected in ((OUT, True), (OTHERS, False)):
        said = f"Speakers ending in {', '.join(f'{number % 16**4:04x}' for number in numbers)} were dropped."
        found = look(said.encode(), "n.md", people, Limits()).findings
        assert ("disguised_identifiers" in {one.check for one in found}) is expected


def test_short_codes_of_one_length_are_flagged_wherever_they_stand() -> None:
    words = "\n".join(QUOTED).split()
    coded = [hashlib.sha256(word.encode()).hexdigest()[:6] for word in words]
    made = ["".join(PICK.choices("ghijklmnopqrstuv", k=7)) for _ in range(20)]
    for text, expected in (
        (" ".join(coded), True),
        ("\n".join(made), True),
        (" ".join(words), False),
        ("monday\nfriday\nsunday\n" * 4, False),
    ):
        assert ("unread" in {one.check for one in looked("n.txt", text).findings}) is expected
