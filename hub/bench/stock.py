"""The stock side: a JupyterHub of its own, on free ports, in a folder that is removed with all it started."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

import docker
import httpx
from docker.errors import DockerException, NotFound

from hub.cli import programs, tools
from hub.errors import Unavailable
from hub.places import Places

CONFIG = Path(__file__).parent / "jupyterhub_config.py"
UP_SECONDS = 60.0
READY_SECONDS = 150.0
GONE_SECONDS = 60.0
# As often as the portal asks its hub: ten who ask more often would slow the hub down that they measure.
POLL_SECONDS = 0.3
STOP_SECONDS = 60.0


@dataclass(frozen=True)
class Stock:
    """The running stock hub."""

    api: httpx.Client

    def add(self, name: str) -> None:
        """Make a user; what the dummy authenticator would do at a sign-in."""
        _fine(self.api.post(f"/users/{name}"))

    def start(self, name: str) -> float | None:
        """Start a user's server; return the seconds until the hub says ready, None where it failed."""
        began = time.monotonic()
        answer = self.api.post(f"/users/{name}/server", timeout=READY_SECONDS)
        # Its answer alone says little: 201 is said of a server, too, that is just being given up.
        while answer.is_success and time.monotonic() - began < READY_SECONDS:
            found = self._server(name)
            if found is None:
                return None
            if found:
                return time.monotonic() - began
            time.sleep(POLL_SECONDS)
        return None

    def stop(self, name: str) -> None:
        """Stop a user's server and return when it is gone."""
        self.api.delete(f"/users/{name}/server", timeout=GONE_SECONDS)
        until = time.monotonic() + GONE_SECONDS
        while self._server(name) is not None:
            if time.monotonic() > until:
                raise Unavailable(f"The stock hub did not stop the server of {name}.")
            time.sleep(POLL_SECONDS)

    def _server(self, name: str) -> bool | None:
        servers = _fine(self.api.get(f"/users/{name}")).json()["servers"]
        return bool(servers[""]["ready"]) if "" in servers else None


@contextmanager
def running(places: Places, client: docker.APIClient, image: str) -> Iterator[Stock]:
    """Run a stock hub; nothing of it is left afterwards, however the measuring ends."""
    prefix = f"parlatory-bench-{secrets.token_hex(4)}"
    token = secrets.token_urlsafe(32)
    bridge = _bridge(client)
    given = {
        "image": image,
        "prefix": prefix,
        "token": token,
        "password": secrets.token_urlsafe(32),
        "bridge": bridge,
        "port": _free_port("127.0.0.1"),
        "hub_port": _free_port(bridge),
        "api_port": _free_port("127.0.0.1"),
        "proxy": [str(tools.node(programs.checkout(places))), str(tools.proxy_script(places))],
    }
    with tempfile.TemporaryDirectory(prefix="parlatory-bench-") as folder:
        log = Path(folder) / "hub.log"
        hub = _launch(Path(folder), log, given)
        try:
            api = httpx.Client(
                base_url=f"http://{bridge}:{given['hub_port']}/hub/api",
                headers={"Authorization": f"token {token}"},
                timeout=30,
                # An institution's proxy variables must not send calls on this machine elsewhere.
                trust_env=False,
            )
            with api:
                _wait(api, hub, log)
                yield Stock(api)
        finally:
            _end(hub)
            _remove_containers(client, prefix)


def _launch(folder: Path, log: Path, given: dict[str, object]) -> subprocess.Popen[bytes]:
    # None of the enclave's variables: this hub has nothing to do with it.
    env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with log.open("wb") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "--config", str(CONFIG)],
            cwd=folder,
            env=env | {"LANG": "C.UTF-8", "BENCH_STOCK": json.dumps(given)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            # A group of its own, so that its proxy ends with it and Ctrl-C reaches us first.
            start_new_session=True,
        )


def _wait(api: httpx.Client, hub: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + UP_SECONDS
    while time.monotonic() < until and hub.poll() is None:
        try:
            if api.get("/info").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]
    said = "\n".join(f"  | {line}" for line in lines)
    raise Unavailable(f"The stock hub did not get ready; its last lines:\n{said}")


def _end(hub: subprocess.Popen[bytes]) -> None:
    # The hub stops its servers and its proxy itself when it is asked to end.
    hub.terminate()
    try:
        hub.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(hub.pid, signal.SIGKILL)
        hub.wait()


def _remove_containers(client: docker.APIClient, prefix: str) -> None:
    for container in client.containers(all=True, filters={"name": f"^/?{prefix}-"}):
        try:
            client.remove_container(container["Id"], force=True, v=True)
        except NotFound:
            continue


def _bridge(client: docker.APIClient) -> str:
    """Return this machine's address on Docker's bridge."""
    try:
        about = client.inspect_network("bridge")["IPAM"]["Config"][0]
    except (DockerException, LookupError) as error:
        raise Unavailable(
            "Docker has no bridge network, on which a stock hub runs its containers."
        ) from error
    # Docker names a gateway only where it was told one; else it takes the first address for itself.
    return str(about.get("Gateway") or next(ip_network(about["Subnet"]).hosts()))


def _free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


def _fine(answer: httpx.Response) -> httpx.Response:
    if not answer.is_success:
        raise Unavailable(f"The stock hub answered {answer.status_code} to {answer.request.url.path}.")
    return answer
