"""Every control taken away, one at a time, to show which attack then succeeds.

`python -m tests.security.without [PART…]` (root) writes tests/security/controls.md; an attack that still
fails without its control means that its test proves nothing.
"""
