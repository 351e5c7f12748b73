"""`python -m hub.bench.portal`: what `bench portal` runs inside its throw-away enclave.

Django's test client calls the real WSGI application, all its middleware included, in this process; the
policies are asked of a real OPA over HTTP. There is no network to the browser in the figures, and no other
reader.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import django

# Models can be imported once Django knows the apps; this module is only ever run.
django.setup()

from django.core.management import call_command  # noqa: E402 - as above
from django.db import connection  # noqa: E402 - as above
from django.test import Client  # noqa: E402 - as above
from django.test.utils import CaptureQueriesContext  # noqa: E402 - as above

from hub.api import tokens  # noqa: E402 - as above
from hub.api.models import Token  # noqa: E402 - as above
from hub.api.scopes import Scope  # noqa: E402 - as above
from hub.bench import addresses, crowd  # noqa: E402 - as above
from hub.bench.addresses import Page  # noqa: E402 - as above
from hub.ledger import publisher  # noqa: E402 - as above
from hub.pages import settled  # noqa: E402 - as above
from hub.people.models import Person, Role  # noqa: E402 - as above

AIM_MS = 300
RUNS = 12
LONGEST_SECONDS = 4.0
OK = 200


@dataclass
class Measured:
    """A page as one role sees it: how long it took, and how many queries at each size."""

    route: str
    role: str
    queries_small: int
    queries: int = 0
    path: str = ""
    once_ms: float = 0.0
    p50_ms: float = 0.0
    p95_ms: float = 0.0
    # Of a file that is sent as it is made; its p50 and p95 are those of its first line.
    whole_ms: float = 0.0

    def line(self) -> str:
        """Return the page as a row."""
        grows = " grows" if self.queries > self.queries_small else ""
        slow = " slow" if self.p95_ms > AIM_MS else ""
        whole = f" (a file: whole in {self.whole_ms:,.0f} ms)" if self.whole_ms else ""
        return (
            f"{self.route:<58} {self.role:<17} {self.p50_ms:>7.0f} {self.p95_ms:>7.0f} "
            f"{self.queries_small:>5} {self.queries:>5}{grows}{slow}{whole}"
        )


def main(arguments: list[str] | None = None) -> int:
    """Seed, look at every page at a tenth of the size, seed the rest, measure every page."""
    options = parser().parse_args(arguments)
    # A line a request would be most of what is printed, and none of what is measured.
    logging.disable(logging.CRITICAL)
    for command in ("migrate", "createcachetable", "collectstatic"):
        call_command(command, verbosity=0, **({"interactive": False} if command == "collectstatic" else {}))
    settled.settle()
    full = crowd.FULL.over(options.divide)
    filled = crowd.Crowd()
    say(_seeded(filled, full.over(10)))
    clients = _clients(filled.personas)
    found, untried = _look(clients, addresses.samples(), options.match)
    say(f"looked at {len(found)} pairs of page and role")
    say(_seeded(filled, full))
    samples = addresses.samples()
    by_route = {page.route: page for page in addresses.pages(samples)}
    for one in found:
        _again(one, by_route[one.route], clients)
    slowest: dict[str, Measured] = {}
    for one in sorted(found, key=lambda one: one.once_ms):
        slowest[one.route] = one
    for one in slowest.values():
        _measure(one, clients[one.role])
    say(report(found, untried))
    if options.json:
        options.json.write_text(json.dumps([asdict(one) for one in found], indent=1), encoding="utf-8")
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the words that are understood."""
    made = argparse.ArgumentParser(prog="python3 -m hub bench portal", description=__doc__)
    made.add_argument("--divide", type=int, default=1, help="seed this fraction of it, to try the command")
    made.add_argument("--match", default="", help="only addresses that hold this text, as “ledger”")
    made.add_argument("--json", type=Path, help="write every figure to this file too")
    return made


