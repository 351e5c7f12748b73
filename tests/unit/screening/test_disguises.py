"""Ids in disguise stand out only where no ordinary number or word looks like them, however many there are."""

from __future__ import annotations

import random
from functools import cache
from string import ascii_lowercase as LOWER

import pytest

from egress_review.screening.disguised import _sure
from egress_review.screening.identifiers import Identifiers, Match
from egress_review.screening.index import Index
from egress_review.screening.recoded import Numbered, found
from egress_review.screening.recordings import Recording
from egress_review.screening.verdict import outcome_of
from egress_review.screening.wording import ids


def many() -> Identifiers:
    """Return the ids of some hours of speech, fifty recordings of each voice."""
    recordings = [f"voice-{number // 50:03d}-{number % 50:04d}" for number in range(5_000)]
    return Identifiers.of(recordings=recordings, speakers=[f"voice-{number:03d}" for number in range(100)])


def test_numbers_of_a_log_are_no_ids_however_many_ids_there_are() -> None:
    chance = random.Random(5)
    lines = [
        f"step {step} loss={chance.uniform(0, 9):.3f} wer={chance.uniform(0, 99):.2f}" for step in range(400)
    ]
    assert many().find("\n".join(lines)) == []


def test_ids_without_their_prefix_stand_out() -> None:
    cut = [f"{number:03d}-{number:04d}" for number in range(40)]
    hits = many().find(" and ".join(cut))
    assert {hit.match for hit in hits} == {Match.STRIPPED}
    assert len(hits) == len(cut)


def test_a_list_of_ids_without_prefix_and_zeros_is_known() -> None:
    found = many().column([f"{number}_{number % 7 + 10}" for number in range(50, 90)])
    assert found is not None
    assert found[0] is Match.STRIPPED


@cache
def dense() -> Identifiers:
    """Return the ids of tens of hours: a letter and a number that any small one without zeros names."""
    recordings = [f"h{number:06d}" for number in range(9_000)]
    return Identifiers.of(recordings=recordings, speakers=[f"voice{number:02d}" for number in range(60)])


def test_times_and_versions_are_no_ids_however_many_ids_there_are() -> None:
    ids, chance = dense(), random.Random(7)
    times = [
        f"0{chance.randrange(3)}:{chance.randrange(60):02d}:{chance.randrange(60):02d}" for _ in range(60)
    ]
    assert ids.column(times) is None
    assert ids.column(["1.2.3", "2.0.1", "0.22.4", "1.14.0", "3.11.2", "2.3.0", "1.26.4"]) is None


def test_numbers_with_separators_that_only_ids_have_are_known() -> None:
    ids = Identifiers.of(
        recordings=[f"{speaker}-{speaker * 37}" for speaker in range(19, 900, 13)], speakers=[]
    )
    assert ids.column(["19-703", "32-1184", "45-1665", "58-2146"]) is not None
    assert ids.column(["19:703", "32:1184", "45:1665", "58:2146"]) is not None


def test_parts_of_words_are_no_ids() -> None:
    ids = dense()
    assert ids.find("statsmodels=3.7.2=py311h4127e0c_0, commit 9h1234f, x9h2345") == []
    assert {hit.line for hit in ids.find("h4127\n(h1234)\nh001235.wav\nspeech_h001236")} == {1, 2, 3, 4}


def test_ids_under_a_wrong_cipher_are_chance() -> None:
    ids, chance = dense(), random.Random(11)
    ordinary = [f"{chance.choice('abcdefgijklmnop')}{chance.randrange(1, 9_000)}" for _ in range(200)]
    assert not _sure(ids, ordinary)
    # What is an id as it stands tells nothing of a cipher; others find it plainly.
    assert not _sure(ids, [f"h{number}" for number in range(1_000, 1_040)])


@pytest.mark.parametrize("cipher", [13, 7])
def test_ids_under_the_right_cipher_are_none(cipher: int) -> None:
    shifted = str.maketrans(LOWER, LOWER[cipher:] + LOWER[:cipher])
    assert _sure(dense(), [f"h{number:06d}".translate(shifted) for number in range(50, 54)]) == 4
    assert _sure(dense(), [f"h{number:06d}"[::-1] for number in range(1_231, 1_235)]) == 4


def test_numbers_that_fall_where_the_ids_are_are_none() -> None:
    ids = Identifiers.of(recordings=[f"h{number:06d}" for number in range(600)], speakers=[])
    rates = [f"{round(961 * 0.99**step):06d}lr" for step in range(180)]
    assert ids.column(list(dict.fromkeys(rates))) is None


