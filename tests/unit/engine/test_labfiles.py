"""Lab's own files, unpacked: regular files below one folder, nothing else."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from hub.engine.images import labfiles


def test_only_regular_files_below_the_folder_are_unpacked(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name in ("static/main.js", "static/deep/a.css", "static/../../escaped"):
            entry = tarfile.TarInfo(name)
            entry.size = 2
            tar.addfile(entry, io.BytesIO(b"ok"))
        link = tarfile.TarInfo("static/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    target = tmp_path / "lab" / "static"
    with tarfile.open(fileobj=io.BytesIO(out.getvalue())) as tar:
        for entry in tar:
            labfiles._unpack(tar, entry, target)
    found = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert found == ["lab/static/deep/a.css", "lab/static/main.js"]
    assert not (tmp_path / "escaped").exists()
    assert not any(path.is_symlink() for path in tmp_path.rglob("*"))
