"""What the gate costs: kernel echo and Lab's load through it, over the session's bare socket, in one run."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import docker
import httpx

from hub.attacks import throwaway
from hub.bench import apart, part
from hub.bench.figures import Figures, summary
from hub.engine.images import builder, labfiles
from hub.errors import Unavailable
from hub.kernels import Door, Kernel, started
from hub.places import Places

AIM = 1.2
WARM = 10
# About as many as Lab was seen to load.
SCRIPTS = 80
STYLE = "lab/api/themes/@jupyterlab/theme-light-extension/index.css"
# As browsers open to one host.
CONNECTIONS = 6
ASKED = (
    *("api/kernelspecs", "api/kernels", "api/sessions", "api/contents?content=1&type=directory", "api/me"),
    *("lab/api/settings", "lab/api/workspaces/default", "lab/api/translations/en"),
)


@dataclass(frozen=True)
class Pair:
    """One thing, measured on both sides in turn, in seconds."""

    title: str
    gate: tuple[float, ...]
    bare: tuple[float, ...]

    def ratio(self, name: str = "p50") -> float:
        """Return the gate's figure over the bare socket's."""
        return float(getattr(summary(self.gate), name)) / float(getattr(summary(self.bare), name))

    def lines(self) -> Iterator[str]:
        """Yield the pair as rows of milliseconds."""
        for name, seconds in (("through the gate", self.gate), ("bare socket", self.bare)):
            yield _row(f"{self.title}, {name}", summary(seconds))
        yield f"{self.title}: ratio {self.ratio():.2f} at p50, {self.ratio('p95'):.2f} at p95"

    def plain(self) -> dict[str, Any]:
        """Return the pair as JSON can carry it."""
        sides = {"gate": asdict(summary(self.gate)), "bare": asdict(summary(self.bare))}
        return {"case": self.title, **sides, "ratio_p50": self.ratio(), "ratio_p95": self.ratio("p95")}


def _row(name: str, made: Figures) -> str:
    cells = [
        f"{1000 * value:9.1f}" for value in (made.p50, made.p95, made.low, made.high) if value is not None
    ]
    return f"{name:<40}{made.n:>5}" + "".join(cells)


def measure(places: Places, *, echoes: int, loads: int, say: Callable[[str], None]) -> list[Pair]:
    """Measure both pairs against a session of an engine that is thrown away; say each as it is known."""
    image = builder.needed(places.state, "workspace")
    say(f"image {image}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; milliseconds:")
    say(f"{'':<40}{'n':>5}{'p50':>9}{'p95':>9}{'min':>9}{'max':>9}")
    with (
        apart.engine(places, image) as own,
        throwaway.session(own) as session,
        session.door() as bare,
        _frontage(own, session, image) as gate,
    ):
        files = _files(own.state / "labfiles" / image.split(":")[1])
        found = asyncio.run(_pairs(gate, bare, files, echoes=echoes, loads=loads))
    for pair in found:
        for line in pair.lines():
            say(line)
    return found


@contextmanager
def _frontage(own: Places, session: throwaway.Session, image: str) -> Iterator[Door]:
    grant = session.grant
    client = docker.APIClient(version="auto")
    labfiles.extract(client, image, own.state / "labfiles", lambda line: None)
    client.close()
    one = {"person": grant.person, "server": grant.server, "session": grant.session, "image": image}
    wish = {"folder": str(own.run / "sessions"), "labfiles": str(own.state / "labfiles"), "sessions": [one]}
    with part.serving(own, "hub.bench.frontage", wish) as gate:
        yield _door(json.loads(gate.said), grant.person, f"/user/{grant.person}/{grant.server}/")


def _door(said: dict[str, Any], person: str, base: str) -> Door:
    headers = {"Host": said["host"], "Origin": f"http://{said['host']}", "Cookie": said["cookies"][person]}
    page = httpx.get(f"http://127.0.0.1:{said['port']}{base}lab", headers=headers, trust_env=False)
    proof = page.cookies.get("_xsrf") or ""
    return Door(base=base, headers=headers | {"X-XSRFToken": proof}, port=said["port"])


async def _pairs(gate: Door, bare: Door, files: Sequence[str], *, echoes: int, loads: int) -> list[Pair]:
    async with started(gate) as near, started(bare) as far:
        echo = await _in_turn(lambda: _echo(near), lambda: _echo(far), echoes)
    load = await _in_turn(lambda: _load(gate, files), lambda: _load(bare, files), loads, warm=2)
    return [Pair("kernel echo", *echo), Pair(f"Lab's load, {len(files) + len(ASKED)} requests", *load)]


async def _in_turn(
    gate: Callable[[], Any], bare: Callable[[], Any], count: int, *, warm: int = WARM
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    rows: tuple[list[float], list[float]] = ([], [])
    for number in range(count + warm):
        for row, act in zip(rows, (gate, bare), strict=True):
            began = time.perf_counter()
            await act()
            if number >= warm:
                row.append(time.perf_counter() - began)
    return tuple(rows[0]), tuple(rows[1])


async def _echo(kernel: Kernel) -> None:
    said = await kernel.run("print('echo')")
    if said.strip() != "echo":
        raise Unavailable(f"The kernel said {said[:100]!r} where it should have echoed.")


def _files(labfiles_of_image: Path) -> list[str]:
    """Return Lab's page, theme and as many of its scripts as it loads, the largest first."""
    scripts = sorted(
        (labfiles_of_image / "lab" / "static").glob("*.js"), key=lambda path: -path.stat().st_size
    )
    if len(scripts) < SCRIPTS:
        raise Unavailable(f"{labfiles_of_image} holds {len(scripts)} scripts; Lab has more.")
    return ["lab", STYLE, *(f"static/lab/{path.name}" for path in scripts[:SCRIPTS])]


async def _load(door: Door, files: Sequence[str]) -> None:
    """Load Lab as a browser does that has nothing kept: its files and its first questions, six at a time."""
    transport = httpx.AsyncHTTPTransport(
        uds=str(Path(door.path)) if door.path else None,
        limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
    )
    base = f"http://127.0.0.1:{door.port}" if door.port else "http://localhost"
    async with httpx.AsyncClient(
        transport=transport, base_url=base, headers=door.headers, timeout=60
    ) as browser:

        async def get(path: str) -> None:
            answer = await browser.get(f"{door.base}{path}")
            if answer.status_code >= 400 and path != "lab/api/workspaces/default":
                raise Unavailable(f"{path} was answered with {answer.status_code}.")

        await asyncio.gather(*(get(path) for path in (*files, *ASKED)))


def verdict(pairs: Sequence[Pair]) -> str:
    """Return whether the aim is met, in a sentence."""
    said = ", ".join(f"{pair.title} {pair.ratio():.2f}" for pair in pairs)
    met = all(pair.ratio() <= AIM for pair in pairs)
    return f"The aim, at most {AIM} times the bare socket at p50, {'is met' if met else 'is missed'}: {said}."
