"""Puts letters back that a transposition moved: on rails, in columns or blocks of any order."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import accumulate, combinations, permutations

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.corpus import Corpus
from egress_review.screening.folding import codes_of, fold

Codes = NDArray[np.int64]
LEAST, MOST = 70, 6_000  # letters from which an order can be told from chance, and that are read
SAID = 20_000  # words of the transcripts by which letters are known that follow each other
LETTERED = 0.9  # of a line that are letters and blanks
SIGNS = 48  # different ones that are told apart, with the blank
LIKE = 0.9  # of the letters' frequencies, from which a text has those of the transcripts
WIDEST, RAILS, ROUTES = 15, 16, 40  # columns in any order, rails, columns that are read to and fro
WHOLE = 5  # columns up to which all orders are tried
ROWS = 80  # by which an order is judged
STEPS, BEGINNINGS, KEPT = 40, 3, 4  # changes for the better, orders begun with, and widths that are climbed
# Of how well letters of the transcripts follow each other: at least so much in the right order; in another
# they do less than by chance, as no language's own do.
FOUND, MOVED = 0.5, -0.3


@dataclass(frozen=True)
class Follows:
    """How often letters follow each other in the transcripts, over chance; blanks count as a letter or go."""

    signs: str
    shares: NDArray[np.float64]
    ratios: NDArray[np.float64]
    typical: float

    @classmethod
    def of(cls, said: str) -> Follows | None:
        """Return what follows what in folded words; None for too few."""
        found, counts = np.unique(codes_of(said), return_counts=True)
        if len(said) < LEAST or len(found) < 2:
            return None
        signs = "".join(map(chr, found[np.argsort(-counts, kind="stable")][:SIGNS].tolist()))
        codes = _codes(said, signs)
        pairs = np.full((len(signs) + 1,) * 2, 0.5)
        np.add.at(pairs, (codes[:-1], codes[1:]), 1)
        shares = np.bincount(codes, minlength=len(signs) + 1) / len(codes)
        ratios = np.log(pairs / pairs.sum()) - np.log(np.outer(shares + 1e-4, shares + 1e-4))
        return cls(signs, shares, ratios, float(ratios[codes[:-1], codes[1:]].mean()))

    def is_like(self, codes: Codes) -> bool:
        """Return whether letters are as frequent as in the transcripts, but don't follow each other so."""
        if len(codes) < LEAST:
            return False
        shares = np.bincount(codes, minlength=len(self.shares)) / len(codes)
        alike = float(shares @ self.shares) / float(np.linalg.norm(shares) * np.linalg.norm(self.shares))
        return alike >= LIKE and self.score(codes) < MOVED * self.typical

    def score(self, codes: Codes) -> float:
        """Return how well letters follow each other, about 0 where they do by chance."""
        return float(self.ratios[codes[:-1], codes[1:]].mean()) if len(codes) > 1 else 0.0


def _codes(text: str, signs: str) -> Codes:
    """Return the letters of a text as their places among `signs`, behind them for others."""
    known = np.argsort(codes_of(signs))
    ordered = codes_of(signs)[known]
    codes = codes_of(text)
    places = np.minimum(np.searchsorted(ordered, codes), len(ordered) - 1)
    return np.where(ordered[places] == codes, known[places], len(signs))


class Orders:
    """What letters of a dataset's transcripts are like, by which an order of letters is told to be right."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus

    @cached_property
    def follows(self) -> tuple[Follows | None, Follows | None]:
        """How letters follow each other, without blanks and with them."""
        listed = self.corpus.vocabulary
        words = [listed[number] for number in self.corpus.sequence[:SAID].tolist() if number < len(listed)]
        return Follows.of("".join(words)), Follows.of(" ".join(words))

    def undone(self, lines: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Yield in which way letters of lines were moved, and what they say in the likeliest order."""
        folded = [fold(line) for line in lines if _is_lettered(line)]
        bare = ["".join(filter(str.isalpha, line)) for line in folded]
        spaced = ["".join(sign for sign in line if sign.isalpha() or sign == " ") for line in folded]
        sizes = {len(group) for line in folded for group in line.split()[:-1]}
        for follows, kept in zip(self.follows, (bare, spaced if len(sizes) > 1 else []), strict=True):
            if follows is None or not kept:
                continue
            views = [["".join(kept)], kept] if len(kept) > 1 else [kept]
            for view in views:
                yield from _undone([line for line in view if line], follows)


