"""Letters in pictures: read by tesseract through pipes, where a picture looks as if it had many."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PIL import Image

from egress_review.screening.carriers import lettering, skew
from egress_review.screening.limits import Limits
from egress_review.screening.parts import Part, Picture, Text
from egress_review.screening.sound import patience
from egress_review.screening.verdict import Finding, flag

INK = 50  # levels of 256 that a letter differs from its line's ground
EDGES = 24  # changes between ink and ground along a row of letters; axes and curves have fewer
LINES = 4  # lines of letters that make a picture worth reading; a plot's title and labels are fewer
LETTER = (5, 70)  # a line's height in pixels
LOOKED_AT = 1400  # pixels a side for the cheap test
READ_AT = 2400  # pixels a side for reading
LINE_HEIGHT = 24  # pixels that the reader likes its lines to have
MANY = 40  # words that make a picture of text
SURE = 55.0  # of 100: from here on the letters are no chance
LIKELY = 40.0  # of 100: from here on a word that stands alone may be one
FAINT, FAINTER = 14, 2  # levels from the ground that show in what leaves; times as many lines as are plain
QUIET, MARGIN = 0.3, 4  # how far the changes fall, within how many rows, above and below a line
BESIDE = 4  # rows above and below that tell a row's ground
RULE = 45  # pixels; straight strokes from here on are no letters
PAINTED = 0.25  # of a picture; where more would be a rule, it is a coloured ground
# Ways to turn a picture, the likely ones first, and whether its lines then ran up or down before.
TURNS: tuple[tuple[Image.Transpose | None, bool], ...] = (
    (None, False),
    (Image.Transpose.ROTATE_90, True),
    (Image.Transpose.ROTATE_180, False),
    (Image.Transpose.ROTATE_270, True),
    (Image.Transpose.FLIP_LEFT_RIGHT, False),
)
WORD = re.compile(r"[^\W_]{2,}")
LIMITED = ("prlimit",)  # of util-linux, which every Debian has
PROGRAM = ("tesseract", "stdin", "stdout", "--psm", "6", "-c", "tessedit_create_tsv=1")
FIX = "Hand in text and tables as text, not as a picture of them."
LEAST_LEFT = 0.5  # seconds in which reading is worth beginning
BUSY = 2.0  # times as long by the clock as by the processor that reading may take


@dataclass
class _Left:
    """What is left for reading, in seconds of the processor and by the clock."""

    processor: float
    clock: float

    @classmethod
    def of(cls, seconds: float) -> _Left:
        return cls(seconds, BUSY * seconds)


# What is left for the file that is looked at. Reading is among the slowest checks, and what is read shall
# depend neither on how busy the machine is nor on what the other checks take.
LEFT: ContextVar[_Left | None] = ContextVar("left", default=None)


@contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Read letters for at most so many seconds of the processor in all, on a busy machine fewer."""
    before = LEFT.set(_Left.of(seconds))
    try:
        yield
    finally:
        LEFT.reset(before)


@contextmanager
def _counted(limits: Limits) -> Iterator[_Left]:
    """Give what is left for reading; what the block uses is taken from it, and from comparing's time."""
    left = LEFT.get() or _Left.of(limits.read_seconds)
    used, began = _used(), time.monotonic()
    try:
        yield left
    finally:
        spent = _used() - used
        left.processor -= spent
        left.clock -= time.monotonic() - began
        patience.spend(spent)


def _used() -> float:
    """Return the processor's seconds that this process and those it began and ended have used."""
    begun = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + begun.ru_utime + begun.ru_stime


def read(picture: Picture, limits: Limits) -> tuple[list[Part], list[Finding]]:
    """Return the text that a picture shows, and a flag where it has many letters or could not be read."""
    views = [view for view in _views(picture.image) if max(view[1:]) >= LINES]
    place = f"{picture.where}, letters" if picture.where else "letters"
    if not views:
        return [Text(text, place) for text in _apart(picture.image, limits)], []
    most = max(views[0][1:])
    told: list[Letters] = []
    for image, upright, sideways in views:
        letters = _best(image, (upright >= LINES, sideways >= LINES), limits)
        told += [letters] if letters else []
        if letters is None or letters.sure >= SURE:
            break
    if not told:
        return [], [_flag("The picture shows lines of text, which could not be read here", picture.where)]
    found = _surest(told)
    count = len(WORD.findall(found.text))
    parts: list[Part] = [Text(text, place) for text in (found.text, found.others) if text]
    if found.sure < SURE:
        parts += [Text(text, place) for text in _apart(picture.image, limits)]
    if count >= MANY:
        return parts, [_flag(f"The picture shows text, about {count} words", picture.where)]
    if found.sure < SURE and most >= 2 * LINES:
        return parts, [_flag("The picture seems to show lines of text that can't be read", picture.where)]
    return parts, []


