"""Undoes the ciphers that hide writing from a glance: shifted, mirrored, interleaved, drawn otherwise."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

LOWER, UPPER, DIGITS = string.ascii_lowercase, string.ascii_uppercase, string.digits
CYRILLIC = "".join(map(chr, range(0x430, 0x450)))
PRINTED = "".join(map(chr, range(33, 127)))
QWERTY = "qwertyuiop asdfghjkl zxcvbnm"
LEET = str.maketrans(
    {
        "0": "o",
        "1": "i",
        "3": "e",
        "4": "a",
        "5": "s",
        "7": "t",
        "8": "b",
        "@": "a",
        "$": "s",
        "!": "i",
        "+": "t",
        "|": "l",
    }
)
LEET_L = LEET | str.maketrans({"1": "l", "6": "g", "9": "g"})
# Letters drawn with several signs, the longest first.
DRAWN = tuple(
    pair.split()
    for pair in (
        *(
            "/\\/\\ m",
            "|\\/| m",
            "\\/\\/ w",
            "/v\\ m",
            "/-\\ a",
            "/\\ a",
            "|-| h",
            "|_| u",
            "|\\| n",
            "\\/ v",
        ),
        *("() o", "[] o", "|_ l", "|< k", "|) d", "|3 b", ">< x", "ph f", "vv w"),
    )
)

UPSIDE_DOWN = "ɐqɔpǝɟƃɥᴉɾʞןɯuoɹʇʌʍʎ"  # noqa: RUF001 - letters that look like others are the point
TURNED = str.maketrans(dict(zip(UPSIDE_DOWN, "abcdefghijklmnortvwy", strict=True)))

# Of English, in thousandths from a to z. Source: Lewand 2000.
FREQUENT = (
    np.array(
        [82, 15, 28, 43, 127, 22, 20, 61, 70, 2, 8, 40, 24, 67, 75, 19, 1, 60, 63, 91, 28, 10, 24, 2, 20, 1]
    )
    / 1000
)
LEAST_KEYED = 120  # letters from which a key can be told from chance

Numbers = NDArray[np.int64]
Undo = Callable[[str], str]


def shifts() -> Iterator[tuple[str, Undo]]:
    """Yield what undoes each substitution of single letters that needs no secret key."""
    for by in range(1, 26):
        table = str.maketrans(LOWER + UPPER, LOWER[by:] + LOWER[:by] + UPPER[by:] + UPPER[:by])
        yield ("rot13" if by == 13 else "shifted letters", _translation(table))
        if by == 13:
            table = table | str.maketrans(DIGITS, DIGITS[5:] + DIGITS[:5])
            yield "rot18", _translation(table)
    yield "atbash", _translation(str.maketrans(LOWER + UPPER, LOWER[::-1] + UPPER[::-1]))
    yield "rot47", _translation(str.maketrans(PRINTED, PRINTED[47:] + PRINTED[:47]))
    for by in (1, -1):
        keys = QWERTY.replace(" ", "")
        yield "shifted keys", _translation(str.maketrans(keys, keys[by:] + keys[:by]))
    for by in (*range(1, 32), 0):
        turned = CYRILLIC[by:] + CYRILLIC[:by] if by else CYRILLIC[::-1]
        if by in (0, 13, 16, 3, 29, 1, 31):
            yield "shifted letters", _translation(str.maketrans(CYRILLIC, turned))
    yield "letters as numbers", _translation(LEET)
    yield "letters as numbers", _translation(LEET_L)
    yield "letters drawn with signs", _drawn
    yield "turned letters", lambda text: text[::-1].translate(TURNED)


def _drawn(text: str) -> str:
    for signs, letter in DRAWN:
        text = text.replace(signs, letter)
    return text.translate(LEET)


def _translation(table: Mapping[int, int | str]) -> Undo:
    return lambda text: text.translate(table)


def orders() -> Iterator[tuple[str, Undo]]:
    """Yield what undoes each reordering of the characters of a line that needs no secret key."""
    yield "reversed", _by_line(lambda line: line[::-1])
    yield "swapped pairs", _by_line(_swapped)
    for count in (2, 3, 4, 5):
        yield "interleaved", _by_line(_taken(count))
        yield "interleaved", _by_line(_dealt(count))
        yield "rail fence", _by_line(_fence(count))
    yield "every second character", _by_line(lambda line: line[::2])
    yield "every second character", _by_line(lambda line: line[1::2])
    yield "every third character", _by_line(lambda line: line[::3])


def turned_round() -> Iterator[tuple[str, Undo]]:
    """Yield what undoes each substitution of single letters of lines that were reversed as well."""
    for name, undo in shifts():
        yield f"{name}, reversed", _reversed_first(undo)


def _reversed_first(undo: Undo) -> Undo:
    return lambda text: undo("\n".join(line[::-1] for line in text.split("\n")))


def _by_line(undo: Undo) -> Undo:
    return lambda text: "\n".join(map(undo, text.split("\n")))


def _swapped(line: str) -> str:
    return "".join(line[n : n + 2][::-1] for n in range(0, len(line), 2))


def _taken(count: int) -> Undo:
    """Return what puts behind one another every count-th character, from each start."""
    return lambda line: "".join(line[n::count] for n in range(count))


def _dealt(count: int) -> Undo:
    """Return what undoes `_taken`."""

    def undo(line: str) -> str:
        order = [n for start in range(count) for n in range(start, len(line), count)]
        return _placed(line, order)

    return undo


def _fence(rails: int) -> Undo:
    def undo(line: str) -> str:
        period = 2 * (rails - 1)
        rail = [min(n % period, period - n % period) for n in range(len(line))]
        return _placed(line, sorted(range(len(line)), key=lambda n: (rail[n], n)))

    return undo


def _placed(line: str, order: list[int]) -> str:
    out = [""] * len(line)
    for character, place in zip(line, order, strict=True):
        out[place] = character
    return "".join(out)


def keyed(text: str, known: Callable[[str], float]) -> Iterator[str]:
    """Yield a text with the likeliest repeating key of 2 to 16 letters undone, by how common letters are.

    The key moves on with each letter or character, and may begin again in each line; `known` says how many
    words of a text are known, by which the key is made better. Source: Friedman 1922.
    """
    raw = np.frombuffer(text.lower().encode("latin-1", "replace"), dtype=np.uint8).astype(np.int64)
    places = np.flatnonzero((raw >= 97) & (raw < 123))
    if len(places) < LEAST_KEYED:
        return
    lines = np.cumsum(raw == 10)
    begins = np.searchsorted(lines, lines[places])
    count = np.arange(len(places))
    firsts = np.searchsorted(lines[places], lines[places])
    for turns in (count, places, places - begins, count - firsts):
        keys = [_key(raw[places] - 97, turns % period, period) for period in range(2, 17)]
        shifts = max(keys, key=lambda one: one[0])[1]
        best, key = _plain(raw, places, turns, shifts[0]), shifts[0].copy()
        score = known(best)
        for column, other in ((c, o) for c in range(len(key)) for o in (1, 2)):
            changed = key.copy()
            changed[column] = shifts[other][column]
            plain = _plain(raw, places, turns, changed)
            if (better := known(plain)) > score:
                best, key, score = plain, changed, better
        yield best


def _key(codes: Numbers, turns: Numbers, period: int) -> tuple[float, Numbers]:
    """Return how common letters are once each part of the key is undone, and its three best readings."""
    counts = np.zeros((period, 26))
    np.add.at(counts, (turns, codes), 1)
    fits = np.array([(np.roll(counts, -shift, axis=1) * FREQUENT).sum(axis=1) for shift in range(26)])
    # Each letter of a key finds some fit by chance: longer keys must be better.
    fit = float(fits.max(axis=0).sum() / len(codes)) - 0.0006 * period
    return fit, np.argsort(-fits, axis=0, kind="stable")[:3]


def _plain(raw: Numbers, places: Numbers, turns: Numbers, key: Numbers) -> str:
    out = raw.copy()
    out[places] = (raw[places] - 97 - key[turns % len(key)]) % 26 + 97
    return out.astype(np.uint8).tobytes().decode("latin-1")


def letters(text: str) -> Iterator[tuple[str, str]]:
    """Yield what the first or last letters, or words, of the lines or sentences of a text spell."""
    lines = [line.split() for line in text.split("\n") if line.split()]
    sentences = [
        line.split() for line in text.replace("\n", " ").replace("? ", ". ").split(". ") if line.split()
    ]
    for name, units in (("lines", lines), ("sentences", sentences)):
        if len(units) >= 8:
            yield f"first letters of the {name}", "".join(unit[0].lstrip("-*#>\"'(")[:1] for unit in units)
            yield f"last letters of the {name}", "".join(unit[-1].rstrip(".,;:!?\"')")[-1:] for unit in units)
            yield f"first words of the {name}", " ".join(unit[0] for unit in units)
            yield f"last words of the {name}", " ".join(unit[-1] for unit in units)
    words = text.split()
    if 40 <= len(words) <= 20_000:
        for at, place in enumerate(("first", "second", "third")):
            yield f"{place} letters of the words", "".join(word[at : at + 1] for word in words)
