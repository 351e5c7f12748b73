"""Sources of mounts: real folders below their root, or refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.engine import mounts
from hub.errors import Refused


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "datasets" / "talk" / "1").mkdir(parents=True)
    (tmp_path / "secrets").mkdir()
    return tmp_path / "datasets"


def test_a_real_folder_below_the_root_is_fine(root: Path) -> None:
    mounts.require_real(root / "talk" / "1", root)


def test_a_link_is_refused_wherever_it_stands(root: Path) -> None:
    (root / "talk" / "2").symlink_to(root.parent / "secrets")
    (root / "speech").symlink_to(root.parent)
    for source in (root / "talk" / "2", root / "speech" / "secrets"):
        with pytest.raises(Refused, match="cannot be mounted"):
            mounts.require_real(source, root)


def test_what_is_no_folder_is_refused(root: Path) -> None:
    (root / "talk" / "file").write_text("x")
    for name in ("file", "absent"):
        with pytest.raises(Refused, match="cannot be mounted"):
            mounts.require_real(root / "talk" / name, root)


@pytest.mark.parametrize("source", ["/", "/etc", "../secrets", "talk/../../secrets"])
def test_what_is_outside_is_refused(root: Path, source: str) -> None:
    with pytest.raises(Refused, match="is not inside"):
        mounts.require_real(root / source, root)


def test_the_root_itself_is_refused(root: Path) -> None:
    with pytest.raises(Refused, match="is not inside"):
        mounts.require_real(root, root)
