"""Many sessions' kernels behind the real gate at once: how long an echo takes, and what the gate uses for it.

The kernels are stubs that answer at once, so what is measured is the gate, this machine and nothing else.
Sign-ins, hand-ins and reviews are not in it.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any

from hub import ids
from hub.attacks.throwaway import UID
from hub.cli import programs
from hub.errors import Unavailable
from hub.kernels import Door, Kernel
from hub.places import Places

AIM_SECONDS = 1.0
KERNEL = "00000000-0000-0000-0000-000000000000"
HERTZ = os.sysconf("SC_CLK_TCK")
KIB = 1024


@dataclass(frozen=True)
class Step:
    """What was seen with so many sessions at work."""

    sessions: int
    echoes: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    gate_cpu_percent: float
    gate_memory_mib: float

    def line(self) -> str:
        """Return the step as a row."""
        return (
            f"{self.sessions:>8}{self.echoes:>8}{self.p50_ms:>10.1f}{self.p95_ms:>10.1f}{self.p99_ms:>10.1f}"
            f"{self.gate_cpu_percent:>10.0f}{self.gate_memory_mib:>10.0f}"
        )


def measure(
    places: Places, *, steps: Sequence[int], seconds: float, say: Callable[[str], None]
) -> list[Step]:
    """Let each session send a cell a second, for so long, with more sessions at each step."""
    about = f"{seconds:.0f} s a step, a cell a second each"
    say(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {about}")
    headings = ("p50 ms", "p95 ms", "p99 ms", "gate CPU%", "gate MiB")
    say(f"{'sessions':>8}{'echoes':>8}" + "".join(f"{one:>10}" for one in headings))
    found = []
    for count in steps:
        with _stage(places, count) as (gate, doors):
            found.append(asyncio.run(_step(gate, doors, seconds)))
        say(found[-1].line())
    return found


@contextmanager
def _stage(places: Places, count: int) -> Iterator[tuple[int, list[Door]]]:
    """Yield the gate's process id and the ways through it to so many stubs."""
    folder = Path(tempfile.mkdtemp(prefix="pl-", dir="/run"))
    folder.chmod(0o755)
    sessions = [
        {"person": ids.new(), "server": "load", "session": ids.new(), "image": "parlatory/workspace:load"}
        for _ in range(count)
    ]
    wish = {"folder": str(folder), "labfiles": str(folder), "sessions": sessions, "uid": UID}
    try:
        with _helper(places, "hub.bench.stubs", wish), _helper(places, "hub.bench.frontage", wish) as gate:
            said = json.loads(gate.said)
            doors = [_door(said, one) for one in sessions]
            yield gate.pid, doors
    finally:
        shutil.rmtree(folder)


@dataclass(frozen=True)
class _Helper:
    pid: int
    said: str


@contextmanager
def _helper(places: Places, module: str, wish: dict[str, Any]) -> Iterator[_Helper]:
    process = subprocess.Popen(
        [sys.executable, "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=programs.checkout(places),
        env=programs.environment(places, None),
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.write(json.dumps(wish) + "\n")
        process.stdin.flush()
        said = process.stdout.readline()
        if not said:
            raise Unavailable(f"{module} did not start.")
        yield _Helper(process.pid, said)
    finally:
        process.stdin.close()
        process.terminate()
        process.wait()
        process.stdout.close()


def _door(said: dict[str, Any], one: dict[str, str]) -> Door:
    headers = {
        "Host": said["host"],
        "Origin": f"http://{said['host']}",
        "Cookie": said["cookies"][one["person"]],
    }
    return Door(base=f"/user/{one['person']}/{one['server']}/", headers=headers, port=said["port"])


async def _step(gate: int, doors: Sequence[Door], seconds: float) -> Step:
    took: list[float] = []
    async with AsyncExitStack() as stack:
        kernels = []
        for door in doors:
            kernel = Kernel(KERNEL, await door.connect(KERNEL))
            stack.push_async_callback(kernel.close)
            kernels.append(kernel)
        began, used = time.perf_counter(), _cpu_seconds(gate)
        await asyncio.gather(
            *(
                _person(kernel, took, began + number / len(kernels), began + seconds)
                for number, kernel in enumerate(kernels)
            )
        )
        cpu = 100 * (_cpu_seconds(gate) - used) / (time.perf_counter() - began)
        memory = _memory_mib(gate)
    cuts = quantiles([1000 * one for one in took], n=100, method="inclusive")
    return Step(len(doors), len(took), cuts[49], cuts[94], cuts[98], cpu, memory)


async def _person(kernel: Kernel, took: list[float], at: float, until: float) -> None:
    """Run a cell a second, each begun when it is due, however long the one before took."""
    while at < until:
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        began = time.perf_counter()
        if (await kernel.run("print('echo')")).strip() != "echo":
            raise Unavailable("A kernel behind the gate did not echo.")
        took.append(time.perf_counter() - began)
        at = max(at + 1.0, time.perf_counter())


def _cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / HERTZ


def _memory_mib(process: int) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1]) / KIB


def verdict(steps: Sequence[Step]) -> str:
    """Return whether the aim is met at the largest step, in a sentence."""
    last = steps[-1]
    said = "is met" if last.p95_ms <= 1000 * AIM_SECONDS else "is missed"
    aim = f"The aim, p95 of an echo at most {AIM_SECONDS:.0f} s,"
    return f"{aim} {said} with {last.sessions} sessions: {last.p95_ms:.0f} ms."


def plain(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Return the steps as JSON can carry them."""
    return [asdict(step) for step in steps]
