"""An image's bill of materials: what its listing says, and nothing that it doesn't."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub import images
from hub.engine.images import bill, running
from hub.places import places

LISTING = (
    "deb\tlibc6\t2.41-12\tamd64\tii \n"
    "deb\tgone\t1.0\tamd64\trc \n"
    "deb\tg++\t4:14.2.0\tamd64\tii \n"
    "pypi\tJupyter_Server\t2.17.0\t\tii\n"
    "pypi\tJupyter_Server\t2.17.0\t\tii\n"
    "pypi\t\t\t\tii\n"
)
AT = datetime(2026, 11, 27, 20, 0, tzinfo=UTC)


class Docker:
    """An engine that runs one listing, and counts how often."""

    def __init__(
        self, listing: str = LISTING, status: int = 0, created: str = "2026-11-27T20:00:00.12Z"
    ) -> None:
        self.listing, self.status, self.created = listing, status, created
        self.ran: list[dict[str, object]] = []
        self.removed = 0

    def inspect_image(self, image: str) -> dict[str, str]:
        return {"Created": self.created}

    def create_host_config(self, **kwargs: object) -> dict[str, object]:
        return kwargs

    def create_container(self, image: str, **kwargs: object) -> dict[str, str]:
        self.ran.append(kwargs)
        return {"Id": "1"}

    def start(self, container: str) -> None: ...

    def wait(self, container: str, timeout: int) -> dict[str, int]:
        return {"StatusCode": self.status}

    def logs(self, container: str, *, stdout: bool, stderr: bool) -> bytes:
        return self.listing.encode()

    def remove_container(self, container: str, *, force: bool) -> None:
        self.removed += 1


def write(client: Docker, state: Path, tag: str = "parlatory/workspace:0123") -> None:
    bill.write(client, tag, state, "workspace", say=lambda line: None)
    images.stamp(state, "workspace").write_text(tag + "\n")


def test_a_listing_is_read_once_a_package_and_without_what_was_removed() -> None:
    assert [one.purl for one in bill.parse(LISTING)] == [
        "pkg:deb/debian/g%2B%2B@4%3A14.2.0?arch=amd64",
        "pkg:deb/debian/libc6@2.41-12?arch=amd64",
        "pkg:pypi/jupyter-server@2.17.0",
    ]


@pytest.mark.parametrize("listing", ["", "deb\tgone\t1.0\tamd64\trc \n", "nonsense\n", "deb\ta\tb\n"])
def test_a_listing_that_says_nothing_fails_the_build(listing: str) -> None:
    with pytest.raises(running.BuildFailed):
        bill.parse(listing)


def test_the_portal_reads_what_the_engine_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "places", type(places)(**{**places.__dict__, "state": tmp_path}))
    write(Docker(), tmp_path)
    found = images.find("workspace")
    assert (found.inputs, found.built_at, found.debian, found.python) == ("0123", AT, 2, 1)
    assert images.names() == ["workspace"]
    document = json.loads(images.bill(tmp_path, "workspace").read_text())
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    # What was listed of an earlier build is not shown for this one.
    images.stamp(tmp_path, "workspace").write_text("parlatory/workspace:4567\n")
    assert images.find("workspace").packages is None
    for broken in ("{", "[]", "{}", '{"metadata": null}'):
        images.bill(tmp_path, "workspace").write_text(broken)
        assert images.find("workspace").packages is None


def test_an_image_is_listed_once_and_again_when_it_was_built_again(tmp_path: Path) -> None:
    client = Docker()
    write(client, tmp_path)
    write(client, tmp_path)
    assert len(client.ran) == client.removed == 1
    client.created = "2026-11-28T20:00:00Z"
    write(client, tmp_path)
    assert len(client.ran) == 2


def test_the_listing_runs_without_network_rights_or_root(tmp_path: Path) -> None:
    client = Docker()
    write(client, tmp_path)
    (asked,) = client.ran
    walls = asked["host_config"]
    assert asked["user"] == "65534:65534" and asked["network_disabled"] is True
    assert isinstance(walls, dict) and walls["network_mode"] == "none" and walls["cap_drop"] == ["ALL"]


def test_a_listing_that_fails_leaves_no_container_and_no_bill(tmp_path: Path) -> None:
    client = Docker(status=1)
    with pytest.raises(running.BuildFailed, match="status 1"):
        write(client, tmp_path)
    assert client.removed == 1 and not images.bill(tmp_path, "workspace").exists()
