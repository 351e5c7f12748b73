"""Intakes run the examiner in a process of its own; what is around it stands in as for the unit tests."""

from __future__ import annotations

from tests.unit.conftest import _no_network, _quick, policies

__all__ = ["_no_network", "_quick", "policies"]
