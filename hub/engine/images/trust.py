"""This machine's certificate authorities and pip settings, lent to a build and taken back at its end."""

from __future__ import annotations

import os
from pathlib import Path

from hub.engine.images import inputs

MACHINE_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
BUNDLE = "/usr/local/share/ca-certificates/build-machine.crt"
# Build-time only, taken from pip's own variables. Credentials in them would stay in a lower layer.
PIP_OPTIONS = ("index-url", "extra-index-url", "trusted-host", "timeout")


def pip_settings(environment: dict[str, str]) -> str:
    """Return a pip.conf which says inside a build what this machine's environment says outside."""
    lines = ["[global]", "cert = /etc/ssl/certs/ca-certificates.crt", "disable-pip-version-check = true"]
    for option in PIP_OPTIONS:
        value = environment.get("PIP_" + option.upper().replace("-", "_"))
        if value:
            lines.append(f"{option} = {value}")
    return "\n".join(lines) + "\n"


def lend(base: str) -> bytes:
    """Return the build context of an image like `base` that trusts what this machine trusts."""
    bundle = MACHINE_BUNDLE.read_bytes() if MACHINE_BUNDLE.exists() else b""
    dockerfile = (
        f"FROM {base}\nCOPY bundle.crt {BUNDLE}\nCOPY pip.conf /etc/pip.conf\nRUN update-ca-certificates\n"
    )
    return inputs.pack(
        [
            ("Dockerfile", dockerfile.encode(), 0o644),
            ("bundle.crt", bundle, 0o644),
            ("pip.conf", pip_settings(dict(os.environ)).encode(), 0o644),
        ]
    )


def take_back(built: str, user: str) -> bytes:
    """Return the build context of an image like `built` that trusts what Debian trusts, run by `user`."""
    dockerfile = (
        f"FROM {built}\n"
        "USER root\n"
        f"RUN rm -f {BUNDLE} /etc/pip.conf && "
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin update-ca-certificates --fresh\n"
        f"USER {user or 'root'}\n"
    )
    return inputs.pack([("Dockerfile", dockerfile.encode(), 0o644)])
