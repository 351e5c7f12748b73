"""The ledger as static C2SP tlog-tiles, signed, so that anybody can verify it without us."""

from __future__ import annotations
