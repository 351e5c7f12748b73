"""The enclave's side: people sign in at the portal and start sessions there, as in a browser."""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from hub.cli import programs
from hub.cli.supervision import Supervisor, health_checks
from hub.engine import homes
from hub.errors import Unavailable
from hub.places import USERS, Places

READY_SECONDS = 150.0
GONE_SECONDS = 60.0
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([A-Za-z0-9]+)"')


class Helper:
    """Asks the portal's database through its services, in a process that is the portal's user."""

    def __init__(self, places: Places) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hub.bench", "people"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=programs.checkout(places),
            env=programs.environment(places, "portal"),
            # Writers share with their group.
            umask=0o007,
            text=True,
            # Ctrl-C is for the measurement, which ends its helper itself.
            start_new_session=True,
            **programs.credentials(USERS["portal"]),
        )

    def say(self, verb: str, **wish: Any) -> None:
        """Hand a wish over."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"verb": verb, **wish}) + "\n")
        self._process.stdin.flush()

    def hear(self) -> Any:
        """Return the next answer."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise Unavailable("The measurement's helper ended; what it said stands above.")
        answer = json.loads(line)
        if "error" in answer:
            raise Unavailable(str(answer["error"]))
        return answer

    def ask(self, verb: str, **wish: Any) -> Any:
        """Hand a wish over and return its answer."""
        self.say(verb, **wish)
        return self.hear()

    def close(self) -> None:
        """End the helper."""
        self._process.terminate()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


@dataclass(frozen=True)
class Somebody:
    """A person of the measurement, signed in at the portal."""

    id: str
    project: str
    browser: httpx.Client


@dataclass(frozen=True)
class Enclave:
    """The running enclave, with people who may each start a session."""

    helper: Helper
    people: tuple[Somebody, ...]

    def start(self, several: Sequence[int]) -> list[float | None]:
        """Start these people's sessions at once; return the seconds until each runs, None where it failed."""
        starting = [self.people[number] for number in several]
        tokens = [_token(one.browser, _page(one)) for one in starting]
        self.helper.say("ready", of=[one.id for one in starting], seconds=READY_SECONDS)
        self.helper.hear()

        def press(one: Somebody, token: str) -> float:
            began = time.monotonic()
            _press(one, "start", token)
            return began

        with ThreadPoolExecutor(len(starting)) as pool:
            began = list(pool.map(press, starting, tokens))
        seen = self.helper.hear()
        return [
            None if seen[one.id] is None else seen[one.id] - at
            for one, at in zip(starting, began, strict=True)
        ]

    def stop(self, several: Sequence[int]) -> None:
        """Stop these people's sessions and return when nothing is left of them."""
        for one in (self.people[number] for number in several):
            _press(one, "stop", _token(one.browser, _page(one)))
        of = [self.people[number].id for number in several]
        if not self.helper.ask("cleared", of=of, seconds=GONE_SECONDS)["cleared"]:
            raise Unavailable("The enclave did not clear the measurement's sessions away.")


def require_up(places: Places) -> None:
    """Raise one sentence where the enclave is not up."""
    wrong: dict[str, str] = {}
    if Supervisor(places).runs():
        wrong = {name: said for name, check in health_checks(places).items() if (said := check())}
        if not wrong:
            return
    why = "".join(f"; {name}: {said}" for name, said in wrong.items())
    raise Unavailable(
        f"The enclave {places.enclave} is not up, so there is nothing to measure{why}. "
        "Start it with `python3 -m hub up --detach`, then measure again."
    )


@contextmanager
def peopled(places: Places, *, count: int) -> Iterator[Enclave]:
    """Make people who may each start a session; sessions, accounts, project and homes end with it."""
    word = secrets.token_hex(4)
    helper = Helper(places)
    browsers: list[httpx.Client] = []
    try:
        made = helper.ask("make", word=word, count=count)
        everybody = []
        for person in made["people"]:
            browsers.append(_browser(places))
            _sign_in(browsers[-1], person["email"], person["password"])
            everybody.append(Somebody(person["id"], made["project"], browsers[-1]))
        yield Enclave(helper, tuple(everybody))
    finally:
        for browser in browsers:
            browser.close()
        helper.close()
        _clean(places, word)


def _clean(places: Places, word: str) -> None:
    # A helper of its own: the measurement's may have been left in the middle of a wish.
    helper = Helper(places)
    try:
        left = helper.ask("close", word=word, seconds=GONE_SECONDS)
    finally:
        helper.close()
    if not left["cleared"]:
        raise Unavailable("Sessions of the measurement were ended, but not all is cleared away yet.")
    for workspace in left["workspaces"]:
        # Nobody can come back to these homes: their people's accounts are closed.
        homes.image(places, workspace).unlink(missing_ok=True)


def _browser(places: Places) -> httpx.Client:
    # Nothing outside a browser resolves *.localhost; and no proxy variable may send this elsewhere.
    return httpx.Client(
        base_url=places.url("portal"), headers={"Host": places.portal_host}, trust_env=False, timeout=60
    )


def _sign_in(browser: httpx.Client, email: str, password: str) -> None:
    form = {"login": email, "password": password, "csrfmiddlewaretoken": _token(browser, "/sign-in/")}
    _moved_on(browser.post("/sign-in/", data=form), "sign in")


def _page(one: Somebody) -> str:
    return f"/workspaces/{one.project}/"


def _press(one: Somebody, button: str, token: str) -> None:
    answer = one.browser.post(f"{_page(one)}{button}/", data={"csrfmiddlewaretoken": token})
    _moved_on(answer, f"{button} a session")


def _token(browser: httpx.Client, page: str) -> str:
    found = _TOKEN.search(browser.get(page).text)
    if found is None:
        raise Unavailable(f"The portal's page {page} has no form to press.")
    return found.group(1)


def _moved_on(answer: httpx.Response, wish: str) -> None:
    if answer.status_code != httpx.codes.FOUND:
        raise Unavailable(f"The portal answered {answer.status_code} to somebody who wanted to {wish}.")
