"""How people's passwords are kept: Argon2id, whose guesses cost memory as well as time."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.contrib.auth.hashers import Argon2PasswordHasher

MIB = 1024  # in Argon2's own unit, KiB
# So much later than pages does a hash get a core that both want.
GIVES_WAY = 5
T = TypeVar("T")


class Argon2id(Argon2PasswordHasher):
    """Hashes with more than OWASP's password storage cheat sheet asks for, in 50 to 90 ms of one core.

    Django's own costs (100 MiB, 8 lanes) would let some sign-ins at once take the portal's memory, and its
    PBKDF2 takes 220 ms of a core without costing who guesses on graphics cards any memory.
    """

    time_cost = 3
    memory_cost = 32 * MIB
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        """Hash a password, after the pages that others wait for."""
        return aside(lambda: str(super(Argon2id, self).encode(password, salt)))

    def verify(self, password: str, encoded: str) -> bool:
        """Say whether this is the password that was hashed, after the pages that others wait for."""
        return aside(lambda: bool(super(Argon2id, self).verify(password, encoded)))


def aside(reckon: Callable[[], T]) -> T:
    """Reckon in a thread that gives way: where everybody signs in at once, those who are in work on.

    To Linux a thread has a turn of its own. It ends with the reckoning, for nobody may take back that they
    gave way; its caller waits for it, so that there are never more of them than the portal has threads.
    """
    with ThreadPoolExecutor(1, initializer=os.nice, initargs=(GIVES_WAY,)) as beside:
        return beside.submit(reckon).result()
