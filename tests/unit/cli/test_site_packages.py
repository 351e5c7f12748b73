"""What Ansible installs is what `up` would install by itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub.cli import packages

ROLES = Path(__file__).parents[3] / "ansible" / "roles"


def listed(role: str) -> set[str]:
    text = (ROLES / role / "defaults" / "main.yml").read_text()
    _, _, rest = text.partition(f"{role}_packages:\n")
    found = re.match(r"(?:  (?:- \S+|# .*)\n)+", rest)
    assert found, text
    return set(re.findall(r"  - (\S+)\n", found[0]))


@pytest.mark.parametrize(
    ("role", "names"),
    [
        ("enclave", {*packages.ALWAYS, *packages.POSTGRESQL}),
        # `up` never asks systemd to reload the engine, which takes a program more.
        ("docker_host", {*packages.ENGINE, "procps"}),
    ],
)
def test_no_start_of_the_service_needs_the_mirror(role: str, names: set[str]) -> None:
    assert listed(role) == names
