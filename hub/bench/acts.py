"""`python -m hub.bench.acts`: people at work on a portal: they sign in, read, hand in and review.

Reads a JSON object about the stage, then one for each step, on standard input; answers each with one line.
Each act is due at a moment of its own and its time counts from then: waiting for a free thread of ours counts
as the person's waiting, so that a slow portal is not asked less and found quick.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import sqlite3
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urlencode

from hub.cli.asking import UnixConnection

THREADS = 32
PATIENCE_SECONDS = 20.0
# So often a minute, for each session. Before a deadline everybody signs in and hands in at once; on a day's
# average who works hands in every ten minutes, still more than anybody does.
RUSH, DAY = "rush", "day"
A_MINUTE = {
    RUSH: {"sign-in": 1.0, "page": 6.0, "hand-in": 1.0, "review": 2.0},
    DAY: {"sign-in": 0.2, "page": 6.0, "hand-in": 0.1, "review": 0.2},
}
PAGES = ("/", "/releases/", "/projects/", "/datasets/", "/account/")
QUEUE = "/releases/queue/"
TOKEN = "t" * 32
CSRF = f"parlatory_portal_csrf={TOKEN}"
FORM = "application/x-www-form-urlencoded"
BOUNDARY = "line"
SAID = {
    "title": "Vowel table",
    "context": "Counts of speakers per vowel, made up for a measurement.",
    "controls": "Every cell counts ten speakers or more.",
}
WAITING = (
    "SELECT id FROM egress_review_submission WHERE state = 'in_review' AND author_id != ? AND id NOT IN "
    "(SELECT submission_id FROM egress_review_review WHERE reviewer_id = ?) ORDER BY submitted_at LIMIT 40"
)
_FIELD = re.compile(r'name="csrfmiddlewaretoken" value="([A-Za-z0-9]+)"')


class Refused(Exception):
    """An act was not answered as it should have been; the message says with what."""


class NothingToDo(Exception):
    """There was nothing to act on; it counts for nothing."""


@dataclass
class Stage:
    """Where the portal and the doors are, and who works."""

    state: str
    run: str
    port: int
    password: str
    emails: list[str]
    authors: list[dict[str, Any]]
    checkers: list[dict[str, Any]]
    _voting: set[tuple[str, str]] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)
    _signed: int = 0

    def sign_in(self, number: int, count: int) -> None:
        """Sign in with a password, as a browser nobody knows."""
        with self._lock:
            email = self.emails[self._signed % len(self.emails)]
            self._signed += 1
        status, headers, page = self._ask("GET", "/sign-in/")
        found = _FIELD.search(page.decode())
        if found is None:
            raise Refused(f"sign-in page {status}")
        form = {"login": email, "password": self.password, "csrfmiddlewaretoken": found[1]}
        status, headers, _ = self._ask("POST", "/sign-in/", form, _cookies(headers))
        if status != http.client.FOUND or "sign-in" in headers.get("Location", ""):
            raise Refused(f"sign-in {status}")

    def page(self, number: int, count: int) -> None:
        """Read a page; every sixth is the checkers' queue."""
        if number % 6 == 5:
            who, path = self.checkers[number % len(self.checkers)], QUEUE
        else:
            who, path = self.authors[number % count], PAGES[number % len(PAGES)]
        status, _, _ = self._ask("GET", path, None, _cookie(who))
        if status != http.client.OK:
            raise Refused(f"{path} {status}")

    def hand_in(self, number: int, count: int) -> None:
        """Hand a small table in through the session's own socket."""
        author = self.authors[number % count]
        path = Path(self.run) / "sessions" / author["session"] / "out" / "handin.sock"
        headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        connection = UnixConnection(path, timeout=PATIENCE_SECONDS)
        try:
            connection.request("POST", "/v1/submissions", handed_in(os.urandom(200).hex()), headers)
            answered = connection.getresponse()
            said = answered.read()
        finally:
            connection.close()
        if answered.status != http.client.CREATED:
            raise Refused(f"hand-in {answered.status} {said[:160].decode(errors='replace')}")

    def review(self, number: int, count: int) -> None:
        """Vote on a submission that waits for this checker."""
        checker = self.checkers[number % len(self.checkers)]
        path = f"/releases/{self._choose(checker['id'], number)}/review/"
        form = {"vote": "approve", "comment": "as agreed upon", "note": "", "csrfmiddlewaretoken": TOKEN}
        status, headers, _ = self._ask("POST", path, form, _cookie(checker))
        if status != http.client.FOUND or not headers.get("Location", "").startswith("/releases/"):
            raise Refused(f"review {status} {headers.get('Location', '')}")

    def _choose(self, checker: str, number: int) -> str:
        """Return what waits for a checker and was not given to them before."""
        database = Path(self.state) / "db" / "parlatory.sqlite3"
        known = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5)
        try:
            rows = known.execute(WAITING, (checker, checker)).fetchall()
        finally:
            known.close()
        # Each begins elsewhere: two who vote on one thing in the same moment are told to look again.
        begin = 7 * number % max(1, len(rows))
        with self._lock:
            for (submission,) in rows[begin:] + rows[:begin]:
                # Two votes decide: a third person's would come too late.
                taken = sum(one == submission for one, _ in self._voting)
                if taken < 2 and (submission, checker) not in self._voting:
                    self._voting.add((submission, checker))
                    return str(submission)
        raise NothingToDo

    def _ask(
        self, method: str, path: str, form: dict[str, str] | None = None, cookie: str = ""
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        headers = {"Host": f"portal.localhost:{self.port}", "Cookie": cookie}
        if form is not None:
            headers["Content-Type"] = FORM
        try:
            connection.request(method, path, urlencode(form) if form else None, headers)
            answered = connection.getresponse()
            return answered.status, answered.headers, answered.read()
        finally:
            connection.close()


def handed_in(text: str) -> bytes:
    """Return a hand-in as the client sends it."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in SAID.items()
    ]
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="table.csv"\r\n\r\n'
    return ("".join(parts) + head + f"noise\n{text}\r\n--{BOUNDARY}--\r\n").encode()


def due(sessions: int, seconds: float, pace: str = RUSH) -> list[tuple[float, str, int]]:
    """Return when which act is due, from the step's begin, evenly spread; each act at least once."""
    found = []
    for name, often in A_MINUTE[pace].items():
        count = max(1, round(often * sessions * seconds / 60))
        found += [((number + 0.5) * seconds / count, name, number) for number in range(count)]
    return sorted(found)


def step(stage: Stage, sessions: int, seconds: float, pace: str) -> dict[str, Any]:
    """Let everything that is due happen; what could not begin in twice the time is an error."""
    ways: dict[str, Callable[[int, int], None]] = {
        "sign-in": stage.sign_in, "page": stage.page, "hand-in": stage.hand_in, "review": stage.review,
    }  # fmt: skip
    took: dict[str, list[float]] = {name: [] for name in ways}
    errors: dict[str, list[str]] = defaultdict(list)
    began = time.perf_counter()

    def one(at: float, name: str, number: int) -> None:
        if time.perf_counter() > began + 2 * seconds:
            errors[name].append("not begun in twice the time")
            return
        try:
            ways[name](number, sessions)
        except NothingToDo:
            return
        except (Refused, OSError, http.client.HTTPException, sqlite3.Error) as error:
            errors[name].append(f"{type(error).__name__}: {error}")
            return
        took[name].append(time.perf_counter() - began - at)

    with ThreadPoolExecutor(THREADS) as pool:
        for at, name, number in due(sessions, seconds, pace):
            time.sleep(max(0.0, began + at - time.perf_counter()))
            pool.submit(one, at, name, number)
    return {"took": took, "errors": errors}


def _cookies(headers: http.client.HTTPMessage) -> str:
    return "; ".join(one.partition(";")[0] for one in headers.get_all("Set-Cookie") or ())


def _cookie(who: dict[str, Any]) -> str:
    return "; ".join([*(f"{name}={value}" for name, value in who["cookies"].items()), CSRF])


def main() -> None:
    """Answer steps until there are no more."""
    stage = Stage(**json.loads(sys.stdin.readline()))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(step(stage, **json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
