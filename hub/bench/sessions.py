"""Start to ready: the enclave's way and stock DockerSpawner's, in turn, so that whatever drifts hits both."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import docker

from hub.bench import enclave, image, stock
from hub.bench.enclave import Enclave
from hub.bench.figures import Case
from hub.bench.stock import Stock
from hub.engine.images import builder
from hub.places import Places

Say = Callable[[str], None]
ANSWER_SECONDS = 600


@dataclass(frozen=True)
class Wish:
    """How much is measured."""

    runs: int
    at_once: int
    batches: int


@dataclass(frozen=True)
class Outcome:
    """What was measured, and on what."""

    first: Case
    single: Case
    together: Case
    about: dict[str, Any]

    @property
    def cases(self) -> tuple[Case, ...]:
        """The cases in the order they were measured."""
        return (self.first, self.single, self.together)

    def plain(self) -> dict[str, Any]:
        """Return everything as JSON can carry it."""
        return {"about": self.about, "cases": [case.plain() for case in self.cases]}


@dataclass
class _Row:
    ours: list[float | None] = field(default_factory=list)
    stock: list[float | None] = field(default_factory=list)

    def case(self, title: str) -> Case:
        return Case(title, tuple(self.ours), tuple(self.stock))


@dataclass(frozen=True)
class _Sides:
    """Both sides, each with as many people as start at once."""

    ours: Enclave
    stock: Stock

    def pair(self, people: range, row: _Row) -> None:
        """Start and stop these people's sessions at once on one side, then on the other."""
        row.ours += self.ours.start(people)
        self.ours.stop(people)
        names = [_name(number) for number in people]
        with ThreadPoolExecutor(len(names)) as pool:
            row.stock += pool.map(self.stock.start, names)
            list(pool.map(self.stock.stop, names))


def measure(places: Places, wish: Wish, *, say: Say) -> Outcome:
    """Measure both sides in one run; nothing of it is left running."""
    enclave.require_up(places)
    workspace = builder.needed(places.state, "workspace")
    client = docker.APIClient(version="auto", timeout=ANSWER_SECONDS)
    began = datetime.now(UTC)
    say(f"image: {workspace}")
    stocks = image.ensure(client, workspace)
    say(f"stock image: {stocks}")
    with ExitStack() as stack:
        stack.callback(client.close)
        hub = stack.enter_context(stock.running(places, client, stocks))
        ours = stack.enter_context(enclave.peopled(places, count=wish.at_once))
        for number in range(wish.at_once):
            hub.add(_name(number))
        before = os.getloadavg()
        first, single, together = _rows(_Sides(ours, hub), wish, say)
        about = {
            "began_at": began.isoformat(),
            "ended_at": datetime.now(UTC).isoformat(),
            "image": workspace,
            "stock_image": stocks,
            "cores": os.cpu_count(),
            "load_before": before,
            "load_after": os.getloadavg(),
            "versions": _versions(client),
        }
    return Outcome(
        first.case("a person's first start"),
        single.case("one at a time"),
        together.case(f"{wish.at_once} at once"),
        about,
    )


def remarks(about: dict[str, Any]) -> list[str]:
    """Return, in sentences, what the figures were measured on."""
    before, after = (
        ", ".join(f"{load:.1f}" for load in about[name]) for name in ("load_before", "load_after")
    )
    versions = ", ".join(f"{name} {number}" for name, number in about["versions"].items())
    return [
        f"Image: {about['image']}.",
        f"Stock's is the same and one layer with JupyterHub: {about['stock_image']}.",
        "Stock has its defaults: no volume, no limits, a published port. Each start has a fresh container.",
        f"Machine: {about['cores']} cores; load over 1, 5 and 15 minutes {before} before and {after} after.",
        f"Versions: {versions}.",
    ]


def _rows(sides: _Sides, wish: Wish, say: Say) -> tuple[_Row, _Row, _Row]:
    first, single, together = _Row(), _Row(), _Row()
    for number in range(wish.at_once):
        sides.pair(range(number, number + 1), first)
        say(f"first start {number + 1} of {wish.at_once}: {_last(first)}")
    for number in range(wish.runs):
        sides.pair(range(1), single)
        say(f"one at a time, {number + 1} of {wish.runs}: {_last(single)}")
    for number in range(wish.batches):
        sides.pair(range(wish.at_once), together)
        say(f"{wish.at_once} at once, {number + 1} of {wish.batches}: the last one each: {_last(together)}")
    return first, single, together


def _last(row: _Row) -> str:
    ours, theirs = (f"{one[-1]:.2f} s" if one[-1] is not None else "failed" for one in (row.ours, row.stock))
    return f"Parlatory {ours}, stock {theirs} (load {os.getloadavg()[0]:.1f})"


def _name(number: int) -> str:
    return f"bench{number}"


def _versions(client: docker.APIClient) -> dict[str, str]:
    found = {name: version(name) for name in ("parlatory", "jupyterhub", "dockerspawner")}
    engine = str(client.version()["Version"])
    return found | {"docker": engine, "python": platform.python_version(), "kernel": platform.release()}
