"""What is in an image: its packages, listed inside it when it is built, as a CycloneDX bill of materials."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import docker

from hub import images
from hub.engine.images import running

Say = Callable[[str], None]
SECONDS = 120
NOBODY = "65534:65534"
# One line a package: kind, name, version, architecture. Debian's own Python packages are listed as Debian's.
LISTING = r"""
dpkg-query --show --showformat 'deb\t${Package}\t${Version}\t${Architecture}\t${db:Status-Abbrev}\n'
find / -xdev \( -path '*.dist-info/METADATA' -o -path '*.egg-info/PKG-INFO' \) \
  ! -path '/usr/lib/python3/dist-packages/*' ! -path '/proc/*' 2>/dev/null |
while read -r file; do
  printf 'pypi\t%s\t%s\t\tii\n' "$(tr -d '\r' < "$file" | sed -n 's/^Name: //p;/^$/q' | head -n 1)" \
    "$(tr -d '\r' < "$file" | sed -n 's/^Version: //p;/^$/q' | head -n 1)"
done
"""


@dataclass(frozen=True, order=True)
class Found:
    """One package as the image lists it."""

    kind: str
    name: str
    version: str
    architecture: str = ""

    @property
    def purl(self) -> str:
        """The package's address, as bills of materials write it."""
        name, version = quote(self.name, safe=""), quote(self.version, safe="")
        if self.kind == "deb":
            return f"pkg:deb/debian/{name}@{version}?arch={quote(self.architecture, safe='')}"
        return f"pkg:pypi/{name.lower().replace('_', '-')}@{version}"


def write(client: docker.APIClient, image: str, state: Path, name: str, *, say: Say) -> None:
    """Keep an image's bill of materials beside its stamp, unless there is one of this very image."""
    path = images.bill(state, name)
    built_at = moment(str(client.inspect_image(image)["Created"]))  # type: ignore[no-untyped-call] # its stub has none
    if _is_of(path, image, built_at):
        return
    found = parse(_listed(client, image))
    document = made(found, image=image, name=name, built_at=built_at)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    fresh.chmod(0o644)
    fresh.replace(path)
    say(f"{name}: {len(found)} packages are listed in {path}")


def parse(listing: str) -> list[Found]:
    """Return the installed packages that a listing names, each once, in order."""
    found = set()
    for line in listing.splitlines():
        cells = line.split("\t")
        if len(cells) != 5:
            raise running.BuildFailed(f"an image listed its packages in a way that can't be read: {line!r}")
        kind, name, version, architecture, status = cells
        # Removed packages whose configuration is left are in no image of ours, but dpkg would list them.
        if name and version and status.startswith("ii"):
            found.add(Found(kind, name, version, architecture))
    if not found:
        raise running.BuildFailed("an image listed no packages at all")
    return sorted(found)


def made(found: list[Found], *, image: str, name: str, built_at: datetime) -> dict[str, Any]:
    """Return the bill of materials, in which the image's version is the hash of its inputs."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": built_at.isoformat(),
            "component": {
                "type": "container",
                "name": image.rpartition(":")[0],
                "version": image.rpartition(":")[2],
                "bom-ref": image,
            },
            "properties": [{"name": "parlatory:image", "value": name}],
        },
        "components": [
            {
                "type": "library",
                "bom-ref": one.purl,
                "name": one.name,
                "version": one.version,
                "purl": one.purl,
            }
            for one in found
        ],
    }


def moment(created: str) -> datetime:
    """Return Docker's time of an image, which has nanoseconds, to the second."""
    return datetime.strptime(created[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)


def _is_of(path: Path, image: str, built_at: datetime) -> bool:
    try:
        said = json.loads(path.read_bytes())["metadata"]
        # Built again for security updates, an image keeps its tag: only its time is another.
        return bool(said["component"]["bom-ref"] == image and said["timestamp"] == built_at.isoformat())
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _listed(client: docker.APIClient, image: str) -> str:
    """Run the listing in a container that can reach nothing and change nothing."""
    container = client.create_container(
        image,
        command=["-c", LISTING],
        entrypoint=["/bin/sh"],
        user=NOBODY,
        network_disabled=True,
        host_config=client.create_host_config(
            network_mode="none", read_only=True, cap_drop=["ALL"], security_opt=["no-new-privileges:true"]
        ),
    )["Id"]
    try:
        client.start(container)
        status = client.wait(container, timeout=SECONDS)["StatusCode"]
        said = client.logs(container, stdout=True, stderr=False).decode("utf-8", "replace")
    finally:
        client.remove_container(container, force=True)
    if status != 0:
        raise running.BuildFailed(f"listing the packages of {image} ended with status {status}")
    return said
