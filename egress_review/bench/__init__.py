"""Measures the screening: what it catches of known leaks, how fast, against what others catch. Needs a checkout."""
