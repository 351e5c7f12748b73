"""People at work while their enclave is killed: they hand in, vote, take back and download, and remember."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import Event
from typing import Any
from urllib.parse import urlencode

from hub.bench.unsafe_screening import BLOCKED
from tests.chaos.book import Book
from tests.chaos.world import World
from tests.integration.egress_review.stage import Connection, multipart

TOKEN = "t" * 32
FORM = "application/x-www-form-urlencoded"
CSRF = f"parlatory_portal_csrf={TOKEN}"
PAUSE_SECONDS = 0.02
PATIENCE_SECONDS = 20
SIZES = (40, 400, 4_000, 300_000, 1_500_000)
NOT_HTTP = (OSError, http.client.HTTPException)
CHECKPOINT = re.compile(r"\n(\d+)\n([A-Za-z0-9+/=]{44})\n")


@dataclass
class Load:
    """The people of a small enclave, each on a thread of their own."""

    state: Path
    run: Path
    port: int
    people: dict[str, Any]
    seed: int
    book: Book = field(default_factory=Book)
    _stop: Event = field(default_factory=Event)

    @classmethod
    def of(cls, world: World, *, seed: int) -> Load:
        """Return the people of a world."""
        stage = world.stage
        return cls(state=stage.state, run=stage.run, port=stage.port, people=world.people, seed=seed)

    def come_in(self) -> None:
        """Let everybody in while all is well: who signs in while the policies don't answer is signed out."""
        for one in (*self.people["authors"], *self.people["checkers"]):
            status, _ = self.get(one, "/releases/")
            assert status == 200, f"somebody may not come in: {status}"

    @contextmanager
    def at_work(self) -> Iterator[Book]:
        """Let everybody work, and stop them at the end; what one of them stumbled over is raised then."""
        turns: list[Callable[[Random], None]] = []
        for session, author in zip(self.people["sessions"], self.people["authors"], strict=True):
            turns.append(self._author(session, author))
        turns += [self._checker(one) for one in self.people["checkers"]]
        # Two windows of the same checker: their votes must stay one.
        turns.append(self._checker(self.people["checkers"][0]))
        turns.append(self._reader(self.people["authors"][0]))
        with ThreadPoolExecutor(len(turns)) as pool:
            working = [
                pool.submit(self._keep_going, turn, Random(f"{self.seed}:{number}"))
                for number, turn in enumerate(turns)
            ]
            try:
                yield self.book
            finally:
                self._stop.set()
            for one in working:
                one.result(PATIENCE_SECONDS + 5)

    def _keep_going(self, turn: Callable[[Random], None], chance: Random) -> None:
        while not self._stop.is_set():
            try:
                turn(chance)
            except NOT_HTTP:
                self.book.missed()
            except sqlite3.Error:
                pass
            self._stop.wait(PAUSE_SECONDS)

    def _author(self, session: str, author: list[Any]) -> Callable[[Random], None]:
        path = self.run / "sessions" / session / "out" / "handin.sock"

        def turn(chance: Random) -> None:
            if self._waiting(author[0]) > 8:
                self._stop.wait(0.1)
                return
            files = dict(_file(chance) for _ in range(chance.randint(1, 3)))
            connection = Connection(path, PATIENCE_SECONDS)
            status, data = _asked(
                connection,
                "POST",
                "/v1/submissions",
                multipart(files.items()),
                {"Content-Type": "multipart/form-data; boundary=line"},
            )
            if status == 201:
                self._handed_in(json.loads(data), files)
                if chance.random() < 0.1:
                    self._take_back(author, json.loads(data)["submission"])

        return turn

    def _handed_in(self, said: dict[str, Any], files: dict[str, bytes]) -> None:
        sent = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
        assert {one["name"]: one["sha256"] for one in said["files"]} == sent, "the receipt names other bytes"
        self.book.note("handed_in", {said["submission"]: sent})

    def _take_back(self, author: list[Any], submission: str) -> None:
        if self.takes(author, f"/releases/{submission}/withdraw/", {}):
            self.book.note("withdrawn", submission)

    def _checker(self, checker: list[Any]) -> Callable[[Random], None]:
        def turn(chance: Random) -> None:
            waiting = self._rows(
                "SELECT id FROM egress_review_submission WHERE state = 'in_review' AND id NOT IN "
                "(SELECT submission_id FROM egress_review_review WHERE reviewer_id = ?) LIMIT 5",
                checker[0],
            )
            if not waiting:
                self._stop.wait(0.05)
                return
            submission = chance.choice(waiting)[0]
            vote = "approve" if chance.random() < 0.9 else "return"
            said = {"vote": vote, "comment": "as agreed upon", "note": ""}
            if self.takes(checker, f"/releases/{submission}/review/", said):
                self.book.note("voted", (submission, checker[0]))

        return turn

    def _reader(self, reader: list[Any]) -> Callable[[Random], None]:
        def turn(chance: Random) -> None:
            released = self._rows(
                "SELECT s.id, f.id FROM egress_review_submission s JOIN egress_review_file f "
                "ON f.submission_id = s.id WHERE s.state = 'released' AND s.author_id = ?",
                reader[0],
            )
            if not released:
                self._stop.wait(0.05)
                return
            submission, file = chance.choice(released)
            status, data = self.get(reader, f"/releases/{submission}/files/{file}/download/")
            if status == 200 and data:
                self.book.note("downloaded", (submission, file, hashlib.sha256(data).hexdigest()))
            status, data = self.get(reader, f"/releases/{submission}/receipt.json")
            # Killed between head and body, the portal answers 200 and nothing: that is no receipt.
            if status == 200 and data:
                self.book.note("checkpoints", _checkpoint(json.loads(data)))

        return turn

    def _waiting(self, author: str) -> int:
        (found,) = self._rows(
            "SELECT count(*) FROM egress_review_submission WHERE author_id = ? AND state IN "
            "('submitted', 'screening', 'in_review', 'differing', 'approved')",
            author,
        )
        return int(found[0])

    def _rows(self, query: str, *given: str) -> list[tuple[Any, ...]]:
        """Look what there is to do; nothing that is checked comes from here."""
        known = sqlite3.connect(
            f"file:{self.state / 'db' / 'parlatory.sqlite3'}?mode=ro", uri=True, timeout=5
        )
        try:
            return known.execute(query, given).fetchall()
        finally:
            known.close()

    def get(self, who: list[Any], path: str) -> tuple[int, bytes]:
        """Return what the portal answers somebody."""
        return _asked(self._portal(), "GET", path, b"", self._headers(who))

    def takes(self, who: list[Any], path: str, form: dict[str, str]) -> bool:
        """Whether the portal took a form: it leads on to another page of the releases."""
        status, leads_to = self.posts(who, path, form)
        return status == 302 and leads_to.startswith("/releases/")

    def posts(self, who: list[Any], path: str, form: dict[str, str]) -> tuple[int, str]:
        """Return what the portal answers a form, and where it leads."""
        body = urlencode({**form, "csrfmiddlewaretoken": TOKEN}).encode()
        connection = self._portal()
        try:
            connection.request("POST", path, body, {"Content-Type": FORM, **self._headers(who)})
            answered = connection.getresponse()
            answered.read()
            return answered.status, answered.getheader("Location", "")
        finally:
            connection.close()

    def _portal(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)

    def _headers(self, who: list[Any]) -> dict[str, str]:
        cookies = "; ".join([*(f"{name}={value}" for name, value in who[1].items()), CSRF])
        return {"Host": f"portal.localhost:{self.port}", "Cookie": cookies}


def _asked(
    connection: http.client.HTTPConnection, method: str, path: str, body: bytes, headers: dict[str, str]
) -> tuple[int, bytes]:
    try:
        connection.request(method, path, body or None, headers)
        answered = connection.getresponse()
        return answered.status, answered.read()
    finally:
        connection.close()


def _file(chance: Random) -> tuple[str, bytes]:
    name = f"table-{chance.randrange(10**9)}.csv" if chance.random() < 0.97 else BLOCKED
    if chance.random() < 0.1:
        # The same bytes again and again: they lie in the vault once.
        return name, b"vowel,speakers\na,12\n"
    return name, b"noise\n" + os.urandom(chance.choices(SIZES, (8, 8, 4, 2, 1))[0])


def _checkpoint(receipt: dict[str, Any]) -> dict[int, str]:
    found = CHECKPOINT.search(receipt["ledger"]["proof"])
    assert found, "a receipt without a signed checkpoint"
    return {int(found[1]): base64.b64decode(found[2]).hex()}
