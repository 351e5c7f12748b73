"""The stock side's image: this enclave's workspace image, and one layer by which a stock hub can start it."""

from __future__ import annotations

import hashlib
import io
import json
import os
from importlib.metadata import version

import docker
from docker.errors import ImageNotFound

from hub.engine.images import inputs, trust
from hub.errors import Unavailable

REPOSITORY = "parlatory/bench"
LAB = json.dumps({"ServerApp": {"jpserver_extensions": {"jupyterlab": True}}})
# The workspace image has no JupyterHub, for no session speaks with the hub, and no pip. A stock hub starts
# jupyterhub-singleuser, which needs a home that its user may write, and Lab switched on, the one extension
# of a session. pip compiles what it installs, as it did for the rest of the image.
DOCKERFILE = """\
FROM {workspace}
USER root
COPY bundle.crt pip.conf /tmp/build/
COPY jupyterlab.json /opt/parlatory/venv/etc/jupyter/jupyter_server_config.d/jupyterlab.json
RUN /usr/bin/python3 -m venv /tmp/build/venv \\
 && PIP_CONFIG_FILE=/tmp/build/pip.conf PIP_CERT=/tmp/build/bundle.crt \\
    /tmp/build/venv/bin/pip --python /opt/parlatory/venv/bin/python install --no-cache-dir \\
      --constraint /opt/parlatory/constraints.txt jupyterhub=={jupyterhub} \\
 && chown {uid}:{uid} /home/researcher \\
 && rm -rf /tmp/build
ENV JUPYTER_CONFIG_DIR=/home/researcher/.jupyter
USER {uid}:{uid}
ENTRYPOINT ["/usr/bin/tini", "--"]
CMD ["jupyterhub-singleuser"]
"""
UID = 200_001


def ensure(client: docker.APIClient, workspace: str) -> str:
    """Return the tag of the stock side's image, built if it is not there."""
    dockerfile = DOCKERFILE.format(workspace=workspace, jupyterhub=version("jupyterhub"), uid=UID)
    digest = hashlib.sha256((dockerfile + LAB).encode()).hexdigest()[:16]
    tag = f"{REPOSITORY}:{digest}"
    if not _exists(client, tag):
        _build(client, dockerfile, tag)
    return tag


def _exists(client: docker.APIClient, tag: str) -> bool:
    try:
        client.inspect_image(tag)  # type: ignore[no-untyped-call] # its stub has none
    except ImageNotFound:
        return False
    return True


def _build(client: docker.APIClient, dockerfile: str, tag: str) -> None:
    bundle = trust.MACHINE_BUNDLE.read_bytes() if trust.MACHINE_BUNDLE.exists() else b""
    # It names Debian's own bundle; inside the build PIP_CERT names this machine's.
    settings = trust.pip_settings(dict(os.environ))
    context = inputs.pack(
        [
            ("Dockerfile", dockerfile.encode(), 0o644),
            ("bundle.crt", bundle, 0o644),
            ("pip.conf", settings.encode(), 0o644),
            ("jupyterlab.json", LAB.encode(), 0o644),
        ]
    )
    events = client.build(
        fileobj=io.BytesIO(context),
        custom_context=True,
        tag=tag,
        rm=True,
        forcerm=True,
        network_mode="host",
        decode=True,
    )
    said: list[str] = []
    for event in events:
        said += str(event.get("stream", "")).splitlines()
        if "error" in event:
            lines = "\n".join(f"  | {line}" for line in said[-15:])
            raise Unavailable(f"The stock image could not be built: {event['error'].strip()}\n{lines}")
