"""Lab's page configuration, written by the gate from the image's copy; the session has no word in it."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

# Each of these asks for an address that the gate does not let through, or offers a way out that it closes.
DISABLED = (
    "@jupyterlab/apputils-extension:announcements",
    "@jupyterlab/debugger-extension",
    "@jupyterlab/docmanager-extension:download",
    "@jupyterlab/extensionmanager-extension",
    "@jupyterlab/filebrowser-extension:download",
    "@jupyterlab/filebrowser-extension:share-file",
    "@jupyterlab/filebrowser-extension:open-browser-tab",
    "@jupyterlab/help-extension:resources",
    "@jupyterlab/apputils-extension:licenses-plugin",
    "@jupyterlab/hub-extension",
    "@jupyterlab/htmlviewer-extension",
    "@jupyterlab/lsp-extension",
    "@jupyterlab/fileeditor-extension:language-server",
    "@jupyterlab/notebook-extension:language-server",
    "@jupyterlab/notebook-extension:export",
    "@jupyterlab/notebook-extension:update-raw-mimetype",
    "@jupyterlab/pdf-extension",
    "@jupyterlab/terminal-extension",
)

_UNTRACKED = (
    *("comm_info_request", "comm_info_reply", "kernel_info_request", "kernel_info_reply", "shutdown_request"),
    *("shutdown_reply", "interrupt_request", "interrupt_reply", "debug_request", "debug_reply", "stream"),
    *("display_data", "update_display_data", "execute_input", "execute_result", "error", "status"),
    *("clear_output", "debug_event", "input_request", "input_reply"),
)

# What Lab asks, and what it is told: under which name it finds what the gate serves.
_URLS = {
    "app": "/lab",
    "labextensions": "/lab/extensions",
    "licenses": "/lab/api/licenses",
    "listings": "/lab/api/listings",
    "settings": "/lab/api/settings",
    "themes": "/lab/api/themes",
    "translationsApi": "/lab/api/translations",
    "tree": "/lab/tree",
    "workspacesApi": "/lab/api/workspaces",
}

# What is the same on every page.
_FIXED: dict[str, Any] = {
    "appName": "JupyterLab",
    "appNamespace": "lab",
    "wsUrl": "",
    "fullMathjaxUrl": "",
    "mathjaxConfig": "",
    "buildAvailable": False,
    "buildCheck": False,
    "cacheFiles": True,
    "copyAbsolutePath": False,
    "delete_to_trash": False,
    "devMode": False,
    "exposeAppInBrowser": False,
    "extensionManager": {"can_install": False, "install_path": None, "name": "read-only"},
    "ignorePlugins": [],
    "news": {"disabled": True},
    "notebookStartsKernel": True,
    "notebookVersion": "[2, 0, 0]",
    "preferredPath": "/",
    "quitButton": False,
    "rootUri": "",
    "serverRoot": "",
    "store_id": 0,
    "terminalsAvailable": False,
    "token": "",
    "untracked_message_types": list(_UNTRACKED),
    "virtualDocumentsUri": "",
}


def page_config(files: Path, base: str, *, workspace: str, tree: str) -> dict[str, Any]:
    """Return the configuration that Lab's script reads from its page."""
    version, extensions, disabled = _of_image(files)
    root = base.rstrip("/")
    config: dict[str, Any] = {f"{name}Url": url for name, url in _URLS.items()}
    config |= {f"full{name[0].upper()}{name[1:]}Url": root + url for name, url in _URLS.items()}
    return {
        **_FIXED,
        **config,
        "appVersion": version,
        "baseUrl": base,
        "fullStaticUrl": f"{root}/static/lab",
        "federated_extensions": list(extensions),
        "disabledExtensions": sorted({*DISABLED, *disabled}),
        "treePath": tree,
        "workspace": workspace,
    }


@lru_cache(maxsize=8)
def _of_image(files: Path) -> tuple[str, tuple[dict[str, Any], ...], tuple[str, ...]]:
    """Read version, extensions and what the image turns off, once for each image."""
    version = _json(files / "lab" / "static" / "package.json").get("jupyterlab", {}).get("version", "4")
    extensions = []
    for path in sorted((files / "labextensions").glob("**/package.json")):
        found = _json(path)
        build = found.get("jupyterlab", {}).get("_build", {})
        if path.parent.name == "node_modules" or "load" not in build:
            continue
        entry = {"name": found.get("name"), "entrypoints": None}
        extensions.append(
            entry
            | {key: build[key] for key in ("load", "extension", "mimeExtension", "style") if key in build}
        )
    disabled = _json(files / "labconfig" / "page_config.json").get("disabledExtensions", {})
    names = disabled if isinstance(disabled, list) else [name for name, off in disabled.items() if off]
    return str(version), tuple(extensions), tuple(str(name) for name in names)


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
