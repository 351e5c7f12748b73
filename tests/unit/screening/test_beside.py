"""Words by their numbers, lists in prose, ids too short to stand out, one left out; harmless twins."""

from __future__ import annotations

import json
import random

import pytest

from egress_review.screening import Index, Limits, Recording, encodings, split, text
from egress_review.screening.context import Context, HandedIn
from egress_review.screening.inspection import look
from egress_review.screening.verdict import outcome_of
from tests.unit.screening.cases import ACTS, ENDS, THINGS

PICK = random.Random(43)
SAID = [
    f"a {PICK.choice(THINGS)} was {PICK.choice(ACTS)} {PICK.choice(ENDS)} and the {PICK.choice(THINGS)} "
    f"was {PICK.choice(ACTS)} {PICK.choice(ENDS)}"
    for _ in range(36)
]
LEVELS = [round(PICK.gauss(21, 6), 2) for _ in SAID]
SPEAKERS = [f"p{225 + 3 * n}" for n in range(18)]
INDEX = Index.of(
    Recording(f"{SPEAKERS[n // 2]}_{n:03}", SPEAKERS[n // 2], said, fields=(("snr", str(level)),))
    for n, (said, level) in enumerate(zip(SAID, LEVELS, strict=True))
)
WORDS = " ".join(SAID[4:10]).split()
SHUFFLED = PICK.sample(list(enumerate(WORDS)), len(WORDS))
MEANS = [f"{(a + b) / 2:.1f}" for a, b in zip(LEVELS[::2], LEVELS[1::2], strict=True)]
KNOWN = sorted(set(WORDS))
SENTENCE = "In run {} we left out the voice of {} and trained again.\n"


def outcome(content: str, name: str = "notes.txt") -> str:
    """Return the outcome for a file, looked through in this process."""
    return outcome_of(look(content.encode(), name, INDEX, Limits()).findings)


@pytest.mark.parametrize(
    "content",
    [
        " ".join(f"{n}:{word}" for n, word in SHUFFLED),
        "\n".join(f"{word},{n}" for n, word in SHUFFLED),
        "\n".join("-".join(f"{word}|") for word in WORDS),
        "".join(SENTENCE.format(n, speaker) for n, speaker in enumerate(SPEAKERS[:6])),
        "We left out " + ", ".join(" ".join(speaker) for speaker in SPEAKERS[:6]) + ".",
        f"snr = {LEVELS[:12]}",
        f"By voice: {' '.join(PICK.sample(MEANS, len(MEANS)))}",
        "All 42 speakers: 118.20 s. The excluded one contributed 2.88 s; without the one it is 115.32 s.",
        "In the far group one speaker accounts for 98.6 % of the clips.",
    ],
)
def test_what_leads_back_to_one_person_is_blocked(content: str) -> None:
    assert outcome(content) == "block"


@pytest.mark.parametrize(
    "content",
    [
        " ".join(f"{n}:{word}" for n, word in enumerate(["model", "loss", "error"] * 10)),
        "".join(SENTENCE.format(n, f"x{n:03}") for n in range(6)),
        f"losses = {[round(4 * 0.9**n, 2) for n in range(12)]}",
        "LOG (nnet3-chain-train[5.5]:PrintStatsForThisPhase():nnet-training.cc:337) Average is -0.2 of 8.",
        "Leaving one speaker out in turn, over 42 speakers the error rate is 12.31 %.",
        "A model of one speaker accounts for less: it reaches 93.2 % where that of 42 speakers has 95.1 %.",
    ],
)
def test_its_harmless_twin_is_not(content: str) -> None:
    assert outcome(content) != "block"


def test_codes_are_read_by_the_list_beside_them() -> None:
    codes = {"vocabulary": KNOWN, "ids": [KNOWN.index(word) for word in WORDS]}
    assert outcome(json.dumps(codes), "tokens.json") == "block"
    assert (
        outcome(json.dumps({"vocabulary": KNOWN[:9], "ids": [n % 9 for n in range(40)]}), "a.json") != "block"
    )


@pytest.mark.parametrize(
    "content",
    [f"Levels from {min(LEVELS)} up; at the other end {max(LEVELS)} dB.", "39 of the 42 speakers agreed."],
)
def test_ends_and_all_but_few_reach_a_human(content: str) -> None:
    assert outcome(content) == "flag"


def test_small_files_are_read_one_behind_another() -> None:
    files = [HandedIn(str(n), f"n{n}.txt", word.encode()) for n, word in enumerate(WORDS[:40])]
    assert outcome_of(split.check(files[::-1], INDEX, Context(), Limits())) == "block"
    assert not split.check(files[:7], INDEX, Context(), Limits())


def test_words_of_other_alphabets_are_no_pieces_of_something_encoded() -> None:
    assert not any(map(encodings.is_piece, ("распознавание", "geschützt", "बढ़ती", "naïveté")))
    assert encodings.is_piece("aGVsbG8xMjM0")


def test_markdown_leaves_written_in_one_way() -> None:
    told = "# One #\n* two _three_ __four__\n```\n* five_six_\n```\n`_seven_`"
    assert text.one_way(told) == "# One\n- two *three* **four**\n```\n* five_six_\n```\n`_seven_`"
    assert text.one_way("snake_case_name and 2 * 3") == "snake_case_name and 2 * 3"
