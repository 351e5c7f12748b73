"""A stock JupyterHub with a stock DockerSpawner: what is set here has to be, the rest is default."""

from __future__ import annotations

import json
import os
from typing import Any

c: Any = get_config()  # type: ignore[name-defined] # noqa: F821 - JupyterHub puts it here

given = json.loads(os.environ["BENCH_STOCK"])

c.JupyterHub.bind_url = f"http://127.0.0.1:{given['port']}"
# The containers have to reach the hub, and do so by the bridge's address of this machine.
c.JupyterHub.hub_bind_url = f"http://{given['bridge']}:{given['hub_port']}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{given['api_port']}"
c.ConfigurableHTTPProxy.command = given["proxy"]
c.JupyterHub.log_level = "WARN"
# As the enclave's hub: it answers a start when the server is ready, and nobody has to ask again and again.
c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 80}

c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = given["password"]
c.Authenticator.allow_all = True

c.JupyterHub.spawner_class = "dockerspawner.DockerSpawner"
c.DockerSpawner.image = given["image"]
c.DockerSpawner.prefix = given["prefix"]
# A fresh container for each start, as an enclave's session is.
c.DockerSpawner.remove = True
# As long as the enclave's hub waits, so that ten at once on a small machine are waited for on both sides.
c.Spawner.start_timeout = 90
c.Spawner.http_timeout = 60

c.JupyterHub.services = [{"name": "bench", "api_token": given["token"]}]
c.JupyterHub.load_roles = [
    {"name": "bench", "services": ["bench"], "scopes": ["admin:users", "admin:servers", "read:hub"]}
]
