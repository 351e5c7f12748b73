"""The portal's pages in Debian's Chromium, with the real policies in a real OPA; no engine, no sessions.

A test gets a database of its own, so that it may begin with an empty enclave.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django.fixtures import Settings
from pytest_django.plugin import DjangoDbBlocker

from hub import policy
from hub.people.models import Person
from hub.places import places
from hub.policy import bundle
from hub.policy.client import Policy
from hub.stewardship.views import catalogue, desk
from hub.workspaces import launch, views
from tests import own_ledger
from tests.integration.policy.conftest import started, stopped
from tests.portal import RemoteStandIn


class House:
    """A running portal, and a browser for each person."""

    def __init__(self, *, browser: Browser, port: int) -> None:
        self._browser = browser
        self.url = f"http://portal.localhost:{port}"
        self._contexts: list[BrowserContext] = []

    def page(self, person: Person, *, path: str = "/", javascript: bool = True, phone: bool = False) -> Page:
        """Return a page of somebody who is signed in, at a path."""
        page = self.stranger(javascript=javascript, phone=phone)
        self.sign_in(page, person)
        page.goto(self.url + path)
        return page

    def stranger(self, *, javascript: bool = True, phone: bool = False) -> Page:
        """Return a page of a browser in which nobody is signed in."""
        context = self._browser.new_context(
            viewport={"width": 390 if phone else 1280, "height": 860},
            java_script_enabled=javascript,
            accept_downloads=True,
            # A colour that is still changing is not the one people read.
            reduced_motion="reduce",
        )
        self._contexts.append(context)
        return context.new_page()

    def sign_in(self, page: Page, person: Person) -> None:
        """Let the next page that is opened be somebody's."""
        client = Client()
        client.force_login(person)
        name = settings.SESSION_COOKIE_NAME
        page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": self.url}])

    def close(self) -> None:
        """Close every browser that was opened."""
        for context in self._contexts:
            context.close()


def problems(page: Page, *, rules: tuple[str, ...] = ()) -> list[str]:
    """Return what axe finds wrong on a page, by all of its rules or by some: rule, what to do, where."""
    # Its half a megabyte is read once a document; and of what is well, nothing is carried out of the browser.
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    options = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    found = page.evaluate("options => axe.run(options).then(said => said.violations)", options)
    where = urlsplit(page.url).path
    return [
        f"{where}: {one['id']}: {one['help']}: {node['html'][:160]}" for one in found for node in one["nodes"]
    ]


@pytest.fixture(scope="session")
def real_policy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Policy]:
    """An OPA that serves this checkout's policies."""
    built = bundle.build(places, into=tmp_path_factory.mktemp("opa"))
    opa = started(Path(built.path), built.path.with_name("revision"))
    yield opa.policy()
    stopped(opa)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Path:
    """A migrated database file, copied for each test."""
    template = tmp_path_factory.mktemp("database") / "empty.sqlite3"
    with django_db_blocker.unblock(), over(template):
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return template


@contextmanager
def over(file: Path) -> Iterator[None]:
    """Let Django use this database file, and afterwards the one it used before."""
    with pytest.MonkeyPatch.context() as patch:
        # Playwright keeps an event loop in this thread, and Django would refuse its database there.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        connection.close()
        patch.setitem(connection.settings_dict, "NAME", str(file))
        try:
            yield
        finally:
            connection.close()


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch) -> RemoteStandIn:
    """Stand in for hub and engine, which have tests of their own."""
    stand_in = RemoteStandIn()
    monkeypatch.setattr(launch, "remote", lambda: stand_in)
    return stand_in


@pytest.fixture
def at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that look again by themselves wait for the test: else one may do so while it goes elsewhere."""
    for module in (catalogue, desk, views):
        monkeypatch.setattr(module, "LOOK_AGAIN_SECONDS", 3600)


@pytest.fixture
def house(
    chromium: Browser,
    at_rest: None,
    real_policy: Policy,
    empty_database: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    remote: RemoteStandIn,
    django_db_blocker: DjangoDbBlocker,
    settings: Settings,
) -> Iterator[House]:
    """A portal over a database with nothing in it."""
    monkeypatch.setattr(policy, "ask", real_policy.ask)
    monkeypatch.setattr(policy, "ask_at_once", real_policy.ask_at_once)
    own_ledger.opened(tmp_path, monkeypatch)
    for name, value in {
        "PARLATORY_THREADS": False,
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
        "STORAGES": {
            **settings.STORAGES,
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        },
    }.items():
        # pytest-django's own object tells Django of the change: hashers and storages are remembered.
        setattr(settings, name, value)
    file = shutil.copy(empty_database, tmp_path / "portal.sqlite3")
    with django_db_blocker.unblock(), over(file):
        server = LiveServerThread("127.0.0.1", StaticFilesHandler)
        server.daemon = True
        server.start()
        server.is_ready.wait()
        if server.error:
            raise server.error
        opened = House(browser=chromium, port=server.port)
        yield opened
        opened.close()
        server.terminate()
