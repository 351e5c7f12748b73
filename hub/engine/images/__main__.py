"""`python -m hub.engine.images build|list [name…]`: make or name the images of this checkout."""

from __future__ import annotations

import argparse
import sys

import docker
from docker.errors import DockerException

from hub.engine.images import builder, inputs, running
from hub.places import places


def say(line: str) -> None:
    """Write one line of progress at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(arguments: list[str] | None = None) -> int:
    """Build or list images; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m hub.engine.images", description=__doc__)
    parser.add_argument("verb", choices=["build", "list"])
    parser.add_argument("names", nargs="*", help="which images (default: all)")
    parser.add_argument("--again", action="store_true", help="build even what is there, for security updates")
    options = parser.parse_args(arguments)
    try:
        client = docker.APIClient(base_url="unix:///var/run/docker.sock", version="auto", timeout=600)
        wanted = options.names or inputs.names(places.checkout)
        for name in wanted:
            if options.verb == "list":
                tag = builder.tag(places.checkout, name)
                say(f"{tag}\t{'built' if builder.exists(client, tag) else 'not built'}")
            else:
                builder.build(client, places, name, say=say, again=options.again)
    except (running.BuildFailed, inputs.UnknownImage) as error:
        say(f"error: {error}")
        return 1
    except (DockerException, PermissionError) as error:
        say(f"error: Docker did not answer ({error}); this needs root and a running Docker engine")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
