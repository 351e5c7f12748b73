"""Backup and restore: the whole state in one sealed file, taken while sessions run. No Django."""
