"""What a case is: its number and mark in the list of leaks, and the submissions that its recipe builds."""

from __future__ import annotations

import importlib
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np

from tests.leaks.dataset import Corpus

Mark = Literal["B", "F", "N", "benign"]
Choice = TypeVar("Choice")
MODULES = (
    "text", "words", "tables", "numbers", "notebooks", "pages", "pictures", "drawings", "documents",
    "containers", "arrays", "audio", "models", "process",
    "respelled", "series", "reworded", "renumbered", "beside", "values",
)  # fmt: skip
BENIGN = ("benign_text", "benign_tables", "benign_pictures", "benign_files")
SECTIONS = (
    (1, 21, "Text and tables"),
    (22, 31, "Notebooks and pages"),
    (32, 45, "Pictures and documents"),
    (46, 55, "Containers"),
    (56, 67, "Audio"),
    (68, 75, "Models"),
    (76, 81, "Process"),
    (82, 99, "Found by trying"),
)


@dataclass(frozen=True)
class Special:
    """A file that is no plain file: "symlink" or "hardlink" to `target`, "fifo", "sparse" of `size` bytes."""

    kind: str
    target: Path | None = None
    size: int = 0


@dataclass(frozen=True)
class Acro:
    """How ACRO would make the same output: its call, the rows it is given, and the call's arguments."""

    call: str
    rows: Sequence[Mapping[str, object]]
    arguments: Mapping[str, object]


@dataclass(frozen=True)
class Submission:
    """Files handed in together, and what their leak is.

    For mark N, `payload` must be gone from what leaves; `extract` is how its receiver would read it out of
    a copy, and all that counts of a payload that is `harmless_as_text`, as a formula that no longer runs.
    `earlier` was released before; `swapped` takes the files' places once they are screened.
    """

    files: Mapping[str, bytes | Special]
    payload: bytes = b""
    extract: Callable[[bytes], bytes] | None = None
    harmless_as_text: bool = False
    earlier: Mapping[str, bytes] = field(default_factory=dict)
    declared: Mapping[str, Any] = field(default_factory=dict)
    public: frozenset[str] = frozenset()
    swapped: Mapping[str, bytes] = field(default_factory=dict)
    acro: Acro | None = None


@dataclass(frozen=True)
class Make:
    """What a recipe builds from: the data, chance, and whether tuning or testing parameters are wanted."""

    corpus: Corpus
    pick: random.Random
    testing: bool = True

    @property
    def chance(self) -> np.random.Generator:
        """Numpy's generator, seeded by chance."""
        return np.random.default_rng(self.pick.randrange(2**32))

    def of(self, tuning: Sequence[Choice], testing: Sequence[Choice]) -> Choice:
        """Return one of the parameters for the wanted use."""
        return self.pick.choice(list(testing if self.testing else tuning))


@dataclass(frozen=True)
class Recipe:
    """One way to build one case: `number` 1 to 83 and 90 to 99 for leaks, 0 for benign files."""

    number: int
    mark: Mark
    title: str
    variant: str
    build: Callable[[Make, str], Submission]

    @property
    def key(self) -> str:
        """What names this recipe on the command line: number and variant."""
        return f"{self.number}/{self.variant}" if self.number else f"benign/{self.title}/{self.variant}"

    def made(self, corpus: Corpus, seed: int, testing: bool) -> Submission:
        """Return the submission for a seed; raises TooLittle where the dataset can't give it."""
        pick = random.Random(f"{seed} {self.key} {corpus.folder.name}")
        return self.build(Make(corpus, pick, testing), self.variant)


_recipes: dict[str, list[Recipe]] = {"tuning": [], "testing": []}


def leak(
    number: int, mark: Mark, title: str, *, tuning: Sequence[str], testing: Sequence[str]
) -> Callable[[Callable[[Make, str], Submission]], Callable[[Make, str], Submission]]:
    """Register a recipe for a case, once for each variant of either use."""

    def registered(build: Callable[[Make, str], Submission]) -> Callable[[Make, str], Submission]:
        for use, variants in (("tuning", tuning), ("testing", testing)):
            _recipes[use] += [Recipe(number, mark, title, variant, build) for variant in variants]
        return build

    return registered


def benign(
    title: str, variants: int | Sequence[str] = 4
) -> Callable[[Callable[[Make, str], Submission]], Callable[[Make, str], Submission]]:
    """Register a recipe for files that an honest researcher hands in, so many times."""
    names = [str(number) for number in range(variants)] if isinstance(variants, int) else variants

    def registered(build: Callable[[Make, str], Submission]) -> Callable[[Make, str], Submission]:
        for use in _recipes:
            _recipes[use] += [Recipe(0, "benign", title, name, build) for name in names]
        return build

    return registered


def recipes(*, testing: bool) -> list[Recipe]:
    """Return every recipe in the order of the list of leaks, benign ones last."""
    for module in (*(f"cases_{name}" for name in MODULES), *BENIGN):
        importlib.import_module(f"tests.leaks.{module}")
    found = _recipes["testing" if testing else "tuning"]
    return sorted(found, key=lambda recipe: recipe.number or 1000)


def section(number: int) -> str:
    """Return the heading that a case stands under."""
    return next((title for first, last, title in SECTIONS if first <= number <= last), "Benign")


def sections() -> Iterator[str]:
    """Yield the headings in order."""
    yield from (title for _, _, title in SECTIONS)
