"""Which Debian packages are missing, told from what dpkg says."""

from __future__ import annotations

import pytest

from hub.cli import packages

SAID = """installed, e2fsprogs, e2fslibs (= 1.47), libe2p2
installed, libmagic1t64, libmagic1 (= 1:5.46-5)
installed, mount, 
config-files, mmdebstrap, 
not-installed, docker.io, docker-engine
"""


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("nonesuch", True),
        ("mmdebstrap", True),
        ("docker.io", True),
        ("docker-engine", True),
        ("libmagic", True),
        ("mount", False),
        ("libe2p2", False),
        ("libmagic1", False),
    ],
)
def test_a_package_is_missing_unless_it_is_installed_or_provided(
    monkeypatch: pytest.MonkeyPatch, name: str, missing: bool
) -> None:
    monkeypatch.setattr(packages, "output", lambda command: SAID)
    assert packages.missing([name]) == ([name] if missing else [])
