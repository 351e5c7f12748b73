"""Sign-in through Django's client, as the portal has it set up; policies answer as the test says."""

from __future__ import annotations

from tests.unit.conftest import _no_network, _no_waiting_for_disks, _quick, policies, remote

__all__ = ["_no_network", "_no_waiting_for_disks", "_quick", "policies", "remote"]