def _is_lettered(line: str) -> bool:
    """Return whether a line is letters and blanks, and little else, as a transposition leaves it."""
    told = sum(sign.isalpha() or sign == " " for sign in line)
    return bool(line.strip()) and told >= LETTERED * len(line)


def _undone(lines: Sequence[str], follows: Follows) -> Iterator[tuple[str, str]]:
    if not lines or sum(map(len, lines)) > MOST:
        return
    codes = [_codes(line, follows.signs) for line in lines]
    if not follows.is_like(np.concatenate(codes)):
        return
    for name, places in (*_plain_orders(codes, follows), *_best_orders(codes, follows)):
        told = [line[places_] for line, places_ in zip(codes, places, strict=True)]
        if follows.score(np.concatenate(told)) >= FOUND * follows.typical:
            pairs = zip(lines, places, strict=True)
            yield name, "\n".join("".join(line[place] for place in places_) for line, places_ in pairs)


def _plain_orders(lines: Sequence[Codes], follows: Follows) -> Iterator[tuple[str, list[Codes]]]:
    """Yield the likeliest of the orders that need no key: rails, begun anywhere, and columns to and fro."""
    ways: list[tuple[str, Callable[[int], Codes]]] = []
    for rails in range(2, RAILS + 1):
        ways += [("on rails", _rails(rails, begun)) for begun in range(2 * (rails - 1))]
    ways += [("in columns to and fro", _route(width, down)) for width in range(2, ROUTES) for down in (0, 1)]
    longest = max(lines, key=len)
    scores = [follows.score(longest[way(len(longest))]) for _, way in ways]
    name, best = ways[int(np.argmax(scores))]
    yield name, [best(len(line)) for line in lines]


def _rails(rails: int, begun: int) -> Callable[[int], Codes]:
    period = 2 * (rails - 1)

    def places(size: int) -> Codes:
        turn = (np.arange(size) + begun) % period
        written = np.argsort(np.minimum(turn, period - turn), kind="stable")
        return np.argsort(written, kind="stable")

    return places


def _route(width: int, down: int) -> Callable[[int], Codes]:
    """Return the order of letters that stand in rows and were read by columns, every second one turned."""

    def places(size: int) -> Codes:
        columns = [np.arange(start, size, width) for start in range(width)]
        read = [one[::-1] if at % 2 == down else one for at, one in enumerate(columns)]
        return np.argsort(np.concatenate(read), kind="stable")

    return places


def _best_orders(lines: Sequence[Codes], follows: Follows) -> Iterator[tuple[str, list[Codes]]]:
    """Yield the likeliest order of columns, and of the letters of blocks, that a key may have named."""
    ways = (("in columns of another order", _by_columns), ("in blocks of another order", _by_rows))
    for name, layout in ways:
        begun = []
        for width in range(2, WIDEST + 1):
            grids = [layout(len(line), width) for line in lines if len(line) >= 2 * width]
            judged = _Judged([line for line in lines if len(line) >= 2 * width], grids, follows)
            if sum(len(line) for line in judged.lines) >= LEAST:
                begun.append((*judged.begun(width), judged, width))
        begun.sort(key=lambda one: -one[0])
        ended = [judged.climbed(orders, width) for _, orders, judged, width in begun[:KEPT]]
        if ended:
            _, order = max(ended, key=lambda one: one[0])
            yield name, [layout(len(line), len(order)).whole(order) for line in lines]


@dataclass(frozen=True)
class _Grid:
    """Where the letters of a text of `size` stand, whose columns are taken in an order to be found."""

    size: int
    width: int
    by_columns: bool

    @property
    def rows(self) -> int:
        return self.size // self.width

    def starts(self, orders: Codes) -> Codes:
        """Return where each column of each order begins. Shapes (orders, width)."""
        if not self.by_columns:
            return orders
        long = np.argsort(orders, axis=1) < self.size - self.rows * self.width
        sizes = self.rows + long
        begins = np.cumsum(sizes, axis=1) - sizes
        return np.take_along_axis(begins, orders, axis=1)

    def places(self, orders: Codes, rows: int) -> Codes:
        """Return where the letters of the first rows stand. Shape (orders, rows * width)."""
        step = 1 if self.by_columns else self.width
        told = self.starts(orders)[:, None, :] + step * np.arange(rows)[None, :, None]
        return np.asarray(told.reshape(len(orders), -1))

    def whole(self, order: Sequence[int]) -> Codes:
        """Return where all letters stand in one order, those of the last row behind the others."""
        orders = np.array([order])
        told = self.places(orders, self.rows)[0]
        left = self.size - len(told)
        if self.by_columns:
            return np.concatenate((told, self.starts(orders)[0, :left] + self.rows))
        # A block that is not full keeps its order among those that are there.
        rest = np.array([len(told) + place for place in order if place < left], dtype=np.int64)
        return np.concatenate((told, rest))