def say(text: str) -> None:
    """Write a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _seeded(filled: crowd.Crowd, size: crowd.Size) -> str:
    began = time.monotonic()
    filled.grow(size)
    grown = time.monotonic()
    publisher.publish()
    said = ", ".join(f"{number:,} {name}" for name, number in vars(size).items())
    took = f"seeded in {grown - began:.0f} s, ledger published in {time.monotonic() - grown:.0f} s"
    return f"{said}: {took}"


def _clients(personas: Mapping[Role, Person]) -> dict[str, Client]:
    """Return a client of each role: signed in for pages, with a token for the API."""
    made = {}
    tokens.USES_A_MINUTE = 10**9
    for role, person in personas.items():
        token, text = tokens._new(
            person,
            "bench",
            [scope.value for scope in Scope],
            datetime.now(UTC) + timedelta(days=1),
        )
        Token.save(token, force_insert=True)
        client = Client(
            raise_request_exception=False,
            HTTP_HOST="portal.localhost",
            HTTP_AUTHORIZATION=f"Bearer {text}",
        )
        client.force_login(person)
        made[role.value] = client
    return made


def _look(
    clients: dict[str, Client], samples: dict[str, list[dict[str, str]]], match: str
) -> tuple[list[Measured], list[str]]:
    """Return each page for each role that gets it, with its queries, and the pages nobody got."""
    found: list[Measured] = []
    untried: list[str] = []
    for page in addresses.pages(samples):
        if match not in page.route:
            continue
        before = len(found)
        for role, client in clients.items():
            path = _answering(client, page)
            if path:
                found.append(Measured(page.route, role, queries_small=_queries(client, path)))
        if len(found) == before:
            untried.append(page.route)
    return found, untried


def _answering(client: Client, page: Page) -> str:
    for path in page.paths:
        response = client.get(path)
        if response.status_code == OK:
            _read(response)
            return path
    return ""


def _read(response: Any) -> None:
    """Take an answer to its end."""
    if response.streaming:
        b"".join(response.streaming_content)


def _timed(client: Client, path: str) -> tuple[float, float]:
    """Return after how many ms an answer is there, and all of it where it is sent as it is made."""
    began = time.perf_counter()
    response: Any = client.get(path)
    if not response.streaming:
        return (time.perf_counter() - began) * 1000, 0.0
    # The head of a table costs nothing: the line after it is what its reader waits for.
    pieces = iter(response.streaming_content)
    for _ in islice(pieces, 2):
        pass
    there = (time.perf_counter() - began) * 1000
    for _ in pieces:
        pass
    return there, (time.perf_counter() - began) * 1000


def _queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as counted:
        client.get(path)
    return len(counted)


def _again(one: Measured, page: Page, clients: dict[str, Client]) -> None:
    """Look at a page at its full size: how many queries, and how long that one look took."""
    client = clients[one.role]
    one.path = _answering(client, page)
    if one.path:
        began = time.perf_counter()
        one.queries = _queries(client, one.path)
        one.once_ms = (time.perf_counter() - began) * 1000


def _measure(one: Measured, client: Client) -> None:
    if not one.path:
        return
    took: list[float] = []
    wholes: list[float] = []
    end = time.monotonic() + LONGEST_SECONDS
    while len(took) < RUNS and (len(took) < 3 or time.monotonic() < end):
        there, whole = _timed(client, one.path)
        took.append(there)
        wholes.append(whole)
    cuts = quantiles(took, n=20, method="inclusive")
    one.p50_ms, one.p95_ms, one.whole_ms = cuts[9], cuts[18], median(wholes)


def report(found: list[Measured], untried: list[str]) -> str:
    """Return the table: each page for the role for which it is slowest, the slowest pages first."""
    rows = sorted((one for one in found if one.p50_ms), key=lambda one: -one.p95_ms)
    growing = sorted({one.route for one in found if one.queries > one.queries_small})
    within = sum(one.p95_ms <= AIM_MS for one in rows)
    head = f"{'page':<58} {'slowest for':<17} {'p50 ms':>7} {'p95 ms':>7} {'small':>5} {'full':>5} queries"
    load = os.getloadavg()
    return "\n".join(
        [
            "",
            head,
            *(one.line() for one in rows),
            "",
            f"{within} of {len(rows)} pages within {AIM_MS} ms at p95 ({RUNS} requests each, {len(found)} "
            f"pairs of page and role; of a file its first line counts); load of the machine {load[0]:.1f} on "
            f"{os.cpu_count()} cores.",
            f"Queries grow with the size: {', '.join(growing) or 'on no page'}.",
            f"Addresses that no role got by GET (posted, or of things not seeded): {', '.join(untried)}.",
            "In process: Django's test client, the real WSGI application and middleware, a real OPA.",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
