"""The images that were built here, as their stamps name them: which there are, of which a project may choose.

Standard library only: the engine writes with it, the portal reads.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from hub.errors import Invalid, NotFound, Unavailable
from hub.places import places

# A folder `images/workspace-NAME` makes another image that sessions may run; the engine has the same pattern.
WORKSPACE = re.compile(r"workspace(?:-[a-z0-9]{1,30})?\Z")
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,60}\Z")
DEFAULT = "workspace"
BILL = ".cdx.json"


@dataclass(frozen=True)
class Package:
    """One package in an image: `deb` from Debian, `pypi` from the Python index."""

    kind: str
    name: str
    version: str
    purl: str


@dataclass(frozen=True)
class Image:
    """An image that is current here; time and packages are None where no bill of materials was made."""

    name: str
    tag: str
    inputs: str
    built_at: datetime | None
    packages: tuple[Package, ...] | None

    @property
    def is_workspace(self) -> bool:
        """Whether sessions may run it."""
        return WORKSPACE.match(self.name) is not None

    def count(self, kind: str) -> int:
        """Return how many packages of a kind are in it."""
        return sum(package.kind == kind for package in self.packages or ())

    @property
    def debian(self) -> int:
        """How many Debian packages are in it."""
        return self.count("deb")

    @property
    def python(self) -> int:
        """How many packages from the Python index are in it."""
        return self.count("pypi")


def stamp(state: Path, name: str) -> Path:
    """Return the file that names an image's current tag."""
    return state / "images" / name


def bill(state: Path, name: str) -> Path:
    """Return the file with an image's bill of materials, CycloneDX as JSON."""
    return state / "images" / f"{name}{BILL}"


def names() -> list[str]:
    """Return the names of the images that were built here."""
    try:
        found = sorted(path.name for path in (places.state / "images").iterdir())
    except FileNotFoundError:
        return []
    return [name for name in found if NAME.match(name)]


def choices() -> list[str]:
    """Return the images that a project may choose."""
    return [name for name in names() if WORKSPACE.match(name)]


def check(name: str) -> None:
    """Raise Invalid unless a project may choose this image."""
    if name not in choices():
        built = ", ".join(choices()) or "none yet"
        raise Invalid(f"“{name[:60]}” is not an image that sessions can run here; built are: {built}.")


def tag(name: str) -> str:
    """Return the tag of the workspace image of a name that was built last; there is no other way to one."""
    if not WORKSPACE.match(name):
        raise Unavailable(f"“{name[:60]}” is not an image that sessions can run; ask an admin to choose one.")
    try:
        return stamp(places.state, name).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Unavailable(
            f"The image “{name}” is not built yet; `python3 -m hub up` builds it, or an admin picks another."
        ) from error


def find(name: str) -> Image:
    """Return an image that was built here, with its packages."""
    if name not in names():
        raise NotFound("There is no such image here; the list of images names those that were built.")
    current = stamp(places.state, name).read_text(encoding="utf-8").strip()
    document = _document(name, current)
    return Image(
        name=name,
        tag=current,
        inputs=current.rpartition(":")[2],
        built_at=datetime.fromisoformat(document["metadata"]["timestamp"]) if document else None,
        packages=_packages(document) if document else None,
    )


def _document(name: str, current: str) -> dict[str, Any] | None:
    """Return an image's bill of materials, unless it is of an earlier build or can't be read."""
    try:
        document: dict[str, Any] = json.loads(bill(places.state, name).read_bytes())
        version = document["metadata"]["component"]["version"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return document if version == current.rpartition(":")[2] else None


def _packages(document: dict[str, Any]) -> tuple[Package, ...]:
    return tuple(
        Package(
            kind=one["purl"].removeprefix("pkg:").partition("/")[0],
            name=one["name"],
            version=one["version"],
            purl=one["purl"],
        )
        for one in document["components"]
    )
