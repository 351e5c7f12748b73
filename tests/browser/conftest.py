"""What only the browser tests need: pictures for the README's tour."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.enclave import Enclave

TOUR = Path(__file__).parent / "tour"


@pytest.fixture(scope="session")
def picture(enclave: Enclave) -> Callable[[Page, str], None]:
    """Take a tour picture; into the checkout only when PARLATORY_TOUR=1 asks to redraw the README's."""
    folder = TOUR if os.environ.get("PARLATORY_TOUR") == "1" else enclave.places.state / "tour"
    folder.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> None:
        page.wait_for_load_state("load")
        if (preview := page.frame(name="preview")) is not None:
            # It has an address of its own; until it is there the frame is a blank page.
            preview.wait_for_url(lambda url: url != "about:blank", wait_until="load")
        page.screenshot(path=folder / f"{name}.png", full_page=True)

    return take
