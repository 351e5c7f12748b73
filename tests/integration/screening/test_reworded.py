"""Words changed one by one, ids and values as other numbers, codes nobody reads; and their harmless twins."""

from __future__ import annotations

import random
import re

import pytest

from egress_review.screening import Index, Limits, Recording
from egress_review.screening.inspection import Looked, look
from egress_review.screening.verdict import outcome_of
from tests.leaks import carry
from tests.unit.screening.cases import ACTS, ENDS, THINGS

PICK = random.Random(31)
SAID = [
    f"a {PICK.choice(THINGS)} was {PICK.choice(ACTS)} {PICK.choice(ENDS)} and the {PICK.choice(THINGS)} "
    f"was {PICK.choice(ACTS)} {PICK.choice(ENDS)}"
    for _ in range(40)
]
IDS = [f"{PICK.randrange(10**5, 10**6)}-{PICK.randrange(10**5, 10**6)}" for _ in SAID]
SECONDS = [round(PICK.uniform(1, 40), 3) for _ in SAID]
INDEX = Index.of(
    Recording(name, f"voice-{n // 2:02d}", said, fields=(("seconds", str(seconds)),))
    for n, (name, said, seconds) in enumerate(zip(IDS, SAID, SECONDS, strict=True))
)
QUOTED = [re.sub("[^a-z ]", "", said) for said in SAID[5:13]]
NUMBERS = [int(name.replace("-", "")) for name in IDS[4:20]]
PROSE = "we had hoped that the new one would do but the loss went up again after a week or so "


def looked(name: str, content: str) -> Looked:
    """Return what a file gives away, looked through in this process."""
    return look(content.encode(), name, INDEX, Limits())


def outcome(name: str, content: str) -> str:
    """Return the outcome for a file."""
    return outcome_of(looked(name, content).findings)


def each(change: object) -> str:
    """Return what is said, each word changed."""
    return "\n".join(" ".join(change(word) for word in said.split()) for said in QUOTED)


def based(number: int, signs: str) -> str:
    """Return a number in other digits."""
    out = ""
    while number:
        number, digit = divmod(number, len(signs))
        out = signs[digit] + out
    return out


