"""A researcher's session, walked to in the browser."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.sync_api import Page, Route

from tests.enclave import Enclave

STARTING_SECONDS = 90
IN_SESSION = re.compile(r"/user/[^/]+/[^/]+/")


def start(page: Page, enclave: Enclave, project: str) -> None:
    """Start a session from the project's workspace page and wait until the page offers JupyterLab."""
    page.goto(f"{enclave.places.portal_url}/workspaces/{project}/")
    if page.get_by_role("button", name="Stop my session").count() == 0:
        page.get_by_role("button", name="Start a session").click()
    page.get_by_role("button", name="Open JupyterLab").wait_for(timeout=STARTING_SECONDS * 1000)


def stop(page: Page, enclave: Enclave, project: str) -> None:
    """Stop the session from the workspace page, if one runs."""
    page.goto(f"{enclave.places.portal_url}/workspaces/{project}/")
    button = page.get_by_role("button", name="Stop my session")
    if button.count():
        button.click()
        page.get_by_role("heading", name="No session is running").wait_for()


def open_lab(page: Page) -> str:
    """Follow the workspace page into JupyterLab and return the session's base address."""
    base = _arrive(page)
    page.locator("#jp-main-dock-panel").wait_for(timeout=60_000)
    return base


def enter(page: Page) -> str:
    """Follow the workspace page to the session, for its own scripts' sake; return its base address.

    The browser leaves JupyterLab's programs where they are: whoever asks the gate from the page needs its
    origin and cookies, and loading Lab takes longer than starting the session.
    """
    page.route(IN_SESSION, _only_pages)
    base = _arrive(page)
    page.unroute(IN_SESSION, _only_pages)
    return base


def _only_pages(route: Route) -> None:
    if route.request.is_navigation_request():
        route.continue_()
    else:
        route.abort()


def _arrive(page: Page) -> str:
    page.get_by_role("button", name="Open JupyterLab").click()
    page.wait_for_url(re.compile(r"/user/[^/]+/[^/]+/lab"), timeout=60_000)
    parts = urlsplit(page.url)
    user, server = parts.path.split("/")[2:4]
    return f"{parts.scheme}://{parts.netloc}/user/{user}/{server}/"
