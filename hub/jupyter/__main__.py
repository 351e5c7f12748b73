"""Start the hub: `python -m hub.jupyter -f hub/jupyter/jupyterhub_config.py`."""

from __future__ import annotations

from hub.jupyter.hosts import Hub

if __name__ == "__main__":
    Hub.launch_instance()
