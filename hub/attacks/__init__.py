"""Attacks from inside a session on what encloses it: one list, for the tests and for `doctor --attack`."""
