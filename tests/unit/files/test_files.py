"""A file is replaced whole."""

from __future__ import annotations

from pathlib import Path

from hub import files


def test_a_file_is_replaced_whole_and_nothing_stays_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "one"
    for content in (b"first", b"second"):
        files.write(path, content, mode=0o440)
        assert (path.read_bytes(), path.stat().st_mode & 0o777) == (content, 0o440)
    (tmp_path / ".one.new").write_bytes(b"half of what a power cut left")
    files.write(path, b"third", mode=0o440)
    assert [entry.name for entry in tmp_path.iterdir()] == ["one"]
