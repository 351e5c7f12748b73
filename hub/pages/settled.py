"""What a process of the portal does once it has loaded itself, before it answers anybody."""

from __future__ import annotations

import gc

from django.urls import get_resolver


def settle() -> None:
    """Load every page's code, and keep what is loaded out of the garbage collections to come.

    Modules, models and forms live as long as the process. A full collection walks them all the same, and
    whoever asks for a page at that moment waits for it.
    """
    _ = get_resolver().url_patterns
    gc.collect()
    gc.freeze()
