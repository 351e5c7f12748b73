"""What the index of sounds keeps in few bits: numbers exactly, maps of speech nearly so."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress_review.screening.sound import compact, voiceprints
from egress_review.screening.sound.features import Spectra
from egress_review.screening.sound.packing import Packed
from tests.unit.screening.voices import RATE, spoken


@given(st.lists(st.integers(0, 2**32 - 1), max_size=70), st.integers(0, 70), st.integers(0, 70))
def test_any_run_of_packed_numbers_is_read_as_it_was(numbers: list[int], begin: int, end: int) -> None:
    packed = Packed.of(np.array(numbers, dtype=np.int64))
    begin, end = min(begin, len(numbers)), min(end, len(numbers))
    assert len(packed) == len(numbers)
    assert packed.part(begin, max(begin, end)).tolist() == numbers[begin : max(begin, end)]


@given(st.integers(1, 32), st.integers(1, 40))
def test_a_number_takes_as_many_bits_as_the_largest_needs(bits: int, count: int) -> None:
    packed = Packed.of(np.full(count, 2**bits - 1, dtype=np.int64))
    assert packed.bits == bits
    assert packed.raw.nbytes <= count * bits / 8 + 18


@pytest.mark.parametrize("numbers", [[-1], [2**32]])
def test_numbers_that_do_not_fit_are_refused(numbers: list[int]) -> None:
    with pytest.raises(ValueError, match="0 to 32 bits"):
        Packed.of(np.array(numbers, dtype=np.int64))


def test_a_map_of_speech_takes_six_bytes_a_frame_and_keeps_what_it_is_compared_by() -> None:
    maps = [Spectra.of(spoken(seed, 4.0), RATE).map()[0] for seed in range(6)]
    valid = np.ones(16, dtype=bool)
    for levels in maps:
        packed = compact.pack(levels)
        assert packed.nbytes == 6 * len(levels)
        cut = np.clip(levels - np.percentile(levels, 99), *compact.RANGE)
        kept = compact.unpack(packed)
        whole, found = (compact.whitened(one[None], valid).ravel() for one in (cut, kept))
        assert np.corrcoef(whole, found)[0, 1] > 0.93


def test_every_word_of_a_map_is_unpacked_and_packed_to_itself() -> None:
    words = np.random.default_rng(1).integers(0, 1 << 16, (400, 3)).astype(np.uint16)
    # Loudness of the whole frame aside: it is relative to the map's own percentile.
    levels = compact.unpack(words)
    orders = levels @ compact.COSINES.T
    for order in range(1, 15):
        steps = compact.TILTED[order] + compact.KEPT_DEVIATIONS[order] * compact.EIGHT
        assert np.abs(orders[:, order, None] - steps).min(axis=1).max() < 1e-3
    assert np.abs(np.abs(orders[:, 15, None]) - compact.LAST * np.array([0.5, 1.5])).min(axis=1).max() < 1e-3


def test_voiceprints_are_kept_in_a_byte_a_number() -> None:
    prints = [voiceprints.voiceprint(Spectra.of(spoken(seed), RATE).map()[0]) for seed in range(4)]
    kept = voiceprints.stacked(prints)
    assert kept.dtype == np.int8
    assert np.abs(voiceprints.unstacked(kept) - np.array(prints)).max() <= voiceprints.STEP / 2 + 1e-6
