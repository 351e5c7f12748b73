"""Each family of leaks and of benign files, by sample, and hundreds of broken files, are judged rightly."""

from __future__ import annotations

import multiprocessing
import random
import re
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from egress_review.bench import leaks
from egress_review.bench.scores import Result
from egress_review.screening import Index, Limits
from egress_review.screening.run import screen
from tests.leaks import hostile, made, registry
from tests.leaks.known import KNOWN

SEED = 11
JOBS = 2
# Every hostile file has this long, and the time it takes to stop a process that has it no more.
TIGHT = Limits(seconds=60, seconds_per_file=20, read_seconds=6)
GRACE = 5
pytestmark = pytest.mark.timeout(1500)


def sample() -> list[registry.Recipe]:
    """Return one recipe of each case and of each kind of benign file, none that is known to be wrong."""
    pick = random.Random(SEED)
    families: dict[tuple[int, str], list[registry.Recipe]] = {}
    for recipe in registry.recipes(testing=True):
        if recipe.key not in KNOWN:
            families.setdefault((recipe.number, recipe.title), []).append(recipe)
    return [pick.choice(family) for family in families.values()]


SAMPLE = sample()


@pytest.fixture(scope="module")
def results(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """What came of each recipe that a chosen test asks for, on a dataset made for the test."""
    folder = made.dataset(tmp_path_factory.mktemp("leaks") / "made")
    asked = [getattr(item, "callspec", None) for item in request.session.items]
    recipes = [spec.params["recipe"] for spec in asked if spec and "recipe" in spec.params]
    # Other tests of a whole run have parameters of that name, too.
    recipes = [recipe for recipe in recipes if isinstance(recipe, registry.Recipe)]
    wanted = [word for recipe in recipes for word in ("--only", recipe.key)]
    options = ["--dataset", str(folder), "--without-others", "--jobs", str(JOBS), *wanted]
    return {result.key: result for result in leaks.measured(leaks.read(options))}


def named(recipes: list[registry.Recipe]) -> list[object]:
    """Return recipes as parameters under their own names."""
    return [pytest.param(recipe, id=f"{recipe.key} {recipe.title}") for recipe in recipes]


def test_the_sample_holds_every_case_and_kind_of_benign_file() -> None:
    assert {recipe.number for recipe in SAMPLE} == {*range(84), *range(90, 100)}
    assert len({recipe.title for recipe in SAMPLE if not recipe.number}) >= 35


def test_every_exception_is_of_a_recipe_that_exists() -> None:
    assert set(KNOWN) <= {recipe.key for recipe in registry.recipes(testing=True)}


@pytest.mark.parametrize("recipe", named([recipe for recipe in SAMPLE if recipe.number]))
def test_a_leak_meets_its_mark(recipe: registry.Recipe, results: dict[str, Result]) -> None:
    result = results[recipe.key]
    assert not result.skipped
    assert result.caught, f"{result.outcome}: {result.messages}"


@pytest.mark.parametrize("recipe", named([recipe for recipe in SAMPLE if not recipe.number]))
def test_a_benign_file_is_not_blocked(recipe: registry.Recipe, results: dict[str, Result]) -> None:
    result = results[recipe.key]
    assert not result.skipped
    assert result.caught, f"{result.outcome}: {result.messages}"


def _stop(part: tuple[str, str, bytes]) -> str:
    """Return what is wrong with how one hostile file was treated, "" where it was blocked in its time."""
    what, name, data = part
    path = Path(_folder) / f"{abs(hash(what))}"
    path.write_bytes(data)
    began = time.monotonic()
    verdict = screen({"a": (path, name)}, Index(), TIGHT)
    seconds = time.monotonic() - began
    path.unlink()
    if verdict.outcome != "block" or verdict.files[0].canonical is not None:
        return f"{what} ({name}): {verdict.outcome}"
    if not any(finding.severity == "block" and len(finding.message) > 15 for finding in verdict.findings):
        return f"{what} ({name}): blocked without a reason"
    return f"{what} ({name}): took {seconds:.0f} s" if seconds > TIGHT.seconds_per_file + GRACE else ""


_folder = ""


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[ProcessPoolExecutor]:
    """Processes that screen; one that a file takes down breaks the pool, and the test with it."""
    global _folder
    _folder = str(tmp_path)
    with ProcessPoolExecutor(JOBS, mp_context=multiprocessing.get_context("fork")) as running:
        yield running


def test_malformed_files_are_blocked_in_their_time_and_take_nothing_down(pool: ProcessPoolExecutor) -> None:
    parts = hostile.malformed(SEED)
    assert len(parts) >= 200
    assert [wrong for wrong in pool.map(_stop, parts) if wrong] == []


@pytest.mark.parametrize(("what", "name", "data"), list(hostile.tamed()))
def test_what_would_do_harm_is_not_in_the_copy(what: str, name: str, data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(data)
    harm = re.compile(rb"<script|<!ENTITY|<use|/Launch|/OpenAction|\[{50}")
    assert harm.search(data) or "not there" in what
    copy = screen({"a": (path, name)}, Index(), TIGHT).files[0].canonical
    assert copy is None or not harm.search(copy)
