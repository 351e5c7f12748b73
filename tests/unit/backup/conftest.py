"""A small enclave of files only."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import statefolder
from tests.statefolder import Enclave


@pytest.fixture
def enclave(tmp_path: Path) -> Enclave:
    return statefolder.make(tmp_path)
