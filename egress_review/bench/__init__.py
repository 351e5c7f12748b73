"""Measures the screening: what it catches of known leaks, how fast, beside what others catch."""
