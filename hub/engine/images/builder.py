"""Images from their folders: built once for each hash of their inputs, named by a stamp file."""

from __future__ import annotations

import fcntl
import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
from docker.errors import APIError, ImageNotFound

from hub import images
from hub.engine.images import base, bill, inputs, labfiles, running, trust
from hub.errors import Unavailable
from hub.places import Places

LOCKS = Path("/run/lock")
Say = Callable[[str], None]


def tag(checkout: Path, name: str) -> str:
    """Return the tag an image of this checkout has: its name and the hash of its inputs."""
    parent = base.recipe(checkout) if name == "base" else tag(checkout, "base")
    return f"parlatory/{name}:{inputs.digest(checkout, name, base=parent)}"


def exists(client: docker.APIClient, image: str) -> bool:
    """Say whether Docker has an image of that tag."""
    try:
        client.inspect_image(image)  # type: ignore[no-untyped-call] # its stub has none
    except ImageNotFound:
        return False
    return True


def stamp(state: Path, name: str) -> Path:
    """Return the file that names the current tag of an image."""
    return images.stamp(state, name)


def current(state: Path, name: str) -> str | None:
    """Return the current tag of an image, or None when it was never built here."""
    path = stamp(state, name)
    return path.read_text(encoding="utf-8").strip() if path.exists() else None


def needed(state: Path, name: str) -> str:
    """Return the current tag of an image; one that was never built here is refused."""
    found = current(state, name)
    if found is None:
        raise Unavailable(f"The {name} image is not built yet; `python3 -m hub up` builds it.")
    return found


def build(client: docker.APIClient, places: Places, name: str, *, say: Say, again: bool = False) -> str:
    """Make an image current, building it and its base when their inputs changed; return its tag."""
    if name != "base":
        build(client, places, "base", say=say)
    wanted = tag(places.checkout, name)
    with _alone(name):
        if again or not exists(client, wanted):
            started = time.monotonic()
            _make(client, places, name, wanted, say)
            say(f"{name}: built {wanted} in {time.monotonic() - started:.0f} s")
        else:
            say(f"{name}: {wanted} is there")
        bill.write(client, wanted, places.state, name, say=say)
        if images.WORKSPACE.match(name):
            labfiles.extract(client, wanted, places.state / "labfiles", say)
        _write_stamp(stamp(places.state, name), wanted)
    return wanted


def _make(client: docker.APIClient, places: Places, name: str, wanted: str, say: Say) -> None:
    log = places.state / "log" / f"image-{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(f"building {wanted}\n", encoding="utf-8")
    if name == "base":
        base.build(client, places.checkout, wanted, log, say)
        return
    parent = tag(places.checkout, "base")
    trusting = f"parlatory/building-base:{parent.split(':')[1]}"
    built = f"parlatory/building-{name}:latest"
    _dockerfile(client, trust.lend(parent), trusting, log, say=lambda line: None)
    say(f"{name}: building from images/{name}/Dockerfile")
    context = inputs.context(places.checkout, name)
    _dockerfile(client, context, built, log, say=lambda line: say(f"{name}: {line}"), parent=trusting)
    user = client.inspect_image(built)["Config"].get("User") or ""  # type: ignore[no-untyped-call] # its stub has none
    _dockerfile(client, trust.take_back(built, user), wanted, log, say=lambda line: None)


def _dockerfile(
    client: docker.APIClient, context: bytes, image: str, log: Path, *, say: Say, parent: str | None = None
) -> None:
    """Build a context; the tag stays for the next build's cache."""
    events = client.build(
        fileobj=io.BytesIO(context),
        custom_context=True,
        tag=image,
        rm=True,
        forcerm=True,
        network_mode="host",
        buildargs={"BASE": parent} if parent else {},
        decode=True,
    )
    with log.open("a", encoding="utf-8") as out:
        error = _follow(events, out.write, say)
    if error:
        raise running.failed(f"building {image} failed: {error}", log)


def _follow(events: Iterator[dict[str, str]], write: Callable[[str], object], say: Say) -> str | None:
    try:
        for event in events:
            line = event.get("stream", "")
            write(line)
            if line.startswith("Step "):
                say(line.strip()[:100])
            if "error" in event:
                write(event["error"] + "\n")
                return event["error"].strip()
    except APIError as error:
        write(f"{error}\n")
        return str(error)
    return None


def _write_stamp(path: Path, image: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(image + "\n", encoding="utf-8")
    fresh.chmod(0o644)
    fresh.replace(path)


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """Hold the image's lock, one for every enclave on this Docker, so that two builds do the work once."""
    LOCKS.mkdir(parents=True, exist_ok=True)
    with (LOCKS / f"parlatory-image-{name}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
