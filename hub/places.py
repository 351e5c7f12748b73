"""Where everything is: folders, ports, users and secrets, read once from the environment.

Standard library only: the command line needs it before any environment exists.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PORTS = {"portal": 0, "lab": 1, "proxy-api": 2, "hub": 3, "gate": 4, "opa": 5}
USERS = {
    "opa": "parlatory-opa",
    "portal": "parlatory-portal",
    "door": "parlatory-door",
    "worker": "parlatory-worker",
    "proxy": "parlatory-proxy",
    "hub": "parlatory-hub",
    "gate": "parlatory-gate",
}
DATA_GROUP = "parlatory-data"


class MissingSecret(Exception):
    """A secret file is absent or unreadable for this process."""


@dataclass(frozen=True)
class Places:
    """The folders, ports and names of one enclave."""

    checkout: Path
    state: Path
    run: Path
    tools: Path
    base_port: int
    enclave: str

    def port(self, name: str) -> int:
        """Return the TCP port of a part, counted from the enclave's base port."""
        return self.base_port + PORTS[name]

    def url(self, name: str) -> str:
        """Return the address by which another process on this machine reaches a part."""
        return f"http://127.0.0.1:{self.port(name)}"

    @property
    def portal_host(self) -> str:
        """The host name, with port, that a browser uses for the portal."""
        return f"portal.localhost:{self.port('portal')}"

    @property
    def lab_host(self) -> str:
        """The host name, with port, that a browser uses for notebooks."""
        return f"lab.localhost:{self.port('lab')}"

    @property
    def portal_url(self) -> str:
        """The portal's address in a browser."""
        return f"http://{self.portal_host}"

    @property
    def lab_url(self) -> str:
        """The lab's address in a browser."""
        return f"http://{self.lab_host}"

    @property
    def engine_socket(self) -> Path:
        """The unix socket of the one process that may use Docker."""
        return self.run / "engine" / "engine.sock"

    @property
    def portal_socket(self) -> Path:
        """The unix socket on which the portal answers the enclave's own processes."""
        return self.run / "portal" / "internal.sock"

    def session(self, session: str) -> Path:
        """Return the folder that holds a session's `in` and `out` sockets."""
        return self.run / "sessions" / session

    def bring_ins(self, project: str) -> Path:
        """Return the folder that a project's sessions see, read-only, at /bring-ins."""
        return self.state / "bring-ins" / project

    def secret(self, owner: str, name: str) -> str:
        """Return a secret as text; a missing one stops with a hint."""
        path = self.state / "secrets" / owner / name
        try:
            return path.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise MissingSecret(
                f"cannot read the secret {path}: {error.strerror}; `python3 -m hub up` makes it"
            ) from error


def from_environment() -> Places:
    """Read the enclave's places from the environment."""
    env = os.environ
    checkout = Path(env.get("PARLATORY_CHECKOUT", Path(__file__).resolve().parent.parent))
    state = Path(env.get("PARLATORY_STATE", "/var/lib/parlatory"))
    return Places(
        checkout=checkout,
        state=state,
        run=Path(env.get("PARLATORY_RUN", "/run/parlatory")),
        tools=Path(env.get("PARLATORY_TOOLS", "/var/lib/parlatory/tools")),
        base_port=int(env.get("PARLATORY_PORT", "8000")),
        enclave=env.get("PARLATORY_ENCLAVE", "parlatory"),
    )


places = from_environment()
