"""Stewardship: datasets as their people see them, with what came of them and what is said about them."""
