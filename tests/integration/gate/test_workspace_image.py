"""The real workspace image, without a network, behind the real gate: run, save, and look with a browser."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from playwright.sync_api import sync_playwright

from hub.engine.images import builder, labfiles
from hub.gate import messages
from hub.places import places
from tests.gatehouse import ALICE, BASE, SESSION, SESSION_UID, House, lease, opened

SECONDS = 60
# The image is built here when nobody has built it yet.
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    client = docker.APIClient(version="auto", timeout=900)
    image = builder.tag(places.checkout, "workspace")
    if not builder.exists(client, image):
        builder.build(client, places, "workspace", say=print)
    with opened() as made:
        labfiles.extract(client, image, made.labfiles, print)
        made.portal.leases[SESSION] = lease(image=image)
        made.tick()
        container = start(client, image, made.folder())
        try:
            wait_for(made)
            keep_renewing(made)
            yield made
        finally:
            client.remove_container(container, force=True)
            client.close()


def start(client: docker.APIClient, image: str, folder: Path) -> str:
    """Start the image as the engine does where the gate can see it: no network, one folder for its socket."""
    host = client.create_host_config(
        network_mode="none",
        binds=[f"{folder}:/run/parlatory-in"],
        tmpfs={"/tmp": "", "/home/researcher": f"uid={SESSION_UID},gid={SESSION_UID},exec"},
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
    )
    made = client.create_container(
        image,
        user=f"{SESSION_UID}:{SESSION_UID}",
        environment={"PARLATORY_BASE_URL": f"{BASE}/"},
        host_config=host,
        labels={"parlatory.test": "gate"},
    )["Id"]
    client.start(made)
    return str(made)


def wait_for(house: House) -> None:
    deadline = time.monotonic() + SECONDS
    with house.client(None, Host=f"127.0.0.1:{house.port}") as hub:
        while time.monotonic() < deadline:
            house.tick()
            if hub.get(f"{BASE}/api").status_code == 200:
                return
            time.sleep(0.3)
    raise AssertionError("the session's server did not answer")


def keep_renewing(house: House) -> None:
    asyncio.run_coroutine_threadsafe(house.leases.run(), house.loop)


def test_code_runs_and_only_filtered_output_comes_out(house: House) -> None:
    with house.changing() as browser:
        made = browser.post(
            f"{BASE}/api/sessions",
            json={"path": "x.ipynb", "name": "x", "type": "notebook", "kernel": {"name": "python3"}},
        )
        assert made.status_code == 201, made.text
        kernel = made.json()["kernel"]["id"]
        socket = house.websocket(f"api/kernels/{kernel}/channels?session_id=abc")
        code = "from IPython.display import *; display(Javascript('evil()'))\n"
        code += "display(HTML('<script>evil()</script>ok')); 6*7"
        header = {
            "msg_id": "m1",
            "msg_type": "execute_request",
            "session": "abc",
            "username": "",
            "date": "",
            "version": "5.3",
        }
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
        }
        request = messages.write(messages.Message("shell", header, {}, content))

        async def say() -> None:
            await socket.write_message(request, binary=True)

        house.run(say())
        shown: list[dict[str, object]] = []
        while not any("42" in str(one) for one in shown):
            frame = house.next(socket, SECONDS)
            assert isinstance(frame, bytes)
            assert b"evil()" not in frame or messages.parse(frame).kind == "execute_input"
            message = messages.parse(frame)
            if "data" in message.content:
                shown.append(message.content["data"])
        house.close(socket)
        assert browser.delete(f"{BASE}/api/sessions/{made.json()['id']}").status_code == 204
    assert any(one.get("text/html") == "ok" for one in shown)


def test_a_notebook_is_saved_read_renamed_and_deleted(house: House) -> None:
    book = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
    with house.changing() as browser:
        body = {"type": "notebook", "format": "json", "content": book}
        assert browser.put(f"{BASE}/api/contents/saved.ipynb", json=body).status_code == 201
        assert browser.post(f"{BASE}/api/contents/saved.ipynb/checkpoints").status_code == 201
        assert (
            browser.get(f"{BASE}/api/contents/saved.ipynb", params={"content": 1}).json()["content"]["cells"]
            == []
        )
        renamed = browser.patch(f"{BASE}/api/contents/saved.ipynb", json={"path": "other.ipynb"})
        assert renamed.json()["path"] == "other.ipynb"
        assert browser.delete(f"{BASE}/api/contents/other.ipynb").status_code == 204
        assert browser.get(f"{BASE}/api/contents/other.ipynb").status_code == 404


def test_lab_loads_runs_and_shows_the_strip_in_a_real_browser(house: House) -> None:
    failed: list[str] = []
    name, _, value = house.cookie(ALICE).partition("=")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium-headless-shell", args=["--no-sandbox"]
        )
        context = chromium.new_context()
        cookie = {"name": name, "value": value, "domain": "lab.localhost", "path": "/", "httpOnly": True}
        context.add_cookies([cookie])  # type: ignore[list-item] # a dict of the documented form
        page = context.new_page()
        page.on(
            "response", lambda one: failed.append(f"{one.status} {one.url}") if one.status >= 400 else None
        )
        page.on(
            "console", lambda one: failed.append(one.text) if "Content Security Policy" in one.text else None
        )
        page.goto(f"http://{house.host}{BASE}/lab")
        page.click('.jp-LauncherCard[data-category="Notebook"]', timeout=SECONDS * 1000)
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=SECONDS * 1000)
        # Before the kernel is connected Lab drops a run without a word.
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=SECONDS * 1000)
        page.locator(".jp-Notebook .jp-Cell .cm-content").first.click()
        page.keyboard.type("print('he' + 'llo')")
        page.keyboard.press("Shift+Enter")
        page.wait_for_selector(".jp-OutputArea-output:has-text('hello')", timeout=SECONDS * 1000)
        page.wait_for_selector(".parlatory-facts:has-text('left today')", timeout=SECONDS * 1000)
        top = page.evaluate("document.getElementById('main').getBoundingClientRect().top")
        service_workers = page.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.length)")
        chromium.close()
    assert top == 28
    assert service_workers == 0
    unexpected = [one for one in failed if "api/nbconvert" not in one and "/lsp/" not in one]
    assert unexpected == []
    assert json.dumps(house.portal.events).count("budget_spent") == 0
