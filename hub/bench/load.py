"""Many sessions at once: kernels' echoes through the real gate while people work at a real portal.

The kernels are stubs that answer at once, and screening is a stand-in that passes files unread: what is
measured is this enclave's own work on this machine. The gate's leases are stand-ins too.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hub import ids
from hub.attacks.throwaway import UID
from hub.bench import acts, hall, part, tally, usage
from hub.bench.hall import Hall
from hub.bench.tally import Act, Step, Use
from hub.errors import Unavailable
from hub.kernels import Door, Kernel
from hub.places import Places

PEOPLE = 500
KERNEL = "00000000-0000-0000-0000-000000000000"
SHOWN_ERRORS = 3


def measure(
    places: Places,
    *,
    steps: Sequence[int],
    seconds: float,
    say: Callable[[str], None],
    pace: str = acts.RUSH,
) -> list[Step]:
    """Let each session send a cell a second while people work at a portal, with more of them at each step."""
    say(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {seconds:.0f} s a step")
    rates = ", ".join(f"{name} {often:g}" for name, often in acts.A_MINUTE[pace].items())
    say(f"for each session a cell a second, and a minute: {rates}; {PEOPLE} people; files are not screened")
    found = []
    with hall.opened(places, people=PEOPLE, authors=max(steps)) as portal:
        for count in steps:
            with _stage(places, count) as (own, doors):
                found.append(_step(portal, own, doors, (seconds, pace), say))
            say("\n".join(["", *found[-1].lines()]))
    return found


def _step(
    portal: Hall,
    own: dict[str, int],
    doors: Sequence[Door],
    how: tuple[float, str],
    say: Callable[[str], None],
) -> Step:
    processes = {**own, **portal.processes, f"{tally.MEASURING}kernels": os.getpid()}
    echoes, uses = asyncio.run(_echoes(portal, processes, doors, *how))
    said = portal.results()
    found = {"echo": Act.of(echoes)}
    for name, took in said["took"].items():
        errors = said["errors"].get(name, [])
        found[name] = Act.of(took, errors=len(errors))
        for why, count in Counter(errors).most_common(SHOWN_ERRORS):
            say(f"{len(doors)} sessions, {name} failed {count} times: {why}")
    return Step(len(doors), found, uses)


@contextmanager
def _stage(places: Places, count: int) -> Iterator[tuple[dict[str, int], list[Door]]]:
    """Yield the processes and the ways through it to so many stubs."""
    folder = Path(tempfile.mkdtemp(prefix="pl-", dir="/run"))
    folder.chmod(0o755)
    sessions = [
        {"person": ids.new(), "server": "load", "session": ids.new(), "image": "parlatory/workspace:load"}
        for _ in range(count)
    ]
    wish = {"folder": str(folder), "labfiles": str(folder), "sessions": sessions, "uid": UID}
    try:
        with (
            part.serving(places, "hub.bench.stubs", wish) as stubs,
            part.serving(places, "hub.bench.frontage", wish) as gate,
        ):
            said = json.loads(gate.said)
            doors = [_door(said, one) for one in sessions]
            yield {"gate": gate.pid, "kernels' stand-ins": stubs.pid}, doors
    finally:
        shutil.rmtree(folder)


def _door(said: dict[str, Any], one: dict[str, str]) -> Door:
    headers = {
        "Host": said["host"],
        "Origin": f"http://{said['host']}",
        "Cookie": said["cookies"][one["person"]],
    }
    return Door(base=f"/user/{one['person']}/{one['server']}/", headers=headers, port=said["port"])


async def _echoes(
    portal: Hall, processes: dict[str, int], doors: Sequence[Door], seconds: float, pace: str
) -> tuple[list[float], dict[str, Use]]:
    """Return the seconds of each echo, while people work, and what each process used meanwhile."""
    took: list[float] = []
    async with AsyncExitStack() as stack:
        kernels = []
        for door in doors:
            kernel = Kernel(KERNEL, await door.connect(KERNEL))
            stack.push_async_callback(kernel.close)
            kernels.append(kernel)
        portal.begin(len(doors), seconds, pace)
        before = usage.cpu_seconds(processes)
        began = time.perf_counter()
        await asyncio.gather(
            *(
                _person(kernel, took, began + number / len(kernels), began + seconds)
                for number, kernel in enumerate(kernels)
            )
        )
        return took, usage.used(processes, before, time.perf_counter() - began)


async def _person(kernel: Kernel, took: list[float], at: float, until: float) -> None:
    """Run a cell a second, each begun when it is due, however long the one before took."""
    while at < until:
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        began = time.perf_counter()
        if (await kernel.run("print('echo')")).strip() != "echo":
            raise Unavailable("A kernel behind the gate did not echo.")
        took.append(time.perf_counter() - began)
        at = max(at + 1.0, time.perf_counter())


def plain(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Return the steps as JSON can carry them."""
    return [asdict(step) for step in steps]
