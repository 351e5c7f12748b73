"""The ways a sound may have been changed, in the order they are tried: none, one, several at once."""

from __future__ import annotations

from functools import lru_cache
from itertools import product

from egress_review.screening.sound.features import Change

TEMPO = 1.1  # between steps: the ends of half a second are then off by at most 12 ms
SEMITONE = 2.0 ** (1 / 12)
TEMPOS = tuple(TEMPO**step for step in range(-5, 6))  # 0.62 to 1.61
PITCHES = tuple(SEMITONE ** (2 * step) for step in range(-4, 5))  # 8 semitones down to 8 up
ALONE = tuple(SEMITONE**step for step in range(-8, 9))  # the same finer, where nothing else is changed
SPEEDS = tuple(1.07**step for step in range(-7, 8))  # 0.62 to 1.61, tempo and pitch together
# Beyond: a file that says another rate than its own, as 48,000 samples a second of 16,000.
FAR = tuple(1.07 ** (sign * step) for step in range(8, 21) for sign in (-1, 1))
# Hz, as modulators and scramblers move spectra: half a step is less than half the narrowest band.
MOVES = tuple(75.0 * step for step in (*range(-8, 0), *range(1, 22)))
# Mirrors beside half the rate, and at any rate where scramblers of telephone speech have theirs or where
# half of another usual rate was.
MIRRORS = tuple(75.0 * step for step in (*range(-20, 0), *range(1, 9)))
CARRIERS = (*(2400.0 + 75.0 * step for step in range(29)), 5512.5, 8000.0, 11025.0, 12000.0)
APART = 37.0  # Hz; nearer mirrors are one


@lru_cache(maxsize=16)
def stages(highest: float = 8000.0) -> tuple[tuple[Change, ...], ...]:
    """Return the changes of each stage; none is in two. `highest` is half the rate, in Hz."""
    one = {Change(): None}
    plain = [Change(speed, speed) for speed in SPEEDS]
    plain += [Change(pitch=pitch) for pitch in ALONE] + [Change(tempo) for tempo in TEMPOS]
    lines = {
        **dict.fromkeys(plain),
        Change(backwards=True): None,
        Change(mirrored=True): None,
        Change(backwards=True, mirrored=True): None,
    }
    rest = [Change(tempo, pitch) for tempo, pitch in product(TEMPOS, PITCHES)]
    rest += [Change(one.tempo, one.pitch, backwards=True) for one in plain]
    rest += [Change(speed, speed) for speed in FAR]
    rest += [Change(tempo, 1.0, backwards, mirrored=True) for tempo in TEMPOS for backwards in (False, True)]
    rest += [
        Change(speed, speed, backwards, mirrored=True) for speed in SPEEDS for backwards in (False, True)
    ]
    rest += [Change(moved=hertz) for hertz in MOVES]
    rest += [
        Change(pitch=pitch, backwards=turned, mirrored=True) for pitch in PITCHES for turned in (False, True)
    ]
    rest += [Change(mirrored=True, moved=hertz) for hertz in mirrors(highest)]
    seen = {*one, *lines}
    far = sorted(dict.fromkeys(change for change in rest if change not in seen), key=_strangeness)
    return tuple(one), tuple(change for change in lines if change not in one), tuple(far)


def mirrors(highest: float) -> tuple[float, ...]:
    """Return how far from half the rate, in Hz, a spectrum may have been mirrored."""
    own = (0.0, *MIRRORS)
    others = [hertz - highest for hertz in CARRIERS if hertz <= highest]
    return (*MIRRORS, *(moved for moved in others if min(abs(moved - one) for one in own) > APART))


def _strangeness(change: Change) -> float:
    turned = 0.3 * change.backwards + 0.3 * change.mirrored
    # A carrier is as likely anywhere, what lies near no mirror is a scrambler's.
    far = min(abs(change.moved) / 2000, 0.5)
    return abs(change.tempo - 1) + abs(change.pitch - 1) + turned + far
