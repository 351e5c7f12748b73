"""`python -m tests.integration.portal`: write policies/who-may.md from the truth table of the tests."""

from __future__ import annotations

import os

import tests.throwaway  # noqa: F401 -- secrets for Django's settings, before anything reads them

if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
    django.setup()
    from tests.integration.portal import who_may

    who_may.write()