def test_a_list_of_numbers_with_one_id_among_them_is_no_list_of_ids() -> None:
    cells = ["h05", "6", "8", "2", "40", "540", "602", "706", "x714", "z.0."]
    assert dense().column(cells) is None
    # Nor do numbers between ids hide them.
    between = [one for number in range(40, 60) for one in (f"h{number}", str(number - 30))]
    assert dense().column(between) is not None
    assert dense().column([*cells[:4], *(f"h{number}" for number in range(2_000, 2_020))]) is not None


def test_a_year_and_a_date_beside_each_other_are_none() -> None:
    ids = Identifiers.of(
        recordings=["spk20-240617", *(f"h{number:06d}" for number in range(9_000))], speakers=[]
    )
    assert ids.column(["{2016},", "{2024-06-17},", "{10.1775/icassp.1997.8563439},"]) is None


def test_ids_under_two_ciphers_do_not_hide_each_other() -> None:
    told: list[str] = []
    for by in (7, 13):
        shifted = str.maketrans(LOWER, LOWER[by:] + LOWER[:by])
        told += [f"voice-{number + by:03d}-{number:04d}".translate(shifted) for number in range(8)]
    assert _sure(many(), told) == 8


def test_two_ids_under_a_cipher_are_chance_where_ids_are_dense() -> None:
    shifted = str.maketrans(LOWER, LOWER[7:] + LOWER[:7])
    assert not _sure(dense(), [f"h{number}".translate(shifted) for number in (5_210, 7_133)])
    assert _sure(many(), [f"voice-{number:03d}-0034".translate(shifted) for number in (17, 88)]) == 2


def test_few_ids_without_prefix_are_chance_in_one_of_many_readings() -> None:
    names = [
        (f"voice-{number // 50:03d}-{number % 50:04d}", f"voice-{number // 50:03d}") for number in range(500)
    ]
    index = Index.of(Recording(recording, speaker) for recording, speaker in names)
    cut = " and ".join(f"{number:03d}-0017" for number in range(4))
    assert outcome_of(ids(cut, index, "")) == "block"
    assert outcome_of(ids(cut, index, "", " (with each word cut in two)")) == "flag"


def test_a_word_and_a_number_are_no_ids_in_other_signs() -> None:
    kind = Numbered.of("ids of speakers", [f"voice-{number:05d}" for number in range(4_000)])
    assert found([f"Epoch {epoch}: 100%" for epoch in range(1, 60)], [kind]) is None


def test_ids_in_other_signs_are_known() -> None:
    pick = random.Random(3)
    names = [f"{pick.randrange(10**6):06d}-{pick.randrange(10**6):06d}" for _ in range(60)]
    kind = Numbered.of("ids of recordings", names)
    swapped = str.maketrans("0123456789", "7301948256")
    assert "with other signs" in (found([name.translate(swapped) for name in names[:20]], [kind]) or "")
    letters = str.maketrans("0123456789", "qwertzuiop")
    assert found([name.translate(letters) for name in names[:20]], [kind]) is not None


def roman(number: int) -> str:
    """Return a number as the Romans wrote it."""
    signs = (
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    )
    out = ""
    for value, sign in signs:
        out, number = out + sign * (number // value), number % value
    return out


def test_ids_in_roman_numerals_are_known_where_half_of_all_numbers_are_ids() -> None:
    pick = random.Random(4)
    numbers = sorted(pick.sample(range(225, 425), 100))
    kind = Numbered.of("ids of speakers", [f"p{number}" for number in numbers])
    assert found([roman(number) for number in pick.sample(numbers, 40)], [kind]) is not None
    assert found([roman(number) for number in range(230, 270)], [kind]) is None
    assert found([str(number) for number in pick.sample(numbers, 40)], [kind]) is None


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("The best speaker (p17) had 2 % errors, the worst, p48, had 41 %.", "block"),
        ("Only speaker p17 stood out.", "flag"),
        ("Layers p17 and p48 were left out.", "pass"),
        ("Speaker p99 of another corpus, and participant q17.", "pass"),
    ],
)
def test_short_ids_that_are_said_to_be_people_name_them(text: str, severity: str) -> None:
    index = Index.of(Recording(f"{number:07d}", f"p{number}", "") for number in range(10, 60))
    assert outcome_of(ids(text, index, "")) == severity
