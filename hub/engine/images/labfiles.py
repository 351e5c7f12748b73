"""Lab's own files, copied out of the workspace image for the gate, which serves every byte of code itself."""

from __future__ import annotations

import io
import shutil
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import docker
from docker.errors import NotFound

from hub.engine.images import running

PREFIX_LABEL = "parlatory.prefix"
# Where the gate finds a folder, and where the image's Python prefix has it; a glob may match one folder.
SOURCES = {
    "lab/static": "share/jupyter/lab/static",
    "lab/themes": "share/jupyter/lab/themes",
    "lab/schemas": "share/jupyter/lab/schemas",
    "labextensions": "share/jupyter/labextensions",
    "kernelspecs": "share/jupyter/kernels",
    "server/static": "{packages}/jupyter_server/static",
    "lab/templates": "{packages}/jupyterlab_server/templates",
    "labconfig": "etc/jupyter/labconfig",
}
REQUIRED = {"lab/static", "lab/schemas", "server/static"}
PYTHON = "python3.13"


def extract(client: docker.APIClient, image: str, folder: Path, say: Callable[[str], None]) -> Path:
    """Copy Lab's own files out of an unstarted container into `folder`/<image hash>, world-readable."""
    target = folder / image.split(":")[1]
    if target.is_dir():
        return target
    labels = client.inspect_image(image)["Config"].get("Labels") or {}  # type: ignore[no-untyped-call] # its stub has none
    if PREFIX_LABEL not in labels:
        raise running.BuildFailed(
            f"images/workspace/Dockerfile has no LABEL {PREFIX_LABEL}: "
            "the Python prefix that holds share/jupyter"
        )
    prefix = PurePosixPath(labels[PREFIX_LABEL])
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    container = client.create_container(image, command=["/bin/true"], network_disabled=True)["Id"]
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as fresh:
            for inside, source in SOURCES.items():
                where = prefix / source.format(packages=f"lib/{PYTHON}/site-packages")
                _copy(client, container, where, Path(fresh) / "lab" / inside, required=inside in REQUIRED)
            _open_to_read(Path(fresh) / "lab")
            (Path(fresh) / "lab").rename(target)
    finally:
        client.remove_container(container, force=True)
    say(f"workspace: Lab's own files are in {target}")
    return target


def _copy(
    client: docker.APIClient, container: str, source: PurePosixPath, target: Path, *, required: bool
) -> None:
    try:
        stream, _ = client.get_archive(container, str(source))
    except NotFound as error:
        if required:
            raise running.BuildFailed(
                f"the workspace image has no {source}; the gate must serve it"
            ) from error
        return
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as tar:
        for entry in tar:
            _unpack(tar, entry, target)


def _unpack(tar: tarfile.TarFile, entry: tarfile.TarInfo, target: Path) -> None:
    """Write one regular file below `target`; links and names that lead out are not what Lab is made of."""
    inside = PurePosixPath(entry.name).parts[1:]
    if not entry.isreg() or ".." in inside:
        return
    path = target.joinpath(*inside)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = tar.extractfile(entry)
    assert content is not None, "a regular file has content"
    with path.open("wb") as out:
        shutil.copyfileobj(content, out)


def _open_to_read(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
