"""Every attack, in the order in which they are run: what floods comes last."""

from __future__ import annotations

from hub.attacks import calls, files, shared
from hub.attacks.attack import Attack

ATTACKS: tuple[Attack, ...] = (*calls.ATTACKS, *files.ATTACKS, *shared.ATTACKS)
