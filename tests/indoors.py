"""Sessions for tests that attack from within: a real kernel, driven from a real browser through the gate."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page

from tests import kernel, scene
from tests.browser import workspace
from tests.enclave import Enclave
from tests.people import People
from tests.scene import Scene

TRY = """
import errno, os, socket
def attempt(act):
    try:
        act()
    except OSError as error:
        return errno.errorcode.get(error.errno, type(error).__name__)
    return "worked"
def dial(family, address, seconds=3):
    with socket.socket(family) as probe:
        probe.settimeout(seconds)
        probe.connect(address)
"""


@dataclass(frozen=True)
class Inside:
    """A person's session: their page of Lab, and the kernel behind it."""

    scene: Scene
    page: Page
    base: str
    session: str

    def run(self, code: str, *, seconds: float = 60) -> kernel.Ran:
        """Run code in the kernel and return everything that reached the browser."""
        ran = kernel.run(self.page, self.base, code, seconds=seconds)
        assert ran.error is None, ran.error
        return ran

    def say(self, code: str, *, seconds: float = 60) -> str:
        """Run code in the kernel and return what it printed."""
        return self.run(code, seconds=seconds).text.strip()

    def fetch(self, address: str, **options: Any) -> tuple[int, str]:
        """Ask the gate from the page's own JavaScript."""
        code = "async ([a, o]) => { const r = await fetch(a, o); return [r.status, await r.text()]; }"
        status, text = self.page.evaluate(code, [address, options])
        return int(status), str(text)


@contextmanager
def enter(enclave: Enclave, people: People) -> Iterator[Inside]:
    """Bring somebody new into a session."""
    made = scene.make(enclave)
    try:
        page = people.page(made.login)
        workspace.start(page, enclave, made.project)
        base = workspace.enter(page)
        yield Inside(scene=made, page=page, base=base, session=made.session())
    finally:
        people.forget(made.login)
        made.clear()


@pytest.fixture(scope="module")
def inside(enclave: Enclave, people: People) -> Iterator[Inside]:
    """The session that attacks."""
    with enter(enclave, people) as entered:
        yield entered


@pytest.fixture(scope="module")
def neighbour(enclave: Enclave, people: People) -> Iterator[Inside]:
    """Somebody else's session, running beside it."""
    with enter(enclave, people) as entered:
        entered.say("open('neighbour.txt', 'w').write('neighbours only')")
        yield entered
