"""Judges decoded sound: what matches a recording is blocked, any other is for a human to hear."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.parts import Sound
from egress_review.screening.sound import carried, matching, numbers, patience, recurrence
from egress_review.screening.sound.features import Floats
from egress_review.screening.sound.matching import Looked, Match
from egress_review.screening.verdict import Finding, block, flag

INSTEAD = "Hand in aggregated measures or a plot of them instead of sound."
LOW_BITS = (10, 9, 8, 7, 6)  # of 16 that may be another sound; fewer do not leave
SHARE = 0.5  # of the time for a file that comparing may take


def check(sound: Sound, index: Index, limits: Limits) -> list[Finding]:
    """Return what a sound gives away; even one that matches nothing is a person's voice until heard.

    A rate of 0 stands for unknown: the usual ones are tried.
    """
    samples = np.nan_to_num(np.asarray(sound.samples, dtype=np.float32))
    time = patience.seconds(limits, SHARE)
    if sound.rate:
        looked = matching.match(index.sounds, samples, sound.rate, time)
    else:
        looked = numbers.heard(index.sounds, samples, time)
    if not looked.matches:
        looked = replace(_below(samples, index, sound.rate, time), complete=looked.complete)
    if not looked.matches:
        looked = replace(_carried(samples, index, sound.rate, time), complete=looked.complete)
    if not looked.matches:
        then = recurrence.in_sound(index.sounds, samples, sound.rate or numbers.RATES[0], time)
        looked = replace(then, complete=looked.complete and then.complete)
    if looked.matches:
        return [known(one, sound.where) for one in looked.matches]
    seconds = len(samples) / (sound.rate or numbers.RATES[0])
    partly = "" if looked.complete else " Time did not suffice to compare all of it."
    return [
        flag(
            "sound",
            f"{seconds:.1f} seconds of sound; a human has to hear that no voice of the data is in "
            f"it.{partly}",
            INSTEAD,
            sound.where,
        )
    ]


def _below(samples: Floats, index: Index, rate: int, seconds: float) -> Looked:
    """Return what the lowest bits of 16-bit samples match: another sound may lie below the one heard."""
    whole = np.round(samples * 32768.0).astype(np.int64)
    if not np.allclose(whole / 32768.0, samples, atol=1e-6):
        return Looked((), True)
    for bits in LOW_BITS:
        step = 1 << bits
        low = np.asarray(((whole + step // 2) % step - step // 2) / step, dtype=np.float32)
        if numbers.speechlike(low):
            looked = matching.match(index.sounds, low, rate or numbers.RATES[0], seconds / 4, stages=(0,))
            if looked.matches:
                return looked
    return Looked((), True)


def _carried(samples: Floats, index: Index, rate: int, seconds: float) -> Looked:
    """Return what a sound matches that was moved onto a carrier, also above the one that is heard."""
    for moved in carried.below(samples, rate or numbers.RATES[0]):
        looked = matching.match(index.sounds, moved, rate or numbers.RATES[0], seconds / 4, stages=(0,))
        if looked.matches:
            return looked
    return Looked((), True)


def known(match: Match, where: str) -> Finding:
    """Return the finding for sound that is in a recording, without saying in which."""
    changed = f" ({match.change})" if str(match.change) else ""
    place = f"second {match.second:.1f}"
    return block(
        "sound_known",
        f"About {match.seconds:.1f} seconds of sound are from a recording of the data, from its second "
        f"{match.recording_second:.1f}{changed}.",
        INSTEAD,
        f"{where}, {place}" if where else place,
    )