def _apart(image: Image.Image, limits: Limits) -> Iterator[str]:
    """Yield the words that stand apart in a picture, line by line, and all of them by columns."""
    columns: list[str] = []
    for sheet in lettering.sheets(image):
        with _counted(limits) as left:
            done = _run(sheet.image, left) if min(left.processor, left.clock) > LEAST_LEFT else None
        # What is no letter is read as some, but not surely.
        words = [word for word in _words(done or "") if word.sure >= LIKELY]
        if words:
            yield _laid_out(words).text
            middles = ((one.left + one.width // 2, one.top + one.height // 2, one.text) for one in words)
            columns.append(sheet.down(middles))
    yield from ("\n".join(columns),) if columns else ()


def _views(image: Image.Image) -> list[tuple[Image.Image, int, int]]:
    """Return a picture as it is and put straight, and how many lines run across and up or down; most first.

    Letters below one another are lines, too, to who only counts them: reading tells which are.
    """
    ways = image, len(lines(image)), len(lines(image.transpose(Image.Transpose.ROTATE_90)))
    strong = _strengthened(image)
    faint = strong, len(lines(strong)), len(lines(strong.transpose(Image.Transpose.ROTATE_90)))
    if max(faint[1:]) >= max(LINES, FAINTER * max(ways[1:])):
        return [faint, ways]
    turned = skew.straightened(image)
    if turned is None:
        return [ways]
    straight = turned, len(lines(turned)), len(lines(turned.transpose(Image.Transpose.ROTATE_90)))
    return sorted((ways, straight), key=lambda seen: -max(seen[1:]))


def _strengthened(image: Image.Image) -> Image.Image:
    """Return a picture's ink, dark on white: what is apart from its ground in any colour, however faint.

    Letters in one colour, or a shade from their ground, are as good as black ones to who knows of them.
    """
    pixels = np.asarray(image.convert("RGB"), dtype=np.int16)
    apart = np.abs(pixels - np.median(pixels.reshape(-1, 3)[::97], axis=0)).max(axis=2)
    return Image.fromarray(np.where(apart >= FAINT, 0, 255).astype(np.uint8))


@dataclass(frozen=True)
class Letters:
    """What was read in a picture, how sure the reader is of its words, 0 to 100, and what else it may be."""

    text: str
    sure: float
    others: str = ""


def _best(image: Image.Image, ways: tuple[bool, bool], limits: Limits) -> Letters | None:
    """Return what can be read in a picture, whichever way it is turned; None where it can't be tried.

    `ways` says whether lines seem to run across the picture, and up or down.
    """
    read_: list[Letters] = []
    turns = [turn for turn, along in TURNS if ways[along]]
    for turn in turns:
        found = _read(image if turn is None else image.transpose(turn), limits)
        # Turned or mirrored letters make no words; whoever turned them wants them unread.
        if found is None or found.sure >= SURE:
            return found or (_surest(read_) if read_ else None)
        read_.append(found)
    return _surest(read_) if read_ else None


def _surest(found: list[Letters]) -> Letters:
    """Return the surest reading, with the others beside it: none is known to be right."""
    surest = max(found, key=lambda one: one.sure)
    others = [one.text for one in found if one is not surest] + [one.others for one in found]
    return replace(surest, others="\n\n".join(filter(None, others)))


def _flag(what: str, where: str) -> Finding:
    return flag("picture_text", f"{what}; a human has to see what it says.", FIX, where)


def lines(image: Image.Image) -> list[tuple[int, int]]:
    """Return the first row and the row behind the last of each line of letters that a picture seems to show.

    A line is a run of rows where ink and ground change often, between rows where they hardly do.
    """
    grey = image.convert("L")
    shrunk = max(1.0, max(grey.size) / LOOKED_AT)
    if shrunk > 1:
        grey.thumbnail((LOOKED_AT, LOOKED_AT))
    pixels: NDArray[np.int16] = np.asarray(grey, dtype=np.int16)
    ground = np.median(pixels, axis=1, keepdims=True)
    ink = np.abs(pixels - ground) > INK
    changes = np.count_nonzero(ink[:, 1:] != ink[:, :-1], axis=1)
    steps = np.diff(np.concatenate(([0], (changes >= EDGES).astype(np.int8), [0])))
    found: list[tuple[int, int]] = []
    for start, end in zip(np.flatnonzero(steps == 1), np.flatnonzero(steps == -1), strict=True):
        quiet = QUIET * changes[start:end].max()
        above = changes[max(0, start - MARGIN) : start]
        below = changes[end : end + MARGIN]
        calm = (not above.size or above.min() <= quiet) and (not below.size or below.min() <= quiet)
        if calm and LETTER[0] <= end - start <= LETTER[1]:
            found.append((int(start * shrunk), int(end * shrunk)))
    return found


def _read(image: Image.Image, limits: Limits) -> Letters | None:
    """Return the letters in a picture; None where reading is not possible or takes too long."""
    with _counted(limits) as left:
        spans = lines(image)
        if min(left.processor, left.clock) <= LEAST_LEFT or not spans:
            return None
        done = _run(_prepared(image, spans), left)
    return None if done is None else _laid_out(_words(done))


def _prepared(image: Image.Image, spans: list[tuple[int, int]]) -> Image.Image:
    """Return the lines of letters of a picture, dark on white, as large as the reader likes them."""
    grey = _strips(_without_rules(image.convert("L")), spans)
    factor = LINE_HEIGHT / float(np.median([end - start for start, end in spans]))
    factor = min(3.0, factor, READ_AT / max(grey.size))
    size = (max(1, round(grey.width * factor)), max(1, round(grey.height * factor)))
    return grey.resize(size, Image.Resampling.LANCZOS)


def signs(image: Image.Image, limits: Limits) -> list[str] | None:
    """Return what lines of digits say, dark on white; None where reading is not possible."""
    with _counted(limits) as left:
        if min(left.processor, left.clock) <= LEAST_LEFT:
            return None
        done = _run(image.convert("L"), left, "-c", "tessedit_char_whitelist=0123456789.,%-")
    return None if done is None else _laid_out(_words(done)).text.split("\n")


def _run(grey: Image.Image, left: _Left, *settings: str) -> str | None:
    """Return the reader's table of words; None where there is no reader or it takes too long."""
    head = f"P5 {grey.width} {grey.height} 255\n".encode()
    alone = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "OMP_THREAD_LIMIT": "1", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            (*LIMITED, f"--cpu={int(left.processor) + 1}", *PROGRAM, *settings),
            input=head + grey.tobytes(),
            capture_output=True,
            timeout=left.clock,
            env=alone,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace")


def _without_rules(grey: Image.Image) -> Image.Image:
    """Return a picture dark on white, without lines too long to be letters: the rules of tables, axes.

    Each row is measured from its own ground, so that rows of tables may be coloured in turn.
    """
    level = np.asarray(grey, dtype=np.int16)
    ground = np.pad(np.median(level, axis=1), BESIDE, mode="edge")
    # A rule across a row is not its ground: that of the rows about it is.
    ground = np.median(sliding_window_view(ground, 2 * BESIDE + 1), axis=1)[:, None]
    pixels = (255 - np.abs(level - ground)).astype(np.uint8)
    # Both are looked for before either is painted over: where rules cross they would cut each other.
    rules = [(turned, found) for turned in (pixels, pixels.T) if (found := _rules(turned)).mean() < PAINTED]
    for turned, found in rules:
        turned[found] = 255
    return Image.fromarray(pixels)


def _rules(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return the pixels of straight dark strokes along rows that are too long for a letter."""
    dark = np.pad(pixels < 255 - INK, ((0, 0), (RULE, RULE)))
    total = np.pad(np.cumsum(dark, axis=1, dtype=np.int32), ((0, 0), (1, 0)))
    full = total[:, RULE:] - total[:, :-RULE] == RULE
    # A pixel belongs to a rule where any stretch of that length through it is dark.
    begun = np.pad(np.cumsum(full, axis=1, dtype=np.int32), ((0, 0), (1, 0)))
    first = np.arange(pixels.shape[1]) + 1
    found: NDArray[np.bool_] = begun[:, first + RULE] - begun[:, first] > 0
    return found


def _strips(grey: Image.Image, spans: list[tuple[int, int]]) -> Image.Image:
    """Return the lines of letters alone, one below the other, so that no time goes into what lies between."""
    rows: list[tuple[int, int]] = []
    for start, end in spans:
        room = (end - start) * 2 // 3 + 2
        top, bottom = max(0, start - room), min(grey.height, end + room)
        if rows and top <= rows[-1][1]:
            rows[-1] = (rows[-1][0], bottom)
        else:
            rows.append((top, bottom))
    strip = Image.new("L", (grey.width, sum(bottom - top for top, bottom in rows) + 12 * len(rows)), 255)
    at = 0
    for top, bottom in rows:
        strip.paste(grey.crop((0, top, grey.width, bottom)), (0, at))
        at += bottom - top + 12
    return strip


@dataclass(frozen=True)
class Word:
    """A word as the reader saw it: its line, its box in pixels, how sure it is."""

    line: tuple[str, ...]
    left: int
    top: int
    width: int
    height: int
    sure: float
    text: str


def _words(table: str) -> Iterator[Word]:
    """Yield the words of the reader's table."""
    for row in table.split("\n")[1:]:
        cells = row.split("\t")
        if len(cells) == 12 and cells[0] == "5" and cells[11].strip():
            left, top, width, height = map(int, cells[6:10])
            yield Word(tuple(cells[1:5]), left, top, width, height, float(cells[10]), cells[11].strip())


def _laid_out(words: Iterable[Word]) -> Letters:
    """Return words as they stand in the picture: two blanks where the gap is wider than a letter or two."""
    out: list[str] = []
    sure: list[float] = []
    line: tuple[str, ...] = ()
    ends = 0
    for word in words:
        if word.line != line:
            out.append("\n" if out else "")
        else:
            out.append("  " if word.left - ends > 1.6 * word.width / max(len(word.text), 1) else " ")
        out.append(word.text)
        line, ends = word.line, word.left + word.width
        sure += [word.sure] * len(word.text)
    return Letters("".join(out), sum(sure) / len(sure) if sure else 0.0)
