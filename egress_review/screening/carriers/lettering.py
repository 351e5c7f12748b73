"""Words that stand apart in a drawing, as ticks, legends and small tables do: cut out and put into lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from PIL import Image

from egress_review.screening.dots import Mark, long, patches
from egress_review.screening.strokes import STROKE, Grey, closed

CONTRAST = 40  # levels of 256 that a stroke differs from its ground
LOOKED_AT = 1_400  # pixels a side
HEIGHT, LONGEST = (5, 48), 240  # of a sign, or of letters that touch, and their width, in pixels
MOST, LINES = 1_500, 120  # signs, and lines of them
# Times a line's height: the widest gap in a word that runs upwards, where digits below one another make none;
# in a line's words; and from which on they are cells.
CLOSE, BLANK, CELL = 0.4, 0.9, 2.0
LEVEL = 0.5  # of a sign's height that it shares with its line
SIZE, MARGIN = 26, 12  # pixels of a line's height as it is read, and white about it
LARGEST = 2_400  # pixels of a line as it is read
LEAST = 3  # signs that are worth reading


@dataclass(frozen=True)
class Run:
    """Signs that stand beside one another: the box that holds them, and how many there are."""

    left: int
    top: int
    right: int
    bottom: int
    count: int = 1

    @classmethod
    def of(cls, mark: Mark) -> Run:
        """Return a sign alone."""
        return cls(mark.left, mark.top, mark.left + mark.width, mark.top + mark.height)

    @property
    def height(self) -> int:
        """How high the box is."""
        return self.bottom - self.top

    def is_level(self, other: Run) -> bool:
        """Whether another stands in the same line."""
        shared = min(self.bottom, other.bottom) - max(self.top, other.top)
        return shared >= LEVEL * min(self.height, other.height)

    def meets(self, other: Run) -> bool:
        """Whether another shares some of its box."""
        across = min(self.right, other.right) > max(self.left, other.left)
        return across and min(self.bottom, other.bottom) > max(self.top, other.top)

    def turned(self, height: int) -> Run:
        """Return where a run stands in a picture so high that was turned to the right before it was found."""
        return Run(self.top, height - self.right, self.bottom, height - self.left, self.count)

    def is_below(self, other: Run) -> bool:
        """Whether another stands in the same column."""
        shared = min(self.right, other.right) - max(self.left, other.left)
        return shared >= LEVEL * min(self.right - self.left, other.right - other.left)

    def joined(self, other: Run) -> Run:
        """Return both as one."""
        return Run(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
            self.count + other.count,
        )


@dataclass(frozen=True)
class Sheet:
    """Lines of signs to be read, dark on white, and where on it each run of them stands."""

    image: Image.Image
    places: tuple[tuple[Run, Run], ...]

    def down(self, words: Iterable[tuple[int, int, str]]) -> str:
        """Return words, each with its middle in pixels, by the columns in which they stand in the picture."""
        told: dict[Run, list[str]] = {}
        for left, top, word in words:
            for here, there in self.places:
                if here.left <= left < here.right and here.top <= top < here.bottom:
                    told.setdefault(there, []).append(word)
                    break
        columns: list[list[Run]] = []
        for run in sorted(told, key=lambda one: one.left + one.right):
            near = [column for column in columns[-2:] if column[-1].is_below(run)]
            if near:
                near[0].append(run)
            else:
                columns.append([run])
        ordered = (sorted(column, key=lambda one: one.top) for column in columns)
        return "\n".join(" ".join(word for run in column for word in told[run]) for column in ordered)


Signs = Sequence[tuple[Grey, Sequence[Run]]]  # how deep the strokes of a picture are, and the runs in it


def sheets(image: Image.Image) -> Iterator[Sheet]:
    """Yield what stands apart in a picture in lines, dark on white; turned, too, where more runs upwards."""
    grey = image.convert("L")
    if max(grey.size) > LOOKED_AT:
        grey.thumbnail((LOOKED_AT, LOOKED_AT))
    level = np.asarray(grey, dtype=np.int16)
    depths = _depths(level)
    turned_level, turned_depths = (
        np.rot90(level, -1),
        {sign: np.rot90(one, -1) for sign, one in depths.items()},
    )
    upright, turned = _found(level, depths), _found(turned_level, turned_depths, CLOSE)
    # A label that runs upwards is single signs to who reads across.
    up = [(depth, _apart(runs, upright, level.shape[0])) for depth, runs in turned]
    over = [run.turned(level.shape[0]) for _, runs in up for run in runs]
    across = [(depth, [run for run in runs if not any(map(run.meets, over))]) for depth, runs in upright]
    if sum(run.count for _, runs in (*across, *up) for run in runs) >= LEAST:
        yield _sheet(across, up)
    if _words(turned) > _words(upright):
        yield _sheet(_found(turned_level, turned_depths), [])


def _apart(turned: Sequence[Run], upright: Signs, height: int) -> list[Run]:
    """Return the words among turned runs that are none to who reads across a picture so high."""
    across = [run for _, runs in upright for run in runs]
    told = [(run, run.turned(height)) for run in turned if run.count >= LEAST]
    return [
        run for run, there in told if all(other.count < run.count for other in across if there.meets(other))
    ]


def _words(found: Signs) -> int:
    return sum(run.count >= LEAST for _, runs in found for run in runs)


def _depths(level: Grey) -> dict[int, Grey]:
    """Return how far strokes are from their ground: by 1 dark ones, by -1 light ones; usual ones first."""
    return {
        sign: closed(sign * level, STROKE) - sign * level
        for sign in ((1, -1) if np.median(level) > 127 else (-1, 1))
    }


def _found(level: Grey, depths: Mapping[int, Grey], blank: float = BLANK) -> list[tuple[Grey, list[Run]]]:
    """Return the runs of dark signs on a lighter ground, and of light ones on a darker; and the depths."""
    found: list[tuple[Grey, list[Run]]] = []
    # What the first leave between them looks like signs of the other kind.
    for sign, depth in depths.items():
        ink = depth > CONTRAST
        for axis in (0, 1):
            ink &= ~long(ink, axis)
        signs = [Run.of(mark) for mark in islice(filter(_is_sign, patches(ink)), MOST + 1)]
        # So many make lines of text, or noise; those are read whole.
        told = _grouped(signs, blank) if len(signs) <= MOST else []
        runs = [run for run in told if _stands_out(run, sign * level, depth)]
        runs = [run for run in runs if not any(run.meets(other) for _, others in found for other in others)]
        found.append((depth, runs))
    return found


def _stands_out(run: Run, level: Grey, depth: Grey) -> bool:
    """Return whether signs differ from what is about them, as what is left between two strokes does not."""
    top, left = max(0, run.top - 2), max(0, run.left - 2)
    about = level[top : run.bottom + 2, left : run.right + 2]
    edge = np.concatenate([about[0], about[-1], about[:, 0], about[:, -1]])
    inside = level[run.top : run.bottom, run.left : run.right]
    signs = inside[depth[run.top : run.bottom, run.left : run.right] > CONTRAST]
    return bool(np.median(edge) - np.median(signs) > CONTRAST)


def _is_sign(mark: Mark) -> bool:
    return HEIGHT[0] <= mark.height <= HEIGHT[1] and mark.width <= LONGEST


def _grouped(signs: Sequence[Run], blank: float) -> list[Run]:
    """Return signs that stand close in one line together, from left to right."""
    ended: list[Run] = []
    runs: list[Run] = []
    for sign in sorted(signs, key=lambda one: one.left):
        # What ends far to the left goes on no more.
        ended += [run for run in runs if sign.left - run.right > blank * HEIGHT[1]]
        runs = [run for run in runs if sign.left - run.right <= blank * HEIGHT[1]]
        near = [
            at
            for at, run in enumerate(runs)
            if run.is_level(sign) and sign.left - run.right <= blank * max(run.height, sign.height)
        ]
        if near:
            runs[near[-1]] = runs[near[-1]].joined(sign)
        else:
            runs.append(sign)
    return ended + runs


def _sheet(found: Signs, turned: Signs) -> Sheet:
    """Return runs of signs in lines as they stand, those of the turned picture below the others."""
    lines = [*_lines(found), *_lines(turned)][:LINES]
    cut = [list(_strip(line, MARGIN + at * (SIZE + MARGIN))) for at, line in enumerate(lines)]
    wide = max(strip[-1][1].right for strip in cut) + MARGIN
    sheet = Image.new("L", (wide, len(cut) * (SIZE + MARGIN) + MARGIN), 255)
    for signs, here, _ in (one for strip in cut for one in strip):
        sheet.paste(signs, (here.left, here.top))
    return Sheet(sheet, tuple((here, there) for strip in cut for _, here, there in strip))


def _lines(found: Signs) -> list[list[tuple[Run, Grey]]]:
    """Return runs of signs, each with the picture that it is cut from, line by line."""
    lines: list[list[tuple[Run, Grey]]] = []
    placed = [(run, depth) for depth, runs in found for run in runs]
    for run, depth in sorted(placed, key=lambda one: one[0].top + one[0].bottom):
        level = next((line for line in lines[-3:] if line[0][0].is_level(run)), None)
        if level is None:
            lines.append([(run, depth)])
        else:
            level.append((run, depth))
    return lines


def _strip(line: Sequence[tuple[Run, Grey]], top: int) -> Iterator[tuple[Image.Image, Run, Run]]:
    """Yield the runs of a line, dark on white, with their place on the sheet and in the picture."""
    at, ends = MARGIN, 0
    for run, depth in sorted(line, key=lambda one: one[0].left):
        inside = depth[run.top : run.bottom, run.left : run.right]
        plain = np.clip(255 - 255.0 * inside / max(int(inside.max()), 1), 0, 255).astype(np.uint8)
        wide = max(1, round(plain.shape[1] * SIZE / plain.shape[0]))
        if ends:
            at += SIZE * (3 if run.left - ends > CELL * run.height else 1)
        if at >= LARGEST:
            return
        wide = min(wide, LARGEST - at)
        here = Run(at, top, at + wide, top + SIZE)
        yield Image.fromarray(plain).resize((wide, SIZE), Image.Resampling.LANCZOS), here, run
        at, ends = here.right, run.right
