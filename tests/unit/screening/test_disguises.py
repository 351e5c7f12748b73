"""What is left of an id without its prefix stands out only where no ordinary number looks like it."""

from __future__ import annotations

import random

from egress_review.screening.identifiers import Identifiers, Match


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