KEYS = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")
REWORDED = {
    "backwards in pieces": lambda word: word[len(word) // 2 :] + word[: len(word) // 2],
    "on keys": lambda word: word.translate(KEYS),
    "with an ending": lambda word: f"{word}ulo",
    "three letters each": lambda word: word[:3],
    "without the first": lambda word: word[1:] if len(word) > 2 else word,
    "letters thrice": lambda word: "".join(letter * 3 for letter in word),
    "first letters": lambda word: word[0],
}


@pytest.mark.parametrize("how", REWORDED)
def test_words_changed_one_by_one_are_still_what_was_said(how: str) -> None:
    assert outcome("notes.txt", each(REWORDED[how])) == "block"


def test_words_in_the_frame_of_each_entry_are_read_on_their_own() -> None:
    framed = "\n".join(f"style box {word} {{ colour: red }}" for said in QUOTED for word in said.split())
    assert outcome("page.css", framed) == "block"


@pytest.mark.parametrize(
    "shown",
    [
        [3 * number + 1234 for number in NUMBERS],
        [number ^ 98765 for number in NUMBERS],
        [based(number, "0123456789abcdefghijklmnopqrstuvwxyz") for number in NUMBERS],
        [str(number)[::-1] for number in NUMBERS],
        [str(number).translate({48 + n: 0x660 + n for n in range(10)}) for number in NUMBERS],
        [name.translate(str.maketrans("0123456789", "kqwzjvhxyb")) for name in IDS[4:20]],
    ],
    ids=["scaled", "masked", "base 36", "reversed", "other digits", "letters"],
)
def test_ids_as_other_numbers_are_ids(shown: list[object]) -> None:
    assert outcome("list.txt", "\n".join(map(str, shown))) == "block"


def test_other_numbers_of_the_same_size_are_no_ids() -> None:
    counted = [PICK.randrange(10**11, 10**12) for _ in range(16)]
    found = looked("list.txt", "\n".join(map(str, counted))).findings
    assert "disguised_identifiers" not in {finding.check for finding in found}


@pytest.mark.parametrize(
    "values",
    [
        [1 / value for value in SECONDS[:20]],
        [2.7 * value - 11 for value in SECONDS[:20]],
        [sum(SECONDS[: n + 1]) for n in range(20)],
        [17.3 - value for value in SECONDS[:20]],
    ],
    ids=["reciprocal", "scaled", "summed", "opposite"],
)
def test_values_of_single_recordings_are_known_as_other_numbers(values: list[float]) -> None:
    table = "i,v\n" + "\n".join(f"{n},{value:.6f}" for n, value in enumerate(values))
    assert outcome("t.csv", table) == "block"


def test_numbers_without_a_group_reach_a_human_and_a_curve_does_not() -> None:
    lone = "i,v\n" + "\n".join(f"{n},{PICK.uniform(0, 9):.3f}" for n in range(24))
    curve = "epoch,loss\n" + "\n".join(f"{n},{4 * 0.9**n:.3f}" for n in range(24))
    assert outcome("t.csv", lone) == "flag"
    assert outcome("t.csv", curve) == "pass"


@pytest.mark.parametrize(
    "content",
    [
        "\n".join(" ".join("".join(PICK.choices("bdgklmnoaeiu", k=6)) for _ in range(9)) for _ in range(8)),
        " ".join(PICK.choice(["passed", "done"]) for _ in range(200)),
        " ".join(chr(0x1F300 + PICK.randrange(300)) for _ in range(90)),
        "\n".join(" ".join(str(PICK.randrange(40)) for _ in range(PICK.randrange(6, 15))) for _ in range(9)),
        "\n".join(f"{PICK.getrandbits(44):011x}" for _ in range(12)),
        "".join(letter.upper() if PICK.random() < 0.4 else letter for letter in PROSE * 3),
        "\n".join("+" * PICK.randrange(2, 40) for _ in range(20)),
    ],
    ids=["no language", "two words", "pictures", "uneven numbers", "codes", "capitals", "bars"],
)
def test_what_nobody_understands_reaches_a_human(content: str) -> None:
    assert outcome("notes.txt", content) == "flag"


def test_what_a_reader_understands_passes() -> None:
    german = (
        "Wir haben drei Systeme verglichen und das größte war am besten, aber es ist auch das langsamste.\n"
    )
    authors = "ORCID 0000-0002-1825-0097, 0000-0001-5109-3700; ISBN 9780306406157\n"
    assert outcome("notes.md", (PROSE + "\n") * 9 + german * 4 + authors) == "pass"


def test_which_of_two_ways_something_is_written_does_not_leave() -> None:
    mixed = PROSE.replace("o", "\u043e", 2).replace("a", "\u0430", 2)
    assert looked("a.md", mixed).canonical == PROSE.strip().encode() + b"\n"
    russian = "Мы сравнили три системы, и самая большая была лучше всех.\n"
    assert looked("a.md", russian).canonical == russian.encode()
    uneven = PROSE.strip().replace(" ", "  ", 4)
    assert looked("a.md", uneven).canonical == PROSE.strip().encode() + b"\n"
    table = looked("t.csv", "epoch,loss\n0,+9.00e-01\n1,0.85\n2,8.1e-1\n").canonical
    assert table == b"epoch,loss\n0,0.9\n1,0.85\n2,0.81\n"


def test_texts_whose_words_stand_in_turns_in_files_of_an_archive_are_put_together() -> None:
    def packed(first: list[str], second: list[str]) -> bytes:
        return carry.archive({"odd.txt": "\n".join(first).encode(), "even.txt": "\n".join(second).encode()})

    halves = [[" ".join(said.split()[turn::2]) for said in QUOTED] for turn in (0, 1)]
    found = look(packed(*halves), "words.zip", INDEX, Limits()).findings
    assert "split" in {finding.check for finding in found}
    shifted = [halves[0], halves[1][3:] + halves[1][:3]]
    assert "split" not in {one.check for one in look(packed(*shifted), "words.zip", INDEX, Limits()).findings}


def test_words_that_were_said_are_flagged_the_other_way_round_in_lists_and_tags() -> None:
    said = sorted({word for text in SAID for word in text.split() if len(word) > 4})
    assert len(said) >= 25
    for words, expected in ((said, True), ([f"{word}x" for word in said], False)):
        turned = [word[::-1] for word in words]
        tags = f"<a>{''.join(f'<{word}/>' for word in turned)}</a>"
        for name, content in (("list.txt", "\n".join(turned)), ("schema.xml", tags)):
            checks = {finding.check for finding in looked(name, content).findings}
            assert ("vocabulary" in checks) is expected
