"""One scratch enclave for all of this folder."""

from tests.engine_room import room

__all__ = ["room"]
