"""How people's passwords are kept: Argon2id, whose guesses cost memory as well as time."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher

MIB = 1024  # in Argon2's own unit, KiB


class Argon2id(Argon2PasswordHasher):
    """Hashes with more than OWASP's password storage cheat sheet asks for, in about 60 ms of one core.

    Django's own costs (100 MiB, 8 lanes) would let some sign-ins at once take the portal's memory, and its
    PBKDF2 takes 220 ms of a core without costing who guesses on graphics cards any memory.
    """

    time_cost = 3
    memory_cost = 32 * MIB
    parallelism = 1
