"""What people read of reviews that can not go on; policies answer as the test says."""

from __future__ import annotations

from tests.unit.conftest import _no_network, _no_waiting_for_disks, _quick, policies, remote
from tests.unit.notices.conftest import tiles, vault

__all__ = ["_no_network", "_no_waiting_for_disks", "_quick", "policies", "remote", "tiles", "vault"]
