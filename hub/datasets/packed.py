"""Many small rows kept as one packed value: a version's recordings are read together or not at all."""

from __future__ import annotations

import json
import zlib
from typing import Any


def pack(value: Any) -> bytes:
    """Return JSON, compressed."""
    return zlib.compress(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def unpack(packed: bytes | memoryview) -> Any:
    """Return what was packed; nothing packed is an empty object."""
    content = bytes(packed)
    return json.loads(zlib.decompress(content)) if content else {}
