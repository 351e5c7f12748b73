"""A process of the portal: a full garbage collection no longer walks what the process is made of."""

from __future__ import annotations

import os
import subprocess
import sys

LOADED = "import tests.throwaway, hub.wsgi, gc; print(gc.get_freeze_count(), len(gc.get_objects()))"


def test_what_the_portal_loads_is_kept_out_of_its_garbage_collections() -> None:
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "hub.settings"}
    said = subprocess.run([sys.executable, "-c", LOADED], env=environment, capture_output=True, check=True)
    kept, walked = map(int, said.stdout.split()[-2:])
    assert kept > 50_000 > 1_000 > walked
