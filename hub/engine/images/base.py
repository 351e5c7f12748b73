"""The base image: Debian, made on this machine from its package mirror, with no image registry."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import docker

from hub.engine.images import running

SUITE = "trixie"
COMPONENTS = "main"
CHUNK_BYTES = 1 << 20


def packages(checkout: Path) -> list[str]:
    """Return the packages of the base image."""
    lines = (checkout / "images" / "base" / "packages.txt").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def command(checkout: Path, target: Path, mirror: str | None) -> list[str]:
    """Return the command line that makes the base's file system as a tar."""
    return [
        "mmdebstrap",
        "--variant=minbase",
        f"--components={COMPONENTS}",
        f"--include={','.join(packages(checkout))}",
        # Images carry what a session runs, not what a person at a console would read.
        "--aptopt=APT::Install-Recommends false",
        "--dpkgopt=path-exclude=/usr/share/man/*",
        "--dpkgopt=path-exclude=/usr/share/locale/*/LC_MESSAGES/*",
        "--dpkgopt=path-exclude=/usr/share/doc/*",
        "--dpkgopt=path-include=/usr/share/doc/*/copyright",
        f"--customize-hook={checkout / 'images' / 'base' / 'customize.sh'}",
        SUITE,
        str(target),
        *([mirror] if mirror else []),
    ]


def recipe(checkout: Path) -> str:
    """Return how the base is made, as text that differs between no two machines."""
    made = command(checkout, Path("base.tar"), None)
    return " ".join(made).replace(str(checkout), "")


def build(client: docker.APIClient, checkout: Path, tag: str, log: Path, say: Callable[[str], None]) -> None:
    """Make the base's file system and import it into Docker under `tag`."""
    repository, version = tag.split(":")
    with tempfile.TemporaryDirectory(prefix="parlatory-base-") as folder:
        # mmdebstrap drops to apt's own user for downloads, who must be able to pass through here.
        Path(folder).chmod(0o755)
        target = Path(folder) / "base.tar"
        say(f"base: installing Debian {SUITE} into a folder (about a minute)")
        running.logged(command(checkout, target, os.environ.get("PARLATORY_DEBIAN_MIRROR")), log)
        say(f"base: importing {target.stat().st_size // 1_000_000} MB into Docker")
        with target.open("rb") as file:
            client.import_image_from_stream(
                # An iterator, for a file's known length would contradict the client's chunked header.
                iter(lambda: file.read(CHUNK_BYTES), b""),
                repository=repository,
                tag=version,
                changes=["ENV LANG=C.UTF-8", 'CMD ["/bin/true"]'],
            )
