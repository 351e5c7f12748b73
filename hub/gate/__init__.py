"""The gate: the only way out of a session. It serves Lab itself and lets checked data through."""
