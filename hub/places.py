"""Where everything is: folders, ports, users and secrets, read once from the environment.

Standard library only: the command line needs it before any environment exists.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

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
HSTS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# A name with a dot whose last part begins with a letter: no bare name, no address of numbers.
ADDRESS = re.compile(rf"https://((?:{LABEL}\.)+(?=[a-z]){LABEL})(?::[1-9][0-9]{{0,4}})?")


class MissingSecret(Exception):
    """A secret file is absent or unreadable for this process."""


class Firewall(StrEnum):
    """Whose the firewall of this host is."""

    NONE = ""
    OURS = "ours"
    ELSEWHERE = "elsewhere"


class WrongAddress(SystemExit):
    """An address that browsers are to use cannot be used; the message says which and why."""


@dataclass(frozen=True)
class Places:
    """The folders, ports and names of one enclave."""

    checkout: Path
    state: Path
    run: Path
    tools: Path
    base_port: int
    enclave: str
    # What browsers use where a TLS proxy stands in front; empty: plain HTTP on this machine's loopback.
    portal_address: str = ""
    lab_address: str = ""
    # Whether the site that put the enclave on this host keeps its firewall too.
    firewall: Firewall = Firewall.NONE

    def port(self, name: str) -> int:
        """Return the TCP port of a part, counted from the enclave's base port."""
        return self.base_port + PORTS[name]

    def url(self, name: str) -> str:
        """Return the address by which another process on this machine reaches a part."""
        return f"http://127.0.0.1:{self.port(name)}"

    @property
    def portal_host(self) -> str:
        """The host name, with the port that browsers name, of the portal."""
        return urlsplit(self.portal_url).netloc

    @property
    def lab_host(self) -> str:
        """The host name, with the port that browsers name, of notebooks."""
        return urlsplit(self.lab_url).netloc

    @property
    def portal_url(self) -> str:
        """The portal's address in a browser."""
        return self.portal_address or f"http://portal.localhost:{self.port('portal')}"

    @property
    def lab_url(self) -> str:
        """The lab's address in a browser."""
        return self.lab_address or f"http://lab.localhost:{self.port('lab')}"

    @property
    def tls(self) -> bool:
        """Whether browsers come through a TLS proxy; then cookies and pages are for https alone."""
        return bool(self.portal_address)

    @property
    def transport_headers(self) -> dict[str, str]:
        """What hub and gate add to each answer so that browsers keep to https."""
        return HSTS if self.tls else {}

    @property
    def inside_host(self) -> str:
        """The host name by which the enclave's own processes ask the portal, proxy or not."""
        return "127.0.0.1" if self.tls else self.portal_host

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


def addresses(env: Mapping[str, str]) -> tuple[str, str]:
    """Return the portal's and the lab's address behind a TLS proxy, both or neither; a doubtful one stops."""
    found = {name: env.get(name, "") for name in ("PARLATORY_PORTAL_URL", "PARLATORY_LAB_URL")}
    if not any(found.values()):
        return "", ""
    hosts = []
    for name, url in found.items():
        matched = ADDRESS.fullmatch(url)
        if matched is None:
            raise WrongAddress(
                f"error: {name} is {url!r}; it must be like https://portal.example.org, in small letters, "
                "no path, and PARLATORY_PORTAL_URL and PARLATORY_LAB_URL are given together or not at all"
            )
        hosts.append(matched[1])
    if hosts[0] == hosts[1]:
        raise WrongAddress(
            f"error: PARLATORY_PORTAL_URL and PARLATORY_LAB_URL both name {hosts[0]}; they must be two "
            "hosts, for ports don't separate cookies"
        )
    portal, lab = found.values()
    return portal, lab


def firewall(env: Mapping[str, str]) -> Firewall:
    """Return whose the firewall is; a doubtful answer stops, for nobody would look at it."""
    said = env.get("PARLATORY_FIREWALL", "")
    if said not in set(Firewall):
        known = ", ".join(one.value for one in Firewall if one)
        raise SystemExit(f"error: PARLATORY_FIREWALL is {said!r}; it must be empty or one of: {known}")
    return Firewall(said)


def from_environment() -> Places:
    """Read the enclave's places from the environment."""
    env = os.environ
    checkout = Path(env.get("PARLATORY_CHECKOUT", Path(__file__).resolve().parent.parent))
    state = Path(env.get("PARLATORY_STATE", "/var/lib/parlatory"))
    portal, lab = addresses(env)
    return Places(
        checkout=checkout,
        state=state,
        run=Path(env.get("PARLATORY_RUN", "/run/parlatory")),
        tools=Path(env.get("PARLATORY_TOOLS", "/var/lib/parlatory/tools")),
        base_port=int(env.get("PARLATORY_PORT", "8000")),
        enclave=env.get("PARLATORY_ENCLAVE", "parlatory"),
        portal_address=portal,
        lab_address=lab,
        firewall=firewall(env),
    )


places = from_environment()
