"""Loaded by every Python that Ansible starts in a root: keeps what is compiled from a zip, as of other files.

Ansible sends each task's module as a zip, and Python compiles each file of it anew: two fifths of a task's
work on the host. A file is known by its content.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import zipimport
from pathlib import Path
from types import CodeType

compile_source = zipimport._compile_source  # type: ignore[attr-defined] # there is no other place to do it


def kept(path: str, source: bytes) -> CodeType:
    """Return a file's code, compiled once."""
    file = Path("/run", f"{hashlib.sha256(source).hexdigest()}.code")
    if not file.exists():
        half = file.with_suffix(f".{os.getpid()}")
        half.write_bytes(marshal.dumps(compile_source(path, source)))
        half.rename(file)
    code: CodeType = marshal.loads(file.read_bytes())
    return code


zipimport._compile_source = kept  # type: ignore[attr-defined] # as above
