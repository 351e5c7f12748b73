"""An authenticator whose owner looks how long a code will be good before they type it."""

from __future__ import annotations

import time

from hub.demo import second_factor

GOOD_SECONDS = 30
# To fill a form, send it, and have it read, on a busy machine.
TYPING_SECONDS = 8


def code(secret: str) -> str:
    """Return the code of now, once there is time to type it."""
    wait()
    return second_factor.code(secret, at=time.time())


def wait() -> None:
    """Wait for the next code where the present one is nearly over."""
    left = GOOD_SECONDS - time.time() % GOOD_SECONDS
    if left < TYPING_SECONDS:
        time.sleep(left)
