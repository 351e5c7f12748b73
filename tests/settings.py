"""The portal's settings with throw-away secrets: for type checks and other tools that only read them."""

from __future__ import annotations

import tests.throwaway  # noqa: F401 - makes the secrets before the settings are read
from hub.settings import *  # noqa: F403 - everything, as Django sees it
