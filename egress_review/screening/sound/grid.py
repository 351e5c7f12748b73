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
# Mirrors beside half the rate; the last is that of telephone speech in a file of 16 kHz.
MIRRORS = (*(75.0 * step for step in (*range(-20, 0), *range(1, 9))), -4000.0)


@lru_cache(maxsize=1)
def stages() -> tuple[tuple[Change, ...], ...]:
    """Return the changes of each stage; none is in two."""
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
    rest += [Change(mirrored=True, moved=hertz) for hertz in MIRRORS]
    seen = {*one, *lines}
    far = sorted(dict.fromkeys(change for change in rest if change not in seen), key=_strangeness)
    return tuple(one), tuple(change for change in lines if change not in one), tuple(far)


def _strangeness(change: Change) -> float:
    turned = 0.3 * change.backwards + 0.3 * change.mirrored
    return abs(change.tempo - 1) + abs(change.pitch - 1) + turned + abs(change.moved) / 2000