def _by_columns(size: int, width: int) -> _Grid:
    return _Grid(size, width, by_columns=True)


def _by_rows(size: int, width: int) -> _Grid:
    return _Grid(size, width, by_columns=False)


class _Judged:
    """Lines whose letters stand in grids of one width, and how well orders of their columns follow."""

    def __init__(self, lines: Sequence[Codes], grids: Sequence[_Grid], follows: Follows) -> None:
        rows = accumulate((grid.rows for grid in grids), initial=0)
        taken = sum(before < ROWS for before in list(rows)[:-1])
        self.lines, self.grids, self.follows = lines[:taken], grids[:taken], follows

    def scores(self, orders: Codes) -> NDArray[np.float64]:
        """Return how well letters follow each other in each order. Shape (orders,)."""
        total, count = np.zeros(len(orders)), 0
        for line, grid in zip(self.lines, self.grids, strict=True):
            letters = line[grid.places(orders, min(grid.rows, ROWS))]
            total += self.follows.ratios[letters[:, :-1], letters[:, 1:]].sum(axis=1)
            count += letters.shape[1] - 1
        return np.asarray(total / max(count, 1))

    def begun(self, width: int) -> tuple[float, Codes]:
        """Return the best of some orders to begin with, and how well letters follow in it."""
        if width <= WHOLE:
            orders = np.array(list(permutations(range(width))))
        else:
            pick = random.Random(width)  # noqa: S311 - the same beginnings each time
            drawn = [pick.sample(range(width), width) for _ in range(BEGINNINGS - 1)]
            orders = np.array([self._chained(width), *drawn])
        scores = self.scores(orders)
        best = np.argsort(-scores, kind="stable")[:BEGINNINGS]
        climbed = [self._step(orders[place], float(scores[place])) for place in best]
        return max(score for score, _ in climbed), np.array([order for _, order in climbed])

    def _chained(self, width: int) -> list[int]:
        """Return an order in which each column is behind that which it follows best, pair by pair."""
        pairs = np.array([(a, b) for a in range(width) for b in range(width) if a != b])
        worth = np.full((width, width), -np.inf)
        for line, grid in zip(self.lines, self.grids, strict=True):
            rows = np.arange(min(grid.rows, ROWS))
            begins = grid.starts(np.arange(width)[None, :])[0]
            step = 1 if grid.by_columns else width
            first = line[begins[pairs[:, :1]] + step * rows]
            second = line[begins[pairs[:, 1:]] + step * rows]
            told = self.follows.ratios[first, second].sum(axis=1)
            before = worth[pairs[:, 0], pairs[:, 1]]
            worth[pairs[:, 0], pairs[:, 1]] = np.where(np.isinf(before), told, before + told)
        chains = [[column] for column in range(width)]
        while len(chains) > 1:
            ends = permutations(range(len(chains)), 2)
            one, other = max(ends, key=lambda pair: worth[chains[pair[0]][-1], chains[pair[1]][0]])
            chains[one] = chains[one] + chains[other]
            del chains[other]
        return chains[0]

    def _step(self, order: Codes, score: float) -> tuple[float, Codes]:
        """Return the best order one change away, or the same: two columns swapped, or some moved together."""
        near = order[_changes(len(order))]
        scores = self.scores(near)
        best = int(np.argmax(scores))
        return (float(scores[best]), near[best]) if scores[best] > score else (score, order)

    def climbed(self, orders: Codes, width: int) -> tuple[float, list[int]]:
        """Return the best order that changes for the better lead to, and how well letters follow in it."""
        ended = []
        for order in orders:
            score = float(self.scores(order[None, :])[0])
            for _ in range(STEPS):
                better, changed = self._step(order, score)
                if better <= score:
                    break
                score, order = better, changed
            ended.append((score, order.tolist()))
        return max(ended, key=lambda one: one[0])


@cache
def _changes(width: int) -> Codes:
    """Return the orders one change away from the plain one: two swapped, or a stretch moved."""
    near = []
    for first, last in combinations(range(width), 2):
        swapped = list(range(width))
        swapped[first], swapped[last] = last, first
        near.append(swapped)
        for cut in range(first + 1, last + 1):
            before, moved, behind = range(first), range(cut, last + 1), range(first, cut)
            near.append([*before, *moved, *behind, *range(last + 1, width)])
    return np.array(near)
