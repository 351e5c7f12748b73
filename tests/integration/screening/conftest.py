"""The screener's image, run by Docker as the engine runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.models.containers import Container

from egress_review.screening import index
from hub.engine.images import builder
from hub.places import places
from tests.unit.screening.cases import DATA

UID = 199999


@dataclass
class Run:
    """One run of the screener: what it was given, how it ended, what it left behind."""

    folder: Path
    exit_code: int | None = None
    out_of_memory: bool = False
    log: str = ""
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def verdict(self) -> dict[str, Any] | None:
        """The verdict, None where none was written: that is a block."""
        raw = self.files.get("verdict.json")
        return None if raw is None else json.loads(raw)


def request(names: dict[str, str], **limits: int) -> dict[str, Any]:
    """Return a request for files by id and name."""
    return {
        "version": 2,
        "submission": "01k0000000000000000000000z",
        "project": "harbour",
        "title": "t",
        "context": "c",
        "controls": "d",
        "files": [{"id": i, "name": n, "bytes": 1, "sha256": "0" * 64} for i, n in names.items()],
        "indexes": 1,
        "unknown": "block",
        "limits": {
            "minimum_count": 10,
            "file_bytes": 50 << 20,
            "total_bytes": 100 << 20,
            "table_rows": 200,
            "picture_side": 4096,
            "seconds": 100,
            **limits,
        },
    }


class Screener:
    """Runs the image with the walls the engine gives it."""

    def __init__(self, client: docker.DockerClient, image: str) -> None:
        self.client = client
        self.image = image
        self.folders: list[Path] = []

    def start(self, files: dict[str, bytes], *, memory: str = "2g", **limits: int) -> tuple[Run, Container]:
        """Start the screener on files given by name."""
        folder = Path(tempfile.mkdtemp(prefix="screener-"))
        self.folders.append(folder)
        folder.chmod(0o755)
        for name in ("in", "out"):
            (folder / name).mkdir()
        os.chown(folder / "out", UID, UID)
        ids = {f"01k000000000000000000000{n:02d}": name for n, name in enumerate(files)}
        index.build("harbour", DATA, folder, folder / "index" / "0")
        (folder / "in" / "request.json").write_text(json.dumps(request(ids, **limits)))
        for file, data in zip(ids, files.values(), strict=True):
            (folder / "in" / file).write_bytes(data)
        subprocess.run(
            [
                "mount",
                "-t",
                "tmpfs",
                "-o",
                f"size=64m,nr_inodes=256,uid={UID},mode=0750",
                "tmpfs",
                folder / "out",
            ],
            check=True,
        )
        container = self.client.containers.create(
            self.image,
            network_mode="none",
            read_only=True,
            user=f"{UID}:{UID}",
            working_dir="/tmp",
            cap_drop=["ALL"],
            security_opt=["no-new-privileges:true"],
            mem_limit=memory,
            memswap_limit=memory,
            pids_limit=64,
            nano_cpus=10**9,
            labels={"parlatory.enclave": "parlatory-screening-test"},
            mounts=[
                docker.types.Mount("/in", str(folder / "in"), type="bind", read_only=True),
                docker.types.Mount("/out", str(folder / "out"), type="bind"),
                docker.types.Mount("/index/0", str(folder / "index" / "0"), type="bind", read_only=True),
            ],
        )
        container.start()
        return Run(folder), container

    def finish(self, run: Run, container: Container, *, seconds: int = 110) -> Run:
        """Wait for the end, or bring it about; then read what was left behind, as the worker does."""
        try:
            run.exit_code = container.wait(timeout=seconds)["StatusCode"]
        except OSError:
            container.kill()
        container.reload()
        run.out_of_memory = bool(container.attrs["State"]["OOMKilled"])
        run.log = container.logs().decode()
        container.remove(force=True)
        run.files = {
            path.name: path.read_bytes() for path in (run.folder / "out").iterdir() if path.is_file()
        }
        return run

    def screen(self, files: dict[str, bytes], **options: Any) -> Run:
        """Screen files given by name, from start to end."""
        run, container = self.start(files, **options)
        return self.finish(run, container)

    def clear(self) -> None:
        """Take every folder away."""
        for folder in self.folders:
            subprocess.run(["umount", folder / "out"], check=True)
            shutil.rmtree(folder)


@pytest.fixture(scope="session")
def screener_image() -> str:
    """Return the image built from this checkout."""
    client = docker.from_env()
    try:
        return builder.build(client.api, places, "screener", say=lambda line: None)
    finally:
        client.close()


@pytest.fixture
def screener(screener_image: str) -> Iterator[Screener]:
    """Return a screener whose traces are gone afterwards."""
    client = docker.from_env()
    screener = Screener(client, screener_image)
    try:
        yield screener
    finally:
        screener.clear()
        client.close()
