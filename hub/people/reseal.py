"""`python -m hub.people.reseal`: seal second factors, opened with the secret before, with today's.

With `--client` it gives the hub's client at the portal its new password instead. A part of `rotate`.
"""

from __future__ import annotations

import base64
import hashlib
import os
import sys
from typing import TYPE_CHECKING

import django

from hub.places import places

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

# The secret before the last rotation, there only while one is not finished.
BEFORE = ".django.before"
SEALED = ("secret", "seed")


def cipher(secret: str) -> Fernet:
    """Return the cipher that a secret of the portal's stands for."""
    from cryptography.fernet import Fernet

    key = hashlib.sha256(b"parlatory second factor\n" + secret.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))


def reseal(before: str, now: str) -> int:
    """Seal every second factor that the secret before opens with today's; return how many; twice is fine."""
    from allauth.mfa.models import Authenticator
    from cryptography.fernet import InvalidToken
    from django.db import transaction

    old, new, count = cipher(before), cipher(now), 0
    with transaction.atomic():
        for one in Authenticator.objects.select_for_update():
            for name in set(SEALED) & set(one.data):
                try:
                    new.decrypt(one.data[name].encode())
                except InvalidToken:
                    one.data[name] = new.encrypt(old.decrypt(one.data[name].encode())).decode()
                    one.save(update_fields=["data"])
                    count += 1
    return count


def main(arguments: list[str]) -> int:
    """Seal anew, or give the client its password; say what was done."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
    django.setup()
    if arguments == ["--client"]:
        from hub.people.identity import ensure_hub_client

        ensure_hub_client()
        sys.stdout.write("the hub's client has its new password\n")
        return 0
    before = places.secret("data", BEFORE)
    sys.stdout.write(f"sealed {reseal(before, places.secret('data', 'django'))} second factors anew\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
