"""`bench leaks`: screens the whole corpus and says what was caught, by case, beside what others catch."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from egress_review.bench import baselines, material, report
from egress_review.bench.scores import Result
from egress_review.screening import dataset
from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.run import screen
from egress_review.screening.verdict import Verdict

# The most that one submission may take here; what takes longer is blocked by the screening itself.
LIMITS = Limits(seconds=120)

# Filled before workers are forked, so that each shares the loaded corpus and index.
_loaded: dict[str, tuple[Any, Index]] = {}
_recipes: dict[str, Any] = {}
_tools: list[baselines.Tool] = []


def main(arguments: list[str]) -> int:
    """Print recall for each case and the false blocks; exit with 1 where a leak was missed."""
    options = read(arguments)
    try:
        results = list(_kept(measured(options), options.json))
    except (material.NoCorpus, baselines.NoTool) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(report.table(results, options.parameters, [tool.name for tool in _tools]))
    if options.plot:
        report.plot(results, options.plot)
    missed = [result for result in results if not result.skipped and not result.caught]
    return 1 if missed else 0


def _kept(results: Iterator[Result], path: Path | None) -> Iterator[Result]:
    """Yield results on, each written as a line as soon as it is there: a long run may be broken off."""
    if path is None:
        yield from results
        return
    with path.open("w", encoding="utf-8") as lines:
        for result in results:
            lines.write(json.dumps(asdict(result), ensure_ascii=False) + "\n")
            lines.flush()
            yield result


def read(arguments: list[str]) -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python3 -m egress_review bench leaks", description=main.__doc__)
    parser.add_argument(
        "--dataset", type=Path, action="append", default=[], metavar="DIR", help="instead of the demo's"
    )
    parser.add_argument("--seed", type=int, action="append", default=[], help="what chance begins from (1)")
    parser.add_argument(
        "--only", action="append", default=[], metavar="CASE", help="57, 57/opus-png, 56-67, benign"
    )
    parser.add_argument(
        "--parameters",
        choices=("testing", "tuning"),
        default="testing",
        help="transforms and encodings: those the checks were tuned on, or others (default)",
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--plot", type=Path, metavar="FILE", help="a picture of the table")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every result, a line of JSON each")
    parser.add_argument("--with-clamav", action="store_true", help="install Debian's clamscan where missing")
    parser.add_argument("--with-acro", action="store_true", help="install ACRO into a venv of its own")
    parser.add_argument("--without-others", action="store_true", help="leave the other tools out")
    return parser.parse_args(arguments)


def wanted(recipe: Any, only: Sequence[str]) -> bool:
    """Return whether a recipe was asked for: by number, range, key, or "benign"."""
    for wish in only:
        first, _, last = wish.partition("-")
        if wish == recipe.key or wish == str(recipe.number) or (wish == "benign" and not recipe.number):
            return True
        if recipe.key.startswith(f"{wish}/"):
            return True
        if first.isdigit() and last.isdigit() and int(first) <= recipe.number <= int(last):
            return True
    return not only


def measured(options: argparse.Namespace) -> Iterator[Result]:
    """Yield the result of each submission that was asked for, on each dataset, for each seed."""
    testing = options.parameters == "testing"
    recipes = [r for r in material.module("registry").recipes(testing=testing) if wanted(r, options.only)]
    if not recipes:
        raise material.NoCorpus(
            f"No case is called {', '.join(options.only)}; --help shows how they are named."
        )
    _recipes.update({recipe.key: recipe for recipe in recipes})
    _tools[:] = [] if options.without_others else baselines.tools(options)
    tasks = []
    for folder in material.datasets(options.dataset):
        began = time.monotonic()
        _loaded[folder.name] = (material.module("dataset").read(folder), dataset.read(folder))
        _loaded[folder.name][1].prepare()
        sys.stderr.write(f"{folder.name}: index ready after {time.monotonic() - began:.1f} s\n")
        for seed in options.seed or [1]:
            tasks += [(folder.name, recipe.key, seed, testing) for recipe in recipes]
    yield from _run(tasks, options.jobs)


def _run(tasks: list[tuple[str, str, int, bool]], jobs: int) -> Iterator[Result]:
    if jobs == 1 or len(tasks) < 2:
        yield from map(_one, tasks)
        return
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("fork")) as pool:
        for number, result in enumerate(pool.map(_one, tasks, chunksize=1), start=1):
            if sys.stderr.isatty():
                sys.stderr.write(f"\r{number}/{len(tasks)} ")
            yield result


def _one(task: tuple[str, str, int, bool]) -> Result:
    """Build one submission, screen it, let the other tools look at the same files, and judge."""
    name, key, seed, testing = task
    corpus, index = _loaded[name]
    recipe = _recipes[key]
    empty = Result(name, recipe.number, recipe.mark, recipe.title, key, seed)
    try:
        submission = recipe.made(corpus, seed, testing)
    except material.module("dataset").TooLittle as error:
        return replace(empty, skipped=str(error))
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        laid = material.lay_out(submission, Path(folder))
        began = time.monotonic()
        verdict = screen(laid.paths, index, LIMITS, context=laid.context)
        seconds = time.monotonic() - began
        others = {tool.name: tool.catches(submission, laid, recipe.mark) for tool in _tools}
        for path, data in laid.swapped.items():
            path.write_bytes(data)
        caught = judged(recipe.mark, submission, verdict)
    worse = [finding for finding in verdict.findings if finding.severity != "note"]
    return replace(
        empty,
        caught=caught,
        outcome=verdict.outcome,
        checks=tuple(sorted({f"{finding.check}:{finding.severity}" for finding in worse})),
        messages=tuple(finding.message for finding in worse[:4]),
        seconds=round(seconds, 3),
        others=others,
    )


def judged(mark: str, submission: Any, verdict: Verdict) -> bool:
    """Return whether a verdict is what the mark asks for."""
    if mark == "benign":
        return verdict.outcome != "block"
    if mark == "B":
        return verdict.outcome == "block"
    if mark == "F":
        return verdict.outcome != "pass"
    copies = [file.canonical for file in verdict.files if file.canonical is not None]
    return verdict.outcome == "block" or not material.module("traces").remains(submission, copies)
