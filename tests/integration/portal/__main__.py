"""`python -m tests.integration.portal`: write policies/who-may.md from the truth table of the tests."""

from __future__ import annotations

import tests.throwaway  # noqa: F401 -- secrets for Django's settings, before anything reads them

if __name__ == "__main__":
    import django

    django.setup()
    from tests.integration.portal import who_may

    who_may.write()
