"""The ledger: what was done here, append-only, and provable to outsiders."""
